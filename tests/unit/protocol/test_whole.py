from __future__ import annotations

import pytest

from pytest_mtbench.protocol.whole import answer_fault, end_of, judgment_fault


@pytest.mark.parametrize(
    "word", ["stop", "STOP", "end_turn", "eos", "eos_token", "stop_sequence", "COMPLETE", "", " Stop "]
)
def test_only_known_words_say_that_a_reply_is_whole(word: str) -> None:
    assert end_of(word) == "whole"
    assert answer_fault(word, "text") is None
    assert judgment_fault(word) is None


@pytest.mark.parametrize("word", ["length", "MAX_TOKENS", "max_tokens", "model_length"])
def test_a_reply_that_was_cut_off_is_judged_as_the_protocol_says_and_judges_nothing(word: str) -> None:
    assert end_of(word) == "cut-off"
    assert answer_fault(word, "text") is None
    assert judgment_fault(word) == "the judge's reply was cut off by max_tokens"


@pytest.mark.parametrize("word", ["SAFETY", "RECITATION", "PROHIBITED_CONTENT", "sensitive", "SPII"])
def test_what_was_withheld_is_named_with_the_word(word: str) -> None:
    assert end_of(word) == "withheld"
    for fault in (answer_fault(word, ""), judgment_fault(word)):
        assert fault is not None
        assert "withheld" in fault
        assert word in fault


@pytest.mark.parametrize(
    "word",
    [
        "error",
        "abort",
        "network_error",
        "insufficient_system_resource",
        "tool_calls",
        "function_call",
        "unknown",
        "OTHER",
        "model_context_window_exceeded",
        "stopped",
        "nonstop",
        "x" * 1000,
        "\x1b[31m",
    ],
)
def test_any_other_word_is_broken_off_or_withheld(word: str) -> None:
    assert end_of(word) == "broken"
    for fault in (answer_fault(word, "half an answ"), judgment_fault(word)):
        assert fault is not None
        assert word[:40] in fault
        assert len(fault) < 200
