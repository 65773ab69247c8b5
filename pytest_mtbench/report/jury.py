"""What the summary and the JSON report say of the judges of a jury: what each says and costs, how far they agree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from statistics import fmean
from typing import Any

from ..domain.result import APART, TurnResult
from ..domain.tally import JudgeTally
from ..engine.plan import Plan
from ..scores.biases import Biases
from ..scores.jury import OutcomePair, RatingPair, outcome_pairs, rating_pairs
from ..scores.position import position_bias
from .bias_lines import bias_lines
from .run_report import RunReport

_PAIRS_SHOWN = 3


def jury_lines(report: RunReport) -> Iterator[str]:
    """How far the judges agree, and what each was asked and cost; nothing where there is one judge; not yet wrapped."""
    if not report.plan.jury:
        return
    if report.plan.opponents:
        yield from _of_outcomes(outcome_pairs(_names(report), report.card.results))
        yield from _positions(report)
    else:
        yield from _of_ratings(rating_pairs(_names(report), report.card.results))
    yield "jury: " + "; ".join(_asked(report, judge) for judge in _names(report))


def jury_json(report: RunReport, scores: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The parts of a JSON report that a jury alone has.

    Args:
        scores: what each judge's judgments alone come to.
    """
    names = _names(report)
    pairs: Sequence[RatingPair | OutcomePair] = (
        outcome_pairs(names, report.card.results) if report.plan.opponents else rating_pairs(names, report.card.results)
    )
    return {
        "judges": list(names),
        "jury": {
            "judges": {judge: scores[judge] | _costs(report, judge) for judge in names},
            "pairs": [asdict(pair) for pair in pairs],
        },
    }


def jury_row(result: TurnResult, jury: Sequence[str]) -> dict[str, Any]:
    """What the row of a turn says of each judge of a jury: its score and, in single grading, its judgments."""
    if not jury:
        return {}
    row: dict[str, Any] = {"by_judge": {judge: result.of_judge(judge).score for judge in jury}}
    if not result.games:
        row["judged"] = [
            {
                "judge": one.judge,
                "run": number,
                "rating": one.score,
                "unscored": one.reason,
                "judgment": one.text,
            }
            for number, run in enumerate(result.runs, start=1)
            for one in run.judgments
        ]
    return row


def judge_names(plan: Plan) -> tuple[str, ...]:
    """How results call the judges of a jury; none where there is one judge."""
    return tuple(one.role.label for one in plan.jury)


def _names(report: RunReport) -> tuple[str, ...]:
    return judge_names(report.plan)


def _costs(report: RunReport, judge: str) -> dict[str, Any]:
    part = report.tally.jury.get(judge, JudgeTally())
    cost = report.cost_of_judging()[judge]
    return {"made": part.made, "cached": part.cached, **asdict(part.usage), "cost_usd": cost}


def _asked(report: RunReport, judge: str) -> str:
    costs = _costs(report, judge)
    priced = next(one.price for one in report.plan.judges if one.label == judge) is not None
    cost = f", {costs['cost_usd']:.2f} USD" if priced else ""
    return f"{judge} {costs['made']} judgments made, {costs['cached']} cached{cost}"


def _positions(report: RunReport) -> Iterator[str]:
    """Each judge's bias to a place; a jury has none of its own."""
    games = [game for result in report.card.results for game in result.games]
    for judge in _names(report):
        seen = [part for game in games for part in game.by_judge if part.judge == judge]
        for line in bias_lines(Biases(position=position_bias(seen))):
            warning = line.startswith("warning:")
            yield line.replace("the judge", judge, 1) if warning else f"{judge}, {line}"


def _of_ratings(pairs: Sequence[RatingPair]) -> Iterator[str]:
    known = [pair for pair in pairs if pair.difference is not None]
    if not known:
        yield "jury: no turn is rated by two of its judges"
        return
    if len(pairs) <= _PAIRS_SHOWN:
        yield from map(_of_pair, known)
        return
    widest = max(known, key=lambda pair: abs(pair.difference or 0.0))
    correlations = [pair.correlation for pair in known if pair.correlation is not None]
    mean = f"; the {len(correlations)} pairs of judges correlate by {fmean(correlations):.2f} on average"
    yield f"{_of_pair(widest)} (the widest of {len(pairs)} pairs of judges){mean if correlations else ''}"


def _of_pair(pair: RatingPair) -> str:
    difference = pair.difference or 0.0
    turns = f"the same {pair.n} turns" if pair.n != 1 else "the same turn"
    if round(difference, 2) == 0:
        said = f"{pair.one} and {pair.two} rate {turns} alike on average"
    else:
        by = f"{abs(difference):.2f} {'higher' if difference > 0 else 'lower'}"
        said = f"{pair.one} rates {by} than {pair.two} on {turns}"
    correlated = "" if pair.correlation is None else f"; correlation {pair.correlation:.2f}"
    differs = f"{pair.apart} turn{'s differ' if pair.apart != 1 else ' differs'} by {APART:g} or more"
    return f"jury: {said}{correlated}; {differs}"


def _of_outcomes(pairs: Sequence[OutcomePair]) -> Iterator[str]:
    known = [pair for pair in pairs if pair.n]
    if not known:
        yield "jury: no game has an outcome of two of its judges"
        return
    if len(pairs) <= _PAIRS_SHOWN:
        yield from map(_of_games, known)
        return
    least = min(known, key=lambda pair: pair.same / pair.n)
    mean = fmean(pair.same / pair.n for pair in known)
    yield f"{_of_games(least)} (the fewest of {len(pairs)} pairs of judges, whose mean is {mean:.0%})"


def _of_games(pair: OutcomePair) -> str:
    share = f"{100 * pair.same / pair.n:.0f} %"
    return f"jury: {pair.one} and {pair.two} name the same outcome in {pair.same} of {pair.n} games ({share})"
