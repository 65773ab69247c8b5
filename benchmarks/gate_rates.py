"""False alarms and power of the regression gate, by simulation of this package's code.

    python benchmarks/gate_rates.py [--trials N] [--markdown]

Draws pairs of runs from the noise that was measured on 45 complete MT-Bench runs judged by GPT-4 and decides each
with `pytest_mtbench.regression`, look by look.  The model of a score of question q, turn t, run r of a side is

    true(q, t) + between(side, q) + answer(side, q, t, r) + judge(side, q, t, r)

with the judge's SD of 0.75 a rating and the other two chosen so that the standard errors of an overall difference are
the measured ones: 0.08 for one judging of the same answers, 0.16 with answers regenerated, 0.19 between two equally
good sibling models.  Ratings are whole numbers from 1 to 10, and the true scores of the questions are those of a real
range: GPT-4 gave the runs in question 1 to 10 with a mean of about 6.4 and an SD of about 2.9.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tabulate import tabulate

from pytest_mtbench.domain.question import QuestionId
from pytest_mtbench.scores.paired import Turn
from pytest_mtbench.scores.regression import Rule, looks_at

JUDGE = 0.75
# SE of a difference of means over 160 scores is SD * sqrt(2 / 160): what is left of 0.16 beside the judge's share, and
# of 0.19 beside both, where a question's two turns share what lies between two models.
ANSWER = (0.16**2 * 80 - JUDGE**2) ** 0.5
BETWEEN = (0.19**2 * 40 - 0.16**2 * 40) ** 0.5
QUESTIONS: dict[QuestionId, str] = {n: f"category {n // 10}" for n in range(80)}
TURNS: list[Turn] = [(n, turn) for n in QUESTIONS for turn in (1, 2)]

Scores = dict[Turn, Sequence["float | None"]]


def draw(
    rng: random.Random, true: dict[Turn, float], runs: int, drop: float, fallen: float, *, sibling: bool
) -> Scores:
    """The scores of one side: `drop` off all questions, `fallen` off the first category, each on the mean."""
    between = {n: rng.gauss(0, BETWEEN) if sibling else 0.0 for n in QUESTIONS}
    scores: Scores = {}
    for place in TURNS:
        n = place[0]
        level = true[place] + between[n] - drop - (fallen if QUESTIONS[n] == "category 0" else 0.0)
        scores[place] = [_rating(level + rng.gauss(0, ANSWER) + rng.gauss(0, JUDGE)) for _ in range(runs)]
    return scores


def _rating(value: float) -> float:
    return float(min(10, max(1, round(value))))


def rates(
    rule: Rule, runs: int, drop: float, fallen: float, trials: int, *, sibling: bool
) -> tuple[Counter[str], float]:
    """How often each verdict comes, and the mean number of candidate runs.

    Args:
        runs: of the baseline.
    """
    rng = random.Random(f"{rule}{runs}{drop}{fallen}{sibling}")
    verdicts: Counter[str] = Counter()
    asked = 0
    for _ in range(trials):
        # Away from the ends of the scale, where a rating could not fall or rise: the noise is that of the middle.
        true = {place: min(8.0, max(3.5, rng.gauss(6.2, 2.0))) for place in TURNS}
        baseline = draw(rng, true, runs, 0.0, 0.0, sibling=sibling)
        candidate = draw(rng, true, max(rule.looks), drop, fallen, sibling=sibling)
        looks = looks_at(candidate, baseline, QUESTIONS, rule)
        last = looks[-1]
        name = "category" if last.fallen else "passed" if last.verdict == "identical" else last.verdict
        verdicts[name] += 1
        verdicts["named"] += "category 0" in last.fallen
        asked += last.runs[0]
    return verdicts, asked / trials


SCHEMES = {
    "looks 1, 3 v 5 runs, margin 0.3": (Rule(), 5),
    "looks 1, 3 v 3 runs, margin 0.3": (Rule(), 3),
    "1 v 1 run, margin 0.5": (Rule(margin=0.5, looks=(1,)), 1),
    "1 v 1 run, margin 0.2": (Rule(margin=0.2, looks=(1,)), 1),
}
DROPS = (0.0, 0.1, 0.2, 0.3, 0.5)


def overall_table(trials: int) -> list[list[str]]:
    """Verdicts of the overall test by scheme and true drop; the categories are left out by a drop that none has."""
    rows = []
    for name, (rule, runs) in SCHEMES.items():
        cells = [name]
        for drop in DROPS:
            alone = Rule(rule.margin, rule.alpha, rule.looks, category_drop=9.0)
            found, asked = rates(alone, runs, drop, 0.0, trials, sibling=False)
            shares = "/".join(f"{found[verdict] / trials:.2f}" for verdict in ("passed", "regressed", "inconclusive"))
            cells.append(f"{shares} ({asked:.1f})")
        rows.append(cells)
    return rows


def alarm_table(trials: int) -> list[list[str]]:
    """Any false alarm with categories, and how often one fallen category is named, under the default scheme."""
    rows = []
    for name, fallen, sibling in (
        ("equal: answers regenerated", 0.0, False),
        ("equal: sibling models", 0.0, True),
        ("one category down by 0.5", 0.5, False),
        ("one category down by 1.0", 1.0, False),
        ("one category down by 2.0", 2.0, False),
    ):
        found, _ = rates(Rule(), 5, 0.0, fallen, trials, sibling=sibling)
        any_alarm = (found["regressed"] + found["category"]) / trials
        rows.append([name, f"{any_alarm:.3f}", f"{found['named'] / trials:.3f}" if fallen else ""])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    style = "github" if options.markdown else "simple"
    start = time.monotonic()
    headers = ["scheme", *(f"true drop {drop:g}" for drop in DROPS)]
    print(f"passed/regressed/inconclusive of the overall test (mean candidate runs), {options.trials} trials a cell\n")
    print(tabulate(overall_table(options.trials), headers, tablefmt=style, disable_numparse=True))
    print("\nwith categories, default scheme\n")
    rows = alarm_table(options.trials)
    print(tabulate(rows, ["truth", "any regression", "that category named"], tablefmt=style, disable_numparse=True))
    print(f"\n{time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
