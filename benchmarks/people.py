"""How long many votes of people take: read from a file, counted, and decided on.

    python benchmarks/people.py [--times N] [--markdown]

Made-up worlds of about 10,000 votes each on 80 questions: few comparisons that many people voted on, every comparison
of 6 models, and many comparisons of 9 models that 2 people voted on.  Each is read by `read_people` from JSON lines
and from CSV, and decided as `gate[agreement]` is.  Of several times the least is shown, since machines are shared.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import combinations, product
from pathlib import Path
from typing import Any, TypeVar

sys.path.insert(0, str(Path(__file__).parents[1]))

from tabulate import tabulate

from pytest_mtbench.domain.question import Identity, Question, QuestionSet
from pytest_mtbench.domain.vote import Comparison, Vote
from pytest_mtbench.files.people import PeopleRows, read_people
from pytest_mtbench.scores.agreement import agreement_of
from pytest_mtbench.scores.agreement_gate import AgreementRule, agreement_result
from pytest_mtbench.scores.ballots import Ballots
from pytest_mtbench.scores.evidence import evidence_of_votes
from pytest_mtbench.scores.gates import GateResult

QUESTIONS = QuestionSet(
    "made up",
    tuple(Question(81 + n, f"category {n // 10}", ("What?", "And then?")) for n in range(80)),
    {},
    Identity("", "", ""),
)
WORLDS = [(6, 200, 50), (6, 2_400, 4), (9, 5_000, 2)]
"""How many models, comparisons, and people who voted on each."""

Rows = list[dict[str, Any]]
T = TypeVar("T")


def world(models: int, comparisons: int, people: int) -> tuple[Rows, dict[Comparison, float]]:
    """Votes as they are published, and a judge's verdicts."""
    rng = random.Random(f"{models}{comparisons}{people}")
    places = rng.sample(list(product(combinations(range(models), 2), QUESTIONS.questions, (1, 2))), comparisons)
    rows: Rows = []
    verdicts = {}
    for (one, two), question, turn in places:
        names = {"model_a": f"model-{one}", "model_b": f"model-{two}"}
        lead = (two - one) / 4 + rng.gauss(0, 1)
        verdicts[Comparison.of(question.id, turn, *names.values())] = said(lead + rng.gauss(0, 1))
        for person in range(people):
            winner = {1.0: "model_a", 0.0: "model_b", 0.5: "tie"}[said(lead + rng.gauss(0, 1))]
            row = {"question_id": question.id, "turn": turn, **names, "winner": winner, "judge": f"person {person}"}
            rows.append(row)
    return rows, verdicts


def said(lead: float) -> float:
    return 0.5 if abs(lead) < 0.3 else float(lead > 0)


def write(folder: Path, rows: Rows) -> list[Path]:
    lines, table = folder / "votes.jsonl", folder / "votes.csv"
    lines.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return [lines, table]


def decide(read: PeopleRows, verdicts: dict[Comparison, float]) -> GateResult:
    """What `gate[agreement]` says, from the rows of a file on."""
    votes = []
    for row in read.votes:
        comparison = Comparison.of(row.question_id, row.turn, *row.models)
        votes.append(Vote(comparison, row.rater, comparison.value(row.winner)))
    found = agreement_of(Ballots.of(votes, verdicts), QUESTIONS.category_of)
    return agreement_result(AgreementRule(), evidence_of_votes(found), "gate")


def least(times: int, act: Callable[[], T]) -> tuple[float, T]:
    """Seconds, and what came out."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        found = act()
        taken.append(time.perf_counter() - start)
    return min(taken), found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    table = []
    for models, comparisons, people in WORLDS:
        rows, verdicts = world(models, comparisons, people)
        with tempfile.TemporaryDirectory() as folder:
            reading = [
                least(options.times, lambda path=path: read_people(path, str(path), QUESTIONS))  # type: ignore[misc]
                for path in write(Path(folder), rows)
            ]
        deciding, result = least(options.times, lambda: decide(reading[0][1], verdicts))  # noqa: B023
        seconds = (*(taken for taken, _ in reading), deciding)
        table.append([models, comparisons, people, len(rows), *(f"{taken:.2f}" for taken in seconds), result.status])
    headers = [
        "models",
        "comparisons",
        "people",
        "votes",
        "s to read JSON lines",
        "s to read CSV",
        "s to decide",
        "verdict",
    ]
    print(tabulate(table, headers, tablefmt="github" if options.markdown else "simple", disable_numparse=True))


if __name__ == "__main__":
    main()
