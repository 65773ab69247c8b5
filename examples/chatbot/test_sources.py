"""The bot's own tests, beside the gate on its scores.  `extra` is what it gave with each answer."""

from __future__ import annotations

import pytest

from pytest_mtbench import MtbenchTurn


def test_every_answer_has_a_source(mtbench_turn: MtbenchTurn) -> None:
    assert mtbench_turn.extra["sources"]


@pytest.mark.mtbench(category="service")
def test_nothing_is_promised_that_the_manual_does_not_say(mtbench_turn: MtbenchTurn) -> None:
    assert "free of charge" not in mtbench_turn.answer.lower()


def test_the_session_is_the_conversations_own(mtbench_turn: MtbenchTurn) -> None:
    assert mtbench_turn.extra["asked"] == mtbench_turn.turn
