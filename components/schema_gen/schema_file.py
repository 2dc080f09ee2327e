"""A schema as a file in text format, and what it says of the columns."""

from __future__ import annotations

from pathlib import Path

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from components.example_gen.cells.forms import PLAIN, Form, Meaning, form_of
from components.schema_gen.domains import categories, plain_domains
from components.shared.column_names import plain_names
from components.shared.errors import InputError


def read_schema(path: str | Path) -> schema_pb2.Schema:
    """Reads a schema in text format, see `parse_schema`.

    Raises:
        InputError: the file cannot be read or is no schema.
    """
    try:
        return parse_schema(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"data.schema_file must be a readable file, got {path} ({error.strerror}). Correct the path."
        ) from None
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise InputError(
            f"data.schema_file must be a schema in text format, got {path}: {error}. Correct that line."
        ) from None


def parse_schema(text: str) -> schema_pb2.Schema:
    """Returns a schema with plain names (`names.plain_name`) and domains (`domains.plain_domains`).

    Raises:
        ParseError: the text is no schema.
    """
    schema = text_format.Parse(text, schema_pb2.Schema())
    names = plain_names([feature.name for feature in schema.feature])
    for feature, name in zip(schema.feature, names, strict=True):
        feature.name = name
    plain_domains(schema)
    return schema


def column_types(schema: schema_pb2.Schema) -> dict[str, str]:
    """Returns column -> INT, FLOAT or BYTES, for the ingest to follow."""
    return {feature.name: schema_pb2.FeatureType.Name(feature.type) for feature in schema.feature}


def column_forms(schema: schema_pb2.Schema) -> dict[str, Form]:
    """Returns column -> what its known texts stand for, for the ingest to follow; plain text is not named."""
    forms = {feature.name: column_form(feature, schema) for feature in schema.feature}
    return {name: form for name, form in forms.items() if form != PLAIN}


def column_form(feature: schema_pb2.Feature, schema: schema_pb2.Schema) -> Form:
    """Returns what the known texts of a column stand for; TFDV gives whole numbers that are text an `int_domain`."""
    if feature.type == schema_pb2.BYTES and feature.HasField("int_domain"):
        return Form(Meaning.NUMBERS)
    return form_of(categories(feature, schema))
