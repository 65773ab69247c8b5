"""Candidate against baseline: did it get worse, and how sure is that?  Pure.

Two tests are needed.  "Fail where a drop is proven" alone would pass every run that is too noisy to prove anything:
at a standard error of 0.5 a drop of 0.7 goes through.  "Pass where a drop of the margin is ruled out" alone would fail
good models for noise: at a margin of 0.3 and a standard error of 0.19 half of those that are as good as the baseline.
So there are three answers: ruled out (passed), proven (regressed), neither (inconclusive: more runs can tell).

The rule, its defaults and the noise behind them come from 45 complete MT-Bench runs judged by GPT-4 (7,230 judgments).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Literal

from ..domain.question import Place, QuestionId
from .intervals import JUDGE_SD
from .paired import Change, PairedQuestion, Scores, category_change, paired_change, paired_questions
from .quantiles import look_level, t_quantile

Verdict = Literal["passed", "identical", "regressed", "inconclusive", "undecided"]

LEAST_DROP = 0.1
"""A smaller drop is no regression, however sure it is."""

MOST_MISSING = 0.05
"""The share of a side's ratings that may be missing."""

MARGIN, MARGIN_OF_ONE_RUN = 0.3, 0.5
LOOKS, LOOKS_OF_ONE_RUN = (1, 3), (1,)
ALPHA = 0.05
CATEGORY_DROP = 0.5


@dataclass(frozen=True)
class Rule:
    """How a regression is decided.

    Args:
        margin: a drop that is surely below it passes.
        alpha: the share of false alarms over all looks, one-sided.
        looks: candidate runs at each look, growing.
        category_drop: the least drop of a category that counts.
        judge_sd: SD of one rating of one text.
    """

    margin: float = MARGIN
    alpha: float = ALPHA
    looks: tuple[int, ...] = LOOKS
    category_drop: float = CATEGORY_DROP
    judge_sd: float = JUDGE_SD

    @property
    def level(self) -> float:
        """The nominal level of each look."""
        return look_level(len(self.looks), self.alpha)


@dataclass(frozen=True)
class Comparison:
    """What a look decided.

    Args:
        verdict: `undecided` where too much is missing or too few questions are there.
        overall: None where there is nothing to compare.
        categories: the change of each category with two questions or more; `turns`: that of the turns 1 and 2.
        fallen: the categories that regressed.
        runs: of candidate and baseline.
        missing: the shares of ratings that candidate and baseline lack.
        level: the nominal level of this look.
        by_turn: the difference of each turn that both sides rated.
    """

    verdict: Verdict
    overall: Change | None
    categories: Mapping[str, Change] = field(default_factory=dict)
    turns: Mapping[int, Change] = field(default_factory=dict)
    fallen: tuple[str, ...] = ()
    runs: tuple[int, int] = (1, 1)
    missing: tuple[float, float] = (0.0, 0.0)
    level: float = ALPHA
    by_turn: Mapping[Place, float] = field(default_factory=dict)

    @property
    def bounds(self) -> tuple[float, float]:
        """The bounds of the overall difference at this look's level: what the verdict goes by."""
        return self.overall.interval(1 - 2 * self.level) if self.overall else (0.0, 0.0)

    @property
    def smallest_drop(self) -> float | None:
        """The drop that is seen in 80 of 100 cases at this standard error."""
        if self.overall is None:
            return None
        df = self.overall.df
        return max(LEAST_DROP, (t_quantile(1 - self.level, df) + t_quantile(0.8, df)) * self.overall.se)


