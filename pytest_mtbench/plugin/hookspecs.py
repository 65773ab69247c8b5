"""The plugin's own hooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ..domain.chat import Message
    from ..domain.question import Question


@pytest.hookspec(firstresult=True)
def pytest_mtbench_generate(messages: list[Message], question: Question, turn: int, run: int) -> object:
    """Answers instead of the model: a user's own chatbot or agent; `model.generate` in a suite file does the same.

    Called in the process that started pytest, in a thread; a coroutine is awaited.  Such answers are asked for anew
    in every run, since only their author knows when they change; their judgments are cached.  It may raise
    `pytest_mtbench.Retry`; see `docs/your-app.md` for what other errors come to.  It must lie where pytest loads it
    before it collects tests: in the conftest.py of the rootdir, or of a folder that the command line names.

    Args:
        messages: the conversation so far; the last one is the user's.
        question: the question that is asked.
        turn: 1 or 2.
        run: which of `--mtbench-runs`, from 1.

    Returns:
        the answer, as a text or a `pytest_mtbench.Reply`, or None to leave it to the next hook or the model.
    """


@pytest.hookspec
def pytest_mtbench_report(report: dict[str, Any]) -> None:
    """Receives the finished report of a suite, as the JSON report has it."""
