"""The base of every section of the configuration, and the type of a value that a registry lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

Fraction = Annotated[float, Field(gt=0, lt=1)]


class Section(BaseModel):
    """Base of every section: immutable, and no key it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)


class Described(Protocol):
    """What a registry says of one of its names; `components.shared.registry.Entry` is one."""

    @property
    def description(self) -> str:
        """What the name stands for; no full stop."""


class OneOf:
    """Marks a text as a name of a registry: `Annotated[str, OneOf(TRUNKS)]`.

    It is checked like a `Literal` of the names that are registered when a value is checked. The JSON Schema lists them
    as `enum`, with their descriptions as `enumDescriptions`, which editors show.

    Args:
        registry: name -> what it says of it.
    """

    def __init__(self, registry: Mapping[str, Described]) -> None:
        self.registry = registry

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Returns how pydantic checks a value."""
        return core_schema.no_info_plain_validator_function(self._checked)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Returns the names and what they stand for."""
        descriptions = [entry.description for entry in self.registry.values()]
        return {"type": "string", "enum": list(self.registry), "enumDescriptions": descriptions}

    def _checked(self, value: Any) -> str:
        if isinstance(value, str) and value in self.registry:
            return value
        *others, last = (f"'{name}'" for name in self.registry)
        raise PydanticKnownError("literal_error", {"expected": f"{', '.join(others)} or {last}" if others else last})
