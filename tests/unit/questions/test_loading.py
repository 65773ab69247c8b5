from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from pytest_mtbench.domain.errors import ConfigError
from pytest_mtbench.domain.question import QuestionSet
from pytest_mtbench.protocol.prompts import judge_messages
from pytest_mtbench.questions import load_folder
from pytest_mtbench.questions.jsonl import read_rows
from pytest_mtbench.questions.loading import OWN_PROMPTS, check_pair_prompts, load_prompts
from pytest_mtbench.untrusted.paths import file_name
from tests.sets import QUESTIONS, REFERENCES, write_jsonl, write_set

QUESTION: dict[str, Any] = {"question_id": 1, "category": "math", "turns": ["What is 1 and 1?", "And 1 more?"]}
REFERENCE: dict[str, Any] = {"question_id": 1, "choices": [{"index": 0, "turns": ["2", "3"]}]}
PROMPT_ROWS: list[dict[str, Any]] = [row for _, row in read_rows(OWN_PROMPTS)]


def prompt_rows(**templates: str) -> list[dict[str, Any]]:
    """The own prompts, some with another template; underscores in names stand for hyphens."""
    changed = {name.replace("_", "-"): template for name, template in templates.items()}
    return [row | {"prompt_template": changed.get(row["name"], row["prompt_template"])} for row in PROMPT_ROWS]


def make(
    folder: Path,
    *questions: dict[str, Any],
    references: list[dict[str, Any]] | None = None,
    prompts: list[dict[str, Any]] | None = None,
) -> Path:
    write_jsonl(folder / "question.jsonl", questions or [QUESTION])
    if references is not None:
        write_jsonl(folder / "reference_answer" / "reference.jsonl", references)
    if prompts is not None:
        write_jsonl(folder / "judge_prompts.jsonl", prompts)
    return folder


def message_of(folder: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load_folder(folder)
    return str(caught.value)


# --- JSON Lines ---


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b'{"a": 1}\n{"a": 2}\n', id="plain"),
        pytest.param(b'{"a": 1}\n{"a": 2}', id="no-end-of-line"),
        pytest.param(b'\n{"a": 1}\n\n  \t\n{"a": 2}\n\n\n', id="blank-lines"),
        pytest.param(b'{"a": 1}\r\n{"a": 2}\r\n\r\n', id="windows"),
        pytest.param(b'\xef\xbb\xbf{"a": 1}\n{"a": 2}\n', id="byte-order-mark"),
    ],
)
def test_rows_are_read(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(content)
    assert [row for _, row in read_rows(path)] == [{"a": 1}, {"a": 2}]


def test_rows_have_the_line_numbers_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'\n{"a": 1}\r\n\r\n{"a": 2}')
    assert [number for number, _ in read_rows(path)] == [2, 4]


def test_line_separators_inside_a_text_do_not_end_a_row(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    row = json.dumps({"a": "a\u2028b\u2029c\x85d"}, ensure_ascii=False)
    path.write_text(f"{row}\n{row}\n", encoding="utf-8")
    assert [number for number, _ in read_rows(path)] == [1, 2]
    assert next(read_rows(path)) == (1, {"a": "a\u2028b\u2029c\x85d"})


def test_an_empty_file_has_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("")
    assert list(read_rows(path)) == []


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("{", id="cut-off"),
        pytest.param('{"a": "half', id="cut-off-in-a-text"),
        pytest.param("{'a': 1}", id="single-quotes"),
        pytest.param("hello", id="prose"),
        pytest.param('{"a": 1} {"b": 2}', id="two-rows"),
        pytest.param("[" * 200_000, id="too-deep"),
        pytest.param('{"a": ' + "1" * 10_000 + "}", id="too-long-a-number"),
        pytest.param("[1]", id="list"),
        pytest.param("null", id="null"),
        pytest.param('"text"', id="text"),
        pytest.param("7", id="number"),
    ],
)
def test_a_line_that_is_no_object_is_refused_with_file_and_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"fine": 1}\n\n' + line + "\n")
    with pytest.raises(ConfigError) as caught:
        list(read_rows(path))
    assert str(caught.value).startswith(f"{path}:3: not ")
    assert len(str(caught.value)) < len(str(path)) + 300


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file") as caught:
        list(read_rows(tmp_path / "gone.jsonl"))
    assert str(tmp_path / "gone.jsonl") in str(caught.value)


