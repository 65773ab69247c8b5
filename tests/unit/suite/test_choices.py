from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from pytest_mtbench.domain.endpoint import Endpoint
from pytest_mtbench.domain.errors import ConfigError
from pytest_mtbench.suite.choices import Precedence, Setting, choose
from pytest_mtbench.suite.file import SuiteFile
from pytest_mtbench.suite.settings import GivenPath, Settings

HERE = Path("/work")


def header(text: str = "", environ: Mapping[str, str] | None = None, **said: Any) -> list[tuple[str, str, str]]:
    """What the header says of a suite file's text and a command line."""
    settings = Settings(rootdir=HERE, cwd=HERE, **said)
    choices = choose(SuiteFile.from_text(text, "s.yaml"), settings, environ or {})
    return list(choices.header((choices.baseline,)))


@pytest.mark.parametrize(
    "option, in_file, ambient, value, source",
    [
        (1, 2, 3, 1, "--mtbench-x"),
        (None, 2, 3, 2, "s.yaml"),
        (None, None, 3, 3, "OPENAI_BASE_URL"),
        (None, None, None, 0, ""),
        (0, 2, 3, 0, "--mtbench-x"),  # as the default, and said all the same
    ],
)
def test_the_first_that_says_something_counts(
    option: int | None, in_file: int | None, ambient: int | None, value: int, source: str
) -> None:
    found = Precedence("s.yaml").setting("x", option, in_file, 0, ambient)
    assert (found.value, found.source, found.is_given) == (value, source, bool(source))


def test_a_default_is_not_shown_whoever_says_it() -> None:
    assert Setting("x", 1, 1, "--mtbench-x").shown is None
    assert Setting("x", 2, 1).shown is None
    assert Setting("x", 2, 1, "--mtbench-x").shown == ("x", "2", "--mtbench-x")
    assert Setting("x", 2, 1, "--mtbench-x", "two").shown == ("x", "two", "--mtbench-x")


def test_the_header_is_in_one_order() -> None:
    found = header(
        "judge: {name: j, base_url: 'http://user:secret@localhost:1/v1/'}\n"
        "runs: 2\nbudget: 5\nprices: {model: {input: 1, output: 1}, judge: {input: 1, output: 1}}\n"
        "concurrency: {judge: 3}\ncategories: [math, coding]\nreferences: r.jsonl\nthresholds: {rule: confident}\n"
        "baseline: {file: b.json, looks: [1, 3], sentinel: 40}\n",
        environ={"OPENAI_BASE_URL": "http://localhost:2/v1/"},
        model="m",
        questions="set",
        limit=4,
        shard=(1, 2),
        cache="refresh",
        cache_dir=GivenPath("kept", HERE / "kept"),
        timeout=5.0,
        retries=0,
        revision="r2",
        judge_repeats=3,
        minimums=(("math", 6.0), ("overall", 7.5)),
    )
    assert found == [
        ("questions", "set", "--mtbench-questions"),
        ("model", "m", "--mtbench-model"),
        ("base-url", "http://localhost:2/v1", "OPENAI_BASE_URL"),
        ("judge", "j", "s.yaml"),
        ("judge-base-url", "http://localhost:1/v1", "s.yaml"),
        ("judge-concurrency", "3", "s.yaml"),
        ("runs", "2", "s.yaml"),
        ("judge-repeats", "3", "--mtbench-judge-repeats"),
        ("revision", "r2", "--mtbench-revision"),
        ("budget", "5.0", "s.yaml"),
        ("baseline", "b.json", "s.yaml"),
        ("limit", "4", "--mtbench-limit"),
        ("shard", "1/2", "--mtbench-shard"),
        ("cache", "refresh", "--mtbench-cache"),
        ("cache-dir", "kept", "--mtbench-cache-dir"),
        ("timeout", "5", "--mtbench-timeout"),
        ("retries", "0", "--mtbench-retries"),
        ("categories", "math, coding", "s.yaml"),
        ("references", "r.jsonl", "s.yaml"),
        ("rule", "confident", "s.yaml"),
        ("baseline.looks", "[1, 3]", "s.yaml"),
        ("baseline.sentinel", "40", "s.yaml"),
        ("min", "math=6", "--mtbench-min"),
        ("min", "overall=7.5", "--mtbench-min"),
    ]


def test_a_baseline_of_the_command_line_is_called_as_it_was_typed() -> None:
    given = GivenPath("../b.json", HERE / "../b.json")
    assert ("baseline", "../b.json", "--mtbench-baseline") in header("baseline: a.json", model="m", baseline=given)


@pytest.mark.parametrize(
    "text, said, expected",
    [
        ("", {"model": "demo"}, ("house", "http://demo.localhost/v1", "demo-judge", "http://demo.localhost/v1")),
        (
            "", {"model": "demo", "base_url": "http://localhost:1/v1"},
            ("mt_bench", "http://localhost:1/v1", "gpt-4o", "http://localhost:1/v1"),
        ),
        (
            "judge: demo-judge", {"model": "m"},
            ("mt_bench", "https://api.openai.com/v1", "demo-judge", "http://demo.localhost/v1"),
        ),
    ],
)  # fmt: skip
def test_the_demo_brings_its_own_defaults(text: str, said: Any, expected: tuple[str, ...]) -> None:
    settings = Settings(rootdir=HERE, cwd=HERE, **said)
    found = choose(SuiteFile.from_text(text, "s.yaml"), settings, {})
    assert (found.questions.value, found.base_url.value, found.judge.value, found.judge_base_url.value) == expected


@pytest.mark.parametrize(
    "text, environ, message",
    [
        ("judge: j", {}, "s.yaml: names no model; add `model:` to it, or give --mtbench-model=NAME"),
        ("model: m", {"OPENAI_BASE_URL": "localhost:1"}, "OPENAI_BASE_URL: must be a URL"),
    ],
)
def test_what_cannot_be_chosen(text: str, environ: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        header(text, environ)


def test_a_default_stands_in_one_place() -> None:
    said = Settings(rootdir=HERE, cwd=HERE)
    assert (said.timeout, said.retries) == (Endpoint.timeout, Endpoint.retries)
    assert said.cache_folder == HERE / ".mtbench_cache"
    unsaid = {field.name for field in fields(said) if getattr(said, field.name) in (None, (), "", False)}
    assert {field.name for field in fields(said)} - unsaid == {"rootdir", "cwd", "timeout", "retries", "cache"}


@pytest.mark.parametrize(
    "reports, alone", [([], False), (["a.html"], False), (["a.json"], True), (["a.html", "a.json"], True)]
)
def test_a_page_is_of_all_suites_and_any_other_report_of_one(reports: list[str], alone: bool) -> None:
    assert Settings(rootdir=HERE, cwd=HERE, reports=tuple(map(Path, reports))).of_one_suite is alone
