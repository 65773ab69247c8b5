"""The JSON Schemas in the package: current, complete, and of one mind with what a run accepts and writes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pydantic
import pytest
import yaml
from jsonschema import Draft7Validator

from pytest_mtbench.domain.errors import ConfigError
from pytest_mtbench.domain.result import TurnKey
from pytest_mtbench.files.json_schema import READS_ANOTHER_KEY, Fields
from pytest_mtbench.report.json_report import as_json, as_text
from pytest_mtbench.report.run_report import Ending
from pytest_mtbench.report.schema import report_schema
from pytest_mtbench.suite import json_schema
from pytest_mtbench.suite.file import SuiteFile
from pytest_mtbench.suite.json_schema import suite_schema

from ..docs import blocks_of, pages
from ..docs_files import is_suite
from ..results import played, rated
from ..schemas import schemas
from .report.test_terminal import EIGHT, full_run, mixed, pairwise_report, plan_of, questions_of, report_of, steady

ROOT = Path(__file__).parents[2]
SUITE, REPORT = Draft7Validator(suite_schema()), Draft7Validator(report_schema())


@pytest.mark.skipif(pydantic.VERSION.startswith(("2.7", "2.8", "2.9")), reason="says the same in other words")
@pytest.mark.parametrize("path", schemas(), ids=lambda path: path.name)
def test_a_schema_in_the_package_is_current(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == schemas()[path], "python -m tests.schemas writes them"
    Draft7Validator.check_schema(json.loads(path.read_text(encoding="utf-8")))


# Suite files.


def sections() -> dict[str, Any]:
    schema = suite_schema()
    return {"SuiteContent": schema, **schema["$defs"]}


def test_every_key_of_a_suite_file_is_described() -> None:
    keys = [(name, key, field) for name, section in sections().items() for key, field in section["properties"].items()]
    assert [(name, key) for name, key, field in keys if not field.get("description")] == []
    assert len(keys) > 60


def test_nothing_is_described_that_there_is_not() -> None:
    described: Fields = json_schema._FIELDS
    assert {
        (name, key) for name in described for key in described[name] if described[name][key] != READS_ANOTHER_KEY
    } <= {(name, key) for name, section in sections().items() for key in section["properties"]}


def blocks() -> Iterator[str]:
    for block in (block for page in pages() for block in blocks_of(page)):
        if block.language == "yaml" and is_suite(block):
            yield block.text
    for path in sorted((ROOT / "examples").rglob("*.yaml")):
        yield path.read_text(encoding="utf-8")


GOOD = [
    "{}", "model: m",
    "judge: [j]", "judge: [j, {name: k}]", "model: {name: m, azure: '2024-10-21'}",
    "judge: {name: j, repeats: 2}", "against: other",
    "against: [a, {name: b, answers: b.jsonl}]", "against: {name: a, min_win_rate: 0.5}",
    "against: {models: [a, {name: b}]}", "against: {name: a, min_win_rate: {turns: {1: 0.5}}}", "people: a.csv",
    "people: [a.csv, b.csv]", "people: {files: a.csv}", "people: {files: [a.csv], min_agreement: 0.8}",
    "baseline: b.json", "baseline: {file: b.json, looks: [1, 3]}", "thresholds: {floor: 2, turns: {1: 7, 2: 6.5}}",
    "thresholds: {floor: {default: 2, math: 3}}", "runs: 3",
    "prices: {model: {input: 1, output: 2}, judge: {input: 1, output: 2}}\nbudget: 20", "budget:",
    "model: {name: m, extra_body: {a: [1, {b: null}]}, thinking: ['<t>', '</t>']}",
]  # fmt: skip
BAD = [
    "modell: m", "model: 3", "model: ''", "model: {name: m, temperature: -1}", "model: {nme: m}", "runs: 0",
    "runs: many", "thresholds: {overall: 11}", "thresholds: {rule: median}", "thresholds: {turns: {3: 5}}",
    "thresholds: {floor: 0}", "thresholds: {max_unscored: 2}", "against: {name: a, min_win_rate: 5}", "against: [3]",
    "people: 3", "people: {sample: 0}", "baseline: {margin: 0}", "baseline: {looks: []}",
    "prices: {model: {input: 1}}", "categories: math", "budget: 0", "model: {name: m, thinking: ['<t>']}",
    "model: {name: m, azure: {deployment: d}}", "judge: []", "judge: [{repeats: 2}, j]", "concurrency: 3",
]  # fmt: skip


def accepts(text: str) -> bool:
    # Keys that are numbers are text in JSON, as an editor has them.
    return bool(SUITE.is_valid(json.loads(json.dumps(yaml.safe_load(text)))))


@pytest.mark.parametrize("text", [*GOOD, *blocks()])
def test_what_a_run_accepts_the_schema_accepts(text: str) -> None:
    SuiteFile.from_text(text, "x.yaml")
    assert accepts(text)


@pytest.mark.parametrize("text", BAD)
def test_what_the_schema_refuses_a_run_refuses(text: str) -> None:
    assert not accepts(text)
    with pytest.raises(ConfigError):
        SuiteFile.from_text(text, "x.yaml")


# Reports.


def reports() -> Iterator[tuple[str, dict[str, Any]]]:
    single = full_run()
    yield "single", as_json(single)
    yield "aborted", as_json(replace(single, ending=Ending("aborted", 4, "the endpoint refuses the key")))
    yield "share", as_json(replace(single, plan=replace(single.plan, shard="1/3")))
    yield "nothing measured", as_json(report_of(plan_of(questions_of(EIGHT)), {}))
    runs = [rated(TurnKey("s", 81, 1), "math", 7.0, None)]
    report = report_of(plan_of(questions_of(["math"])), steady)
    yield "runs", as_json(replace(report, card=replace(report.card, results=tuple(runs))))
    yield "pairwise", as_json(pairwise_report({"one": mixed, "two": mixed}))
    game = pairwise_report({"one": mixed}).card.results[0].games[0]
    compared = played(TurnKey("s::a against b", 81, 1), "math", [game])
    audition = report_of(plan_of(questions_of(["math"]), model=""), {})
    models = {compared.key.suite: ("a", "b")}
    yield "audition", as_json(replace(audition, is_audition=True, compared=(compared,), models=models))


@pytest.mark.parametrize("written", [pytest.param(report, id=name) for name, report in reports()])
@pytest.mark.parametrize("every_run", [False, True])
def test_what_a_run_writes_is_in_the_schema(written: dict[str, Any], every_run: bool) -> None:
    REPORT.validate(json.loads(as_text(written, every_run=every_run)))


@pytest.mark.parametrize(
    "path, value",
    [
        (("status",), "fine"), (("format",), "pytest-mtbench/2"), (("surprise",), 1), (("turns", 0, "turn"), 3),
        (("turns", 0, "score"), "7"), (("turns", 0, "surprise"), 1), (("gates", 0, "status"), "skipped"),
        (("scores", "overall", "surprise"), 1), (("calls", "answers", "made"), -1), (("seconds",), None),
    ],
)  # fmt: skip
def test_what_no_run_writes_is_not(path: tuple[Any, ...], value: object) -> None:
    written = json.loads(as_text(as_json(full_run())))
    place = written
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    assert not REPORT.is_valid(written)
