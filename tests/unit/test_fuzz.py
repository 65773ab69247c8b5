"""Parsers of what others write: whatever it is, they give a value within its bounds or raise our own error."""

from __future__ import annotations

import json
import tempfile
import unicodedata
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_mtbench.domain.errors import ConfigError
from pytest_mtbench.domain.question import Identity, Question, QuestionSet
from pytest_mtbench.files.people import PeopleRows, read_people
from pytest_mtbench.files.report_reader import read_report
from pytest_mtbench.protocol.judgment import RATING, VERDICT, read
from pytest_mtbench.protocol.quotation import Material
from pytest_mtbench.protocol.thinking import cut_thinking
from pytest_mtbench.questions.loading import load_folder
from pytest_mtbench.suite.file import SuiteFile
from pytest_mtbench.untrusted.text import join_surrogates, one_line, printable, shorten_block

quick = settings(
    max_examples=120, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)

NUMBERS = ["0", "1", "7", "7.5", "08", "10", "10.0", "11", "-3", "1e1", "8/10", " 8 ", "nan", "\u0668", "9" * 40]
PIECES = [
    *("[[", "]]", "[", "]", "\uff3b\uff3b", "\uff3d\uff3d", "Rating: ", "**", "\n", " ", '"', "`", "> ", "```", "“”"),
    *("<think>", "</think>", "{question}", "\x00", "\x1b[31m", "\u202e", "\ud800", "[[A]]", "[[B]]"),
    *NUMBERS,
    *(f"[[{number}]]" for number in NUMBERS),
    *(f"rating [{number}]" for number in NUMBERS),
]  # fmt: skip
hostile = st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=20).map("".join)


def marked_numbers(text: str) -> set[float]:
    """Every number that stands in single or double brackets, found without a regular expression."""
    found = set()
    for part in text.split("[")[1:]:
        inside, closing, _ = part.partition("]")
        if closing and inside.replace(".", "", 1).isdecimal() and inside.isascii():
            found.add(float(inside))
    return found


@quick
@given(judgment=hostile, answer=hostile, finish=st.sampled_from(["stop", "length", "content_filter", "x"]))
def test_a_rating_is_on_the_scale_and_in_the_text(judgment: str, answer: str, finish: str) -> None:
    rating = read(RATING, judgment, finish, Material(f"before {answer} after", (answer,)))
    assert (rating.value is None) == (rating.reason is not None)
    if rating.value is not None:
        assert 1 <= rating.value <= 10
        assert rating.value in marked_numbers(judgment)


@quick
@given(text=hostile)
def test_a_verdict_is_in_the_text(text: str) -> None:
    verdict = read(VERDICT, text)
    assert (verdict.value is None) == bool(verdict.reason)
    assert verdict.value is None or f"[[{verdict.value}]]" in text


@quick
@given(text=hostile, size=st.integers(10, 60))
def test_text_for_people_is_printable(text: str, size: int) -> None:
    for shown in (printable(text), one_line(text), shorten_block(text, size)):
        assert all(char.isprintable() or char in "\n\t" or unicodedata.category(char) == "Zs" for char in shown)
        shown.encode()
    assert "<think>" not in cut_thinking(f"<think>{text.replace('<think>', '').replace('</think>', '')}</think>")
    join_surrogates(text).encode()


VALID_SUITE = """\
model: {name: m, base_url: 'http://localhost:1/v1', temperature: 0.5, extra_body: {a: [1, 2]}}
judge: {name: j, repeats: 2}
categories: [math]
thresholds: {overall: 7, turns: {1: 7.5}, categories: {math: 6}, floor: {default: 2}, rule: confident}
runs: 2
prices: {model: {input: 1, output: 2}, judge: {input: 1, output: 2}}
budget: 3
"""
YAML_PIECES = [
    *("&a", "*a", "!!python/object/apply:os.system [x]", "!!binary x", "<<: *a"),
    *("? ", "- ", ": ", "{", "}", "[", "]", "|\n"),
]
yaml_text = st.lists(st.sampled_from([*YAML_PIECES, *VALID_SUITE.split()]) | st.text(max_size=6), max_size=25).map(
    " ".join
)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6) | st.integers(), inner, max_size=3),
    max_leaves=6,
)


def suite_of(text: str) -> None:
    try:
        SuiteFile.from_text(text, "mtbench.yaml")
    except ConfigError as error:
        assert all(problem.startswith("mtbench.yaml") for problem in error.problems)  # noqa: PT017 - it may not come


@quick
@given(text=yaml_text | st.text())
def test_a_suite_file_of_any_text(text: str) -> None:
    suite_of(text)


@quick
@given(key=st.sampled_from(sorted(yaml.safe_load(VALID_SUITE))), value=plain, inner=st.booleans())
def test_a_suite_file_of_any_values(key: str, value: Any, inner: bool) -> None:
    suite = yaml.safe_load(VALID_SUITE)
    if inner and isinstance(suite[key], dict):
        suite[key] |= {next(iter(suite[key])): value}
    else:
        suite[key] = value
    suite_of(yaml.safe_dump(suite))


@quick
@given(cut=st.integers(0, len(VALID_SUITE)), put=st.text(max_size=3))
def test_a_suite_file_that_was_damaged(cut: int, put: str) -> None:
    suite_of(VALID_SUITE[:cut] + put + VALID_SUITE[cut + 1 :])


QUESTION = {"question_id": 1, "category": "math", "turns": ["What is 1 + 1?", "And twice that?"]}
REFERENCE = {"question_id": 1, "choices": [{"index": 0, "turns": ["2", "4"]}]}
PROMPT = {"name": "single-v1", "type": "single", "system_prompt": "s", "prompt_template": "{question} {answer}"}


