"""What may stand in a suite file, section by section."""

from __future__ import annotations

import itertools
import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from ..protocol.prompts import SYSTEM_PROMPT
from ..scores.consistency import MIN_CONSISTENCY
from ..untrusted.secrets import looks_secret, secret_places
from ..untrusted.urls import is_url
from .prices import PriceList
from .section import Section as _Section

Score = Annotated[float, Field(ge=1, le=10, allow_inf_nan=False)]
WinRate = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Runs = Annotated[int, Field(ge=1, le=100)]
NOT_ABOUT_THE_VALUE = "not_about_the_value"
"""The type of an error whose message must not end in the value."""


def _no_key(name: str) -> str:
    if looks_secret(name):
        raise ValueError("is a key")
    return name


EnvName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$"), AfterValidator(_no_key)]


def _no_secrets(value: dict[str, Any]) -> dict[str, Any]:
    places = list(secret_places(value))
    if places:
        verb = "look like secrets" if len(places) > 1 else "looks like a secret"
        message = f"{', '.join(places)} {verb}, which must not stand in a file; write env:NAME and set that variable"
        raise PydanticCustomError(NOT_ABOUT_THE_VALUE, message.replace("{", "(").replace("}", ")"))
    return value


Sent = Annotated[dict[str, Any], AfterValidator(_no_secrets)]
"""What is sent as it stands, but for `env:NAME`; never a secret itself."""


def _named(value: object) -> object:
    """A model's section; a name stands for one that says nothing else."""
    return {"name": value} if isinstance(value, str) else value


class Azure(_Section):
    """How an Azure OpenAI endpoint is addressed: `azure: {api_version: "2024-10-21"}`, or the version alone."""

    api_version: str
    deployment: str | None = None


def _checked_url(text: str) -> str:
    if not is_url(text):
        raise ValueError("must be a URL such as http://localhost:8000/v1")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must be a name")
    return text


class _Endpoint(_Section):
    name: Annotated[str, Field(min_length=1), AfterValidator(_not_blank)] | None = None
    base_url: Annotated[str, AfterValidator(_checked_url)] | None = Field(default=None, repr=False)
    api_key_env: EnvName | None = None
    temperature: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)] | None = None
    max_tokens: Count | None = None
    extra_body: Sent = Field(default_factory=dict)
    answer_from: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    thinking: Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=2, max_length=2)] | None = None
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


class JurorEndpoint(JudgeEndpoint):
    """One judge of a jury; its name tells it from the others."""

    name: Annotated[str, Field(min_length=1), AfterValidator(_not_blank)]


class MinWinRate(_Section):
    """The win rates, 0-1, that the gates must reach in pairwise mode."""

    overall: WinRate | None = None
    turns: dict[Literal[1, 2], WinRate] = Field(default_factory=dict)
    categories: dict[str, WinRate] = Field(default_factory=dict)


class OpponentEndpoint(_Endpoint):
    """A model that the one under test is compared with: where it is served, or a file of its answers."""

    system_prompt: str | None = None
    answers: Annotated[str, Field(min_length=1)] | None = None


class AgainstSection(OpponentEndpoint):
    """Pairwise mode: one other model, or several under `models`, and what the win rate must be."""

    min_win_rate: MinWinRate = MinWinRate()
    min_consistency: Share = MIN_CONSISTENCY
    models: list[OpponentEndpoint] = Field(default_factory=list)

    @field_validator("min_win_rate", mode="before")
    @classmethod
    def _one_number(cls, value: object) -> object:
        return {"overall": value} if isinstance(value, int | float) else value

    @field_validator("models", mode="before")
    @classmethod
    def _names_alone(cls, value: object) -> object:
        return [_named(one) for one in value] if isinstance(value, list) else value

    @model_validator(mode="after")
    def _one_or_several(self) -> AgainstSection:
        beside = sorted(self.model_fields_set - {"models", "min_win_rate", "min_consistency"})
        if self.models and beside:
            raise ValueError(f"has {beside[0]} beside `models`; put it into their entries")
        if any(model.name is None and model.answers is None for model in self.models):
            raise ValueError("each of `models` needs a name or a file of answers")
        return self

    @property
    def named(self) -> list[OpponentEndpoint]:
        """The models that it names."""
        return self.models or ([self] if self.name is not None or self.answers is not None else [])


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


