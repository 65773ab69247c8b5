"""Whether the scores of a report are those that the judgments beside them give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

from ..domain.result import Run, TurnResult
from ..protocol import rules
from ..protocol.judgment import RATING, VERDICT, read

_VERSIONS = {"single": ("rating", rules.RATING), "pairwise": ("verdict", rules.VERDICT)}


def contradictions(turns: Sequence[TurnResult], mode: str, fingerprint: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    """The number of each turn whose scores its own judgments do not give, and what is wrong.

    Only a score that is told is held against a text that is told, and only where both were made by the rules of today.
    A turn without a score may have a text with one: it may be cut off, or quoted from the answer.
    """
    name, version = _VERSIONS[mode]
    stated = fingerprint.get("rules")
    if not isinstance(stated, dict) or stated.get(name) != version:
        return
    judged = fingerprint.get("judge_parameters")
    repeats = judged.get("repeats", 1) if isinstance(judged, dict) else 1
    for number, result in enumerate(turns):
        for run in result.runs:
            problem = _of_games(run) or _of_ratings(run, repeats)
            if problem:
                yield number, problem
                break


def _of_ratings(run: Run, repeats: object) -> str | None:
    told = [judgment for judgment in run.judgments if judgment.text and judgment.score is not None]
    # The report of several repeats keeps the text of one of them, and the mean of all.
    if run.score is None or not told or (len(run.judgments) == 1 and repeats != 1):
        return None
    readings = [read(RATING, judgment.text) for judgment in told]
    values = [reading.value for reading in readings]
    known = [value for value in values if value is not None]
    if all(value is not None and _same(value, one.score) for value, one in zip(values, told, strict=True)):
        return None
    # Where the ratings are not told, each has the mean of all; those of a jury are.
    alike = len({one.score for one in run.judgments}) == 1 and not told[0].judge
    if alike and len(told) == len(run.judgments) and known and _same(fmean(known), run.score):
        return None
    wrong = next(n for n, (value, one) in enumerate(zip(values, told, strict=True)) if not _same(value, one.score))
    said = "no rating" if values[wrong] is None else f"{values[wrong]:g}"
    return f"its score is {told[wrong].score:g} and its judgment says {said}"


def _of_games(run: Run) -> str | None:
    for game in (part for whole in run.games for part in whole.parts):
        for letter, text in zip(game.verdicts, game.judgments, strict=True):
            said = read(VERDICT, text).value if letter is not None and text else letter
            if said != letter:
                return f"its verdict is {letter} and the judgment of it says {said or 'none'}"
    return None


def _same(one: float | None, other: float | None) -> bool:
    return one is not None and other is not None and abs(one - other) <= 1e-6
