"""JUnit's XML for the servers that show it: valid, a line a failure, and what a turn came to as properties."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

import pytest
import xmlschema

from ..server import Reply, error
from .conftest import Bench
from .test_trust import HOSTILE

SCHEMA = xmlschema.XMLSchema(Path(__file__).parents[1] / "junit.xsd")
JUNIT = ("--junitxml=junit.xml", "-o", "junit_logging=all")
PRICES = "prices: {model: {input: 1, output: 2}, judge: {input: 10, output: 20}}\n"


def billed(text: str) -> Reply:
    """A reply of 1,000 tokens in and 100 out."""
    usage = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
    return Reply(body={"choices": [{"message": {"content": text}, "finish_reason": "stop"}], "usage": usage})


def cases(bench: Bench) -> dict[str, ET.Element]:
    """The cases of a file that is valid, by name."""
    path = bench.path / "junit.xml"
    SCHEMA.validate(str(path))
    return {case.get("name", ""): case for case in ET.parse(path).getroot().iter("testcase")}


def properties(case: ET.Element) -> dict[str, str | None]:
    return {item.get("name", ""): item.get("value") for item in case.iter("property")}


def messages(bench: Bench) -> list[str]:
    return [
        each.get("message", "") for case in cases(bench).values() for each in case if each.get("message") is not None
    ]


def test_what_a_turn_came_to(bench: Bench, xdist: Sequence[str]) -> None:
    bench.suite(PRICES)
    bench.endpoint.before = lambda asked, number: billed("Fine. Rating: [[8]]")
    bench.plain("mtbench.yaml", *JUNIT, *xdist)
    common = {"score": "8", "category": "math", "turn": "2", "judge": "the-judge"}
    found = {name: properties(case) for name, case in cases(bench).items()}
    # An answer and a judgment.
    assert found["math[q3-turn2]"] == common | {"cached": "false", "cost": "0.0132"}
    assert {one["cost"] for one in found.values()} == {"0.0132"}
    bench.plain("mtbench.yaml", *JUNIT, *xdist)
    assert properties(cases(bench)["math[q3-turn2]"]) == common | {"cached": "true", "cost": "0"}


def test_a_reply_that_is_asked_for_again_costs_again(bench: Bench) -> None:
    bench.suite(PRICES)
    bench.endpoint.before = lambda asked, number: billed("No rating.")
    bench.plain("mtbench.yaml::trivia", *JUNIT)
    (case,) = cases(bench).values()
    assert properties(case)["cost"] == f"{0.0012 + 3 * 0.012:g}"
    assert properties(case)["score"] == ""


def test_a_new_judgment_of_a_cached_answer_is_not_cached(bench: Bench) -> None:
    bench.run()
    bench.run("--mtbench-judge=other", *JUNIT)
    assert {properties(case)["cached"] for case in cases(bench).values()} == {"false"}
    assert all("cost" not in properties(case) for case in cases(bench).values()), "no price is known"


@pytest.mark.parametrize("how", ["hook", "file"])
def test_answers_of_a_users_own_are_new_and_those_of_a_file_are_not(bench: Bench, how: str) -> None:
    bench.run("--mtbench-export=out")
    if how == "hook":
        bench.pytester.makeconftest("def pytest_mtbench_generate(messages):\n    return 'answer'\n")
    options = ["--mtbench-answers=out"] if how == "file" else []
    bench.run(*options, *JUNIT)
    assert {properties(case)["cached"] for case in cases(bench).values()} == {"false" if how == "hook" else "true"}


def test_a_message_is_a_line_and_the_texts_stand_in_the_element(bench: Bench, xdist: Sequence[str]) -> None:
    bench.suite("thresholds: {floor: 9, overall: 9}\n")
    bench.endpoint.answer = lambda asked: "an answer\nof two lines"
    bench.endpoint.before = lambda asked, number: error(400, "no\nsuch") if "spider" in asked.prompt else None
    bench.plain("mtbench.yaml", *JUNIT, *xdist)
    found = messages(bench)
    assert len(found) == 9 + 1
    assert [message for message in found if "\n" in message or len(message) > 300] == []
    case = cases(bench)["math[q3-turn2]"].find("failure")
    assert case is not None
    assert case.get("message") == "Failed: score 8 is below the floor 9 of math"
    assert "of two lines" in str(case.text)


def test_it_is_valid_whatever_the_texts_hold(bench: Bench, xdist: Sequence[str]) -> None:
    texts = [str(row.model[0])[:5_000] for row in HOSTILE.values()]
    bench.suite("thresholds: {floor: 9}\n")
    bench.endpoint.answer = lambda asked: texts[len(bench.endpoint.asked) % len(texts)]
    bench.plain("mtbench.yaml", "--mtbench-runs=3", *JUNIT, *xdist)
    assert len(cases(bench)) == 9


def test_it_is_valid_where_the_run_is_aborted(bench: Bench, xdist: Sequence[str]) -> None:
    bench.endpoint.before = lambda asked, number: error(401, "wrong key")
    bench.run("--mtbench-min=5", *JUNIT, *xdist)
    assert any("refuses the key" in message for message in messages(bench))
