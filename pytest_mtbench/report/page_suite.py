"""What the page shows of a suite above its conversations: verdict, gates, table, charts, what fell, how it was made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from ..domain.question import Place
from ..scores.gates import GateResult
from ..scores.paired import Change
from ..scores.scorecard import MeanScore, Tournament
from ..scores.shown import baseline_label
from ..untrusted.text import readable
from . import page_charts as charts
from .page_facts import Anchors, TurnView, facts, paragraphs, worst_turns
from .page_people import Difference
from .pages import shown_line
from .pairwise_lines import ranking
from .profile_lines import profile_lines
from .run_report import RunReport
from .table import interval, score_changes, score_rows, two
from .terminal import title
from .verdict import status_of, verdict

_WORST = ("failed", "inconclusive", "not run", "passed")


@dataclass(frozen=True)
class GateView:
    """A gate and what it says."""

    name: str
    status: str
    message: str


@dataclass(frozen=True)
class ScoreView:
    """A row of the table.

    Args:
        kind: `category`, `turn` or `overall`.
        link: the address that lists its turns.
        games: won, tied and lost, in pairwise mode.
        change: against the baseline, with half the width of its 95 % interval.
        dots: where it all stands on the table's scale.
    """

    kind: str
    label: str
    link: str
    turns: tuple[str, ...]
    mean: str
    interval: str
    games: Tournament | None
    minimum: str
    baseline: str
    change: str
    gate: str
    dots: charts.Dots


@dataclass(frozen=True)
class SuiteView:
    """Everything that stands above the conversations of a suite, as texts that a page may show.

    Args:
        gates: those that did not pass first; `held`: the thresholds that are reached, whose figures the table has.
        other: what the run is held against in table and charts: the baseline's model.
        profile: what stands out, in words; see `profile_lines`.
        paragraphs: a heading and its lines: what the summary says of baseline, opponents, judge and people.
        facts: how it was measured, name by name.
    """

    key: str
    title: str
    status: str
    verdict: str
    is_pairwise: bool
    own: str
    other: str
    gates: tuple[GateView, ...]
    held: tuple[str, ...]
    scores: tuple[ScoreView, ...]
    scale: charts.Scale
    radar: charts.Radar | None
    bars: tuple[charts.Bar, ...]
    worst_heading: str
    worst: tuple[TurnView, ...]
    profile: tuple[str, ...]
    paragraphs: tuple[tuple[str, tuple[str, ...]], ...]
    ranking: str
    differences: tuple[Difference, ...]
    facts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def suite_view(
    report: RunReport, anchors: Anchors, differences: Sequence[Difference], *, alone: bool = True
) -> SuiteView:
    """The view of a suite.

    Args:
        alone: whether the page has no other.
        anchors: of the turns that the page has.
        differences: where people and the judge differ.
    """
    plan, known = report.plan, list(_scores(report))
    baseline = report.regression.baseline if report.regression and report.outcome and not report.outcome.old else None
    heading, worst = worst_turns(report, anchors)
    held = tuple(_held(report))
    return SuiteView(
        key=shown_line(plan.key),
        title=readable(title(plan)),
        status=status_of(report, alone=alone),
        verdict=shown_line(verdict(report, alone=alone)),
        is_pairwise=bool(plan.opponents),
        own=shown_line(plan.model.label),
        other=shown_line(baseline_label(plan, baseline)) if baseline else "",
        gates=tuple(view for view in _gates(report) if view.name not in held),
        held=held,
        scores=tuple(known),
        scale=charts.WIN_RATES if plan.opponents else charts.SCORES,
        radar=_radar(report),
        bars=_bars(report, baseline.scores if baseline else {}),
        worst_heading=heading,
        worst=tuple(worst),
        profile=tuple(shown_line(line) for line in profile_lines(report)),
        paragraphs=tuple(paragraphs(report)),
        ranking="\n".join(ranking(report, 100)),
        differences=tuple(differences),
        facts=tuple((name, shown_line(said)) for name, said in facts(report)),
        notes=tuple(shown_line(note) for note in (*plan.questions.notes, *report.remarks, *report.tally.notes)),
    )


def _gates(report: RunReport) -> Iterator[GateView]:
    """Those that did not pass first."""
    decided = {gate.name: gate for gate in report.gates}
    names = dict.fromkeys([*decided, *(spec.name for spec in report.specs)])
    views = [_gate(decided.get(name), name) for name in names]
    yield from sorted(views, key=lambda view: _WORST.index(view.status))


def _held(report: RunReport) -> Iterator[str]:
    kinds = {spec.name: spec.kind for spec in report.specs}
    for gate in report.gates:
        if gate.status == "passed" and kinds.get(gate.name) in ("category", "turn", "overall"):
            yield shown_line(gate.name)


def _gate(gate: GateResult | None, name: str) -> GateView:
    if gate is None:
        return GateView(shown_line(name), "not run", "It was not selected, or the run ended before it.")
    said = gate.message.removeprefix(f"{gate.name}: ").removeprefix(f"{gate.status}: ")
    return GateView(shown_line(name), gate.status, shown_line(said))


def _scores(report: RunReport) -> Iterator[ScoreView]:
    known = score_changes(report)
    scale = charts.WIN_RATES if report.plan.opponents else charts.SCORES
    gates = {gate.name: gate for gate in report.gates}
    turns = {id(score): number for number, score in report.card.turns.items()}
    named = {id(score): name for name, score in report.card.categories.items()}
    for label, score, spec, gate in score_rows(report):
        change = known.get(id(score))
        minimum = spec.minimum if spec else None
        kind = "category" if id(score) in named else "turn" if id(score) in turns else "overall"
        filters = {"category": ("category", shown_line(label)), "turn": ("turn", turns.get(id(score)))}
        yield ScoreView(
            kind=kind,
            label=shown_line(label) + ("" if score.complete else f" ({score.measured}/{score.expected})"),
            link=charts.link(*([filters[kind]] if kind in filters else [])),
            turns=tuple(two(score.turns.get(number)) for number in report.card.turns),
            mean=two(score.mean),
            interval=interval(score),
            games=score.games,
            minimum="" if minimum is None else f"{minimum:g}",
            baseline=two(change.baseline if change else None),
            change=_change(change),
            gate=gate.status if gate else ("not run" if spec and gates else ""),
            dots=charts.Dots.of(score, scale, minimum, change.baseline if change else None),
        )


def _change(change: Change | None) -> str:
    return "" if change is None else f"{change.mean:+.2f} ±{change.interval()[1] - change.mean:.2f}"


def _radar(report: RunReport) -> charts.Radar | None:
    known = score_changes(report)

    def before(score: MeanScore) -> float | None:
        change = known.get(id(score))
        return change.baseline if change else None

    scale = charts.WIN_RATES if report.plan.opponents else charts.RADAR_SCORES
    return charts.radar_of(
        [(shown_line(name), score.mean, before(score)) for name, score in report.card.categories.items()], scale
    )


def _bars(report: RunReport, before: Mapping[Place, Sequence[float | None]]) -> tuple[charts.Bar, ...]:
    overall = report.card.overall
    if overall.games is not None:
        return charts.game_bars(overall.games, overall.unscored)
    own = [result.score for result in report.card.results if result.score is not None]
    others = [[score for score in scores if score is not None] for scores in before.values()]
    return charts.score_bars(own, [fmean(scores) for scores in others if scores]) if own else ()
