"""The suite file: YAML -> a frozen, validated `Suite`, every error at once with file, line and key."""

from __future__ import annotations

import difflib
import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator

from . import suite_yaml
from .errors import ConfigError
from .prompts import SYSTEM_PROMPT
from .urls import is_url

Score = Annotated[float, Field(ge=1, le=10, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Runs = Annotated[int, Field(ge=1, le=100)]
Price = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
EnvName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]

FUTURE_KEYS = {
    "against": "pairwise grading is not in this version",
}

LARGEST_FILE = 2**20
"""Bytes; a parser of YAML needs a thousand times the memory of its text."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class Azure(_Section):
    """How an Azure OpenAI endpoint is addressed: `azure: {api_version: "2024-10-21"}`, or the version alone."""

    api_version: str
    deployment: str | None = None


def _checked_url(text: str) -> str:
    if not is_url(text):
        raise ValueError("must be a URL such as http://localhost:8000/v1")
    return text


class _Endpoint(_Section):
    name: Annotated[str, Field(min_length=1)] | None = None
    base_url: Annotated[str, AfterValidator(_checked_url)] | None = Field(default=None, repr=False)
    api_key_env: EnvName | None = None
    temperature: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)] | None = None
    max_tokens: Count | None = None
    extra_body: dict[str, Any] = Field(default_factory=dict)
    azure: Azure | None = None

    @field_validator("extra_body", mode="before")
    @classmethod
    def _as_json(cls, value: object) -> object:
        """What will be sent, as JSON reads it back: keys are text there, and the cache compares with that."""
        try:
            return json.loads(json.dumps(value, allow_nan=False))
        except (TypeError, ValueError, RecursionError):
            raise ValueError("must hold plain JSON values") from None

    @field_validator("azure", mode="before")
    @classmethod
    def _version_alone(cls, value: object) -> object:
        return {"api_version": value} if isinstance(value, str) else value


class ModelEndpoint(_Endpoint):
    """The model under test and where it is served."""

    system_prompt: str = SYSTEM_PROMPT


class JudgeEndpoint(_Endpoint):
    """The judge and where it is served; `repeats` judgments of each answer."""

    repeats: Runs | None = None


class Thresholds(_Section):
    """The scores, 1-10, that the gates and the turns must reach."""

    overall: Score | None = None
    turns: dict[Literal[1, 2], Score] = Field(default_factory=dict)
    categories: dict[str, Score] = Field(default_factory=dict)
    floor: dict[str, Score] = Field(default_factory=dict)
    rule: Literal["mean", "confident"] = "mean"
    max_unscored: Share = 0.05

    @field_validator("floor", mode="before")
    @classmethod
    def _one_number(cls, value: object) -> object:
        return {"default": value} if isinstance(value, int | float) else value


class Concurrency(_Section):
    """Requests in flight to each endpoint."""

    model: Count | None = None
    judge: Count | None = None


class Prices(_Section):
    """USD a million tokens."""

    input: Price
    output: Price


class PriceList(_Section):
    """The prices of model and judge."""

    model: Prices | None = None
    judge: Prices | None = None


class BaselineSection(_Section):
    """The report that the model is held against, and how."""

    file: Annotated[str, Field(min_length=1)] | None = None
    margin: Annotated[float, Field(gt=0, le=9, allow_inf_nan=False)] | None = None
    alpha: Annotated[float, Field(gt=0, lt=0.5, allow_inf_nan=False)] | None = None
    looks: Annotated[list[Runs], Field(min_length=1, max_length=5)] | None = None
    category_drop: Annotated[float, Field(ge=0, le=9, allow_inf_nan=False)] | None = None
    sentinel: Annotated[int, Field(ge=0)] = 0
    on_inconclusive: Literal["pass", "fail"] = "pass"

    @field_validator("looks")
    @classmethod
    def _growing(cls, value: list[int] | None) -> list[int] | None:
        if value is not None and any(later <= earlier for earlier, later in itertools.pairwise(value)):
            raise ValueError("must grow: the candidate's runs at each look, as [1, 3]")
        return value

    @field_validator("sentinel")
    @classmethod
    def _enough(cls, value: int) -> int:
        if value == 1:
            raise ValueError("must be 0 or at least 2: one judgment shows no scatter")
        return value


class Suite(_Section):
    """What one suite file says; what it leaves out is None or empty."""

    model: ModelEndpoint = ModelEndpoint()
    judge: JudgeEndpoint = JudgeEndpoint()
    questions: str | None = None
    references: str | None = None
    categories: list[str] = Field(default_factory=list)
    thresholds: Thresholds = Thresholds()
    baseline: BaselineSection = BaselineSection()
    runs: Runs | None = None
    concurrency: Concurrency = Concurrency()
    prices: PriceList = PriceList()
    budget: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None

    @field_validator("model", "judge", mode="before")
    @classmethod
    def _name_alone(cls, value: object) -> object:
        return {"name": value} if isinstance(value, str) else value

    @field_validator("baseline", mode="before")
    @classmethod
    def _file_alone(cls, value: object) -> object:
        return {"file": value} if isinstance(value, str) else value


class SuiteFile:
    """A parsed suite file that can still say where each key stands.

    Args:
        suite: what it says.
        name: how messages call the file.
        lines: line numbers by key path.
    """

    def __init__(self, suite: Suite, name: str, lines: Mapping[tuple[str, ...], int]) -> None:
        self.suite = suite
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
        known = {key: value for key, value in data.items() if key not in FUTURE_KEYS}
        empty = SuiteFile(Suite(), name, lines or {})
        found += [empty.at((key,), why) for key, why in FUTURE_KEYS.items() if key in data]
        try:
            suite = Suite.model_validate(known)
        except ValidationError as error:
            found += [empty.at(*_problem(details)) for details in error.errors()]
        prices, budget = data.get("prices"), data.get("budget")
        if (
            isinstance(budget, int | float)
            and budget > 0
            and not (isinstance(prices, dict) and {"model", "judge"} <= prices.keys())
        ):
            found.append(empty.at(("budget",), "needs prices for model and judge, in USD a million tokens"))
        if found:
            raise ConfigError(*found)
        return cls(suite, name, lines or {})

    def at(self, path: Sequence[str | int], message: str) -> str:
        """A message that starts with file, line and key path."""
        keys = tuple("null" if key in (None, "None") else str(key) for key in path)
        line = next((self._lines[keys[:n]] for n in range(len(keys), -1, -1) if keys[:n] in self._lines), None)
        place = f"{self.name}:{line}" if line else self.name
        return f"{place}: {'.'.join(keys)}: {message}" if keys else f"{place}: {message}"


def suggestion(name: str, known: Sequence[str]) -> str:
    """`; did you mean math?` where a known name is near, else what there is."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}?" if near else f"; there is {', '.join(known)}"


def _problem(details: Any) -> tuple[tuple[str | int, ...], str]:
    """A pydantic error as key path and message; the value is shown only where it cannot be a secret."""
    path = tuple(key for key in details["loc"] if key != "[key]")
    if details["type"] == "extra_forbidden":
        return path, "unknown key" + suggestion(str(path[-1]), _fields_at(path[:-1]))
    if "api_key_env" in path:
        return path, "must be the name of an environment variable (the key itself never stands in the file)"
    message = str(details["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    message = message[:1].lower() + message[1:]
    if details["type"] in ("model_type", "dict_type"):
        message = "must be a mapping of keys"
    if "base_url" in path:
        message = "must be a URL such as http://localhost:8000/v1"
    value = details["input"]
    if isinstance(value, bool | int | float) or _is_harmless(value, path):
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
    section: type[BaseModel] = Suite
    for key in path:
        annotation = section.model_fields[str(key)].annotation
        candidates = [annotation, *getattr(annotation, "__args__", ())]
        section = next(c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel))
    return list(section.model_fields)
