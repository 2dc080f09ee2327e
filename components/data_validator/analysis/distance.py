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

Each distance is one object in `DISTANCES`. The configuration reads their names, which should take no time: SciPy and
the rules are imported where they are used.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from components.formats.distributions import Distribution, Numbers, Texts

if TYPE_CHECKING:
    from components.data_validator.analysis.rules import Rule

_BINS = 20
_LEAST_PER_BIN = 10
_LEAST_ROWS = 20  # most of the bounds are asymptotic
_NONE = (None, 1.0)
_SMALLEST_NEW = 0.01
_MAX_NAMED = 3


def _no_rule(column: str, before: Distribution) -> Rule | None:
    del column, before
    return None


@dataclass(frozen=True)
class Distance:
    """One way to tell how far apart two samples of a column are.

    Args:
        name: its name in the configuration.
        words: its name in a sentence.
        kinds: the distributions it is of.
        compare: the sample that is judged, the one it is judged against and the false alarm rate → the distance, from 0
            to 1, and what two samples of one distribution do not exceed; None and 1 where there is too little to say.
        smallest_effect: no distance up to it is worth an alarm.
        change: the sample that is judged and the one it is judged against → what changed in the column's own values.
        example_rule: the column and the sample it is judged against → the rule that rows which show the difference
            break; None where no single row shows it.
        least_rows: fewer independent values in either sample are not compared.
    """

    name: str
    words: str
    kinds: tuple[type[Distribution], ...]
    compare: Callable[[Any, Any, float], tuple[float | None, float]]
    smallest_effect: float
    change: Callable[[Any, Any], str]
    example_rule: Callable[[str, Distribution], Rule | None] = _no_rule
    least_rows: int = _LEAST_ROWS

    @property
    def description(self) -> str:
        """What it is, for the configuration's JSON Schema."""
        return self.words

    def measures(self, now: Distribution, before: Distribution) -> bool:
        """Returns whether both samples are of its kinds."""
        return isinstance(now, self.kinds) and isinstance(before, self.kinds)


@dataclass(frozen=True)
class Measure:
    """One measure of one column.

    Args:
        distance: how it was measured.
        value: how far apart the samples are, None where there are too few rows.
        threshold: what two samples of one distribution do not exceed.
    """

    distance: Distance
    value: float | None
    threshold: float


def measure(now: Distribution, before: Distribution, rate: float) -> list[Measure]:
    """Returns every measure of a column; a column that changed from texts to numbers has none but its missing share.

    Args:
        now: the sample that is judged.
        before: the sample it is judged against.
        rate: false alarm rate of each measure.
    """
    independent = min(_independent(now), _independent(before))
    measures = []
    for distance in DISTANCES.values():
        if distance.measures(now, before):
            value, bound = _NONE if independent < distance.least_rows else distance.compare(now, before, rate)
            measures.append(Measure(distance, value, max(bound, distance.smallest_effect)))
    return measures


def measures_per_column() -> int:
    """Returns how many distances there are for a column of the kind that has most."""
    return max(sum(kind in distance.kinds for distance in DISTANCES.values()) for kind in (Numbers, Texts))


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
    bound = _chi_squared(max(len(edges), 1), rate) * _spread(now, before) / (8 * math.log(2))
    return jensen_shannon(p, q), bound


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
    chance = max(_z(rate) * math.sqrt(unseen / m), _SMALLEST_NEW)
    return new / (now.rows - now.missing), unseen + chance


def _z(rate: float) -> float:
    from scipy.special import ndtri

    return float(-ndtri(rate / 2))


def _chi_squared(freedom: int, rate: float) -> float:
    from scipy.special import chdtri

    return float(chdtri(freedom, rate))


def _missing_became(now: Distribution, before: Distribution) -> str:
    return f"{before.missing / before.rows:.1%} missing became {now.missing / now.rows:.1%}"


def _median_became(now: Numbers, before: Numbers) -> str:
    return f"the median {before.quantile(0.5):.4g} became {now.quantile(0.5):.4g}"


def _share_went(now: Texts, before: Texts) -> str:
    shares = [{text: count / (one.rows - one.missing) for text, count in one.counts.items()} for one in (before, now)]
    most = max(
        sorted({*now.counts, *before.counts}), key=lambda text: abs(shares[0].get(text, 0) - shares[1].get(text, 0))
    )
    return f'"{most}" went from {shares[0].get(most, 0):.1%} to {shares[1].get(most, 0):.1%}'


def _new_are(now: Texts, before: Texts) -> str:
    new = [text for text in now.counts if text not in before.counts]
    more = f" and {len(new) - _MAX_NAMED} more" if len(new) > _MAX_NAMED else ""
    return "new are " + ", ".join(f'"{text}"' for text in new[:_MAX_NAMED]) + more


def _not_missing(column: str, before: Distribution) -> Rule | None:
    from components.data_validator.analysis.rules import not_null

    del before
    return not_null(column)


def _not_new(column: str, before: Distribution) -> Rule | None:
    from components.data_validator.analysis.rules import allowed

    return allowed(column, list(before.counts)) if isinstance(before, Texts) else None


DISTANCES: dict[str, Distance] = {
    distance.name: distance
    for distance in (
        Distance(
            "missing",
            "difference in missing share",
            kinds=(Numbers, Texts),
            compare=_missing,
            smallest_effect=0.02,
            change=_missing_became,
            example_rule=_not_missing,
            least_rows=0,
        ),
        Distance(
            "kolmogorov_smirnov",
            "Kolmogorov-Smirnov distance",
            kinds=(Numbers,),
            compare=_kolmogorov_smirnov,
            # A mean shifted by an eighth of a standard deviation moves a normal distribution that far.
            smallest_effect=0.05,
            change=_median_became,
        ),
        Distance(
            "jensen_shannon",
            "Jensen-Shannon divergence",
            kinds=(Numbers,),
            compare=_jensen_shannon,
            smallest_effect=0.01,
            change=_median_became,
        ),
        Distance(
            "l_infinity",
            "L-infinity distance",
            kinds=(Texts,),
            compare=_l_infinity,
            smallest_effect=0.05,
            change=_share_went,
        ),
        Distance(
            "new_values",
            "share of new values",
            kinds=(Texts,),
            compare=_new_values,
            smallest_effect=_SMALLEST_NEW,
            change=_new_are,
            example_rule=_not_new,
        ),
    )
}
"""Name in the configuration → distance, in the order in which a column is measured."""
