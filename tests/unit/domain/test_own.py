from __future__ import annotations

from typing import Any

import pytest

import pytest_mtbench
from pytest_mtbench import Reply, Retry


def test_retry_says_how_long() -> None:
    assert (Retry().after, Retry(after=3).after, Retry("0.5").after) == (None, 3.0, 0.5)  # type: ignore[arg-type]
    assert str(Retry(after=3)) == "asks to be called again after 3 s"
    assert str(Retry(after=3, reason="the index is rebuilt")) == "the index is rebuilt"


@pytest.mark.parametrize("after", [-1, float("nan"), float("inf"), "soon"])
def test_retry_takes_seconds_alone(after: Any) -> None:
    with pytest.raises(ValueError):
        Retry(after=after)


def test_what_goes_with_a_reply_is_named() -> None:
    assert Reply("hello", extra=[1], input_tokens=2).output_tokens == 0
    with pytest.raises(TypeError):
        Reply("hello", [1])  # type: ignore[call-arg]


def test_every_public_name_is_there() -> None:
    for name in pytest_mtbench.__all__:
        assert getattr(pytest_mtbench, name)
