"""Makes the files of this example again: two releases' answers, and a dozen sheets filled by rule.

    python make.py answers          # release-1.jsonl, release-2.jsonl
    pytest mtbench.yaml --mtbench-answers=release-2.jsonl --mtbench-rate-sheet=sheet.csv
    python make.py votes sheet.csv  # votes/rater-01.csv ...

The answers are the demo's: of each release half of math and coding is spoilt.  Nobody has read them; the sheets are
filled by a rule with some chance in it, so that what comes out says nothing of any person.
"""

from __future__ import annotations

import csv
import json
import random
import sys
from pathlib import Path

from pytest_mtbench.demo.data import DemoData

HERE = Path(__file__).parent
RATERS = 12
# How often a stand-in for a person names the better answer, and how often a tie.
RIGHT, TIE = 0.75, 0.10


def write_answers() -> None:
    """Two releases that are as good as each other, each on questions of its own."""
    data = DemoData()
    good, spoilt = data.answers["demo"], data.answers["demo-regressed"]
    for release in (1, 2):
        with (HERE / f"release-{release}.jsonl").open("w", encoding="utf-8") as file:
            for question, turns in good.items():
                if turns != spoilt[question]:
                    given = turns if question % 2 == release % 2 else spoilt[question]
                    row = {"question_id": question, "model_id": f"release-{release}", "choices": [{"turns": given}]}
                    file.write(json.dumps(row) + "\n")


def write_votes(sheet: Path) -> None:
    """A sheet as twelve stand-ins fill it in: the better answer is the one that is not spoilt."""
    good = {text for turns in DemoData().answers["demo"].values() for text in turns}
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    (HERE / "votes").mkdir(exist_ok=True)
    for number in range(1, RATERS + 1):
        name, chance = f"rater-{number:02}", random.Random(number)
        with (HERE / "votes" / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "rater", "choice"])
            for row in rows:
                better = "left" if any(row["left"].endswith(text) for text in good) else "right"
                worse = {"left": "right", "right": "left"}[better]
                said = chance.choices([better, "tie", worse], [RIGHT, TIE, 1 - RIGHT - TIE])[0]
                writer.writerow([row["id"], name, said])


if __name__ == "__main__":
    write_answers() if sys.argv[1] == "answers" else write_votes(Path(sys.argv[2]))
