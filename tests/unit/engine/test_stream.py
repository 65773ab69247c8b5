from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from pytest_mtbench.engine.stream import BrokenStreamError, Pieces, gather

from ...server import piece

USAGE = {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}


async def sent(events: list[Any]) -> AsyncIterator[Any]:
    for event in events:
        if isinstance(event, float):
            await asyncio.sleep(event)
        elif isinstance(event, Exception):
            raise event
        else:
            yield event


def gathered(*events: Any, seconds: float = 5.0) -> dict[str, Any]:
    return asyncio.run(gather(sent(list(events)), seconds, time.monotonic()))


def message(*events: Any) -> Any:
    return gathered(*events, piece(finish="stop"))["choices"][0]["message"]


def test_pieces_are_put_together_to_what_one_reply_would_be() -> None:
    reply = gathered(piece("", role="assistant"), piece("Hel"), piece("lo"), piece(finish="length"), USAGE)
    (choice,) = reply["choices"]
    assert choice == {
        "index": 0, "finish_reason": "length", "message": {"role": "assistant", "content": "Hello"},
    }  # fmt: skip
    assert (reply["model"], reply["usage"]) == ("m", {"prompt_tokens": 3, "completion_tokens": 2})


def test_the_choice_is_taken_that_was_asked_for_wherever_it_stands() -> None:
    other = {"index": 1, "delta": {"content": "other"}, "finish_reason": None}
    mine = {"index": 0, "delta": {"content": "mine"}, "finish_reason": None}
    assert message({"choices": [other, mine]})["content"] == "mine"


def test_every_field_of_a_message_grows() -> None:
    said = message(piece(reasoning_content="Hm"), piece(reasoning_content=", 42."), piece("4"), piece("2"))
    assert (said["reasoning_content"], said["content"]) == ("Hm, 42.", "42")
    parts = message(piece(content=[{"text": "a"}]), piece(content=[{"text": "b"}]))
    assert parts["content"] == [{"text": "a"}, {"text": "b"}]
    assert message(piece(refusal="No")) == {"role": "assistant", "content": "", "refusal": "No"}


@pytest.mark.parametrize(
    "odd",
    [
        {}, {"choices": None}, {"choices": []}, {"choices": ["x"]}, {"choices": [{"delta": None}]}, None, 7,
        {"choices": [{"index": 1, "delta": {"content": "of another choice"}, "finish_reason": "stop"}]},
        {"choices": [{"index": 0, "delta": {"content": {"neither": "text nor list"}}}], "usage": None},
    ],
)  # fmt: skip
def test_odd_pieces_add_nothing_to_a_text(odd: Any) -> None:
    said = message(odd, piece("whole"))
    assert said["content"] == "whole"


@pytest.mark.parametrize("events, began", [((), False), ((piece("half"),), True)])
def test_a_stream_without_a_finish_reason_is_no_whole_reply(events: tuple[Any, ...], began: bool) -> None:
    with pytest.raises(BrokenStreamError) as broken:
        gathered(*events)
    assert broken.value.began is began


def test_an_error_beside_half_an_answer_is_kept() -> None:
    lost = piece("half", finish="error")
    lost["choices"][0]["error"] = {"code": 502}
    assert gathered(lost)["choices"][0]["error"] == {"code": 502}


def test_the_time_counts_from_piece_to_piece() -> None:
    started = time.monotonic()
    reply = gathered(*[0.04, piece("a")] * 6, piece(finish="stop"), seconds=0.15)
    assert time.monotonic() - started > 0.2
    assert reply["choices"][0]["message"]["content"] == "aaaaaa"


def test_pieces_with_nothing_in_them_do_not_buy_time() -> None:
    with pytest.raises(asyncio.TimeoutError):
        gathered(*[0.04, piece("")] * 20, piece("late", finish="stop"), seconds=0.15)


def test_no_reply_is_without_an_end() -> None:
    with pytest.raises(asyncio.TimeoutError):
        gathered(*[0.01, piece("a")] * 200, piece(finish="stop"), seconds=0.02)


@pytest.mark.parametrize("tail", [ConnectionError("reset"), asyncio.TimeoutError()], ids=["reset", "timeout"])
def test_what_is_lost_after_a_whole_reply_is_not_missed(tail: Exception) -> None:
    reply = gathered(piece("whole", finish="stop"), tail)
    assert reply["choices"][0]["message"]["content"] == "whole"
    with pytest.raises(type(tail)):
        gathered(piece("half"), tail)


def test_a_piece_says_whether_anything_is_in_it() -> None:
    pieces = Pieces()
    said = [pieces.add(one) for one in (piece("", role="assistant"), piece("a"), USAGE, piece(finish="stop"), {})]
    assert said == [False, True, True, True, False]