def compare(candidate: Scores, baseline: Scores, categories: Mapping[QuestionId, str], rule: Rule) -> Comparison:
    """Compares two sides at one look, and decides.

    Args:
        candidate, baseline: the scores of every turn that is asked.
        categories: the category of each question.
    """
    runs = (_runs(candidate), _runs(baseline))
    questions = paired_questions(candidate, baseline, categories)
    overall = paired_change(questions, rule.judge_sd, runs=runs)
    changes = _by_category(questions, rule, runs)
    fallen = _fallen(changes, rule)
    missing = (_missing(candidate), _missing(baseline))
    by_turn = {
        place: after - before
        for place, scores in candidate.items()
        if (after := _mean(scores)) is not None and (before := _mean(baseline.get(place, ()))) is not None
    }
    numbers = sorted({number for _, number in candidate})
    verdict: Verdict = "undecided"
    if overall is not None and max(missing) <= MOST_MISSING:
        # The deployed model against its own report: its one run came from the cache and is the first of the baseline's
        # five.  The means of one and of five differ, but that is no change of the model.
        own = all(tuple(baseline.get(place, ()))[: len(scores)] == tuple(scores) for place, scores in candidate.items())
        identical = own or not any(by_turn.values())
        verdict = "identical" if identical else "regressed" if fallen else _overall_verdict(overall, rule)
    turns = {number: _of_turn(number, candidate, baseline, categories, rule, runs) for number in numbers}
    known = {number: change for number, change in turns.items() if change is not None}
    return Comparison(verdict, overall, changes, known, fallen, runs, missing, rule.level, by_turn)


def _of_turn(
    number: int, candidate: Scores, baseline: Scores, categories: Mapping[QuestionId, str], rule: Rule,
    runs: tuple[int, int],
) -> Change | None:  # fmt: skip
    only = {place: scores for place, scores in candidate.items() if place[1] == number}
    return paired_change(paired_questions(only, baseline, categories), rule.judge_sd, runs=runs)


def _overall_verdict(overall: Change, rule: Rule) -> Verdict:
    if overall.p_above(-rule.margin) < rule.level:
        return "passed"
    if overall.p_below(0.0) < rule.level and overall.drop >= LEAST_DROP:
        return "regressed"
    return "inconclusive"


def _by_category(questions: list[PairedQuestion], rule: Rule, runs: tuple[int, int]) -> dict[str, Change]:
    groups: dict[str, list[PairedQuestion]] = defaultdict(list)
    for question in questions:
        groups[question.category].append(question)
    found = {name: category_change(group, rule.judge_sd, runs=runs) for name, group in groups.items()}
    return {name: change for name, change in found.items() if change is not None}


def _fallen(changes: Mapping[str, Change], rule: Rule) -> tuple[str, ...]:
    """Categories that surely fell, by Holm's procedure (Holm 1979), and by as much as counts."""
    level = rule.alpha / len(rule.looks)
    sure = set()
    by_p = sorted(changes, key=lambda name: changes[name].p_below(0.0))
    for rank, name in enumerate(by_p):
        if changes[name].p_below(0.0) >= level / (len(by_p) - rank):
            break
        sure.add(name)
    return tuple(name for name, change in changes.items() if name in sure and change.drop >= rule.category_drop)


def looks_at(
    candidate: Scores, baseline: Scores, categories: Mapping[QuestionId, str], rule: Rule
) -> tuple[Comparison, ...]:
    """The comparison at each look, until one decides or the candidate has no more runs.

    Args:
        candidate: scores of at least as many runs as the first look wants.
    """
    found: list[Comparison] = []
    there = _runs(candidate)
    for runs in rule.looks:
        if found and (there < runs or found[-1].verdict != "inconclusive"):
            break
        found.append(compare({place: scores[:runs] for place, scores in candidate.items()}, baseline, categories, rule))
    return tuple(found)


def _mean(scores: Sequence[float | None]) -> float | None:
    rated = [score for score in scores if score is not None]
    return fmean(rated) if rated else None


def _runs(side: Scores) -> int:
    return max((len(scores) for scores in side.values()), default=1)


def _missing(side: Scores) -> float:
    scores = [score for runs in side.values() for score in runs]
    return sum(score is None for score in scores) / len(scores) if scores else 1.0
