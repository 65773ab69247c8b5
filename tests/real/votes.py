"""Agreement with people worked out from the published files alone: plain loops over rows, nothing of the package."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations, permutations
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from scipy.stats import t as student


class Couple(NamedTuple):
    """What two say of one comparison: 1, 0 or 0.5, in the same direction."""

    pair: tuple[str, str]
    question: int
    left: float
    right: float


def half(couple: Couple) -> float:
    return 1 - abs(couple.left - couple.right)


class Votes:
    """The votes of people and the verdicts of a judge."""

    def __init__(self, people: Path, judge: Path) -> None:
        self.people = dict(self._read(people))
        self.verdicts = {key: next(iter(said.values())) for key, said in self._read(judge)}

    @staticmethod
    def _read(path: Path) -> Iterator[tuple[tuple[Any, ...], dict[str, float]]]:
        found: dict[tuple[Any, ...], dict[str, float]] = defaultdict(dict)
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            one, two = sorted([row["model_a"], row["model_b"]])
            value = 0.5 if row["winner"].startswith("tie") else float(row[row["winner"]] == one)
            said = found[row["question_id"], row["turn"], one, two]
            said[row["judge"]] = value if said.get(row["judge"], value) == value else 0.5
        yield from found.items()

    def with_judge(self, *, shared: bool = False) -> list[Couple]:
        return [
            Couple(key[2:], key[0], value, self.verdicts[key])
            for key, said in self.people.items()
            for value in said.values()
            if not shared or len(said) > 1
        ]

    def with_each_other(self, *, both_ways: bool = False) -> list[Couple]:
        ways = permutations if both_ways else combinations
        return [
            Couple(key[2:], key[0], one, other)
            for key, said in self.people.items()
            for one, other in ways(said.values(), 2)
        ]


def measures(couples: Iterable[Couple]) -> dict[str, float]:
    rows = list(couples)
    decided = [couple for couple in rows if 0.5 not in (couple.left, couple.right)]
    return {
        "S1": fmean(couple.left == couple.right for couple in rows),
        "S2": fmean(couple.left == couple.right for couple in decided),
        "half": fmean(map(half, rows)),
    }


def skill(couples: Iterable[Couple], without: int | None = None) -> float:
    """Within each pair of models: agreement beyond that of words on different questions."""
    by_pair: dict[tuple[str, str], list[Couple]] = defaultdict(list)
    for couple in couples:
        if couple.question != without:
            by_pair[couple.pair].append(couple)
    above = below = 0.0
    for own in by_pair.values():
        lefts = Counter((couple.question, couple.left) for couple in own)
        rights = Counter((couple.question, couple.right) for couple in own)
        apart = [
            (n * m, 1 - abs(left - right))
            for (question, left), n in lefts.items()
            for (other, right), m in rights.items()
            if question != other
        ]
        if apart:
            chance = sum(n * agreed for n, agreed in apart) / sum(n for n, _ in apart)
            above += len(own) * (fmean(map(half, own)) - chance)
            below += len(own) * (1 - chance)
    return above / below


def lead(votes: Votes, of_people: float = 0.5) -> tuple[float, float, float]:
    """K_j - of_people K_p with its 90 % interval, by leaving out each question in turn."""
    judge, people = votes.with_judge(shared=True), votes.with_each_other(both_ways=True)
    questions = sorted({couple.question for couple in people})
    n = len(questions)

    def value(without: int | None = None) -> float:
        return skill(judge, without) - of_people * skill(people, without)

    left_out = [value(question) for question in questions]
    error = math.sqrt((n - 1) / n * sum((one - fmean(left_out)) ** 2 for one in left_out))
    reach = float(student.ppf(0.95, n - 1)) * error
    return value(), value() - reach, value() + reach
