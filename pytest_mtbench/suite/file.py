"""The suite file: YAML -> a frozen, validated `SuiteContent`, every error at once with file, line and key."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeGuard, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from ..domain.errors import ConfigError
from . import yaml as suite_yaml
from .schema import SuiteContent
from .section import NOT_ABOUT_THE_VALUE

LARGEST_FILE = 2**20
"""Bytes; a parser of YAML needs a thousand times the memory of its text."""


class SuiteFile:
    """A parsed suite file that can still say where each key stands.

    Args:
        content: what it says.
        name: how messages call the file.
        lines: line numbers by key path.
    """

    def __init__(self, content: SuiteContent, name: str, lines: Mapping[tuple[str, ...], int]) -> None:
        self.content = content
        self.name = name
        self._lines = lines

    @classmethod
    def from_file(cls, path: Path) -> SuiteFile:
        """Reads and validates a suite file.

        Raises:
            ConfigError: it cannot be read, does not parse or does not validate; one line a problem.
        """
        try:
            size = path.stat().st_size
            if size > LARGEST_FILE:
                raise ConfigError(
                    f"{path}: the suite file has {size / 2**20:.0f} MiB; it holds some keys and is never above "
                    f"{LARGEST_FILE / 2**20:.0f} MiB"
                )
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else f"not UTF-8 text, at byte {error.start}"
            raise ConfigError(f"{path}: the suite file cannot be read ({reason})") from error
        return cls.from_text(text, path.name)

    @classmethod
    def from_text(cls, text: str, name: str) -> SuiteFile:
        """Parses and validates the text of a suite file; raises as `from_file` does."""
        try:
            data, lines, twice = suite_yaml.load(text)
        except yaml.YAMLError as error:
            raise ConfigError(suite_yaml.syntax_error(error, name)) from error
        except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError) as error:
            # What PyYAML lets through of values that are none, and of nesting without end.
            deep = isinstance(error, RecursionError)
            what = "nested too deeply" if deep else type(error).__name__
            raise ConfigError(f"{name}: not valid YAML ({what})") from error
        if not isinstance(data, dict):
            raise ConfigError(f"{name}:1: the suite file must be a mapping of keys, not a {type(data).__name__}")
        problems = [f"{name}:{line}: {path}: stands twice" for line, path in twice]
        return cls.from_dict(data, name, lines, problems)

    @classmethod
    def from_dict(
        cls,
        data: Mapping[str, Any],
        name: str,
        lines: Mapping[tuple[str, ...], int] | None = None,
        problems: Sequence[str] = (),
    ) -> SuiteFile:
        """Validates plain values; raises as `from_file` does.

        Args:
            problems: what is known to be wrong already, reported with the rest.
        """
        found = list(problems)
        empty = SuiteFile(SuiteContent(), name, lines or {})
        try:
            content = SuiteContent.model_validate(data)
        except ValidationError as error:
            found += [empty.at(*_problem(details)) for details in error.errors()]
        if found:
            raise ConfigError(*found)
        return cls(content, name, lines or {})

    def at(self, path: Sequence[str | int], message: str) -> str:
        """A message that starts with file, line and key path."""
        keys = tuple("null" if key in (None, "None") else str(key) for key in path)
        line = next((self._lines[keys[:n]] for n in range(len(keys), -1, -1) if keys[:n] in self._lines), None)
        place = f"{self.name}:{line}" if line else self.name
        return f"{place}: {'.'.join(keys)}: {message}" if keys else f"{place}: {message}"


def suggestion(name: str, known: Sequence[str]) -> str:
    """`; did you mean math?` where a known name is near, else what there is."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}?" if near else f"; there is {', '.join(known) or 'none'}"


def _problem(details: Any) -> tuple[tuple[str | int, ...], str]:
    """A pydantic error as key path and message; the value is shown only where it cannot be a secret."""
    path = tuple(key for key in details["loc"] if key != "[key]")
    if details["type"] == "extra_forbidden":
        return path, "unknown key" + suggestion(str(path[-1]), _fields_at(path[:-1]))
    if "api_key_env" in path or "token_env" in path:
        return path, "must be the name of an environment variable (the key itself never stands in the file)"
    about_value = details["type"] != NOT_ABOUT_THE_VALUE
    message = str(details["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    message = message[:1].lower() + message[1:] if about_value else message
    if details["type"] in ("model_type", "dict_type"):
        message = "must be a mapping of keys"
    if "base_url" in path:
        message = "must be a URL such as http://localhost:8000/v1"
    if "headers" in path and details["type"] == "string_type":  # a number may be a key here
        return path, "must be a text; put it into quotes"
    value = details["input"]
    if about_value and (isinstance(value, bool | int | float) or _is_harmless(value, path)):
        message += f", not {_shown(value)}"
    return path, message


def _shown(value: object) -> str:
    """A value in a message; a number of thousands of digits is not spelt."""
    try:
        text = repr(value)
    except ValueError:
        return "a number of very many digits"
    return text if len(text) <= 40 else f"{text[:37]}..."


def _is_harmless(value: object, path: Sequence[str | int]) -> bool:
    """Whether a text may be shown: it may be a key that was put in the wrong place, or a URL with a password."""
    short = isinstance(value, str) and len(value) <= 12 and not value.lower().startswith("sk-")
    return short and "base_url" not in path


def _fields_at(path: Sequence[str | int]) -> list[str]:
    """The keys that the section at a path knows."""
    section: type[BaseModel] = SuiteContent
    for key in path:
        if isinstance(key, int):  # of a list, whose sections are all alike
            continue
        annotation = section.model_fields[key].annotation
        candidates = [annotation, *getattr(annotation, "__args__", ())]
        section = next(c for c in candidates if _is_section(c))
    return list(dict.fromkeys(str(field.validation_alias or name) for name, field in section.model_fields.items()))


def _is_section(annotation: Any) -> TypeGuard[type[BaseModel]]:
    # On Python 3.10 `list[X]` is a class to `isinstance`, and none to `issubclass`.
    return get_origin(annotation) is None and isinstance(annotation, type) and issubclass(annotation, BaseModel)
