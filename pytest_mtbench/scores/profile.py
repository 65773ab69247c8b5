"""Where a model is strong or weak beyond noise, and what the follow-up costs it.  Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, variance
from typing import NamedTuple

from ..domain.question import QuestionId
from ..domain.result import TurnResult
from .intervals import RATINGS, WIN_RATES, Scale, error_of_sum
from .quantiles import t_quantile

_ALPHA = 0.05


@dataclass(frozen=True)
class Contrast:
    """A difference of two means of the same model, with its interval."""

    value: float
    low: float
    high: float

    @property
    def above(self) -> bool:
        """Whether it is above 0 beyond noise."""
        return self.low > 0

    @property
    def below(self) -> bool:
        """Whether it is below 0 beyond noise."""
        return self.high < 0


@dataclass(frozen=True)
class Profile:
    """What stands out in the scores of one model.

    Args:
        categories: the mean of each category minus that of the others; the intervals hold together at 95 %.
        second_turn: the mean of second turns minus that of first ones, over questions that have both; 95 % interval.
    """

    categories: Mapping[str, Contrast] = field(default_factory=dict)
    second_turn: Contrast | None = None

    @property
    def above(self) -> dict[str, Contrast]:
        """The categories that stand out above the others, the farthest first."""
        found = ((name, one) for name, one in self.categories.items() if one.above)
        return dict(sorted(found, key=lambda item: -item[1].value))

    @property
    def below(self) -> dict[str, Contrast]:
        """The categories that stand out below the others, the farthest first."""
        found = ((name, one) for name, one in self.categories.items() if one.below)
        return dict(sorted(found, key=lambda item: item[1].value))


class _Group(NamedTuple):
    """Questions: the mean of each, and how many judgments they rest on."""

    means: tuple[float, ...]
    marks: int


def profile_of(results: Iterable[TurnResult]) -> Profile:
    """What stands out in the scores of a run, be they ratings or win rates.

    Questions are the unit: each counts once, with the mean of its turns.  Each category is held against all others,
    and each look can raise a false alarm, so the intervals are Bonferroni's: of K categories each at 1 - 0.05 / K.
    That holds however the differences hang together, loses next to nothing here (they correlate by -1 / (K - 1)), and
    gives intervals that say themselves what stands out, which Holm's procedure does not.

    A category of ten questions shows its own scatter badly.  Where all ten happen to be rated 9 it seems to have none,
    and with the plain variance the labels of real runs, shuffled, raise 4-24 % false alarms instead of 5 %.  So the
    variance is moderated (Smyth 2004): half the category's own and half that of all categories, with twice the degrees
    of freedom: 1-5 %, and 3-7 % where each category keeps its own scatter.  It is never below what the judge adds.
    """
    turns = [result for result in results if result.counted]
    scale = WIN_RATES if any(result.games for result in turns) else RATINGS
    return Profile(_categories(turns, scale), _second_turn(turns, scale))


def _categories(turns: Sequence[TurnResult], scale: Scale) -> dict[str, Contrast]:
    groups = _groups(turns)
    compared = [name for name, group in groups.items() if len(group.means) > 1]
    if len(groups) < 2 or not compared:
        return {}
    pooled = error_of_sum(groups[name].means for name in compared)
    scatter = 0.0 if pooled is None else pooled[0] ** 2 / sum(len(groups[name].means) for name in compared)
    found = {}
    for name in compared:
        others = [group for other, group in groups.items() if other != name]
        contrast = _contrast(groups[name], others, scatter, _ALPHA / len(compared), scale)
        if contrast is not None:
            found[name] = contrast
    return found


def _contrast(own: _Group, others: Sequence[_Group], scatter: float, alpha: float, scale: Scale) -> Contrast | None:
    """A category against all others.

    Args:
        scatter: the variance of question means within a category, over all categories.
        alpha: of this one look.
    """
    beside = [mean for group in others for mean in group.means]
    error = error_of_sum(group.means for group in others)
    if error is None:
        return None
    n = len(own.means)
    moderated = (variance(own.means) + scatter) / 2
    se = math.hypot(math.sqrt(moderated / n), error[0] / len(beside))
    floor = _least_error(own.marks, sum(group.marks for group in others), scale)
    return _between(fmean(own.means) - fmean(beside), max(se, floor), 2.0 * (n - 1), alpha)


def _second_turn(turns: Sequence[TurnResult], scale: Scale) -> Contrast | None:
    """Second turns against first ones, paired over questions and stratified by category."""
    first, second = ({result.key.question_id: result for result in turns if result.key.turn == n} for n in (1, 2))
    strata: dict[str, list[float]] = defaultdict(list)
    both = [(first[question], second[question]) for question in first if question in second]
    for one, other in both:
        strata[one.category].append(fmean(other.counted) - fmean(one.counted))
    error = error_of_sum(strata.values())
    if error is None:
        return None
    floor = _least_error(sum(one.marks for one, _ in both), sum(other.marks for _, other in both), scale)
    mean = fmean(difference for group in strata.values() for difference in group)
    return _between(mean, max(error[0] / len(both), floor), error[1], _ALPHA)


def _groups(turns: Sequence[TurnResult]) -> dict[str, _Group]:
    scores: dict[str, dict[QuestionId, list[float]]] = defaultdict(lambda: defaultdict(list))
    marks: dict[str, int] = defaultdict(int)
    for result in turns:
        scores[result.category][result.key.question_id] += result.counted
        marks[result.category] += result.marks
    return {name: _Group(tuple(map(fmean, by_id.values())), marks[name]) for name, by_id in scores.items()}


def _least_error(one: int, other: int, scale: Scale) -> float:
    """What the judge's own noise, or one game that came out otherwise, would give; see `intervals.mean_interval`."""
    return max(scale.judge_sd * math.sqrt(1 / one + 1 / other), scale.step / one)


def _between(value: float, se: float, df: float, alpha: float) -> Contrast:
    half = t_quantile(1 - alpha / 2, df) * se
    return Contrast(value, value - half, value + half)
