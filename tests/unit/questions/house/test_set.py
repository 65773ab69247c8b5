"""The house set as a whole: its shape, its prompts, and that nothing in it is a copy."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from pytest_mtbench.protocol.prompts import PAIR_PROMPTS, SINGLE_PROMPTS, judge_messages
from pytest_mtbench.questions import HOUSE, load_folder, load_questions

SET = load_questions("house", relative_to=Path())
CATEGORIES = ("writing", "roleplay", "reasoning", "math", "coding", "extraction", "stem", "humanities")


def test_ten_two_turn_questions_in_each_of_eight_categories() -> None:
    assert Counter(question.category for question in SET.questions) == dict.fromkeys(CATEGORIES, 10)
    assert SET.categories == CATEGORIES
    assert all(len(question.turns) == 2 for question in SET.questions)


def test_it_is_the_second_edition() -> None:
    assert (SET.title, SET.identity.edition) == ("house (edition 2)", 2)
    # A question changed, or one came or went: then it is another edition, with new ids for what changed.
    assert SET.identity.questions == "3219cc9b9180383ec0251733d5e0c578d5eaa50c04b37a5139b1d2873f652c2e"


def test_an_id_names_the_edition_of_its_question_and_its_place() -> None:
    """201 to 280 came with the first edition, 301 to 380 with the second in the place of one of those."""
    ids = [int(question.id) for question in SET.questions]
    assert [number % 100 for number in ids] == list(range(1, 81)), "the original's are 81 to 160"
    assert Counter(number // 100 for number in ids) == {2: 31, 3: 49}


def test_references_where_there_is_one_right_answer() -> None:
    with_reference = Counter(question.category for question in SET.questions if question.reference)
    assert with_reference == {"reasoning": 10, "math": 10, "coding": 10, "extraction": 10, "stem": 4}
    assert SET.reference_categories == set(with_reference)
    references = [question.reference for question in SET.questions if question.reference]
    assert all(len(texts) == 2 and all(texts) for texts in references)
    assert SET.notes == ()


NUMBER = r"\d+|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
COUNTED = re.compile(rf"\b(?:{NUMBER})(?: \w+)? (?:words?|sentences?|characters|lines?)\b", re.IGNORECASE)
A_LINE_EACH = re.compile(r"\b(?:one|a)(?: \w+)? line\b", re.IGNORECASE)


def test_few_turns_ask_for_a_number_of_words_lines_or_sentences() -> None:
    """Judges count badly; whatever else an answer is, it fails then."""
    asking = [
        question.turn_label(turn)
        for question in SET.questions
        for turn, text in enumerate(question.turns, start=1)
        if COUNTED.search(A_LINE_EACH.sub("", text))
    ]
    assert len(asking) <= 10, asking


def test_many_questions_are_as_short_as_people_type_them() -> None:
    lengths = [len(question.turns[0].split()) for question in SET.questions]
    assert sum(length <= 30 for length in lengths) >= 20
    assert min(lengths) < 10


def test_coding_is_not_python_alone() -> None:
    answers = [str(question.reference) for question in SET.questions if question.category == "coding"]
    languages = Counter(match for answer in answers for match in set(re.findall(r"```(\w+)", answer)))
    assert languages == {"python": 4, "js": 1, "cpp": 1, "html": 1, "bash": 1, "sql": 1, "rust": 1}


def test_no_text_stands_twice() -> None:
    texts = [text for question in SET.questions for text in question.turns]
    assert len(set(texts)) == 160
    assert min(map(len, texts)) > 20


def test_extraction_questions_carry_their_text() -> None:
    for question in SET.questions:
        if question.category == "extraction":
            assert len(question.turns[0].split()) > 50


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
