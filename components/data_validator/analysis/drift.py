"""Drift against the production model's data, and skew between samples, as comparisons and as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from components.data_validator.analysis.distance import DISTANCES, Measure, measure, measures_per_column
from components.formats.distributions import Distribution
from components.formats.findings import IGNORE, OK, Anomaly, Comparison
from components.shared.errors import InputError, did_you_mean

DRIFT, SKEW, SERVING_SKEW = "drift", "skew", "serving skew"


@dataclass(frozen=True)
class Tolerance:
    """How much difference is accepted.

    Args:
        level: level of a difference above its threshold.
        false_alarms: probability that two samples of one distribution raise any alarm, over all columns together.
        thresholds: distance → threshold that replaces the one derived from the sample sizes.

    Raises:
        InputError: a threshold names no distance.
    """

    level: str
    false_alarms: float = 0.001
    thresholds: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.thresholds:
            if name not in DISTANCES:
                raise InputError(
                    f"gates.drift.thresholds must name one of {', '.join(DISTANCES)}, "
                    f'got "{name}".{did_you_mean(name, DISTANCES)}'
                )


def compare(
    kind: str,
    split: str,
    now: Mapping[str, Distribution],
    before: Mapping[str, Distribution],
    against: str,
    tolerance: Tolerance,
) -> tuple[list[Comparison], list[Anomaly]]:
    """Compares every column that both samples have.

    Args:
        kind: `drift`, `skew` or `serving skew`.
        split: the split that is judged.
        now: its columns.
        before: the columns it is judged against.
        against: what those are, for a sentence.
        tolerance: what is accepted.

    Returns:
        Every comparison, and an anomaly for each one above its threshold.
    """
    common = sorted(now.keys() & before.keys())
    if tolerance.level == IGNORE or not common:
        return [], []
    rate = tolerance.false_alarms / (measures_per_column() * len(common))  # Bonferroni
    comparisons, anomalies = [], []
    for column in common:
        for found in measure(now[column], before[column], rate):
            threshold = tolerance.thresholds.get(found.distance.name, found.threshold)
            above = found.value is not None and found.value > threshold
            level = tolerance.level if above else OK
            words = found.distance.words
            comparisons.append(Comparison(kind, column, split, against, words, found.value, threshold, level))
            if above:
                sentence = _sentence(column, split, against, found, threshold, now[column], before[column])
                remedy = f"gates.drift.thresholds: {{{found.distance.name}: {_above(found)}}}"
                name_of_kind = kind.upper().replace(" ", "_")
                anomalies.append(
                    Anomaly(split, column, name_of_kind, level, sentence, words, found.value, threshold, (), remedy)
                )
    return comparisons, anomalies


def _above(found: Measure) -> str:
    return f"{(found.value or 0.0) * 1.05:.2g}"


def _sentence(
    column: str,
    split: str,
    against: str,
    found: Measure,
    threshold: float,
    now: Distribution,
    before: Distribution,
) -> str:
    """Says what differs by how much, and what changed in the column's own values."""
    sample = "serving log" if split == "serving" else f"{split} split"
    measured = f"a {found.distance.words} of {found.value:.3g} (at most {threshold:.3g})"
    change = found.distance.change(now, before)
    return f'"{column}" must be alike in the {sample} and in {against}, got {measured}: {change}.'
