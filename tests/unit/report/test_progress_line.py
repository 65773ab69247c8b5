from __future__ import annotations

import pytest

from pytest_mtbench.engine.progress import Progress, Steps
from pytest_mtbench.report.progress_line import progress_line

FULL = Progress(Steps(37, 160, 37), Steps(21, 160, 21), in_flight=16, pause=12.3, cost=0.424)


def test_everything_that_there_is_to_say() -> None:
    assert progress_line(FULL, 200.0, 200) == (
        "mtbench: answers 37/160, judgments 21/160, waiting 13 s for a rate limit, 16 in flight, about 4 min left, "
        "0.42 USD"
    )


def test_what_is_not_known_is_left_out() -> None:
    progress = Progress(Steps(1, 9), Steps(0, 9), in_flight=3)
    assert progress_line(progress, None, 80) == "mtbench: answers 1/9, judgments 0/9, 3 in flight"
    judged = Progress(judgments=Steps(0, 9))
    assert progress_line(judged, None, 80) == "mtbench: judgments 0/9, 0 in flight"


@pytest.mark.parametrize(
    "columns, line",
    [
        (100, "answers 37/160, judgments 21/160, waiting 13 s for a rate limit, 16 in flight, about 4 min left"),
        (60, "mtbench: answers 37/160, judgments 21/160, about 4 min left"),
        (39, "answers 37/160, judgments 21/160"),
        (25, "a 37/160, j 21/160"),
        (10, ""),
    ],
)
def test_a_narrow_terminal_shows_what_matters_most(columns: int, line: str) -> None:
    assert progress_line(FULL, 200.0, columns) == line


@pytest.mark.parametrize("left", [None, 0.0, 6000.0, 1e6])
def test_it_never_breaks_the_line_and_is_plain(left: float | None) -> None:
    many = Progress(Steps(9999, 20000), Steps(19999, 20000), in_flight=512, pause=599.0, cost=12345.6)
    for columns in range(10, 140):
        for progress in (FULL, many):
            line = progress_line(progress, left, columns)
            assert len(line) <= columns
            assert line.isascii()


@pytest.mark.parametrize(
    "seconds, said", [(0.2, "1 s"), (59, "59 s"), (119.5, "120 s"), (121, "3 min"), (3600, "60 min"), (7300, "3 h")]
)
def test_the_time_left_in_words(seconds: float, said: str) -> None:
    assert f"about {said} left" in progress_line(FULL, seconds, 200)
