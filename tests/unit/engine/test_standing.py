from __future__ import annotations

from pytest_mtbench.engine.standing import ALIKE, Standing
from pytest_mtbench.engine.waits import LONGEST_WAIT


def hopeless(standing: Standing, *requests: str, alike: str = "400", model: str = "m") -> list[bool]:
    return [standing.is_hopeless(model, alike, request) for request in requests]


def test_the_first_eight_different_requests_that_are_refused_alike_show_that_every_one_is() -> None:
    assert hopeless(Standing(), *map(str, range(ALIKE))) == [False] * (ALIKE - 1) + [True]


def test_one_request_however_often_it_is_refused_shows_nothing() -> None:
    assert not any(hopeless(Standing(), *["same"] * 50))


def test_refusals_for_other_reasons_and_of_other_models_are_counted_apart() -> None:
    standing = Standing()
    assert not any(hopeless(standing, *map(str, range(7)), alike="400"))
    assert not any(hopeless(standing, *map(str, range(7)), alike="403"))
    assert not any(hopeless(standing, *map(str, range(7)), model="other"))
    assert not any(hopeless(standing, *map(str, range(50)), alike=""))


def test_a_model_that_ever_answered_is_not_given_up() -> None:
    standing = Standing()
    standing.answered("m")
    assert not any(hopeless(standing, *map(str, range(50))))
    assert any(hopeless(standing, *map(str, range(50)), model="other"))


def test_an_endpoint_that_says_nothing_but_slow_is_given_up_after_ten_minutes() -> None:
    standing = Standing()
    assert [standing.is_limited_for_good(now) for now in (5.0, 5 + LONGEST_WAIT, 6 + LONGEST_WAIT)] == [
        False,
        False,
        True,
    ]
    standing.answered("m")
    assert not standing.is_limited_for_good(7 + LONGEST_WAIT)
