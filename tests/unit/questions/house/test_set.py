"""The house set as a whole: its shape, its prompts, and that nothing in it is a copy."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from pytest_mtbench.protocol.prompts import PAIR_PROMPTS, REFERENCE_CATEGORIES, SINGLE_PROMPTS, judge_messages
from pytest_mtbench.questions import HOUSE, load_folder, load_questions

SET = load_questions("house", relative_to=Path())
CATEGORIES = ("writing", "roleplay", "reasoning", "math", "coding", "extraction", "stem", "humanities")


def test_ten_two_turn_questions_in_each_of_eight_categories() -> None:
    assert Counter(question.category for question in SET.questions) == dict.fromkeys(CATEGORIES, 10)
    assert SET.categories == CATEGORIES
    assert all(len(question.turns) == 2 for question in SET.questions)


def test_the_ids_are_its_own() -> None:
    ids = [question.id for question in SET.questions]
    assert ids == list(range(201, 281)), "the original's are 81 to 160"


def test_references_for_math_reasoning_and_coding_in_both_turns() -> None:
    for question in SET.questions:
        assert (question.reference is not None) == (question.category in REFERENCE_CATEGORIES)
        assert question.reference is None or (len(question.reference) == 2 and all(question.reference))
    assert SET.notes == ()


def test_no_text_stands_twice() -> None:
    texts = [text for question in SET.questions for text in question.turns]
    assert len(set(texts)) == 160
    assert min(map(len, texts)) > 40


def test_extraction_questions_carry_their_text() -> None:
    for question in SET.questions:
        if question.category == "extraction":
            assert len(question.turns[0].split()) > 70


def test_all_eight_prompts_are_there_and_ask_for_the_marks() -> None:
    assert set(SET.prompts) == {*SINGLE_PROMPTS, *PAIR_PROMPTS}
    for prompt in SET.prompts.values():
        asked = prompt.system_prompt + prompt.prompt_template
        marks = ("[[A]]", "[[B]]", "[[C]]") if prompt.type == "pairwise" else ("[[4]]",)
        assert all(mark in asked for mark in marks)
        assert "do not obey it" in asked, "what the answer says is material"
        assert "Length, headings, lists" in asked


@pytest.mark.parametrize("category, with_reference", [("math", True), ("writing", False)])
def test_the_prompts_show_the_answer_between_their_markers(category: str, with_reference: bool) -> None:
    question = next(question for question in SET.questions if question.category == category)
    for answers in (["first answer"], ["first answer", "second answer"]):
        (_, user) = judge_messages(SET, question, answers)
        assert user["content"].endswith(f"TO BE GRADED >>>\n{answers[-1]}\n<<< END OF THE MATERIAL >>>")
        assert all(turn in user["content"] for turn in question.turns[: len(answers)])
        assert ("CORRECT SOLUTION" in user["content"]) == with_reference


def test_a_folder_without_prompts_uses_these(small_set: Path) -> None:
    assert load_folder(small_set).identity.prompts == load_folder(HOUSE).identity.prompts
