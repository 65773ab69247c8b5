"""The section `prices` of a suite file."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from .section import Section

Price = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]


class Prices(Section):
    """USD a million tokens."""

    input: Price
    output: Price


def _is_by_name(value: object) -> bool:
    """Whether it is a price for each of several names, and not one price."""
    return isinstance(value, dict) and bool(value) and all(isinstance(one, dict) for one in value.values())


class PriceList(Section):
    """The prices of the model, the judge (of a jury each one's) and the models that it is compared with."""

    model: Prices | None = None
    judge: Prices | None = None
    judges_by_name: dict[str, Prices] = Field(default_factory=dict, validation_alias="judge")
    judges_in_order: list[Prices] = Field(default_factory=list, validation_alias="judge")
    against: Prices | None = None

    @field_validator("judge", mode="before")
    @classmethod
    def _one(cls, value: object) -> object:
        return None if isinstance(value, list) or _is_by_name(value) else value

    @field_validator("judges_by_name", mode="before")
    @classmethod
    def _by_name(cls, value: object) -> object:
        return value if _is_by_name(value) else {}

    @field_validator("judges_in_order", mode="before")
    @classmethod
    def _in_order(cls, value: object) -> object:
        return value if isinstance(value, list) else []

    @property
    def judged(self) -> bool:
        """Whether a judge has a price."""
        return bool(self.judge or self.judges_by_name or self.judges_in_order)
