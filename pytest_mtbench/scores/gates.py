"""Scorecard and thresholds -> gate results.  Decides, and prints nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from ..domain.question import Question
from ..domain.result import TurnResult
from .consistency import FEWEST_GAMES
from .jury import tournaments
from .rounding import ROUNDING, beside
from .scorecard import MeanScore, Scorecard, Tournament, scorecard, scorecards

Status = Literal["passed", "failed", "inconclusive"]


@dataclass(frozen=True)
class GateSpec:
    """What one gate asks.

    Args:
        name: the part of the id in brackets: `overall`, `turn2` or a category (`category:overall` where a category
            is called as another gate is).
        kind: which scores it reads; `regression` and `judge` are decided in `regression_gate.py`, `agreement` and
            `people` in `agreement_gate.py`.
        category: the category of a `category` gate.
        minimum: the threshold: a score, 1-10, or a win rate, 0-1.
        rule: `mean` compares the mean, `confident` the 95 % interval.
        max_unscored: the share of turns without a score above which it fails.
        min_consistency: the share of games in which the judge's two orders must agree, else no win rate is decided.
    """

    name: str
    kind: Literal["overall", "turn", "category", "regression", "judge", "agreement", "people"]
    minimum: float
    rule: Literal["mean", "confident"] = "mean"
    max_unscored: float = 0.05
    category: str = ""
    min_consistency: float = 0.0

    def __post_init__(self) -> None:
        """A category's gate is called as the category is, unless something else is said."""
        if self.kind == "category" and not self.category:
            object.__setattr__(self, "category", self.name)

    @property
    def turn(self) -> int:
        """The turn of a `turn` gate."""
        return int(self.name.removeprefix("turn"))

    def score(self, card: Scorecard) -> MeanScore:
        """The score that the gate reads."""
        if self.kind == "overall":
            return card.overall
        return card.turns[self.turn] if self.kind == "turn" else card.categories[self.category]


