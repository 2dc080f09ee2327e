r"""How far apart two samples of one column are, and how far two samples of the same distribution may be by chance.

With n and m independent values, a false alarm rate a per measure, and z the (1 - a/2) quantile of the normal
distribution, the bounds are

    Kolmogorov-Smirnov distance   sqrt(-ln(a/2) / 2) · sqrt(1/n + 1/m)                  Smirnov (1948)
    Jensen-Shannon divergence     chi²(k - 1, 1 - a) · (1/n + 1/m) / (8 ln 2)           Grosse et al. (2002)
    L-infinity distance           z(a / categories) · sqrt(p (1 - p) (1/n + 1/m)), p the largest pooled p (1 - p)
    share of new values           U + z · sqrt(U / m), U = (values seen once or not counted + ln(1/a)) / n,
                                  the Good-Turing estimate (Good 1953) of what the other sample did not show
    difference in missing share   z · sqrt(p (1 - p) (1/n + 1/m)), p the pooled share

but never less than a smallest effect worth an alarm (for new values: beyond U), because with enough rows every
difference is certain.
The divergence has equal weights and is in bits, over k bins that hold equal shares of both samples together; its
chi² form follows from the second-order expansion, in which it is an eighth of the chi² distance in nats.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtri, ndtri

from components.data_validator.analysis.distribution import Distribution, Numbers, Texts

METHODS = {
    "kolmogorov_smirnov": "Kolmogorov-Smirnov distance",
    "jensen_shannon": "Jensen-Shannon divergence",
    "l_infinity": "L-infinity distance",
    "new_values": "share of new values",
    "missing": "difference in missing share",
}
"""Name of each measure in the configuration and in a sentence."""

SMALLEST_EFFECT = {
    "kolmogorov_smirnov": 0.05,
    "jensen_shannon": 0.01,
    "l_infinity": 0.05,
    "new_values": 0.01,
    "missing": 0.02,
}
"""A mean shifted by an eighth of a standard deviation moves a normal distribution by a KS distance of 0.05."""

MEASURES_PER_COLUMN = 3
_BINS = 20
_LEAST_PER_BIN = 10
_LEAST_ROWS = 20  # the bounds are asymptotic
_NONE = (None, 1.0)


@dataclass(frozen=True)
class Measure:
    """One measure of one column.

    Args:
        method: a key of `METHODS`.
        value: how far apart the samples are, None where there are too few rows.
        threshold: what two samples of one distribution do not exceed.
    """

    method: str
    value: float | None
    threshold: float


def measure(now: Distribution, before: Distribution, rate: float) -> list[Measure]:
    """Returns every measure of a column; a column that changed from texts to numbers has none but its missing share.

    Args:
        now: the sample that is judged.
        before: the sample it is judged against.
        rate: false alarm rate of each measure.
    """
    measures: list[tuple[str, tuple[float | None, float]]] = [("missing", _missing(now, before, rate))]
    few = min(_independent(now), _independent(before)) < _LEAST_ROWS
    if isinstance(now, Numbers) and isinstance(before, Numbers):
        measures.append(("kolmogorov_smirnov", _NONE if few else _kolmogorov_smirnov(now, before, rate)))
        measures.append(("jensen_shannon", _NONE if few else _jensen_shannon(now, before, rate)))
    elif isinstance(now, Texts) and isinstance(before, Texts):
        measures.append(("l_infinity", _NONE if few else _l_infinity(now, before, rate)))
        measures.append(("new_values", _NONE if few else _new_values(now, before, rate)))
    return [Measure(method, value, max(bound, SMALLEST_EFFECT[method])) for method, (value, bound) in measures]


def _independent(one: Distribution) -> float:
    """Returns how many present values are independent."""
    return one.independent * (1 - one.missing / one.rows) if one.rows else 0.0


def _spread(now: Distribution, before: Distribution) -> float:
    return 1 / _independent(now) + 1 / _independent(before)


def _missing(now: Distribution, before: Distribution, rate: float) -> tuple[float | None, float]:
    if not now.independent or not before.independent:
        return _NONE
    shares = now.missing / now.rows, before.missing / before.rows
    pooled = (shares[0] * now.independent + shares[1] * before.independent) / (now.independent + before.independent)
    spread = 1 / now.independent + 1 / before.independent
    # Half a row of each sample, because shares move in steps (Yates 1934).
    return abs(shares[0] - shares[1]), _z(rate) * math.sqrt(pooled * (1 - pooled) * spread) + spread / 2


def _kolmogorov_smirnov(now: Numbers, before: Numbers, rate: float) -> tuple[float, float]:
    points = np.union1d(now.points, before.points)
    distance = np.abs(now.share_upto(points) - before.share_upto(points)).max()
    return float(distance), math.sqrt(-math.log(rate / 2) / 2 * _spread(now, before))


def _jensen_shannon(now: Numbers, before: Numbers, rate: float) -> tuple[float, float]:
    points = np.union1d(now.points, before.points)
    pooled = (now.share_upto(points) + before.share_upto(points)) / 2
    smaller = min(_independent(now), _independent(before))
    bins = int(min(_BINS, max(2, smaller // _LEAST_PER_BIN)))
    edges = np.unique(points[np.searchsorted(pooled, np.arange(1, bins) / bins)])
    p, q = (np.diff(one.share_upto(edges), prepend=0.0, append=1.0) for one in (now, before))
    bound = chdtri(max(len(edges), 1), rate) * _spread(now, before) / (8 * math.log(2))
    return jensen_shannon(p, q), float(bound)


def jensen_shannon(p: np.ndarray, q: np.ndarray) -> float:
    """Returns the divergence, in bits from 0 to 1, of two distributions `[k]` over the same bins (Lin 1991)."""
    middle = (p + q) / 2

    def against_middle(one: np.ndarray) -> float:
        some = one > 0
        return float((one[some] * np.log2(one[some] / middle[some])).sum())

    return max(0.0, (against_middle(p) + against_middle(q)) / 2)


def _l_infinity(now: Texts, before: Texts, rate: float) -> tuple[float, float]:
    names = sorted({*now.counts, *before.counts})
    p, q = (np.array([one.counts.get(name, 0) for name in names], float) for one in (now, before))
    n, m = now.rows - now.missing, before.rows - before.missing
    pooled = (p + q) / (n + m)
    spread = _z(rate / len(pooled)) * math.sqrt((pooled * (1 - pooled)).max() * _spread(now, before))
    return float(np.abs(p / n - q / m).max()), spread


def _new_values(now: Texts, before: Texts, rate: float) -> tuple[float | None, float]:
    n, m = _independent(before), _independent(now)
    new = now.other + sum(count for text, count in now.counts.items() if text not in before.counts)
    once = before.other + sum(count == 1 for count in before.counts.values())
    unseen = (once + math.log(1 / rate)) / n
    if unseen > 0.5:
        return _NONE  # nearly every row has a value of its own, so new ones mean nothing
    chance = max(_z(rate) * math.sqrt(unseen / m), SMALLEST_EFFECT["new_values"])
    return new / (now.rows - now.missing), unseen + chance


def _z(rate: float) -> float:
    return float(-ndtri(rate / 2))
