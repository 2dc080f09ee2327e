"""What pydantic says of a configuration, as sentences a user can act on."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from pipeline.config.row_checks import CHECKS
from pipeline.config.run import Config
from pipeline.config.tuning import RANGE, SearchRange
from pipeline.errors import did_you_mean

# The parts that pydantic adds to a place for the kind of an entry, and its model.
_KINDS: dict[str, type[BaseModel]] = {**CHECKS, RANGE: SearchRange}
# The two branches of "a text or a list of texts" as pydantic calls them.
_TEXT = ("str", "constrained-str")
_TEXTS = ("list[str]", "list[constrained-str]")

_CONSTRAINTS = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text",
    "string_too_short": "at least {min_length} character long",
    "string_too_long": "at most {max_length} character long",
    "string_pattern_mismatch": "letters, digits and inner blanks, dots and hyphens",
    "list_type": "a list",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
    "greater_than": "above {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "below {lt}",
    "less_than_equal": "at most {le}",
}


def explain(error: ValidationError, values: dict[str, Any], origins: Mapping[str, str], file: Path | None) -> list[str]:
    """Returns one sentence per problem pydantic found.

    Args:
        error: what pydantic found.
        values: the values it was given.
        origins: dotted key -> where its value comes from.
        file: the configuration file, None when there is none.
    """
    sentences = []
    for problem in error.errors():
        kind, given = problem["type"], problem["input"]
        place = _place(problem["loc"], values, kind)
        if place is None:
            continue
        key = _dotted(place)
        if kind == "extra_forbidden":
            known = _keys_at(problem["loc"][:-1])
            hint = did_you_mean(str(place[-1]), known) or f" Known keys: {', '.join(known)}."
            sentences.append(f"{key} must be a known key, got an unknown one.{hint}")
        elif kind == "missing":
            hint = (
                "Give it with --data, --regression and --classification, or in a file."
                if file is None
                else f"Add it to {file.name}."
            )
            sentences.append(f"{key} must be given, got nothing. {hint}")
        elif kind in ("union_tag_invalid", "union_tag_not_found"):
            got = shown(given.get("check") if isinstance(given, dict) else given)
            hint = did_you_mean(got, CHECKS)
            sentences.append(f"{key}.check must be one of {', '.join(CHECKS)}, got {got}.{hint}")
        elif kind == "value_error":
            sentences.append(_own_sentence(key, problem["msg"].removeprefix("Value error, ")))
        elif kind == "invalid_key":
            sentences.append(f'A key must be text, got {shown(given)}. Write "{given}" in quotes.')
        else:
            name = f"A key of {_dotted(place[:-1])}" if problem["loc"][-1] == "[key]" else key
            origin = origin_of(origins, re.sub(r"\[\d+\]", "", key))
            hint = _advice(kind, given, origin, problem.get("ctx", {}))
            if kind == "string_type" and given is None and isinstance(place[-1], int):
                hint = " Write null in quotes, or leave the entry out."
            sentences.append(f"{name} must be {_constraint(problem, place)}, got {shown(given)}.{hint}")
    return list(dict.fromkeys(sentences))


def _place(location: Sequence[str | int], values: Any, kind: str) -> list[str | int] | None:
    """Returns the keys that lead to a problem, None where another problem of the same value says it better.

    Pydantic adds a part that is no key for each branch of "a text or a list of texts".
    """
    place: list[str | int] = []
    for part in location:
        known = part in values if isinstance(values, dict) else isinstance(values, list) and isinstance(part, int)
        if known:
            values = values[part]
        elif _branch(part) in _TEXT + _TEXTS:
            if _branch(part) in (_TEXT if isinstance(values, list) else _TEXTS):
                return None
            continue
        elif part == "[key]" or part in _KINDS or kind not in ("missing", "extra_forbidden"):
            continue
        place.append(part)
    return place


def _branch(part: str | int) -> str | int:
    """Returns the type in a part of a location without the functions that values go through."""
    return re.sub(r"function-\w+\[\w+\(\), ([\w-]+)\]", r"\1", part) if isinstance(part, str) else part


def _constraint(problem: Mapping[str, Any], place: Sequence[str | int]) -> str:
    context = problem.get("ctx", {})
    if problem["type"] == "literal_error":
        return str(context["expected"]).replace("'", "")
    if problem["type"] == "string_type" and _branch(problem["loc"][-1]) in _TEXT and problem["loc"][-1] != place[-1]:
        return "text or a list of texts"
    known = _CONSTRAINTS.get(problem["type"])
    context = {name: f"{bound:.12g}" for name, bound in context.items() if isinstance(bound, int | float)}
    return known.format(**context) if known else problem["msg"].removeprefix("Input should be ")


def _advice(kind: str, given: Any, origin: str, context: Mapping[str, Any]) -> str:
    """Says what to do about a value of the wrong kind."""
    if kind == "string_type" and isinstance(given, bool | int | float):
        return " Write it in quotes."
    if kind == "list_type" and not isinstance(given, dict) and given is not None:
        return f" Write [{given}]."
    known = re.findall("'([^']+)'", context["expected"]) if kind == "literal_error" else []
    if hint := did_you_mean(str(given), known):
        return hint
    if origin == "default":
        return ""
    return " Correct it on the command line." if origin == "command line" else f" Correct it in {origin}."


def _own_sentence(key: str, message: str) -> str:
    """Returns the sentence of a constraint that a model of `config` checks itself."""
    if not key:
        return f"{message[0].upper()}{message[1:]}."
    return f"{key} {message}." if message.startswith("must ") else f"{key}.{message}."


def _dotted(place: Sequence[str | int]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).removeprefix(".")


def _keys_at(location: Sequence[str | int]) -> list[str]:
    """Returns the keys of the section at a location of the configuration."""
    annotation: Any = Config
    for part in location:
        if part in _KINDS:
            annotation = _KINDS[str(part)]
        elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
            annotation = annotation.model_fields[str(part)].annotation
        else:  # an item of a list, or a value of a mapping
            annotation = get_args(annotation)[-1]
    return list(annotation.model_fields)


def origin_of(origins: Mapping[str, str], key: str) -> str:
    """Returns where the value of a dotted key comes from, by its own entry or that of a section above it."""
    while key:
        if key in origins:
            return origins[key]
        key = key.rpartition(".")[0]
    return "default"


def shown(value: Any) -> str:
    """Returns a value as a user would write it, shortened."""
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:80]} …"
