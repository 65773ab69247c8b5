"""What may stand in a suite file, section by section."""

from __future__ import annotations

import itertools
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from ..scores.consistency import MIN_CONSISTENCY
from .endpoints import JudgeEndpoint, JurorEndpoint, ModelEndpoint, OpponentEndpoint, named
from .prices import PriceList
from .section import NOT_ABOUT_THE_VALUE, Count, Runs, Section

Score = Annotated[float, Field(ge=1, le=10, allow_inf_nan=False)]
WinRate = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class MinWinRate(Section):
    """The win rates, 0-1, that the gates must reach in pairwise mode."""

    overall: WinRate | None = None
    turns: dict[Literal[1, 2], WinRate] = Field(default_factory=dict)
    categories: dict[str, WinRate] = Field(default_factory=dict)


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
        return [named(one) for one in value] if isinstance(value, list) else value

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


class Thresholds(Section):
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


class Concurrency(Section):
    """Requests in flight to each endpoint."""

    model: Count | None = None
    judge: Count | None = None


class BaselineSection(Section):
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


class PeopleSection(Section):
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


class SuiteContent(Section):
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
        return named(value)

    @field_validator("judge", mode="before")
    @classmethod
    def _one_judge(cls, value: object) -> object:
        if isinstance(value, list):  # one of them is one judge; several are `jury`, which reads the same key
            return named(value[0]) if len(value) == 1 else {}
        return named(value)

    @field_validator("jury", mode="before")
    @classmethod
    def _several(cls, value: object) -> object:
        if value == []:
            raise PydanticCustomError(NOT_ABOUT_THE_VALUE, "names no judge; name one, or several")
        return [named(one) for one in value] if isinstance(value, list) and len(value) > 1 else []

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
        return {"models": value} if isinstance(value, list) else named(value)
