from __future__ import annotations

import pytest

from pytest_mtbench.domain.chat import CacheMode
from pytest_mtbench.domain.tally import CallCount, Tally
from pytest_mtbench.report.resuming import resuming

BOTH = [Tally(answers=CallCount(3), judgments=CallCount(2))]


@pytest.mark.parametrize(
    "mode, said",
    [
        ("all", "what was answered and judged is kept in .cache; the next run goes on from there"),
        (
            "judgments",
            "what was answered and judged is kept in .cache; a run with --mtbench-cache=all goes on from there",
        ),
        (
            "refresh",
            "what was answered and judged is kept in .cache; a run with --mtbench-cache=all goes on from there",
        ),
        ("off", None),
        ("only", None),
    ],
)
def test_what_is_kept_and_how_to_go_on(mode: CacheMode, said: str | None) -> None:
    assert resuming(BOTH, mode, ".cache", generated=False) == said


def test_only_what_there_is_is_kept() -> None:
    answered, judged = [Tally(answers=CallCount(1))], [Tally(), Tally(judgments=CallCount(1))]
    assert str(resuming(answered, "all", "c", generated=False)).startswith("what was answered is kept")
    assert str(resuming(judged, "all", "c", generated=False)).startswith("what was judged is kept")
    assert resuming([], "all", "c", generated=False) is None
    assert resuming([Tally(answers=CallCount(0, 9, 3))], "all", "c", generated=False) is None


def test_answers_of_a_users_own_function_are_not() -> None:
    assert str(resuming(BOTH, "all", "c", generated=True)).startswith("what was judged is kept")
    assert resuming([Tally(answers=CallCount(1))], "all", "c", generated=True) is None
