"""Size of the HTML report, time to write it, and time until a browser shows it.

    python benchmarks/report_page.py [--turns 160 160x5 800 10000 20000]

Texts are words of a made-up vocabulary, drawn as words of a language are (Zipf), in the lengths that today's models
write: about 2,200 characters an answer, 900 a judgment.  A baseline of one run stands beside each run.  Such words are
packed less well than real texts: two recorded models of 2023, side by side on 160 turns, come to 0.39 MB.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tabulate import tabulate

from pytest_mtbench.domain.endpoint import Answerer, Endpoint, Role
from pytest_mtbench.domain.question import Identity, Question, QuestionSet
from pytest_mtbench.domain.result import Judgment, Run, TurnKey, TurnResult
from pytest_mtbench.domain.tally import Tally
from pytest_mtbench.engine.plan import Plan
from pytest_mtbench.report.html_report import html_page
from pytest_mtbench.report.run_report import RunReport
from pytest_mtbench.scores.baseline import Baseline
from pytest_mtbench.scores.regression import Rule
from pytest_mtbench.scores.regression_gate import RegressionSpec, outcome_of
from pytest_mtbench.scores.scorecard import scorecard

CATEGORIES = ("writing", "roleplay", "reasoning", "math", "coding", "extraction", "stem", "humanities")
WHERE = Endpoint(url="http://localhost/v1", connect_url="http://localhost/v1")


class Writer:
    """Writes texts that nobody need read."""

    def __init__(self) -> None:
        self._rng = random.Random(1)
        letters = "etaoinshrdlcumwfgypbvk"
        self._words = ["".join(self._rng.choices(letters, k=self._rng.randint(2, 10))) for _ in range(8000)]
        self._weights = [1 / rank for rank in range(1, 8001)]

    def text(self, characters: int) -> str:
        """About so many characters, in paragraphs."""
        length = int(characters * self._rng.uniform(0.4, 1.6))
        words = self._rng.choices(self._words, self._weights, k=max(1, length // 6))
        return "\n\n".join(" ".join(words[at : at + 60]) + "." for at in range(0, len(words), 60))

    def run(self) -> Run:
        """An answer and its judgment."""
        score = float(self._rng.randint(1, 10))
        return Run(self.text(2200), judgments=(Judgment(f"{self.text(900)}\n\nRating: [[{score:g}]]", score),))


def report_of(turns: int, runs: int) -> RunReport:
    """A run of so many turns beside its baseline."""
    writer = Writer()
    questions = tuple(
        Question(number, CATEGORIES[number % 8], (writer.text(300), writer.text(150))) for number in range(turns // 2)
    )
    which = QuestionSet("made-up", questions, {}, Identity("", "", ""))
    plan = Plan("mtbench.yaml", which, questions, Answerer("model", WHERE), Role("judge", WHERE), runs=runs)
    results = [
        TurnResult(key, plan.question(key.question_id).category, tuple(writer.run() for _ in range(runs)))
        for key in plan.turns()
    ]
    first = {key.place: writer.run() for key in plan.turns()}
    scores = {place: (run.score,) for place, run in first.items()}
    answers = {(*place, 0): run.answer or "" for place, run in first.items()}
    baseline = Baseline("baseline.json", "deployed", 1, scores, answers, {}, first)
    regression = RegressionSpec(baseline, Rule(looks=(runs,)))
    return RunReport(
        plan, scorecard(plan.selected, results), (), (), Tally(), 0.0, 1.0,
        ids={TurnKey("", *key.place).place: f"mtbench.yaml::q{key.question_id}-turn{key.turn}" for key in plan.turns()},
        regression=regression, outcome=outcome_of(regression, plan, results),
    )  # fmt: skip


def measured(turns: int, runs: int, folder: Path) -> Iterator[str]:
    """Size, seconds to write, and what a browser makes of it."""
    report = report_of(turns, runs)
    started = time.perf_counter()
    page = html_page([report])
    yield f"{turns:,} x {runs}"
    yield f"{time.perf_counter() - started:.2f} s"
    yield f"{len(page.encode()) / 1e6:.2f} MB"
    path = folder / "page.html"
    path.write_text(page, encoding="utf-8")
    yield from _in_browser(path)


def _in_browser(path: Path) -> Iterator[str]:
    from playwright.sync_api import sync_playwright

    browser_path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        page = browser.new_page()
        started = time.perf_counter()
        page.goto(path.as_uri(), wait_until="commit")
        page.wait_for_selector(".row")
        yield f"{time.perf_counter() - started:.2f} s"
        started = time.perf_counter()
        page.keyboard.press("k")  # the last of all
        page.wait_for_selector(".conversation")
        yield f"{time.perf_counter() - started:.2f} s"
        started = time.perf_counter()
        page.fill("#search", "zzzz")
        page.wait_for_selector("#found:text-matches('^0 of')")
        yield f"{time.perf_counter() - started:.2f} s"
        yield f"{page.evaluate('document.querySelectorAll(`*`).length'):,}"
        browser.close()


def main() -> None:
    """Prints a row a size."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--turns", nargs="+", default=["160", "160x5", "800", "10000", "20000"])
    sizes = [size.partition("x") for size in parser.parse_args().turns]
    headers = ["turns", "written in", "size", "first row", "last row opened", "searched", "elements"]
    with tempfile.TemporaryDirectory() as folder:
        rows = [list(measured(int(turns), int(runs or 1), Path(folder))) for turns, _, runs in sizes]
    print(tabulate(rows, headers))


if __name__ == "__main__":
    main()