def test_a_folder_in_place_of_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read") as caught:
        list(read_rows(tmp_path))
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_text_that_is_not_utf8_is_named(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes('{"a": "größer"}'.encode(encoding))
    with pytest.raises(ConfigError, match="not UTF-8") as caught:
        list(read_rows(path))
    assert str(path) in str(caught.value)


# --- a good set ---


@pytest.mark.parametrize("name", ["question.jsonl", "judge_prompts.jsonl", "reference_answer/reference.jsonl"])
def test_a_file_of_many_megabytes_is_refused_unread(small_set: Path, name: str) -> None:
    with (small_set / name).open("wb") as file:
        file.truncate(100 * 2**20)
    with pytest.raises(ConfigError, match=rf"{name}: has 100 MiB; at most 64 MiB are read"):
        load_folder(small_set)


def test_a_set_is_loaded_whole(small_set: Path) -> None:
    loaded = load_folder(small_set)
    assert loaded.name == "small_set"
    assert [question.id for question in loaded.questions] == [1, 2, 3, 4, "five"]
    assert loaded.categories == ("writing", "math", "trivia")
    assert loaded.questions[0].turns == ("Write a line about rain.", "Now without the letter e.")
    assert loaded.questions[0].reference is None
    assert loaded.questions[2].reference == ("42", "40")
    assert loaded.questions[4].turns == ("How many legs has a spider?",)
    assert loaded.notes == ()
    assert loaded.original is False


def test_a_set_can_be_called_otherwise(small_set: Path) -> None:
    assert load_folder(small_set, name="mine").name == "mine"


def test_a_set_in_the_current_folder_has_that_folders_name(small_set: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(small_set)
    assert load_folder(Path()).name == "small_set"


@pytest.mark.parametrize("temperature", [0, 0.5, 1])
def test_a_questions_own_temperature_is_kept(tmp_path: Path, temperature: float) -> None:
    folder = make(tmp_path, QUESTION | {"required_temperature": temperature}, QUESTION | {"question_id": 2})
    assert [question.required_temperature for question in load_folder(folder).questions] == [temperature, None]


def test_any_language_and_unknown_fields_are_taken(tmp_path: Path) -> None:
    row = {"question_id": "問-1", "category": "数学", "turns": ["一足す一は?\u2028"], "author": "x", "reference": [""]}
    question = load_folder(make(tmp_path, row)).questions[0]
    assert (question.id, question.category, question.turns) == ("問-1", "数学", ("一足す一は?\u2028",))


def test_a_set_without_judge_prompts_takes_the_packages_own(small_set: Path) -> None:
    assert load_folder(small_set).prompts == load_prompts(OWN_PROMPTS)


def test_a_sets_own_judge_prompts_are_used(tmp_path: Path) -> None:
    folder = make(tmp_path, prompts=prompt_rows(single_v1="Mine: {question} / {answer}"))
    loaded = load_folder(folder)
    question = dataclasses.replace(loaded.questions[0], category="writing")
    assert judge_messages(loaded, question, ["A"])[-1]["content"] == "Mine: What is 1 and 1? / A"


def test_pairwise_prompts_may_be_missing(tmp_path: Path) -> None:
    single = [row for row in PROMPT_ROWS if row["type"] == "single"]
    assert len(load_folder(make(tmp_path, prompts=single)).prompts) == 4


def test_an_empty_system_prompt_is_allowed(tmp_path: Path) -> None:
    prompts = [row | {"system_prompt": ""} for row in PROMPT_ROWS]
    assert load_folder(make(tmp_path, prompts=prompts)).prompts["single-v1"].system_prompt == ""


# --- references ---


@pytest.mark.parametrize("judge, name", [("b", "b"), ("org/judge", file_name("org/judge")), ("org/b", "org/b")])
def test_of_several_reference_files_the_judges_own_counts(tmp_path: Path, judge: str, name: str) -> None:
    folder = make(tmp_path)
    for each in (name, "a", "c"):
        row = {"question_id": 1, "choices": [{"turns": [f"from {each}"] * 2}]}
        write_jsonl(folder / "reference_answer" / f"{each}.jsonl", [row])
    if "/" in name:  # below the folder, where nobody looks
        with pytest.raises(ConfigError, match="none of the judge"):
            load_folder(folder, judge=judge)
    else:
        loaded = load_folder(folder, judge=judge)
        assert loaded.questions[0].reference == (f"from {name}",) * 2
        assert f"references: 1 of reference_answer/{name}.jsonl, for math" in loaded.files


def test_of_several_reference_files_without_the_judges_none_is_guessed(tmp_path: Path) -> None:
    folder = make(tmp_path)
    for name in ("b", "a", "._a"):
        write_jsonl(folder / "reference_answer" / f"{name}.jsonl", [REFERENCE])
    with pytest.raises(ConfigError) as caught:
        load_folder(folder, judge="gpt-4")
    assert str(caught.value) == (
        f"{folder / 'reference_answer'}: holds 2 files (a.jsonl, b.jsonl) and none of the judge, gpt-4.jsonl; "
        "`references:` in the suite file names the one to take"
    )
    (folder / "reference_answer" / "b.jsonl").unlink()
    assert load_folder(folder, judge="gpt-4").questions[0].reference == ("2", "3")


def test_ids_as_text_in_the_references_are_those_of_the_set(tmp_path: Path) -> None:
    assert load_folder(make(tmp_path, references=[REFERENCE | {"question_id": "1"}])).questions[0].reference
    rows = make(tmp_path / "other", QUESTION | {"question_id": "1"}, references=[REFERENCE])
    assert load_folder(rows).questions[0].reference == ("2", "3")
    assert (load_folder(rows).own_id(1), load_folder(rows).own_id("1"), load_folder(rows).own_id(2)) == ("1", "1", 2)


def test_a_question_with_two_reference_answers_is_refused(tmp_path: Path) -> None:
    other = {"question_id": "1", "choices": [{"turns": ["2", "4"]}]}
    assert load_folder(make(tmp_path, references=[REFERENCE, REFERENCE])).questions[0].reference == ("2", "3")
    assert message_of(make(tmp_path, references=[REFERENCE, other])).endswith(
        "reference.jsonl:2: another reference answer to question '1' than in line 1; leave one"
    )


@pytest.mark.parametrize(
    "turns, reference, expected",
    [
        (["?", "?"], ["a", "b"], ("a", "b")),
        (["?"], "a", ("a",)),
        (["?"], ["a", "b"], ("a", "b")),
        (["?"], "", None),
        (["?", "?"], ["", ""], None),
        (["?", "?"], None, None),
        (["?", "?"], [], None),
    ],
    ids=str,
)
def test_a_reference_inside_the_question_counts_where_there_is_no_file(
    tmp_path: Path, turns: list[str], reference: Any, expected: Any
) -> None:
    row = QUESTION | {"turns": turns, "reference": reference}
    loaded = load_folder(make(tmp_path, row))
    assert loaded.questions[0].reference == expected
    assert ("1 inside the questions, for math" in loaded.files) == (expected is not None)
    with_file = load_folder(make(tmp_path, row, references=[REFERENCE]))
    assert with_file.questions[0].reference == ("2", "3")


@pytest.mark.parametrize("reference", ["a", ["a"], 5, {"a": 1}, [1, 2], [["a"], ["b"]]], ids=str)
def test_a_malformed_reference_inside_a_question_is_refused_where_it_is_used(tmp_path: Path, reference: Any) -> None:
    row = QUESTION | {"reference": reference}
    assert "question.jsonl:1: " in message_of(make(tmp_path, row))
    assert load_folder(make(tmp_path, row | {"category": "writing"})).questions[0].reference is None


def test_a_short_reference_that_nothing_uses_does_no_harm_and_is_said(tmp_path: Path) -> None:
    short = {"question_id": 1, "choices": [{"turns": ["2"]}]}
    folder = make(tmp_path, QUESTION | {"category": "stem"}, references=[short, short | {"question_id": "x"}])
    loaded = load_folder(folder)
    assert loaded.questions[0].reference is None
    (note,) = loaded.notes
    assert note == (
        "2 reference answers are used by no judgment (stem, of no question of the set): 1, x; "
        "`reference_categories:` in the suite file names the categories that are judged with them"
    )
    assert loaded.files.endswith("references: 0 of reference_answer/reference.jsonl; 2 not used")


FINANCE: dict[str, Any] = {"question_id": 7, "category": "会計", "turns": ["利益は?"]}
LEDGER: dict[str, Any] = {"question_id": "7", "choices": [{"index": 0, "turns": ["百円"]}]}


def test_other_categories_may_be_judged_with_references(tmp_path: Path) -> None:
    folder = make(tmp_path, QUESTION, FINANCE, references=[REFERENCE, LEDGER])
    usual, other = load_folder(folder), load_folder(folder, reference_categories=["会計"])
    assert [len(loaded.notes) for loaded in (usual, other)] == [1, 1]
    assert "(会計): 7" in usual.notes[0]
    assert "(math): 1" in other.notes[0]
    shown = [judge_messages(other, question, ["?"])[-1]["content"] for question in other.questions]
    assert ["百円" in shown[1], "[The Start of Reference Answer]" in shown[0]] == [True, False]
    assert "百円" not in judge_messages(usual, usual.questions[1], ["?"])[-1]["content"]
    assert identity_parts(usual, other) == {"references"}
    # The same categories by name are the same set.
    assert identity_parts(usual, load_folder(folder, reference_categories=["math", "coding"])) == set()


PLAIN: dict[str, Any] = FINANCE | {"question_id": 8}


def about(folder: Path, **said: Any) -> Path:
    (folder / "question_set.json").write_text(json.dumps(said), encoding="utf-8")
    return folder


def test_a_set_may_name_the_categories_itself_and_have_references_to_some_of_their_questions(tmp_path: Path) -> None:
    folder = make(tmp_path, QUESTION, FINANCE, PLAIN, references=[REFERENCE, LEDGER])
    usual = load_folder(folder)
    loaded = load_folder(about(folder, reference_categories=["math", "会計"]))
    assert loaded.notes == ()
    assert loaded.files.endswith("for math, 会計")
    shown = [judge_messages(loaded, question, ["?"])[-1]["content"] for question in loaded.questions]
    assert ["CORRECT SOLUTION" in text for text in shown] == [True, True, False]
    assert identity_parts(usual, loaded) == {"references"}
    # What the suite file names comes first, and then a question without a reference is said.
    (note, unused) = load_folder(folder, reference_categories=["会計"]).notes
    assert note == "1 questions of 会計 have no reference answer and are judged without one: 8"
    assert "(math): 1" in unused


def test_a_category_that_the_set_names_and_has_no_reference_for_is_said(tmp_path: Path) -> None:
    (note,) = load_folder(about(make(tmp_path, FINANCE, PLAIN), reference_categories=["会計"])).notes
    assert note.startswith("2 questions of 会計 have no reference answer")


@pytest.mark.parametrize(
    "edition, title", [(2, "set (edition 2)"), ("2031-05", "set (edition 2031-05)"), (None, "set")]
)
def test_an_edition_is_part_of_the_identity_and_of_the_title(tmp_path: Path, edition: Any, title: str) -> None:
    loaded = load_folder(about(make(tmp_path / "set"), edition=edition))
    assert (loaded.identity.edition, loaded.title, loaded.short_name) == (edition, title, "set")
    assert loaded.files.startswith(f"edition {edition} of the questions; judge" if edition else "judge prompts: ")


@pytest.mark.parametrize(
    "content, message",
    [
        ("[1]", "question_set.json: not a JSON object but list"),
        ("{", "question_set.json: not valid JSON ("),
        ('{"editon": 2}', "question_set.json: unknown key 'editon'; did you mean edition?"),
        ('{"x": 2}', "question_set.json: unknown key 'x'; there is edition and reference_categories"),
        *(
            (f'{{"edition": {value}}}', "question_set.json: edition must be a whole number from 1 or a text of 1 to ")
            for value in ("0", "true", "1.5", '""', '" "', '"a\\u001b"', f'"{"x" * 41}"', "[1]")
        ),
        ('{"reference_categories": "math"}', "reference_categories must be a list of categories, not 'math'"),
        ('{"reference_categories": [1]}', "reference_categories must be a list of categories, not [1]"),
    ],
)
def test_a_malformed_question_set_json_is_refused(tmp_path: Path, content: str, message: str) -> None:
    folder = make(tmp_path)
    (folder / "question_set.json").write_text(content, encoding="utf-8")
    assert message in message_of(folder)


def test_no_category_at_all_may_be_judged_with_references(tmp_path: Path) -> None:
    """As whoever made recordings without them; the prompts are the same to the letter only then."""
    loaded = load_folder(make(tmp_path, QUESTION | {"reference": ["2", "3"]}), reference_categories=[])
    assert "Reference Answer" not in judge_messages(loaded, loaded.questions[0], ["?"])[-1]["content"]
    assert loaded.files.endswith("references: 0 inside the questions; 1 not used")


def test_questions_of_other_categories_that_lack_a_reference_are_said(tmp_path: Path) -> None:
    (note,) = load_folder(make(tmp_path, FINANCE), reference_categories=["会計"]).notes
    assert note == "1 questions of 会計 have no reference answer and are judged without one: 7"


def test_another_file_of_references_takes_the_place_of_all(small_set: Path, tmp_path: Path) -> None:
    other = tmp_path / "corrected.jsonl"
    write_jsonl(other, [{"question_id": 4, "choices": [{"turns": ["seventeen", "thirty-four"]}]}])
    loaded = load_folder(small_set, references=other)
    assert [question.reference for question in loaded.questions[2:4]] == [None, ("seventeen", "thirty-four")]


def test_a_missing_file_of_references_is_named(small_set: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.jsonl: no such file"):
        load_folder(small_set, references=tmp_path / "gone.jsonl")


@pytest.mark.parametrize("category", ["math", "reasoning", "coding"])
def test_questions_that_lack_a_reference_are_said(tmp_path: Path, category: str) -> None:
    rows = [QUESTION | {"question_id": n, "category": category} for n in range(11, 18)]
    folder = make(tmp_path, *rows, references=[REFERENCE | {"question_id": 12}])
    (note,) = load_folder(folder).notes
    assert note.startswith("6 questions")
    assert "11, 13, 14, 15, 16, ..." in note
    assert "12" not in note


def test_other_questions_need_no_reference(tmp_path: Path) -> None:
    assert load_folder(make(tmp_path, QUESTION | {"category": "writing"})).notes == ()


def test_references_of_other_sets_do_not_matter(tmp_path: Path) -> None:
    folder = make(tmp_path, references=[REFERENCE, REFERENCE | {"question_id": 99}])
    assert load_folder(folder).questions[0].reference == ("2", "3")


@pytest.mark.parametrize(
    "choices",
    [None, [], {}, "text", 5, [{}], [None], ["text"], [{"turns": "text"}], [{"turns": None}], [{"turns": [1, 2]}]],
    ids=str,
)
def test_a_malformed_reference_is_named_with_file_and_line(tmp_path: Path, choices: Any) -> None:
    folder = make(tmp_path, references=[REFERENCE, {"question_id": 2, "choices": choices}])
    path = folder / "reference_answer" / "reference.jsonl"
    assert message_of(folder) == f"{path}:2: choices[0].turns must be a list of texts"


def test_a_reference_with_too_few_turns_is_named_with_file_and_line(tmp_path: Path) -> None:
    folder = make(tmp_path, references=[{"question_id": 1, "choices": [{"turns": ["2"]}]}])
    message = message_of(folder)
    assert message.startswith(f"{folder / 'reference_answer' / 'reference.jsonl'}:1: question 1 ")
    assert "2 turns" in message


@pytest.mark.parametrize("question_id", [None, True, 1.5, "", []], ids=str)
def test_a_reference_needs_a_question_id(tmp_path: Path, question_id: Any) -> None:
    folder = make(tmp_path, references=[REFERENCE | {"question_id": question_id}])
    assert "reference.jsonl:1: question_id must be" in message_of(folder)


# --- malformed questions ---


@pytest.mark.parametrize(
    "change, complaint",
    [
        ({"question_id": None}, "question_id must be a whole number or a text, not None"),
        ({"question_id": 1.5}, "question_id must be a whole number or a text, not 1.5"),
        ({"question_id": True}, "question_id must be a whole number or a text, not True"),
        ({"question_id": ""}, "question_id must be a whole number or a text, not ''"),
        ({"question_id": [1]}, "question_id must be a whole number or a text, not [1]"),
        ({"question_id": 1}, "question_id 1 stands twice"),
        ({"category": None}, "category must be a text, not None"),
        ({"category": ""}, "category must be a text, not ''"),
        ({"category": 5}, "category must be a text, not 5"),
        ({"turns": None}, "turns must be a list of one or two texts"),
        ({"turns": []}, "turns must be a list of one or two texts"),
        ({"turns": "one"}, "turns must be a list of one or two texts"),
        ({"turns": ["one", ""]}, "turns must be a list of one or two texts"),
        ({"turns": ["one", 2]}, "turns must be a list of one or two texts"),
        ({"turns": ["one", None]}, "turns must be a list of one or two texts"),
        ({"turns": ["1", "2", "3"]}, "3 turns; one- and two-turn questions are supported"),
        ({"required_temperature": "0.7"}, "required_temperature must be a number, not '0.7'"),
        ({"required_temperature": True}, "required_temperature must be a number, not True"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_a_malformed_question_is_named_with_file_and_line(
    tmp_path: Path, change: dict[str, Any], complaint: str
) -> None:
    folder = make(tmp_path, QUESTION, QUESTION | {"question_id": 2} | change)
    assert message_of(folder) == f"{folder / 'question.jsonl'}:2: {complaint}"


@pytest.mark.parametrize("temperature", ["NaN", "Infinity", "-Infinity", "-0.5", "1e999"])
def test_a_temperature_that_no_endpoint_takes_is_refused(tmp_path: Path, temperature: str) -> None:
    folder = make(tmp_path)
    (folder / "question.jsonl").write_text(
        f'{{"question_id": 1, "category": "math", "turns": ["?"], "required_temperature": {temperature}}}\n'
    )
    assert f"{folder / 'question.jsonl'}:1: required_temperature" in message_of(folder)


@pytest.mark.parametrize("missing", ["question_id", "category", "turns"])
def test_a_question_that_lacks_a_field_is_named(tmp_path: Path, missing: str) -> None:
    row = {key: value for key, value in QUESTION.items() if key != missing}
    assert f"question.jsonl:1: {missing} must be" in message_of(make(tmp_path, row))


def test_a_question_file_cut_off_in_a_row_is_named(tmp_path: Path) -> None:
    folder = make(tmp_path)
    with (folder / "question.jsonl").open("a") as file:
        file.write('{"question_id": 2, "categ')
    assert message_of(folder).startswith(f"{folder / 'question.jsonl'}:2: not valid JSON")


@pytest.mark.parametrize("content", ["", "\n\n  \n"])
def test_a_set_without_questions_is_refused(tmp_path: Path, content: str) -> None:
    folder = make(tmp_path)
    (folder / "question.jsonl").write_text(content)
    assert message_of(folder) == f"{folder / 'question.jsonl'}: holds no question"


def test_a_folder_without_a_question_file_is_refused(tmp_path: Path) -> None:
    assert message_of(tmp_path) == f"{tmp_path / 'question.jsonl'}: no such file"


@pytest.mark.parametrize("name", ["gone", "file"])
def test_what_is_no_folder_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    message = message_of(tmp_path / name)
    assert message.startswith(f"{tmp_path / name}: no such folder")
    assert "question.jsonl" in message


# --- judge prompts ---


@pytest.mark.parametrize(
    "template",
    [
        pytest.param("{question} {answer} {score}", id="unknown-field"),
        pytest.param('Reply as {"rating": 5}. {question} {answer}', id="braces-of-JSON"),
        pytest.param("{question} {answer", id="open-brace"),
        pytest.param("{question} } {answer}", id="closing-brace"),
        pytest.param("{} {}", id="no-names"),
        pytest.param("{0} {1}", id="numbers"),
        pytest.param("{question.text} {answer}", id="attribute"),
        pytest.param("{question[text]} {answer}", id="item"),
        pytest.param("{question:d} {answer}", id="format"),
        pytest.param("{question!x} {answer}", id="conversion"),
        pytest.param("{question_1} {answer_1}", id="fields-of-two-turns"),
    ],
)
def test_a_template_that_cannot_be_filled_is_named_with_file_and_line(tmp_path: Path, template: str) -> None:
    folder = make(tmp_path, prompts=prompt_rows(single_v1=template))
    line = 1 + [row["name"] for row in PROMPT_ROWS].index("single-v1")
    message = message_of(folder)
    assert message.startswith(f"{folder / 'judge_prompts.jsonl'}:{line}: ")
    assert "single-v1" in message


def test_a_two_turn_template_needs_the_fields_of_two_turns(tmp_path: Path) -> None:
    folder = make(tmp_path, prompts=prompt_rows(single_v1_multi_turn="{question} {answer}"))
    assert "single-v1-multi-turn cannot be filled" in message_of(folder)


def test_a_plain_template_that_wants_a_reference_is_refused(tmp_path: Path) -> None:
    """It is used for questions that have none: there it would break the run when everything is paid for."""
    folder = make(tmp_path, prompts=prompt_rows(single_v1="{question} {ref_answer_1} {answer}"))
    assert "judge_prompts.jsonl:1: " in message_of(folder)


@pytest.mark.parametrize("name", ["single-v1", "single-math-v1", "single-v1-multi-turn", "single-math-v1-multi-turn"])
def test_a_missing_single_prompt_is_named(tmp_path: Path, name: str) -> None:
    plain = QUESTION | {"question_id": 2, "category": "writing"}
    rows = [row for row in PROMPT_ROWS if row["name"] != name]
    folder = make(tmp_path, QUESTION, plain, references=[REFERENCE], prompts=rows)
    assert message_of(folder) == f"{folder / 'judge_prompts.jsonl'}: has no prompt named {name}"


def test_a_set_of_one_turn_needs_no_prompts_for_two(tmp_path: Path) -> None:
    rows = [row for row in PROMPT_ROWS if not row["name"].endswith("multi-turn")]
    loaded = load_folder(make(tmp_path, FINANCE, prompts=rows))
    assert judge_messages(loaded, loaded.questions[0], ["百円"])[-1]["content"]
    check_pair_prompts(loaded)
    single = [row for row in rows if row["name"] == "single-v1"]
    assert list(load_folder(make(tmp_path, FINANCE, prompts=single)).prompts) == ["single-v1"]


def test_judge_prompts_may_lie_one_folder_up(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "judge_prompts.jsonl", prompt_rows(single_v1="Above: {question} / {answer}"))
    folder = make(tmp_path / "mine", QUESTION | {"category": "stem"})
    loaded = load_folder(folder)
    assert judge_messages(loaded, loaded.questions[0], ["A"])[-1]["content"] == "Above: What is 1 and 1? / A"
    assert loaded.files == "judge prompts: ../judge_prompts.jsonl; references: none"
    beside = load_folder(make(folder, prompts=prompt_rows(single_v1="Beside: {question} / {answer}")))
    assert beside.files.startswith("judge prompts: judge_prompts.jsonl;")
    assert beside.prompts["single-v1"].prompt_template.startswith("Beside")


def test_a_large_set_of_another_language_in_a_windows_file_is_read(tmp_path: Path) -> None:
    rows = [
        {"question_id": str(n), "category": f"분야 {n % 7} für Größe, ș/ț::[x]", "turns": ["질문?", "もう一度\u2028?"]}
        for n in range(360)
    ]
    (tmp_path / "question.jsonl").write_bytes(
        b"\xef\xbb\xbf" + "\r\n\r\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()
    )
    loaded = load_folder(tmp_path)
    assert (len(loaded.questions), len(loaded.categories)) == (360, 7)
    assert loaded.files == "judge prompts: the package's own; references: none"


@pytest.mark.parametrize("key", ["name", "type", "system_prompt", "prompt_template"])
@pytest.mark.parametrize("value", [None, 5, ["x"]], ids=str)
def test_a_prompt_row_with_a_wrong_field_is_named(tmp_path: Path, key: str, value: Any) -> None:
    rows = [row | {key: value} if n == 1 else row for n, row in enumerate(PROMPT_ROWS)]
    assert f"judge_prompts.jsonl:2: {key} must be a text" in message_of(make(tmp_path, prompts=rows))


def test_an_empty_template_is_refused(tmp_path: Path) -> None:
    assert "prompt_template must be a text" in message_of(make(tmp_path, prompts=prompt_rows(single_v1="")))


# --- identity ---


def identity_parts(before: QuestionSet, after: QuestionSet) -> set[str]:
    """Which parts of the identity differ."""
    one, two = dataclasses.asdict(before.identity), dataclasses.asdict(after.identity)
    return {part for part in one if one[part] != two[part]}


def changed(rows: list[dict[str, Any]], number: int, **change: Any) -> list[dict[str, Any]]:
    return [row | change if n == number else row for n, row in enumerate(rows)]


def test_identity_is_of_the_content_not_of_its_form(small_set: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    rows = [{"note": "n"} | dict(reversed(list(row.items()))) for row in QUESTIONS]
    text = "\n\n".join(json.dumps(row, indent=None, separators=(" ,", ":  ")) for row in rows)
    make(other, references=[*reversed(REFERENCES), REFERENCE | {"question_id": 99}])
    (other / "question.jsonl").write_text("\ufeff" + text, encoding="utf-8", newline="\r\n")
    assert identity_parts(load_folder(small_set), load_folder(other, name="x")) == set()


def test_identity_does_not_change_from_release_to_release(small_set: Path) -> None:
    """Baselines name it; another way to hash would make every stored baseline incomparable."""
    identity = load_folder(small_set).identity
    assert identity.questions == "4143dfae7905d110b91e4c6c258a00ecf64ef4ab112627eb797deceab1c8fb11"
    assert identity.references == "2846394d2ecc55bc4429b19a72ce055ad928cac9006295b46bd50cf7fff1b40f"


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(changed(QUESTIONS, 0, turns=["Write a line about rain!", "Now without the letter e."]), id="text"),
        pytest.param(changed(QUESTIONS, 0, turns=["Write a line about rain."]), id="turns"),
        pytest.param(changed(QUESTIONS, 0, category="roleplay"), id="category"),
        pytest.param(changed(QUESTIONS, 0, question_id=77), id="id"),
        pytest.param(changed(QUESTIONS, 0, question_id="1"), id="id-as-text"),
        pytest.param(changed(QUESTIONS, 0, required_temperature=0.5), id="temperature"),
        pytest.param(QUESTIONS[1:], id="fewer"),
    ],
)
def test_another_question_is_another_identity(small_set: Path, tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    other = write_set(tmp_path / "other", rows)
    assert identity_parts(load_folder(small_set), load_folder(other)) == {"questions"}


def test_another_reference_is_another_identity(small_set: Path, tmp_path: Path) -> None:
    other = write_set(tmp_path / "other")
    write_jsonl(other / "reference_answer" / "reference.jsonl", REFERENCES[:1])
    assert identity_parts(load_folder(small_set), load_folder(other)) == {"references"}


@pytest.mark.parametrize("key", ["system_prompt", "prompt_template"])
def test_another_prompt_is_another_identity(small_set: Path, tmp_path: Path, key: str) -> None:
    other = write_set(tmp_path / "other")
    write_jsonl(other / "judge_prompts.jsonl", changed(PROMPT_ROWS, 0, **{key: PROMPT_ROWS[0][key] + " Be kind."}))
    assert identity_parts(load_folder(small_set), load_folder(other)) == {"prompts"}


def test_the_order_of_the_prompt_rows_does_not_matter(small_set: Path, tmp_path: Path) -> None:
    other = write_set(tmp_path / "other")
    write_jsonl(other / "judge_prompts.jsonl", list(reversed(PROMPT_ROWS)))
    assert identity_parts(load_folder(small_set), load_folder(other)) == set()
