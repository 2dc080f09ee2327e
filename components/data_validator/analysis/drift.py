"""Drift against the pushed model's data, and skew between samples, as comparisons and as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from components.data_validator.analysis.distance import MEASURES_PER_COLUMN, METHODS, Measure, measure
from components.data_validator.analysis.distribution import Distribution, Numbers, Texts
from components.data_validator.analysis.finding import IGNORE, OK, Anomaly, Comparison
from components.shared.errors import InputError, did_you_mean

DRIFT, SKEW, SERVING_SKEW = "drift", "skew", "serving skew"
_MAX_NAMED = 3


@dataclass(frozen=True)
class Tolerance:
    """How much difference is accepted.

    Args:
        level: level of a difference above its threshold.
        false_alarms: probability that two samples of one distribution raise any alarm, over all columns together.
        thresholds: method → threshold that replaces the one derived from the sample sizes.

    Raises:
        InputError: a threshold names no method.
    """

    level: str
    false_alarms: float = 0.001
    thresholds: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.thresholds:
            if name not in METHODS:
                raise InputError(
                    f"gates.drift.thresholds must name one of {', '.join(METHODS)}, "
                    f'got "{name}".{did_you_mean(name, METHODS)}'
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
    rate = tolerance.false_alarms / (MEASURES_PER_COLUMN * len(common))  # Bonferroni
    comparisons, anomalies = [], []
    for column in common:
        for found in measure(now[column], before[column], rate):
            threshold = tolerance.thresholds.get(found.method, found.threshold)
            above = found.value is not None and found.value > threshold
            level = tolerance.level if above else OK
            name = METHODS[found.method]
            comparisons.append(Comparison(kind, column, split, against, name, found.value, threshold, level))
            if above:
                sentence = _sentence(column, split, against, found, threshold, now[column], before[column])
                remedy = f"gates.drift.thresholds: {{{found.method}: {_above(found)}}}"
                name_of_kind = kind.upper().replace(" ", "_")
                anomalies.append(
                    Anomaly(split, column, name_of_kind, level, sentence, name, found.value, threshold, (), remedy)
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
    measured = f"a {METHODS[found.method]} of {found.value:.3g} (at most {threshold:.3g})"
    change = _change(found.method, now, before)
    return f'"{column}" must be alike in the {sample} and in {against}, got {measured}: {change}.'


def _change(method: str, now: Distribution, before: Distribution) -> str:
    if method == "missing":
        return f"{before.missing / before.rows:.1%} missing became {now.missing / now.rows:.1%}"
    if isinstance(now, Numbers) and isinstance(before, Numbers):
        return f"the median {before.quantile(0.5):.4g} became {now.quantile(0.5):.4g}"
    assert isinstance(now, Texts), "only texts are measured by the other methods"
    assert isinstance(before, Texts), "a column that changed its kind has no other measure"
    if method == "new_values":
        new = [text for text in now.counts if text not in before.counts]
        more = f" and {len(new) - _MAX_NAMED} more" if len(new) > _MAX_NAMED else ""
        return "new are " + ", ".join(f'"{text}"' for text in new[:_MAX_NAMED]) + more
    shares = [{text: count / (one.rows - one.missing) for text, count in one.counts.items()} for one in (before, now)]
    most = max(
        sorted({*now.counts, *before.counts}), key=lambda text: abs(shares[0].get(text, 0) - shares[1].get(text, 0))
    )
    return f'"{most}" went from {shares[0].get(most, 0):.1%} to {shares[1].get(most, 0):.1%}'
