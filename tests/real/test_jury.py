"""Real judgments of two judges as a jury, replayed over HTTP: a server for each judge, as it was recorded."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import correlation, fmean
from typing import Any

import pytest

from .conftest import SHARED, Run, run_pytest

DATA = SHARED / "two_judges"
JUDGES = ("GPT-4o-mini", "Qwen2.5-7B")
MODEL, OTHER = "Mistral-7B-Instruct-v0.3", "Phi-3.5-mini-Instruct"
Rows = list[dict[str, Any]]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.exists(), reason="the judgments of two judges are not beside the checkout"),
]


def recorded(judge: str, kind: str) -> Rows:
    """What a judge said; nothing where it is not there, and every test is skipped."""
    path = DATA / judge / "model_judgment" / f"{judge}_{kind}.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def ratings(judge: str) -> dict[tuple[int, int], float]:
    return {
        (row["question_id"], row["turn"]): row["score"] for row in recorded(judge, "single") if row["model"] == MODEL
    }


def outcomes(judge: str) -> dict[int, str]:
    """Win, tie or loss of the model by the conservative rule, worked out from FastChat's own words."""
    found = {("model_1", "model_1"): "win", ("model_2", "model_2"): "loss"}
    return {
        row["question_id"]: found.get((row["g1_winner"], row["g2_winner"]), "tie") for row in recorded(judge, "pair")
    }


class Jury:
    """A replay server for each judge, and a folder with a suite file that names both."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._processes = [
            subprocess.Popen(
                [
                    sys.executable, str(SHARED / "replay" / "server.py"), "--data", str(DATA / judge),
                    "--judge-name", judge,
                ],
                stdout=subprocess.PIPE,
                text=True,
            )
            for judge in JUDGES
        ]  # fmt: skip
        self.urls = [process.stdout.readline().strip() for process in self._processes if process.stdout is not None]
        judges = ", ".join(f"{{name: {name}, base_url: '{url}'}}" for name, url in zip(JUDGES, self.urls, strict=True))
        (folder / "mtbench.yaml").write_text(
            f"model: {{name: {MODEL}, base_url: '{self.urls[0]}'}}\njudge: [{judges}]\nquestions: {DATA / JUDGES[0]}\n"
            "reference_categories: []\n"  # no judge saw a reference answer
        )

    def run(self, *options: str) -> Run:
        return run_pytest(self.folder, "mtbench.yaml", *options)

    def close(self) -> None:
        for process in self._processes:
            process.terminate()
            process.communicate()


@pytest.fixture(scope="module")
def jury(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jury]:
    jury = Jury(tmp_path_factory.mktemp("jury"))
    yield jury
    jury.close()


@pytest.fixture(scope="module")
def graded(jury: Jury) -> Run:
    """Single grading by both."""
    return jury.run("--mtbench-cache-dir=single")


def test_both_judges_were_asked_with_the_same_prompts() -> None:
    texts = {(DATA / judge / "judge_prompts.jsonl").read_bytes() for judge in JUDGES}
    assert len(texts) == 1


def test_every_score_is_the_mean_of_both(graded: Run) -> None:
    one, two = map(ratings, JUDGES)
    assert graded.status == 0
    found = {(row["question_id"], row["turn"]): row["score"] for row in graded.report["turns"]}
    assert found == {place: (one[place] + two[place]) / 2 for place in one}
    means = [fmean(side.values()) for side in (one, two)]
    assert graded.report["scores"]["overall"]["mean"] == pytest.approx(fmean(means), abs=1e-12)
    assert [graded.report["jury"]["judges"][judge]["mean"] for judge in JUDGES] == pytest.approx(means, abs=1e-12)
    assert graded.report["calls"]["judgments"] == {"made": 320, "cached": 0, "retried": 0}


def test_the_summary_says_how_far_they_agree(graded: Run) -> None:
    one, two = map(ratings, JUDGES)
    apart = {place for place in one if abs(one[place] - two[place]) >= 3}
    flagged = {(row["question_id"], row["turn"]) for row in graded.report["turns"] if "judges-differ" in row["flags"]}
    assert flagged == apart
    related = correlation(list(one.values()), [two[place] for place in one])
    said = (
        f"jury: {JUDGES[0]} rates 0.24 lower than {JUDGES[1]} on the same 160 turns; correlation {related:.2f}; "
        f"{len(apart)} turns differ by 3 or more"
    )
    page = (Path(__file__).parents[2] / "docs" / "people.md").read_text(encoding="utf-8")
    assert said in graded.text
    assert said.removeprefix("jury: ") in " ".join(page.split())


def test_one_of_them_alone_asks_nothing_again(jury: Jury, graded: Run) -> None:
    assert graded.report["calls"]["judgments"]["made"] == 320
    for judge in JUDGES:
        alone = jury.run("--mtbench-cache-dir=single", "--mtbench-cache=only", f"--mtbench-judge={judge}").report
        assert alone["scores"]["overall"]["mean"] == pytest.approx(fmean(ratings(judge).values()), abs=1e-12)
        assert alone["calls"]["judgments"] == {"made": 0, "cached": 160, "retried": 0}


def test_verdicts_are_those_of_the_majority(jury: Jury) -> None:
    run = jury.run(f"--mtbench-against={OTHER}", "-m", "turn2")
    one, two = map(outcomes, JUDGES)
    expected = {number: said if said == two[number] else "tie" for number, said in one.items()}
    found = {row["question_id"]: row["outcome"] for row in run.report["turns"]}
    assert found == expected
    overall = run.report["scores"]["overall"]
    counts = Counter(expected.values())
    assert [overall[name] for name in ("wins", "ties", "losses")] == [counts[name] for name in ("win", "tie", "loss")]
    for judge, said in zip(JUDGES, (one, two), strict=True):
        told = run.report["jury"]["judges"][judge]
        assert [told[name] for name in ("wins", "ties", "losses")] == [
            Counter(said.values())[name] for name in ("win", "tie", "loss")
        ]
    same = sum(said == two[number] for number, said in one.items())
    assert f"jury: {JUDGES[0]} and {JUDGES[1]} name the same outcome in {same} of 80 games" in run.text
    steady: Callable[[str], int] = lambda judge: sum(  # noqa: E731
        row["g1_winner"] == row["g2_winner"] for row in recorded(judge, "pair")
    )
    for judge in JUDGES:
        assert f"{judge}, position: both orders agree in {steady(judge)} of 80 games" in run.text


def test_recorded_judgments_of_both_are_taken_from_files(jury: Jury, tmp_path: Path) -> None:
    for judge in JUDGES:
        for part in ("model_judgment", "model_answer"):
            shutil.copytree(DATA / judge / part, tmp_path / "both" / part, dirs_exist_ok=True)
    run = jury.run(f"--mtbench-answers={tmp_path / 'both'}", "--mtbench-cache=off")
    assert run.report["calls"]["judgments"] == {"made": 0, "cached": 320, "retried": 0}
    assert "judgments: 320" in run.text
    means = [fmean(ratings(judge).values()) for judge in JUDGES]
    assert run.report["scores"]["overall"]["mean"] == pytest.approx(fmean(means), abs=1e-12)
