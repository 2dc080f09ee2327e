"""The types that the sections of the configuration share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, StringConstraints

from components.objects.place import one_of, prefixes
from components.shared.column_names import plain_name
from components.shared.section import Fraction, OneOf, Section

__all__ = ["STORES", "Column", "Fraction", "Level", "OneOf", "Section"]

Column = Annotated[str, StringConstraints(min_length=1), AfterValidator(plain_name)]
Level = Literal["ignore", "warn", "fail"]

STORES = one_of(prefixes(), "`")
"""What the address of an object store begins with, as the reference says it."""
