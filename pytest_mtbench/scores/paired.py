"""Two sides' scores of the same questions -> their difference, with a standard error and degrees of freedom.  Pure.

Questions are the unit: the two turns of a question share its difficulty, so each question counts once, with the mean of
its turns.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, variance

from ..domain.question import Place, QuestionId
from .intervals import error_of_sum
from .quantiles import t_cdf, t_quantile

Turn = Place
Scores = Mapping[Place, Sequence["float | None"]]
"""Scores by question id and turn, one a run; None where a run has none."""


@dataclass(frozen=True)
class PairedQuestion:
    """One question on both sides, over the turns that both rated.

    Args:
        category: its stratum.
        candidate, baseline: the mean of its turns in each run that rated them all.
        turns: how many turns are compared.
    """

    category: str
    candidate: tuple[float, ...]
    baseline: tuple[float, ...]
    turns: int

    @property
    def difference(self) -> float:
        """Candidate minus baseline, each the mean of its runs."""
        return fmean(self.candidate) - fmean(self.baseline)

    @property
    def replicated(self) -> bool:
        """Whether both sides show their own scatter."""
        return len(self.candidate) > 1 and len(self.baseline) > 1


@dataclass(frozen=True)
class Change:
    """Candidate minus baseline over some questions; negative is worse.

    Args:
        mean: the mean difference of question means.
        se: its standard error; `df`: degrees of freedom of Student's t.
        baseline: the baseline's mean over the same questions.
        questions: how many were compared.
    """

    mean: float
    se: float
    df: float
    baseline: float
    questions: int

    @property
    def drop(self) -> float:
        """How much lower the candidate is."""
        return 0.0 - self.mean

    def p_below(self, bound: float) -> float:
        """One-sided p against a true difference of `bound` or more: small where it surely is below."""
        return t_cdf(_ratio(self.mean - bound, self.se), self.df)

    def p_above(self, bound: float) -> float:
        """One-sided p against a true difference of `bound` or less: small where it surely is above."""
        return t_cdf(_ratio(bound - self.mean, self.se), self.df)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """A two-sided interval of the difference."""
        half = t_quantile(0.5 + level / 2, self.df) * self.se
        return self.mean - half, self.mean + half


def paired_questions(candidate: Scores, baseline: Scores, categories: Mapping[QuestionId, str]) -> list[PairedQuestion]:
    """The questions that both sides rated, in the order of `categories`.

    Args:
        categories: the category of each question.
    """
    places: dict[QuestionId, list[Place]] = defaultdict(list)
    for place in candidate:
        if _rated(candidate.get(place, ())) and _rated(baseline.get(place, ())):
            places[place[0]].append(place)
    found = []
    for question_id, category in categories.items():
        sides = [_run_means(side, places[question_id]) for side in (candidate, baseline)]
        if all(sides):
            found.append(PairedQuestion(category, sides[0], sides[1], len(places[question_id])))
    return found


def paired_change(
    questions: Sequence[PairedQuestion], judge_sd: float, *, runs: tuple[int, int] = (1, 1)
) -> Change | None:
    """The overall difference of two sides.

    Where both sides were run twice or more, the runs of each question show how much chance moves its score, and the
    standard error is made of that alone.  With a single run on a side nobody sees what chance does there, and the
    baseline's runs say nothing of the candidate; the error is then that of a cluster t stratified by category, from
    how far the differences of the questions lie apart.  As a rule it is the larger one, since two models also find
    different questions hard.

    An example: one question is 2 better in every run, another of its category 2 worse.  Between their runs nothing
    scatters, so the first error is 0 (and the judge's own is the least); between the questions it is 2.

    Args:
        judge_sd: SD of one rating of one text; the standard error is never below what the judge alone would give.
        runs: the runs of candidate and baseline.

    Returns:
        None where there are too few questions.
    """
    if not questions:
        return None
    replicated = [question for question in questions if question.replicated]
    scatter = _replicate_error(replicated, len(questions)) if min(runs) > 1 and replicated else None
    error = scatter or _stratified_error(questions)
    return None if error is None else _change(questions, *error, judge_sd, runs)


def category_change(
    questions: Sequence[PairedQuestion], judge_sd: float, *, runs: tuple[int, int] = (1, 1)
) -> Change | None:
    """The difference in one category: a cluster t over its questions, or None where there is only one."""
    if len(questions) < 2:
        return None
    differences = [question.difference for question in questions]
    error = math.sqrt(variance(differences) / len(questions))
    return _change(questions, error, len(questions) - 1.0, judge_sd, runs)


def _change(
    questions: Sequence[PairedQuestion], se: float, df: float, judge_sd: float, runs: tuple[int, int]
) -> Change:
    ratings = sum(question.turns for question in questions)
    floor = judge_sd * math.sqrt((1 / runs[0] + 1 / runs[1]) / ratings)
    return Change(
        mean=fmean(question.difference for question in questions),
        se=max(se, floor),
        df=df,
        baseline=fmean(fmean(question.baseline) for question in questions),
        questions=len(questions),
    )


def _stratified_error(questions: Sequence[PairedQuestion]) -> tuple[float, float] | None:
    """Standard error and degrees of freedom from the scatter between questions within categories."""
    strata: dict[str, list[float]] = defaultdict(list)
    for question in questions:
        strata[question.category].append(question.difference)
    found = error_of_sum(strata.values())
    return None if found is None else (found[0] / len(questions), found[1])


def _replicate_error(questions: Sequence[PairedQuestion], total: int) -> tuple[float, float]:
    """Standard error and Satterthwaite's degrees of freedom from the scatter between runs.

    Args:
        questions: those with two runs or more on both sides.
        total: all questions; the others are taken to scatter as these do.
    """
    parts = [
        (variance(side) / len(side), len(side) - 1)
        for question in questions
        for side in (question.candidate, question.baseline)
    ]
    summed = sum(part for part, _ in parts)
    spread = sum(part**2 / df for part, df in parts)
    df = summed**2 / spread if spread else float(sum(df for _, df in parts))
    return math.sqrt(summed * total / len(questions)) / total, df


def _run_means(side: Scores, places: Sequence[Place]) -> tuple[float, ...]:
    """The mean of these turns in each run that rated them all."""
    runs = zip(*(side[place] for place in places), strict=False)
    return tuple(fmean(run) for run in runs if None not in run) if places else ()


def _rated(scores: Sequence[float | None]) -> bool:
    return any(score is not None for score in scores)


def _ratio(distance: float, se: float) -> float:
    """Distance in standard errors; a judge and a model that never waver leave none."""
    if se > 0:
        return distance / se
    return math.copysign(math.inf, distance) if distance else 0.0
