"""The base of every section of the configuration."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from components.shared.column_names import plain_name

Fraction = Annotated[float, Field(gt=0, lt=1)]
Column = Annotated[str, StringConstraints(min_length=1), AfterValidator(plain_name)]
Level = Literal["ignore", "warn", "fail"]


class Section(BaseModel):
    """Base of every section: immutable, and no key it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)
