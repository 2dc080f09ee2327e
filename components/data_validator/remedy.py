"""The line to change where an anomaly is intended."""

from __future__ import annotations

import json
import re

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

_UNEXPECTED = re.compile(r"(.+?) \([^()]*%\)(?:, |$)")


def remedy(kind: str, column: str, found: str, schema: schema_pb2.Schema, reviewed: str) -> str:
    """Returns what to write where.

    Args:
        kind: TFDV's anomaly type.
        column: the column.
        found: TFDV's description of what it found.
        schema: the schema in force.
        reviewed: text of the reviewed schema; empty when it was inferred, and the configuration has the last word.
    """
    if not reviewed:
        return f"gates.data.levels: {{{kind}: ignore}}"
    if kind == "SCHEMA_NEW_COLUMN":
        return f'data.schema_file: add feature {{ name: {json.dumps(column)} }}, or data.ignore: ["{column}"]'
    place = f"data.schema_file, line {_line(reviewed, column)}, feature {json.dumps(column, ensure_ascii=False)}"
    if kind == "ENUM_TYPE_UNEXPECTED_STRING_VALUES":
        listed = found.removeprefix("Examples contain values missing from the schema: ").rstrip(". ")
        values = " ".join(f"value: {json.dumps(text, ensure_ascii=False)}" for text in _UNEXPECTED.findall(listed))
        feature = next(feature for feature in schema.feature if feature.name == column)
        if _is_boolean(reviewed, column):
            known = " ".join(f"value: {json.dumps(text, ensure_ascii=False)}" for text in feature.string_domain.value)
            return f"{place}: write string_domain {{ {known} {values} }} in place of its bool_domain"
        domain = f"the string_domain {feature.domain}" if feature.domain else "its string_domain"
        return f"{place}: add {values} to {domain}"
    if kind in ("FEATURE_TYPE_LOW_FRACTION_PRESENT", "FEATURE_TYPE_NOT_PRESENT"):
        return f"{place}: lower presence.min_fraction"
    if kind == "SCHEMA_MISSING_COLUMN":
        return f"{place}: remove the feature"
    if kind.startswith("INT_TYPE") and _is_boolean(reviewed, column):
        return f"{place}: remove its bool_domain, which allows 0 and 1 only"
    if kind.startswith(("INT_TYPE", "FLOAT_TYPE")):
        return f"{place}: widen int_domain or float_domain"
    return f"{place}: change it, or gates.data.levels: {{{kind}: ignore}}"


def _is_boolean(reviewed: str, column: str) -> bool:
    """Returns whether the schema, as it is written, takes the values of a column for booleans."""
    written = text_format.Parse(reviewed, schema_pb2.Schema())
    return any(feature.name == column and feature.HasField("bool_domain") for feature in written.feature)


def _line(text: str, column: str) -> int:
    """Returns the line, from 1, where the schema names the column; 1 where it does not."""
    quoted = re.escape(json.dumps(column, ensure_ascii=False)[1:-1])
    found = re.search(rf"""\bname\s*:\s*["']{quoted}["']""", text)
    return text.count("\n", 0, found.start()) + 1 if found else 1
