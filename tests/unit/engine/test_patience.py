from __future__ import annotations

from pytest_mtbench.engine.patience import Patience


def test_a_try_that_took_too_long_gives_the_next_ones_twice_the_time() -> None:
    said: list[str] = []
    patience = Patience(120.0)
    assert patience.seconds == 120
    first = patience.timed_out("http://host/v1", said.append)
    assert patience.seconds == 240
    second = patience.timed_out("http://host/v1", said.append)
    assert patience.seconds == 240, "twice and not without end: 8 tries would take half a day"
    assert first == "no reply within 120 s; --mtbench-timeout allows more"
    assert second == "no reply within 240 s; --mtbench-timeout allows more"
    assert set(said) == {"mtbench: http://host/v1: no reply within 120 s; asked again with 240 s (--mtbench-timeout)"}
