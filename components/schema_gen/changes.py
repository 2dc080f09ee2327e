"""What a reviewed schema would have to say for the data as it is now: as sentences, and applied."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import pyarrow as pa
from tensorflow_metadata.proto.v0 import schema_pb2

from components.example_gen.cells.cells import Cells
from components.example_gen.tables.dialect import Dialect
from components.schema_gen.domains import categories
from components.schema_gen.schema_file import column_form

_MAX_NAMED = 8
_PRESENCE_ROOM = 0.05  # inferred bounds of two samples differ by chance, most of all in few rows


@dataclass(frozen=True)
class Change:
    """One difference between a reviewed schema and the data.

    Args:
        column: the column.
        sentence: what differs.
        apply: changes a schema, in place, so that it allows what the data has.
    """

    column: str
    sentence: str
    apply: Callable[[schema_pb2.Schema], None]


def changes(reviewed: schema_pb2.Schema, inferred: schema_pb2.Schema, labels: Collection[str]) -> list[Change]:
    """Returns what the data asks of the reviewed schema, in the order of the columns.

    A reviewed schema may allow more than the data shows; that is no difference.

    Args:
        reviewed: the schema in the user's repository.
        inferred: the schema of the data as it is now.
        labels: the label columns, which are never removed.
    """
    known = {feature.name: feature for feature in reviewed.feature}
    seen = {feature.name: feature for feature in inferred.feature}
    found = []
    for name, feature in seen.items():
        kind = schema_pb2.FeatureType.Name(feature.type)
        if name not in known:
            found.append(Change(name, f'"{name}" is a new column: {kind}.', _taken_from(inferred, name)))
        elif feature.type != known[name].type:
            before = schema_pb2.FeatureType.Name(known[name].type)
            found.append(Change(name, f'"{name}" is {kind} now, was {before}.', _taken_from(inferred, name)))
        else:
            found += _within(known[name], reviewed, feature, inferred)
    for name in known:
        if name not in seen and name not in labels:
            found.append(Change(name, f'"{name}" is not in the data any more.', _removed(name)))
    return found


def _within(
    known: schema_pb2.Feature, reviewed: schema_pb2.Schema, seen: schema_pb2.Feature, inferred: schema_pb2.Schema
) -> list[Change]:
    """Returns what differs in a column that both schemas have, with the same type."""
    found = []
    allowed = set(categories(known, reviewed))
    texts = _as_known(categories(seen, inferred), known, reviewed)
    if strange := [text for text in texts if known.HasField("int_domain") and not _in_range(text, known.int_domain)]:
        sentence = f'"{known.name}" also holds {_listed(strange)}, which its int_domain does not allow.'
        found.append(Change(known.name, sentence, _taken_from(inferred, known.name)))
    new = [text for text in texts if text not in allowed]
    if allowed and new:
        found.append(Change(known.name, f'"{known.name}" also holds {_listed(new)}.', _also(known.name, new)))
    share, before = seen.presence.min_fraction, known.presence.min_fraction
    if share < before - _PRESENCE_ROOM:
        sentence = f'"{known.name}" has a value in at least {share:.3g} of the rows, was {before:.3g}.'
        found.append(Change(known.name, sentence, _present(known.name, share)))
    if seen.HasField("shape") and seen.shape != known.shape:
        sizes = [[dim.size for dim in one.shape.dim] for one in (seen, known)]
        sentence = f'"{known.name}" has the shape {sizes[0]}, was {sizes[1]}.'
        found.append(Change(known.name, sentence, _taken_from(inferred, known.name)))
    return found


def _as_known(texts: list[str], known: schema_pb2.Feature, reviewed: schema_pb2.Schema) -> list[str]:
    """Returns texts as the reviewed schema writes them: its `True` is what the ingest calls `true`."""
    cells = Cells(pa.array(texts, pa.string()), Dialect(missing=()), column_form(known, reviewed))
    return [text for text in cells.text().to_pylist() if text is not None]


def _listed(texts: Sequence[str]) -> str:
    listed = ", ".join(f'"{text}"' for text in texts[:_MAX_NAMED])
    return listed + (f" and {len(texts) - _MAX_NAMED:,} more" if len(texts) > _MAX_NAMED else "")


def _in_range(text: str, domain: schema_pb2.IntDomain) -> bool:
    """Returns whether a text is a whole number that a domain allows."""
    try:
        number = int(text)
    except ValueError:
        return False
    low, high = (getattr(domain, bound) if domain.HasField(bound) else number for bound in ("min", "max"))
    return low <= number <= high


def _feature(schema: schema_pb2.Schema, name: str) -> schema_pb2.Feature:
    return next(feature for feature in schema.feature if feature.name == name)


def _taken_from(inferred: schema_pb2.Schema, name: str) -> Callable[[schema_pb2.Schema], None]:
    def apply(schema: schema_pb2.Schema) -> None:
        feature = _feature(inferred, name)
        if name in {one.name for one in schema.feature}:
            _feature(schema, name).CopyFrom(feature)
        else:
            schema.feature.add().CopyFrom(feature)
        if feature.domain and feature.domain not in {domain.name for domain in schema.string_domain}:
            domain = next(domain for domain in inferred.string_domain if domain.name == feature.domain)
            schema.string_domain.add().CopyFrom(domain)

    return apply


def _removed(name: str) -> Callable[[schema_pb2.Schema], None]:
    return lambda schema: schema.feature.remove(_feature(schema, name))


def _also(name: str, texts: Collection[str]) -> Callable[[schema_pb2.Schema], None]:
    def apply(schema: schema_pb2.Schema) -> None:
        feature = _feature(schema, name)
        shared = next((domain for domain in schema.string_domain if domain.name == feature.domain), None)
        if feature.HasField("bool_domain"):
            feature.string_domain.value[:] = categories(feature, schema)
        (shared if shared is not None else feature.string_domain).value.extend(texts)

    return apply


def _present(name: str, share: float) -> Callable[[schema_pb2.Schema], None]:
    def apply(schema: schema_pb2.Schema) -> None:
        _feature(schema, name).presence.min_fraction = share

    return apply
