"""Anomalies as levelled sentences: what TFDV found in each split against the schema in force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2

from components.data_validator.remedy import remedy
from components.formats.findings import IGNORE, Anomaly
from components.schema_gen.domains import categories
from components.shared.errors import InputError, did_you_mean


@dataclass(frozen=True)
class Levels:
    """How serious an anomaly is: `ignore`, `warn` or `fail`.

    Args:
        default: level of every type that `by_type` does not name.
        by_type: TFDV's anomaly type -> level.

    Raises:
        InputError: a type is not one of TFDV's.
    """

    default: str
    by_type: Mapping[str, str]

    def __post_init__(self) -> None:
        known = anomalies_pb2.AnomalyInfo.Type.keys()
        for name in self.by_type:
            if name not in known:
                raise InputError(
                    f'gates.data.levels must name TFDV anomaly types, got "{name}".{did_you_mean(name, known)}'
                )

    def of(self, kind: str) -> str:
        """Returns the level of an anomaly type."""
        return self.by_type.get(kind, self.default)


def from_proto(
    anomalies: anomalies_pb2.Anomalies, schema: schema_pb2.Schema, split: str, levels: Levels, reviewed: str = ""
) -> list[Anomaly]:
    """Returns the anomalies of one split that are not ignored, by column.

    Args:
        anomalies: TFDV's findings.
        schema: the schema in force.
        split: the split they are of.
        levels: how serious each type is.
        reviewed: text of the reviewed schema, empty when there is none; the remedies name its lines.
    """
    features = {feature.name: feature for feature in schema.feature}
    found = []
    for name, info in sorted(anomalies.anomaly_info.items()):
        column = info.path.step[0] if info.path.step else name
        for reason in info.reason:
            kind = anomalies_pb2.AnomalyInfo.Type.Name(reason.type)
            if levels.of(kind) != IGNORE:
                sentence = _sentence(column, split, kind, reason, features.get(column), schema)
                intended = remedy(kind, column, _plain(reason), schema, reviewed)
                found.append(Anomaly(split, column, kind, levels.of(kind), sentence, remedy=intended))
    for reason in anomalies.dataset_anomaly_info.reason:
        kind = anomalies_pb2.AnomalyInfo.Type.Name(reason.type)
        if levels.of(kind) != IGNORE:
            sentence = f"The {split} split must be as the schema says: {reason.description.rstrip('. ')}."
            found.append(Anomaly(split, "", kind, levels.of(kind), sentence))
    return found


def _plain(reason: Any) -> str:
    """Returns TFDV's description on one line, without its last full stop."""
    return " ".join(reason.description.split()).rstrip(". ")


def _sentence(
    column: str,
    split: str,
    kind: str,
    reason: Any,
    feature: schema_pb2.Feature | None,
    schema: schema_pb2.Schema,
) -> str:
    """Says column, what the schema expects, what was found, and in which split."""
    found = _plain(reason)
    if kind == "SCHEMA_NEW_COLUMN":
        return f'"{column}" must be a column of the schema, got a new column in the {split} split.'
    if kind == "SCHEMA_MISSING_COLUMN" or feature is None:
        return f'"{column}" must be in the data, got no value of it in the {split} split.'
    if kind == "ENUM_TYPE_UNEXPECTED_STRING_VALUES":
        values = categories(feature, schema)
        listed = ", ".join(values[:8]) + (f" … ({len(values)} values)" if len(values) > 8 else "")
        found = found.removeprefix("Examples contain values missing from the schema: ")
        return f'"{column}" must be one of {listed}, got {found} in the {split} split.'
    if feature.presence.min_fraction and kind == "FEATURE_TYPE_LOW_FRACTION_PRESENT":
        return (
            f'"{column}" must be present in at least {feature.presence.min_fraction:.3g} of the rows, '
            f"got fewer in the {split} split ({found})."
        )
    if kind in ("INVALID_SCHEMA_SPECIFICATION", "INVALID_DOMAIN_SPECIFICATION"):
        return f'The schema of "{column}" must be valid, got one that TFDV refuses. {found}'.rstrip(". ") + "."
    if kind == "INT_TYPE_NOT_INT_STRING":
        text = found.rpartition("such as ")[2]
        return f'"{column}" must hold whole numbers, as its int_domain says, got {text} in the {split} split.'
    expected = schema_pb2.FeatureType.Name(feature.type)
    if kind == "UNEXPECTED_DATA_TYPE" and "but got " in found:
        got = found.rpartition("but got ")[2].replace("STRING", "BYTES")
        return f'"{column}" must be {expected} as the schema says, got {got} in the {split} split.'
    return f'"{column}" must be {expected} as the schema says, got in the {split} split: {found}.'