class PeopleSection(_Section):
    """What people said of the answers, and what is asked of the judge and of the model by it."""

    files: list[Annotated[str, Field(min_length=1)]] = Field(default_factory=list)
    of_people: Annotated[float, Field(gt=0, le=2, allow_inf_nan=False)] = 0.5
    min_agreement: Annotated[float, Field(gt=0.5, lt=1, allow_inf_nan=False)] | None = None
    on_inconclusive: Literal["pass", "fail"] = "pass"
    min_win_rate: WinRate | None = None
    min_score: Score | None = None
    sample: Count = 80
    seed: int = 0

    @field_validator("files", mode="before")
    @classmethod
    def _one_file(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_measure(self) -> PeopleSection:
        if self.min_agreement is not None and "of_people" in self.model_fields_set:
            raise ValueError("has min_agreement beside of_people; leave one")
        return self

    @property
    def asks(self) -> bool:
        """Whether it asks for a gate, and so needs votes."""
        return bool(self.model_fields_set - {"files", "sample", "seed"})


class SuiteContent(_Section):
    """What one suite file says; what it leaves out is None or empty."""

    model: ModelEndpoint = ModelEndpoint()
    judge: JudgeEndpoint = JudgeEndpoint()
    jury: list[JurorEndpoint] = Field(default_factory=list, validation_alias="judge")
    questions: str | None = None
    references: str | None = None
    reference_categories: list[str] | None = None
    categories: list[str] = Field(default_factory=list)
    thresholds: Thresholds = Thresholds()
    baseline: BaselineSection = BaselineSection()
    against: AgainstSection = AgainstSection()
    people: PeopleSection = PeopleSection()
    runs: Runs | None = None
    concurrency: Concurrency = Concurrency()
    prices: PriceList = PriceList()
    budget: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None

    @field_validator("budget")
    @classmethod
    def _both_priced(cls, value: float | None, info: ValidationInfo) -> float | None:
        prices = info.data.get("prices")  # None where it is wrong itself
        if value is not None and prices is not None and not (prices.model and prices.judged):
            raise PydanticCustomError(NOT_ABOUT_THE_VALUE, "needs prices for model and judge, in USD a million tokens")
        return value

    @field_validator("model", mode="before")
    @classmethod
    def _name_alone(cls, value: object) -> object:
        return _named(value)

    @field_validator("judge", mode="before")
    @classmethod
    def _one_judge(cls, value: object) -> object:
        if isinstance(value, list):  # one of them is one judge; several are `jury`, which reads the same key
            return _named(value[0]) if len(value) == 1 else {}
        return _named(value)

    @field_validator("jury", mode="before")
    @classmethod
    def _several(cls, value: object) -> object:
        if value == []:
            raise PydanticCustomError(NOT_ABOUT_THE_VALUE, "names no judge; name one, or several")
        return [_named(one) for one in value] if isinstance(value, list) and len(value) > 1 else []

    @field_validator("jury")
    @classmethod
    def _repeats_are_the_jurys(cls, value: list[JurorEndpoint]) -> list[JurorEndpoint]:
        if len({judge.repeats or 1 for judge in value}) > 1:
            message = "repeats must be the same for every judge; say it for each, or leave it out"
            raise PydanticCustomError(NOT_ABOUT_THE_VALUE, message)
        return value

    @field_validator("baseline", mode="before")
    @classmethod
    def _file_alone(cls, value: object) -> object:
        return {"file": value} if isinstance(value, str) else value

    @field_validator("people", mode="before")
    @classmethod
    def _files_alone(cls, value: object) -> object:
        return {"files": value} if isinstance(value, str | list) else value

    @field_validator("against", mode="before")
    @classmethod
    def _model_or_models(cls, value: object) -> object:
        return {"models": value} if isinstance(value, list) else _named(value)
