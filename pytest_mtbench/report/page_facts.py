"""What the page says in words: the turns that are worth a look, the summary's lines, and how a run was made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from statistics import fmean

from ..domain.question import Place
from ..domain.tally import CallCount
from .bias_lines import bias_lines
from .page_turns import changes_by_turn
from .pages import shown_line
from .pairwise_lines import pairwise_lines
from .people_lines import people_lines
from .published import near_published, tier
from .regression_lines import regression_lines
from .run_report import RunReport

_LISTED = 8
Anchors = Mapping[Place, str]
"""What a link to a turn names, by its place."""


@dataclass(frozen=True)
class TurnView:
    """A turn that is worth a look.

    Args:
        figures: the change, the score before and after, or what there is of them.
    """

    anchor: str
    name: str
    category: str
    figures: tuple[str, ...]


def worst_turns(report: RunReport, anchors: Anchors) -> tuple[str, Iterator[TurnView]]:
    """What fell most; without a baseline what scored lowest, and what was lost."""
    results = report.card.results
    if report.plan.opponents:
        lost = [result.place for result in results if any(game.outcome == "loss" for game in result.games)]
        return f"Lost ({len(lost)} turns)", _turns(report, anchors, lost, lambda place: ())
    scores = {result.place: result.score for result in results if result.score is not None}
    fell = {place: change for place, change in changes_by_turn(report).items() if change < 0 and place in scores}
    if fell and report.regression is not None:
        # The change is that of the runs that were compared, which can be fewer than the score is of.
        before = report.regression.baseline.scores
        old = {place: fmean(score for score in before[place] if score is not None) for place in fell}
        return "What fell most", _turns(
            report,
            anchors,
            sorted(fell, key=lambda place: fell[place]),
            lambda place: (f"{fell[place]:+.2f}", f"{old[place]:.2f}", f"{old[place] + fell[place]:.2f}"),
        )
    return "Lowest scores", _turns(
        report, anchors, sorted(scores, key=lambda place: scores[place]), lambda place: (f"{scores[place]:.2f}",)
    )


def _turns(
    report: RunReport, anchors: Anchors, places: Sequence[Place], figures: Callable[[Place], tuple[str, ...]]
) -> Iterator[TurnView]:
    for place in places[:_LISTED]:
        category = report.plan.question(place[0]).category
        yield TurnView(anchors[place], shown_line(f"q{place[0]} turn {place[1]}"), shown_line(category), figures(place))


def paragraphs(report: RunReport) -> Iterator[tuple[str, tuple[str, ...]]]:
    """A heading and its lines: what the summary says of baseline, opponents, judge and people."""
    baseline = [line for line in regression_lines(report) if not line.startswith(("  ", "fell most:"))]
    gates = tuple(f"{report.shown_id(gate.id)} " for gate in report.gates)
    people = [line for line in people_lines(report) if not line.startswith(gates)]
    for heading, lines in (
        ("Against the baseline", baseline),
        ("Against other models", pairwise_lines(report)),
        ("What the judge goes by", bias_lines(report.biases)),
        ("People beside the judge", people),
    ):
        said = tuple(shown_line(line) for line in lines)
        if said:
            yield heading, said


def facts(report: RunReport) -> Iterator[tuple[str, str]]:
    """How the run was made, name by name."""
    plan, tally, mean = report.plan, report.tally, report.card.overall.mean
    if mean is not None and report.whole_original and not plan.opponents:
        yield "Tier", tier(mean) + near_published(mean, plan.judge.name)
    yield "Answers", f"{report.answered_by or plan.model.name or 'of the files'} ({_count(tally.answers)})"
    others = [name for name in tally.judges_served if name != plan.judge.name]
    served = f", served as {', '.join(others)}" if others else ""
    yield "Judge", f"{plan.judge.name}{served} ({_count(tally.judgments)})"
    yield "Question set", f"{plan.questions.title}, {plan.questions.identity.questions[:12]}"
    usage = tally.answer_usage + tally.judgment_usage
    if usage.input_tokens or usage.output_tokens:
        yield "Tokens", f"{usage.input_tokens:,} in, {usage.output_tokens:,} out"
    if report.cost is not None:
        yield "Cost", f"{report.cost:.2f} USD"
    started = datetime.fromtimestamp(report.started, timezone.utc)
    yield "Started", f"{started:%Y-%m-%d %H:%M} UTC, took {report.seconds:.1f} s"


def _count(count: CallCount) -> str:
    retried = f", {count.retried} retried" if count.retried else ""
    return f"{count.made} made, {count.cached} cached{retried}"
