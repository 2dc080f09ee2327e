"""Example rows for anomalies that were found in statistics: one more pass over the source, if there is any to show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tensorflow_metadata.proto.v0 import schema_pb2

from components.data_validator.analysis import rules
from components.data_validator.analysis.distance import DISTANCES
from components.data_validator.analysis.rows import MAX_EXAMPLES, find_broken
from components.data_validator.analysis.rules import Rule
from components.example_gen.tables.table import Table
from components.formats.distributions import Distribution
from components.formats.findings import Anomaly
from components.schema_gen.domains import categories

_NO_VALUE = {
    "FEATURE_TYPE_LOW_FRACTION_PRESENT",
    "FEATURE_TYPE_LOW_NUMBER_PRESENT",
    "FEATURE_TYPE_NOT_PRESENT",
    "LABEL_MISSING",
}
_OUT_OF_RANGE = {"INT_TYPE_SMALL_INT", "INT_TYPE_BIG_INT", "FLOAT_TYPE_SMALL_FLOAT", "FLOAT_TYPE_BIG_FLOAT"}


@dataclass(frozen=True)
class Expected:
    """What rows are held against to find those that show an anomaly.

    Args:
        schema: the schema in force.
        before: kind of comparison → split → column → what the split was compared with.
        target: lowest and highest regression label that is no outlier.
    """

    schema: schema_pb2.Schema
    before: Mapping[str, Mapping[str, Mapping[str, Distribution]]]
    target: tuple[float, float]

    def rule(self, anomaly: Anomaly) -> Rule | None:
        """Returns the rule whose broken rows show the anomaly, None where no single row does."""
        column, kind = anomaly.column, anomaly.kind
        feature = next((one for one in self.schema.feature if one.name == column), schema_pb2.Feature())
        if kind == "ENUM_TYPE_UNEXPECTED_STRING_VALUES":
            return rules.allowed(column, categories(feature, self.schema))
        if kind in _NO_VALUE:
            return rules.not_null(column)
        if kind in _OUT_OF_RANGE:
            domain = feature.int_domain if feature.HasField("int_domain") else feature.float_domain
            bounds = (getattr(domain, name) if domain.HasField(name) else None for name in ("min", "max"))
            return rules.in_range(column, *bounds)
        if kind == "TARGET_OUTLIERS":
            return rules.in_range(column, *self.target)
        for distance in DISTANCES.values():
            if distance.words == anomaly.method:
                return distance.example_rule(column, self.before[kind.lower()][anomaly.split][column])
        return None


def rules_of(anomalies: Sequence[Anomaly], expected: Expected) -> dict[int, Rule]:
    """Returns position → rule of the anomalies that have no examples yet and that single rows can show.

    Args:
        anomalies: what was found.
        expected: what rows are held against.
    """
    return {
        position: rule
        for position, anomaly in enumerate(anomalies)
        if not anomaly.examples and (rule := expected.rule(anomaly))
    }


def with_examples(anomalies: Sequence[Anomaly], wanted: Mapping[int, Rule], table: Table) -> list[Anomaly]:
    """Returns the anomalies with up to five example rows each.

    The rows are the first of the whole table that show it, of whatever split; the pass ends when all are found.

    Args:
        anomalies: what was found.
        wanted: `rules_of` them, not used before.
        table: the source table.
    """
    there = {position: rule for position, rule in wanted.items() if anomalies[position].column in table.columns}
    if not there:
        return list(anomalies)
    found = dict(zip(there, find_broken(table, list(there.values()), MAX_EXAMPLES), strict=True))
    return [
        replace(anomaly, examples=tuple(found[position].examples)) if position in found else anomaly
        for position, anomaly in enumerate(anomalies)
    ]
