from __future__ import annotations

import pytest

from pytest_mtbench.engine.patience import Pace, Patience

WHERE = "http://host/v1"


def test_each_try_that_took_too_long_gives_the_next_one_twice_the_time_three_times_in_all() -> None:
    said: list[str] = []
    patience = Patience(Pace(120.0))
    given, over, reasons = [], [], []
    for _ in range(3):
        given.append(patience.seconds)
        reasons.append(patience.timed_out(patience.seconds, WHERE, said.append).split(";")[0])
        over.append(patience.is_over)
    assert given == [120, 240, 480]
    assert over == [False, False, True], "nine requests that no reply comes to cost half an hour and are paid for"
    assert reasons == ["no reply within 120 s", "no reply within 240 s", "no reply within 480 s"]
    assert [line.split(" (")[0] for line in said] == [
        "mtbench: http://host/v1: no reply within 120 s; asked again with 240 s",
        "mtbench: http://host/v1: no reply within 240 s; asked again with 480 s",
    ], "the last one is not asked again"
    assert all("--mtbench-timeout" in line and "`stream: true`" in line for line in said)


def test_what_one_request_needed_the_next_ones_get_at_once_also_those_that_wait_already() -> None:
    pace = Pace(120.0)
    slow, waiting = Patience(pace), Patience(pace)
    slow.timed_out(slow.seconds, WHERE, lambda line: None)
    assert waiting.seconds == 120, "a request that is lost says nothing of others"
    slow.replied(slow.seconds)
    assert (waiting.seconds, Patience(pace).seconds) == (240, 240)
    waiting.timed_out(waiting.seconds, WHERE, lambda line: None)
    assert waiting.seconds == 480
    waiting.timed_out(waiting.seconds, WHERE, lambda line: None)
    assert waiting.seconds == 480, "four times what the user allows is the most"


@pytest.mark.parametrize("streams", [True, False])
def test_a_stream_is_recommended_to_whom_it_may_help(streams: bool) -> None:
    said: list[str] = []
    Patience(Pace(60.0, streams=streams)).timed_out(60.0, WHERE, said.append)
    assert ("no piece of a reply within 60 s" in said[0]) is streams
    assert ("`stream: true`" in said[0]) is not streams
