"""A JSON report that a run wrote -> checked values; what stands in it may come from anywhere."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..domain.chat import AnswerSource, Usage
from ..domain.errors import ConfigError
from ..domain.question import Place, QuestionSet
from ..domain.result import TurnResult
from ..domain.tally import CallCount, Tally
from ..untrusted.text import one_line
from .contradictions import contradictions
from .fingerprint import served_before
from .report_text import line_of, parsed, read_text

if TYPE_CHECKING:
    from .report_rows import ReportRows

FORMAT = "pytest-mtbench/1"
_FIRST_REPORT = 1_672_531_200.0
"""2023, when MT-Bench came; a clock that shows less is wrong."""


@dataclass(frozen=True)
class StoredReport:
    """A report as values of this package.

    Args:
        turns: the results, of a suite without a name; a report without the texts of later runs has their scores alone.
        unjudged: answers that nobody asked the judge about.
        tally: what the run that wrote it cost, and how the judge was served.
        text: the file, in which `at` finds lines.
        answers_of: the model whose answers were graded, where the report says it.
        shard: the share of a run that it is, as `1/3`, where it is one.
        made: when that run ended, seconds since the epoch; None where the report tells no time that can be.
        ended: why the run that wrote it ended before its time, where it did.
        judges: the judges of a jury, as its turns call them; empty where there is one judge.
    """

    path: Path
    model: str
    judge: str
    mode: Literal["single", "pairwise"]
    fingerprint: Mapping[str, Any]
    turns: tuple[TurnResult, ...] = field(repr=False)
    tally: Tally
    text: str = field(default="", repr=False)
    answers_of: str = ""
    shard: str = ""
    made: float | None = None
    ended: str = ""
    judges: tuple[str, ...] = ()
    unjudged: tuple[TurnResult, ...] = field(default=(), repr=False)
    places: tuple[Place, ...] = field(default=(), repr=False)

    def at(self, result: TurnResult) -> str:
        """File, line and place of a turn, for messages."""
        question_id, turn = result.place
        return f"{self.path}:{line_of(self.text, self.places.index(result.place))}: question {question_id}, turn {turn}"

    def answers(self) -> AnswerSource:
        """The model's answers that the report holds the text of."""
        return {
            (*result.place, run): text
            for result in (*self.turns, *self.unjudged)
            for run, text in enumerate(result.answers)
            if text is not None
        }


AUDITION = "audition"
"""The mode of a report that is of no model."""


def read_report(path: Path, questions: QuestionSet | None = None) -> StoredReport:
    """Reads a JSON report; what stands in it may come from anywhere, so every value is checked.

    Args:
        questions: the set whose ids its turns get, since a report may have "101" for 101.

    Raises:
        ConfigError: it is missing, not JSON, not a report of this format, holds a turn twice, a score that is not
            that of the judgment beside it, or a summary that is not that of its turns.
    """
    from pydantic import ValidationError

    from .report_rows import ReportRows  # models that take a while to make, and most runs read no report

    try:
        text = read_text(path)
        report = parsed(text)
        if not isinstance(report, dict) or report.get("format") != FORMAT:
            raise ConfigError(f'{path}: not a report of format "{FORMAT}"')
        if report.get("mode") == AUDITION:
            raise ConfigError(f"{path}: is of a run that put a judge to the test, and holds nothing of a model")
        rows = ReportRows.model_validate(report)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(key) for key in first["loc"])
        where = f"{path}:{line_of(text, int(first['loc'][1]))}" if place.startswith("turns.") else str(path)
        raise ConfigError(f"{where}: not what a run writes: {place}: {first['msg']}") from error
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: cannot be read as a JSON report ({error})") from error
    for row in rows.turns:
        row.question_id = questions.own_id(row.question_id) if questions else row.question_id
    first_answers: dict[Place, str] = {(row.question_id, row.turn): row.answer for row in rows.turns}
    turns = tuple(row.result(first_answers) for row in rows.turns)
    found = [*_twice(rows), *contradictions(turns, rows.mode, report["fingerprint"])]
    if found:
        number, problem = found[0]
        row = rows.turns[number]
        where = f"{path}:{line_of(text, number)}: question {row.question_id}, turn {row.turn}"
        raise ConfigError(f"{where} {problem}; a report that says two things is none, make it anew")
    otherwise = rows.says_otherwise()
    if otherwise:
        raise ConfigError(f"{path}: {otherwise}; a report that says two things is none, make it anew")
    return StoredReport(
        path, rows.model, rows.judge, rows.mode, report["fingerprint"],
        tuple(result for result in turns if result.judged), _tally(rows, report), text=text,
        answers_of=rows.answers_of or "", shard=rows.shard or "", made=_made(report), ended=_ended(report),
        judges=tuple(rows.judges), unjudged=tuple(result for result in turns if not result.judged),
        places=tuple(result.place for result in turns),
    )  # fmt: skip


def _made(report: Mapping[str, Any]) -> float | None:
    """When the run that wrote a report ended, by its own `started` and `seconds`."""
    started, seconds = report.get("started"), report.get("seconds")
    if not isinstance(started, str) or isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    try:
        began = datetime.fromisoformat(started)
        # What is rounded away must not make an answer of that run newer than the run.
        rounded = 0.001 if began.microsecond else 1.0
        made = began.timestamp() + float(seconds) + rounded
    except (ValueError, OverflowError, OSError):
        return None
    known = began.tzinfo is not None and seconds >= 0 and made > _FIRST_REPORT
    return made if known and made <= time.time() + 1 else None


def _ended(report: Mapping[str, Any]) -> str:
    return one_line(str(report.get("reason") or "aborted")) if report.get("status") == "aborted" else ""


def _twice(rows: ReportRows) -> Iterator[tuple[int, str]]:
    seen: dict[tuple[str, int], int] = {}
    for number, row in enumerate(rows.turns):
        # "101" and 101 are one question.
        if seen.setdefault((str(row.question_id), row.turn), number) != number:
            yield number, "is there twice"


def _tally(rows: ReportRows, report: Mapping[str, Any]) -> Tally:
    tally = Tally(
        answers=CallCount(**rows.calls.answers.model_dump()),
        judgments=CallCount(**rows.calls.judgments.model_dump()),
        answer_usage=rows.usage.answers.usage(),
        judgment_usage=rows.usage.judgments.usage(),
        against_usage=rows.usage.against.usage() if rows.usage.against else Usage(),
    )
    served = rows.fingerprint.judge_served
    for name in [served] if isinstance(served, str) else served:
        tally.judge_served_as(name)
    for judge, row in rows.jury.judges.items():
        names, moved = served_before(report["fingerprint"], judge)
        tally.jury[judge] = row.tally(sorted(names), moved=bool(moved))
    return tally
