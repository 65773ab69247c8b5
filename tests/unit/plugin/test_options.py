from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_mtbench.plugin import option_types
from pytest_mtbench.plugin.options import add_options
from pytest_mtbench.suite import choices
from pytest_mtbench.suite.settings import Settings


class Parser:
    """Gathers what `add_options` defines, as pytest's own parser does."""

    def __init__(self) -> None:
        self.options: dict[str, dict[str, Any]] = {}

    def getgroup(self, *_: str) -> Parser:
        return self

    def addoption(self, name: str, **more: Any) -> None:
        self.options[name.removeprefix("--mtbench-")] = more


@pytest.fixture
def options() -> dict[str, dict[str, Any]]:
    parser = Parser()
    add_options(parser)  # type: ignore[arg-type]
    return parser.options


def test_no_option_has_a_default_so_that_what_was_said_is_known(options: dict[str, dict[str, Any]]) -> None:
    assert {option["default"] for option in options.values()} == {None}


@pytest.mark.parametrize(
    "name, default",
    [
        ("timeout", f"{Settings.timeout:g}"),
        ("retries", Settings.retries),
        ("cache", Settings.cache),
        ("judge", choices.DEFAULT_JUDGE),
        ("questions", choices.DEFAULT_QUESTIONS),
        ("concurrency", choices.DEFAULT_CONCURRENCY),
        ("judge-concurrency", choices.DEFAULT_CONCURRENCY),
        ("runs", 1),
        ("judge-repeats", 1),
    ],
)
def test_the_help_names_the_default_that_holds(options: dict[str, dict[str, Any]], name: str, default: object) -> None:
    assert f"(default: {default})" in options[name]["help"]


@pytest.mark.parametrize(
    "parse, text, value",
    [
        (option_types.path, "a/b", Path("a/b")),
        (option_types.report, "r.json", Path("r.json")),
        (option_types.minimum, "7.5", ("overall", 7.5)),
        (option_types.minimum, "turn2=0", ("turn2", 0.0)),
        (option_types.shard, "2/3", (2, 3)),
        (option_types.names, "a, b.jsonl", ("a", "b.jsonl")),
    ],
)
def test_values(parse: Callable[[str], Any], text: str, value: object) -> None:
    assert parse(text) == value


@pytest.mark.parametrize(
    "parse, text, expected",
    [
        (option_types.path, "", "must be a path, not ''"),
        (option_types.path, "  ", "must be a path, not '  '"),
        (option_types.report, "", "must be a file ending in .html or .json or .jsonl or .md, not ''"),
        (option_types.names, "a,,b", "must be a name, a file"),
        (option_types.shard, "3/2", "must be I/N with I from 1 to N"),
    ],
)
def test_values_that_are_none(parse: Callable[[str], Any], text: str, expected: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="^" + expected.replace("'", ".")):
        parse(text)
