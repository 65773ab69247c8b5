"""What a value of the command line may be; argparse names the option where one is not.

Imported at every start of pytest, so it imports nothing but the standard library.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..untrusted.text import join_surrogates
from ..untrusted.urls import is_url

REPORT_SUFFIXES = (".html", ".json", ".jsonl", ".md")
SHEET_SUFFIXES = (".html", ".csv")


def _parser(expected: str) -> Callable[[Callable[[str], Any]], Callable[[str], Any]]:
    """Turns a parser's ValueError into argparse's message, which names the option."""

    def decorate(parse: Callable[[str], Any]) -> Callable[[str], Any]:
        def checked(text: str) -> Any:
            try:
                return parse(text)
            except ValueError:
                raise argparse.ArgumentTypeError(f"must be {expected}, not {text!r}") from None

        return checked

    return decorate


def _require(holds: bool) -> None:
    if not holds:
        raise ValueError


@_parser("a whole number from 1")
def count(text: str) -> int:
    _require(1 <= int(text) <= 1_000_000)
    return int(text)


@_parser("a whole number from 1 to 100")
def repeats(text: str) -> int:
    _require(1 <= int(text) <= 100)
    return int(text)


@_parser("a whole number from 0")
def whole(text: str) -> int:
    _require(int(text) >= 0)
    return int(text)


@_parser("a number of seconds above 0")
def seconds(text: str) -> float:
    _require(0 < float(text) < float("inf"))
    return float(text)


@_parser("a name")
def text(text: str) -> str:
    _require(bool(text.strip()) and join_surrogates(text) == text)
    return text


@_parser("a name, or several with commas between them")
def judges(text: str) -> str:
    """Split later: a suite file may have a judge whose name holds a comma."""
    _require(bool(text) and all(name.strip() for name in text.split(",")) and join_surrogates(text) == text)
    return text


@_parser("a name, a file, or several with commas between them")
def names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    _require(all(names) and join_surrogates(text) == text)
    return names


def url(text: str) -> str:
    if not is_url(text):  # not shown: there may be a password in it
        raise argparse.ArgumentTypeError("must be a URL such as http://localhost:8000/v1")
    return text


@_parser("[KEY=]SCORE with a score from 1 to 10, or a win rate from 0 to 1 with --mtbench-against")
def minimum(text: str) -> tuple[str, float]:
    key, _, score = text.rpartition("=")
    _require(0 <= float(score) <= 10)
    return key or "overall", float(score)


@_parser("I/N with I from 1 to N")
def shard(text: str) -> tuple[int, int]:
    share, _, shares = text.partition("/")
    _require(1 <= int(share) <= int(shares))
    return int(share), int(shares)


@_parser("a path")
def path(text: str) -> Path:
    _require(bool(text.strip()))  # of a variable that is not set; it would be the working directory
    return Path(text)


@_parser("a file ending in " + " or ".join(SHEET_SUFFIXES))
def rate_sheet(text: str) -> Path:
    _require(Path(text).suffix in SHEET_SUFFIXES)
    return Path(text)


@_parser("a file ending in " + " or ".join(REPORT_SUFFIXES))
def report(text: str) -> Path:
    _require(Path(text).suffix in REPORT_SUFFIXES)
    return Path(text)
