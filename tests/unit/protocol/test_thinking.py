from __future__ import annotations

import pytest

from pytest_mtbench.protocol.thinking import cut_thinking


@pytest.mark.parametrize(
    "opening, closing",
    [
        ("<think>", "</think>"),
        ("<THINK>", "</Think>"),
        ("<thinking>", "</thinking>"),
        ("<thought>", "</thought>"),
        ("[THINK]", "[/THINK]"),
        ("<seed:think>", "</seed:think>"),
        ("\u25c1think\u25b7", "\u25c1/think\u25b7"),
        ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ],
)
def test_every_usual_form_is_cut(opening: str, closing: str) -> None:
    assert cut_thinking(f"{opening}Six, no: seven.{closing}\nForty-two.") == "Forty-two."
    assert cut_thinking(f"{opening}never closed") == ""
    assert cut_thinking(f"opened by the server{closing} Forty-two.") == "Forty-two."
    assert cut_thinking(f"opened by the server{closing} Forty-two.", closed_by_server=False).startswith("opened")
    assert cut_thinking(f"Write {opening} to begin.") == f"Write {opening} to begin."


def test_the_tags_of_one_model_are_cut_where_they_are_named() -> None:
    text = "###REASON hm ###SAY Forty-two."
    assert cut_thinking(text) == text
    assert cut_thinking(text, [("###REASON", "###SAY")]) == "Forty-two."


@pytest.mark.parametrize(
    "text, left",
    [
        ("<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>42<|return|>", "42"),
        ("<|start|>assistant<|channel|>analysis<|message|>Hm.<|end|><|channel|>final<|message|>42", "42"),
        ("<|channel|>commentary<|message|>a<|end|><|channel|>final <|constrain|>json<|message|>{}<|return|>", "{}"),
        ("<|channel|>analysis<|message|>Hm, it never ends", ""),
        ("analysisHm, the user wants a number.assistantfinal42", "42"),
        ("The analysis of it is final.", "The analysis of it is final."),
        ("It writes <|channel|>final<|message|> there.", "It writes <|channel|>final<|message|> there."),
    ],
)
def test_of_channels_the_final_one_is_left(text: str, left: str) -> None:
    assert cut_thinking(text) == left
