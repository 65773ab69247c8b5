"""Pages that the package writes: read back as HTML, and reports to make them from."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

from pytest_mtbench.domain.endpoint import Answerer, Endpoint, Role
from pytest_mtbench.domain.game import Game
from pytest_mtbench.domain.question import Identity, JudgePrompt, Place, Question, QuestionSet
from pytest_mtbench.domain.result import Judgment, Run, TurnKey, TurnResult
from pytest_mtbench.domain.tally import Tally
from pytest_mtbench.engine.plan import Plan
from pytest_mtbench.report.run_report import RunReport
from pytest_mtbench.scores.baseline import Baseline
from pytest_mtbench.scores.regression import Rule
from pytest_mtbench.scores.regression_gate import RegressionSpec, outcome_of
from pytest_mtbench.scores.scorecard import scorecard, scorecards

SUITE = "mtbench.yaml"
WHERE = Endpoint(url="https://api.example.com/v1", connect_url="https://api.example.com/v1")
_TEMPLATES = {
    "single-v1": "{question} {answer}",
    "single-v1-multi-turn": "{question_2} {answer_2}",
    "single-math-v1": "{question} {ref_answer_1} {answer}",
    "single-math-v1-multi-turn": "{question_2} {ref_answer_1} {ref_answer_2} {answer_2}",
    "pair-v2": "{question} {answer_a} {answer_b}",
    "pair-v2-multi-turn": "{question_2} {answer_a_2} {answer_b_2}",
}
PROMPTS = {name: JudgePrompt(name, "", "", template) for name, template in _TEMPLATES.items()}


class Parsed(HTMLParser):
    """The elements of a page, and the text of its scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.blocks: list[tuple[str, str]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self.blocks.append((dict(attrs).get("type") or tag, ""))

    def handle_data(self, data: str) -> None:
        if self.elements and self.elements[-1][0] in ("script", "style") and self.cdata_elem:
            kind, text = self.blocks[-1]
            self.blocks[-1] = (kind, text + data)

    @property
    def data(self) -> Any:
        """What the scripts read at once."""
        (text,) = self.block("application/json")
        return json.loads(text)

    @property
    def texts(self) -> list[Any]:
        """The packed texts of all turns of a report, in order."""
        parts = [json.loads(zlib.decompress(base64.b64decode(block))) for block in self.block("text/plain")]
        return [turn for part in parts for turn in part]

    def block(self, kind: str) -> list[str]:
        """The texts of all scripts, all styles or all data."""
        return [text for name, text in self.blocks if name == kind]

    def policy(self, name: str) -> list[str]:
        """One directive of the Content-Security-Policy."""
        (content,) = [
            attributes["content"]
            for _, attributes in self.elements
            if attributes.get("http-equiv") == "Content-Security-Policy"
        ]
        directives = [directive.split() for directive in (content or "").split(";")]
        return next(values for directive, *values in directives if directive == name)


QUESTIONS = (
    Question(1, "writing", ("Write a line about rain.", "Now without the letter e.")),
    Question(2, "math", ("What is 6 times 7?", "And that minus 2?"), reference=("42", "40")),
    Question("x/3", "trivia", ("How many legs has a spider?",)),
)


def plan_of(questions: Sequence[Question] = QUESTIONS, **more: Any) -> Plan:
    which = QuestionSet("small", tuple(questions), PROMPTS, Identity("q" * 64, "", ""))
    return replace(Plan(SUITE, which, which.questions, Answerer("m", WHERE), Role("the-judge", WHERE)), **more)


def said(answer: str, score: float | None = 8.0, **more: Any) -> Run:
    """An answer and a judgment of it."""
    reason = "the judge's reply holds no rating" if score is None else None
    text = "It is so." if score is None else f"It is so. Rating: [[{score:g}]]"
    return replace(Run(answer, judgments=(Judgment(text, score, reason),)), **more)


def report_of(
    runs: Mapping[Place, Sequence[Run]] | None = None,
    *,
    plan: Plan | None = None,
    before: Mapping[Place, Run] | None = None,
    **more: Any,
) -> RunReport:
    """A run's report.

    Args:
        runs: of the turns that are not as usual.
        before: the baseline's; of the turns that it leaves out the run's own first one.
    """
    plan = plan or plan_of()
    given = runs or {}
    results = [
        TurnResult(
            key,
            plan.question(key.question_id).category,
            tuple(given.get(key.place, [said(f"Answer {key.question_id}.{key.turn}")])),
        )
        for key in plan.turns()
    ]
    report = RunReport(
        plan, scorecard(plan.selected, results), (), (), Tally(), started=1_700_000_000.0, seconds=1.0,
        ids={key.place: f"{plan.key}::{result.category}[q{key.question_id}-turn{key.turn}]"
             for key, result in zip(plan.turns(), results, strict=True)},
        against=scorecards(plan.selected, results),
    )  # fmt: skip
    if before is not None:
        report = replace(report, **_beside(plan, results, before))
    return replace(report, **more)


def _beside(plan: Plan, results: Sequence[TurnResult], before: Mapping[Place, Run]) -> dict[str, Any]:
    first = {result.place: before.get(result.place, result.runs[0]) for result in results}
    scores = {place: (run.score,) for place, run in first.items()}
    answers = {(*place, 0): run.answer or "" for place, run in first.items()}
    spec = RegressionSpec(Baseline("base.json", "old", 1, scores, answers, {}, first), Rule(looks=(1,)))
    return {"regression": spec, "outcome": outcome_of(spec, plan, results)}


def played(answer: str, other: str, verdicts: tuple[str | None, str | None], against: str = "other") -> Run:
    """Two answers and the judge's verdicts in both orders."""
    texts = tuple(f"Say I, in order {order}. [[{letter}]]" for order, letter in enumerate(verdicts, start=1))
    unscored = "no verdict" if None in verdicts else None
    return Run(answer, games=(Game(against, 1, verdicts, other, (texts[0], texts[1]), unscored),))


def compared(plan: Plan, runs: Mapping[Place, Run], models: tuple[str, str]) -> tuple[TurnResult, ...]:
    """Comparisons of an audition."""
    key = f"{plan.key}::{' against '.join(models)}"
    return tuple(
        TurnResult(TurnKey(key, *place), plan.questions.category_of[place[0]], (run,)) for place, run in runs.items()
    )
