"""What metrics keep of their rows: totals of parts of the rows, which put together give those of all rows.

In which order parts are put together, and how the rows were dealt to them, changes a sum by rounding alone. Every total
holds B weightings of the same rows in its last axis, see `metric.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, Self, TypeVar

import numpy as np

from components.evaluator.analysis.metric import Floats, Integers, Totals, group_sums, ratio

# Below this share of the values' second moment about their median, a sum of squares is rounding error.
ROUNDING = 1e-12


class Total(Protocol):
    """Something that is known of some rows, and of more rows once it is merged."""

    def kept(self) -> Total:
        """The same without the rows themselves, in bounded memory."""

    def merged(self, other: Self) -> Self:
        """That of the rows of both, which are different rows; both are `kept`."""


@dataclass(frozen=True)
class Sum:
    """Sums over rows.

    Args:
        values: float64 [..., B].
    """

    values: Floats

    @classmethod
    def of(cls, terms: Floats, weights: Floats) -> Self:
        """Sums terms of rows, float64 [n], under weights [n, B]."""
        return cls(terms @ weights)

    @classmethod
    def of_weights(cls, weights: Floats) -> Self:
        """Sums the weights [n, B] themselves."""
        return cls(weights.sum(axis=0))

    def kept(self) -> Self:
        """See `Total`."""
        return self

    def merged(self, other: Self) -> Self:
        """See `Total`."""
        return type(self)(self.values + other.values)


@dataclass(frozen=True)
class Range:
    """The least and the greatest of some numbers, whatever their weights; infinite where there is none."""

    least: float
    greatest: float

    @classmethod
    def of(cls, values: Floats) -> Self:
        """Returns the range of numbers, float64 [n]."""
        return cls(float(values.min(initial=np.inf)), float(values.max(initial=-np.inf)))

    def kept(self) -> Self:
        """See `Total`."""
        return self

    def merged(self, other: Self) -> Self:
        """See `Total`."""
        return type(self)(min(self.least, other.least), max(self.greatest, other.greatest))


@dataclass(frozen=True)
class Moments:
    """Weight, mean and sum of squares about the mean of some numbers: each float64 [B].

    They are merged by the formula of Chan, Golub and LeVeque ("Updating formulae and a pairwise algorithm for computing
    sample variances", 1979), which loses no digits where the mean is large beside the spread.

    Args:
        weight: sum of the weights.
        mean: weighted mean; of no meaning where the weight is 0.
        squares: weighted sum of squared distances to the mean.
        rounding: how large `squares` may be for rounding alone.
    """

    weight: Floats
    mean: Floats
    squares: Floats
    rounding: Floats

    @classmethod
    def of(cls, values: Floats, weights: Floats) -> Self:
        """Returns the moments of numbers, float64 [n], n > 0, under weights [n, B]."""
        # The median of a constant column is that constant exactly, so its sums below are exactly zero.
        middle = np.median(values)
        centred, weight = values - middle, weights.sum(axis=0)
        divisor = np.where(weight > 0, weight, 1.0)
        first, second = centred @ weights, centred**2 @ weights
        return cls(weight, middle + first / divisor, second - first**2 / divisor, ROUNDING * second)

    def kept(self) -> Self:
        """See `Total`."""
        return self

    def merged(self, other: Self) -> Self:
        """See `Total`."""
        weight = self.weight + other.weight
        share = other.weight / np.where(weight > 0, weight, 1.0)
        apart = other.mean - self.mean
        return type(self)(
            weight,
            np.where(self.weight > 0, self.mean + share * apart, other.mean),
            self.squares + other.squares + apart**2 * self.weight * share,
            self.rounding + other.rounding,
        )

    @property
    def variation(self) -> Floats:
        """float64 [B]: `squares`, 0 where they are rounding alone."""
        return np.where(self.squares > self.rounding, self.squares, 0.0)


@dataclass(frozen=True)
class ByClass:
    """Sums over the rows of each class.

    Args:
        names: the classes that the model knows in its order, then others, sorted.
        known: how many of them the model knows.
        sums: float64 [len(names), ..., B].
    """

    names: tuple[str, ...]
    known: int
    sums: Floats

    @classmethod
    def of(cls, names: tuple[str, ...], known: int, codes: Integers, weights: Floats) -> Self:
        """Sums weights [n, B] by the class of each row, int64 [n], indices into `names`."""
        return cls(names, known, group_sums(codes, weights, len(names)))

    def kept(self) -> Self:
        """See `Total`."""
        return self

    def merged(self, other: Self) -> Self:
        """See `Total`; another order of the known classes is another model's, and no part of this."""
        if other.names == self.names:
            return type(self)(self.names, self.known, self.sums + other.sums)
        names = (*self.names[: self.known], *sorted({*self.names[self.known :], *other.names[other.known :]}))
        place = {name: index for index, name in enumerate(names)}
        sums = np.zeros((len(names), *self.sums.shape[1:]))
        for one in (self, other):
            sums[[place[name] for name in one.names]] += one.sums
        return type(self)(names, self.known, sums)


def mean(total: Sum, weight: Sum) -> Floats:
    """Returns a sum over its weight, NaN where there is none."""
    return ratio(total.values, weight.values)


Key = TypeVar("Key")


def merged(first: Mapping[Key, Totals], second: Mapping[Key, Totals]) -> dict[Key, Totals]:
    """Returns named totals of the rows of both, where what one of them lacks is that of the other."""
    together = dict(first)
    for key, totals in second.items():
        before = together.get(key)
        together[key] = totals if before is None else tuple(a.merged(b) for a, b in zip(before, totals, strict=True))
    return together
