"""What a question set says of itself: the `question_set.json` in its folder, which need not be there."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ..domain.errors import ConfigError
from ..domain.question import Edition
from .jsonl import LARGEST_SET_FILE, read_text

_LONGEST_EDITION = 40


@dataclass(frozen=True)
class About:
    """What a set says of itself.

    Args:
        edition: a whole number or a short text that another edition of the set does not have.
        reference_categories: those that are judged with references, as far as there are any.
    """

    edition: Edition | None = None
    reference_categories: frozenset[str] | None = None


def read_about(folder: Path) -> About:
    """What the `question_set.json` of a folder says; nothing where there is none.

    Raises:
        ConfigError: it is not a JSON object of known keys; every problem is named.
    """
    path = folder / "question_set.json"
    if not path.exists():
        return About()
    try:
        found = json.loads(read_text(path, LARGEST_SET_FILE))
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: not valid JSON ({error})") from error
    if not isinstance(found, dict):
        raise ConfigError(f"{path}: not a JSON object but {type(found).__name__}")
    if problems := list(_problems(found)):
        raise ConfigError(*(f"{path}: {problem}" for problem in problems))
    categories = found.get("reference_categories")
    return About(found.get("edition"), None if categories is None else frozenset(categories))


def _problems(found: dict[str, Any]) -> Iterator[str]:
    known = [field.name for field in fields(About)]
    for key in sorted(found.keys() - known):
        near = difflib.get_close_matches(key, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there is {' and '.join(known)}"
        yield f"unknown key {key[:80]!r}; {hint}"
    edition, categories = found.get("edition"), found.get("reference_categories")
    if edition is not None and not _is_edition(edition):
        yield f"edition must be a whole number from 1 or a text of 1 to {_LONGEST_EDITION} characters, not {edition!r}"
    if categories is not None and not _are_names(categories):
        yield f"reference_categories must be a list of categories, not {categories!r}"


def _is_edition(value: object) -> bool:
    if isinstance(value, str):
        return value.strip() == value != "" and len(value) <= _LONGEST_EDITION and value.isprintable()
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _are_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) and name for name in value)