@dataclass(frozen=True)
class GateResult:
    """What a gate decided, and why in one paragraph.

    Args:
        id: node id of the gate.
        value: the score, or the change against the baseline; None where there is none.
        details: what a kind of gate has more to say, plain JSON values by name.
    """

    id: str
    status: Status
    value: float | None
    minimum: float | None
    message: str
    name: str = ""
    low: float | None = None
    high: float | None = None
    n: int = 0
    unscored: int = 0
    details: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values; the details stand beside the rest."""
        row = asdict(self)
        details: dict[str, Any] = row.pop("details")
        return row | details

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> GateResult:
        """Reads what `as_json` wrote."""
        own = {name: row[name] for name in row if name in cls.__dataclass_fields__}
        return cls(**own, details={name: row[name] for name in row if name not in own})


def decide(spec: GateSpec, card: Scorecard, gate_id: str) -> GateResult:
    """Applies a gate to the scores of a run.

    Too many unscored turns and an incomplete set fail whatever the mean is: a run that breaks on hard questions
    must not look better for it.
    """
    score = spec.score(card)
    status, message = _decision(spec, score)
    return GateResult(
        gate_id, status, score.mean, spec.minimum, message, spec.name, score.low, score.high, score.n, score.unscored
    )


def decide_pairwise(
    spec: GateSpec,
    selected: Sequence[Question],
    results: Sequence[TurnResult],
    gate_id: str,
    played: Sequence[TurnResult] = (),
) -> GateResult:
    """Applies a gate to the win rates against each of the other models; it must hold against all of them.

    Args:
        selected, results: see `scorecard`.
        played: whatever else was measured; the judge's agreement with itself is that of all games against a model.
            Of a jury each judge must agree with itself.
    """
    cards = scorecards(selected, results)
    if not cards:  # no game at all: nothing of what the gate asks was measured
        return decide(spec, scorecard(selected, ()), gate_id)
    everything = {result.place: result for result in (*played, *results)}.values()
    decided = {
        name: _unless_unsteady(
            decide(spec, card, gate_id),
            spec,
            tournaments([game for result in everything for game in result.games if game.against == name]),
        )
        for name, card in cards.items()
    }
    return _of_all(spec, decided)


def _unless_unsteady(result: GateResult, spec: GateSpec, by_judge: Mapping[str, Tournament]) -> GateResult:
    """What a gate decides, unless a judge agrees with itself in too few of all games against a model."""
    unsteady = ((judge, games) for judge, games in by_judge.items() if _is_unsteady(games, spec))
    judge, games = next(unsteady, ("", None))
    if games is None:
        return result
    message = (
        f"{spec.name}: not decided: {judge or 'the judge'} agrees with itself in both orders in {games.consistent} of "
        f"{games.n} games ({games.agreement}), less than min_consistency {spec.min_consistency:g}, so that most of its "
        "verdicts are of the place and not of the answers; a stronger judge decides"
    )
    return replace(result, status="failed", value=None, message=message)


def _is_unsteady(games: Tournament, spec: GateSpec) -> bool:
    return games.n >= FEWEST_GAMES and games.consistent < spec.min_consistency * games.n - ROUNDING


def _of_all(spec: GateSpec, results: Mapping[str, GateResult]) -> GateResult:
    """The worst of what a gate decides against each, in the words of all."""
    worst = min(results.values(), key=_badness)
    if len(results) == 1:
        return worst
    said = "; ".join(f"against {name} {result.status}: {_without_name(result)}" for name, result in results.items())
    rows = [
        {"name": name, "status": result.status, "value": result.value, "low": result.low, "high": result.high}
        for name, result in results.items()
    ]
    return replace(worst, message=f"{spec.name}: {said}", details={"against": rows})


def _badness(result: GateResult) -> tuple[int, float]:
    """The worst first: by what was decided, then by the win rate."""
    return ("failed", "inconclusive", "passed").index(result.status), -1.0 if result.value is None else result.value


def _without_name(result: GateResult) -> str:
    return result.message.removeprefix(f"{result.name}: ")


def _decision(spec: GateSpec, score: MeanScore) -> tuple[Status, str]:
    name = spec.name
    what, units = ("ratings", "the mean") if score.games is None else ("games", "the win rate")
    if not score.complete:
        return "failed", (
            f"{name}: only {score.measured} of {score.expected} turns were measured; no gate passes on a part"
        )
    if score.mean is None:
        return "failed", f"{name}: none of its {score.expected} turns has a {'score' if not score.games else 'verdict'}"
    if score.ratings_missing > spec.max_unscored * score.ratings_due + ROUNDING:
        return "failed", (
            f"{name}: {score.ratings_missing} of {score.ratings_due} {what} are missing, more than max_unscored "
            f"{100 * spec.max_unscored:g}%; {units} of the others is {score.mean:.2f}"
        )
    status = verdict_on(spec.rule, spec.minimum, score.mean, score.low, score.high)
    if spec.rule == "confident":
        return status, _confident(spec, score, status)
    verb = "reaches" if status == "passed" else "is below"
    value = ("win rate " if score.games else "") + beside(score.mean, spec.minimum)
    return status, f"{name}: {value} {verb} the threshold {spec.minimum:g}{_detail(score)}"


def verdict_on(
    rule: Literal["mean", "confident"], minimum: float, value: float, low: float | None, high: float | None
) -> Status:
    """What a rule says of a figure.

    Args:
        rule: `mean` goes by the value, `confident` by its interval, which may be missing or hold the minimum.
    """
    if rule == "mean":
        return "passed" if value >= minimum - ROUNDING else "failed"
    if low is None or high is None:
        return "inconclusive"
    return "passed" if low >= minimum else "failed" if high < minimum else "inconclusive"


def _confident(spec: GateSpec, score: MeanScore, status: Status) -> str:
    if score.mean is None or score.low is None or score.high is None:
        return f"{spec.name}: too few questions for an interval, so rule `confident` cannot decide"
    low, mean, high = (beside(value, spec.minimum) for value in (score.low, score.mean, score.high))
    bounds = f"the 95 % interval {low}-{high} of {'win rate ' if score.games else ''}{mean}"
    if status != "inconclusive":
        where = "above" if status == "passed" else "below"
        return f"{spec.name}: {bounds} is {where} the threshold {spec.minimum:g}"
    return (
        f"{spec.name}: {bounds} holds the threshold {spec.minimum:g}, so rule `confident` cannot tell; more runs "
        "(`runs:`, --mtbench-runs) narrow it"
    )


def _detail(score: MeanScore) -> str:
    interval = "" if score.low is None else f", 95 % interval {score.low:.2f}-{score.high:.2f}"
    turns = ", ".join(f"turn {n} {mean:.2f}" for n, mean in score.turns.items() if mean is not None)
    unscored = f", {score.unscored} unscored" if score.unscored else ""
    made_of = f"mean of {score.n} turns" if score.games is None else won(score.games)
    return f" ({made_of}{interval}{', ' + turns if turns else ''}{unscored})"


def won(games: Tournament) -> str:
    """Wins, ties and losses in words."""
    counts = ((games.wins, "win", "s"), (games.ties, "tie", "s"), (games.losses, "loss", "es"))
    return ", ".join(f"{count} {name}{'' if count == 1 else plural}" for count, name, plural in counts)