@settings(quick, max_examples=100)
@given(
    file=st.sampled_from(["question.jsonl", "reference_answer/a.jsonl", "judge_prompts.jsonl"]),
    key=st.sampled_from(["question_id", "category", "turns", "choices", "required_temperature", "prompt_template"]),
    value=plain | st.lists(st.text(max_size=4), max_size=3) | st.just("{question.__class__}{0}{answer:>{question}}"),
    noise=st.sampled_from(["", "\n", "\r\n", "\ufeff", "{", "[]", "\x00", "\u2028"]),
)
def test_a_question_set_of_any_values(file: str, key: str, value: Any, noise: str) -> None:
    rows: dict[str, dict[str, Any]] = {
        "question.jsonl": QUESTION,
        "reference_answer/a.jsonl": REFERENCE,
        "judge_prompts.jsonl": PROMPT,
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "reference_answer").mkdir()
        for path in ("question.jsonl", "reference_answer/a.jsonl"):
            (folder / path).write_text(json.dumps(rows[path]) + "\n", encoding="utf-8")
        text = noise + json.dumps(rows[file] | {key: value}, default=str) + "\n"
        (folder / file).write_text(text, encoding="utf-8")
        try:
            loaded = load_folder(folder)
        except ConfigError as error:
            assert all(problem.startswith(str(folder)) for problem in error.problems)  # noqa: PT017 - it may not come
        else:
            assert 1 <= len(loaded.questions[0].turns) <= 2


@settings(quick, max_examples=100)
@given(value=plain)
@pytest.mark.parametrize("key", ["format", "fingerprint", "calls", "usage", "turns"])
def test_a_report_of_any_values(key: str, value: Any) -> None:
    report = {"format": "pytest-mtbench/1", "fingerprint": {}, "calls": {}, "usage": {}, "turns": [], key: value}
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "report.json"
        path.write_text(json.dumps(report), encoding="utf-8")
        with pytest.raises(ConfigError, match=r"report\.json: "):
            read_report(path)


PEOPLE = QuestionSet("s", (Question(1, "math", ("a?", "b?")),), {}, Identity("", "", ""))
ID = ["a1b2c3d4e5f6", "'004512345678", "12e456789012", "A1B2C3D4E5F6"]
GOOD: dict[str, dict[str, list[Any]]] = {
    "choices": {"id": ID, "rater": ["anna", ""], "choice": ["left", "T", "=", "1", ""]},
    "ratings": {"id": ID, "rater": ["anna", ""], "rating": ["7", "7.5", "1", "10", ""]},
    "votes": {
        "question_id": [1, "1"], "model_a": ["x"], "model_b": ["y"], "winner": ["model_a", "model_b", "tie", "tie (x)"],
        "judge": ["anna", "Ben B"], "turn": [1, 2, "1.0"],
    },
}  # fmt: skip
BAD = [
    *("11", "0", "7.25", "nan", "A", "x", "y", "", '"', "'", ",", ";", "\t", "\n", "\r", "\u202e", "\ud800", "\x00"),
    *("\x1b", "\ufeff", "\ufffd", "é", "9" * 99, "[", "{", "left", "1"),
]


@st.composite
def people_files(draw: st.DrawFn) -> str:
    """A file in which most cells are good ones, as CSV or as JSON, with a bit more before it or not."""
    columns = GOOD[draw(st.sampled_from(sorted(GOOD)))]
    spoilt = st.sampled_from(BAD) | st.text(max_size=4) | plain
    rows = [
        {
            name: draw(spoilt if draw(st.integers(0, 40)) == 40 else st.sampled_from(good))
            for name, good in columns.items()
        }
        for _ in range(draw(st.integers(1, 3)))
    ]
    kind = draw(st.sampled_from([",", ";", "\t", "lines", "array"]))
    before = draw(st.sampled_from(["", "", "", "", *BAD]))
    if len(kind) > 1:
        said = [json.dumps(row) for row in rows]
        return before + ("\n".join(said) if kind == "lines" else f"[{', '.join(said)}]")
    return before + "\n".join(kind.join(map(str, cells)) for cells in (columns, *(row.values() for row in rows)))


def read_any(text: str, encoding: str) -> PeopleRows | None:
    """What stands in a file; None where it is refused, with file and reason in a line or more."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / ("f.json" if text.lstrip()[:1] in ("{", "[") else "f.csv")
        path.write_bytes(text.encode(encoding, "surrogatepass" if encoding == "utf-8" else "replace"))
        try:
            return read_people(path, "--x", PEOPLE)
        except ConfigError as error:
            problems = error.problems
        assert all(problem.startswith((str(path), "--x: ")) for problem in problems)
        assert all(len(problem) < 500 and "\n" not in problem for problem in problems)
        return None


def test_a_file_of_people_of_any_text() -> None:
    taken = []

    @settings(quick, max_examples=200)
    @given(
        text=people_files() | people_files() | st.text(), encoding=st.sampled_from([*["utf-8"] * 4, "utf-16", "cp1252"])
    )
    def read(text: str, encoding: str) -> None:
        found = read_any(text, encoding)
        taken.append(found is not None)
        if found is None:
            return
        assert found.places
        assert all(1 <= row.rating <= 10 and row.rating % 0.5 == 0 for row in found.ratings)
        ids = [row.id for row in found.ratings] + [row.id for row in found.choices]
        assert all(len(name) == 12 and set(name) <= set("0123456789abcdef") for name in ids)
        assert all(row.turn in (1, 2) and row.winner in (None, *row.models) for row in found.votes)
        raters = [row.rater for row in found.votes] + [row.rater for row in found.choices]
        assert all(rater == one_line(rater) != "" for rater in raters)

    read()
    assert 0.2 < sum(taken) / len(taken) < 0.8  # neither kind is left out
