"""What every section of a suite file is."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=1, le=1_000_000)]
Runs = Annotated[int, Field(ge=1, le=100)]
NOT_ABOUT_THE_VALUE = "not_about_the_value"
"""The type of an error whose message must not end in the value."""


class Section(BaseModel):
    """A section: unknown keys and wrong types are refused, values are not shown in errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)
