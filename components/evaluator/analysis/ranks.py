"""Rows in the order of a number, for metrics that depend on the order: the rows themselves, or how many lie in bins.

Bins are what a part of the rows keeps: their edges are fixed, so counts of parts add up exactly. They follow the bits
of floats: a bin of magnitudes is 2⁻¹² of its number wide, one of probabilities 2⁻⁷ of `p`, or of `1 - p` above ½, so
probabilities near 0 and near 1 are told apart as well as floats can.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt

from components.evaluator.analysis.metric import Floats, Integers, group_sums

_MAGNITUDE_BITS = 12
_DROPPED = 52 - _MAGNITUDE_BITS
WIDTH = 2.0**-_MAGNITUDE_BITS
"""Width of a bin of magnitudes, relative to them; its middle is at most half of it away from each."""
# Probabilities are answered in 32 bits: 23 of them are the fraction, and 7 are kept.
_PROBABILITY_SHIFT = np.uint32(16)
_HALF = int(np.float32(0.5).view(np.uint32) >> _PROBABILITY_SHIFT)


@dataclass(frozen=True)
class Magnitudes:
    """Numbers that are not negative, each with its weights.

    Args:
        values: float64 [n].
        weights: float64 [n, B].
    """

    values: Floats
    weights: Floats

    def kept(self) -> Self:
        """The middles of the bins that hold values, ascending, and the weights in them."""
        bins = self.values.view(np.int64) >> _DROPPED
        present, codes = np.unique(bins, return_inverse=True)
        middles = ((present << _DROPPED) + (present > 0) * (1 << (_DROPPED - 1))).view(np.float64)
        return type(self)(middles, group_sums(codes, self.weights, len(present)))

    def merged(self, other: Self) -> Self:
        """See `totals.Total`."""
        # The middle of a bin lies in that bin again.
        return type(self)(
            np.concatenate([self.values, other.values]), np.concatenate([self.weights, other.weights])
        ).kept()

    def median(self) -> Floats:
        """float64 [B]: the mean of the least value that reaches half of the weight and the least beyond it."""
        order, total = np.argsort(self.values, kind="stable"), self.weights.sum(axis=0)
        ordered = self.values[order]
        reached = np.cumsum(self.weights[order], axis=0)
        last = len(ordered) - 1
        lower = np.minimum((reached < total / 2).sum(axis=0), last)
        upper = np.minimum((reached <= total / 2).sum(axis=0), last)
        return np.where(total > 0, (ordered[lower] + ordered[upper]) / 2, np.nan)


@dataclass(frozen=True)
class Ranking:
    """Rows of one class and of all others, by the probability of that class.

    Args:
        score: float64 or int64 [n], rising with the probability.
        inside: bool [n], whether the row is of the class.
        weights: float64 [n, B].
    """

    score: npt.NDArray[np.float64] | Integers
    inside: npt.NDArray[np.bool_]
    weights: Floats

    def wins(self) -> Floats:
        """Weighted count of (in, out) pairs ranked rightly, ties one half: float64 [B] (Mann-Whitney's U)."""
        order = np.argsort(self.score, kind="stable")
        ordered = self.score[order]
        below = np.vstack([np.zeros((1, self.weights.shape[1])), np.cumsum(self.weights[order], axis=0)])
        members = self.score[self.inside]
        weight = self.weights[self.inside]
        # Weight ranked below each member: all strictly below, and half of its tie group, itself included.
        start = np.searchsorted(ordered, members, side="left")
        end = np.searchsorted(ordered, members, side="right")
        rank = (below[start] + below[end]) / 2
        # Members ranked against each other make exactly half of their squared weight.
        return (weight * rank).sum(axis=0) - weight.sum(axis=0) ** 2 / 2

    def tied(self) -> Floats:
        """Weighted count of (in, out) pairs that tie: float64 [B]."""
        _, codes = np.unique(self.score, return_inverse=True)
        groups = int(codes.max(initial=-1)) + 1
        sums = [group_sums(codes[part], self.weights[part], groups) for part in (self.inside, ~self.inside)]
        return (sums[0] * sums[1]).sum(axis=0)

    def binned(self) -> Self:
        """The same, with rows of one score and side put together."""
        keys, codes = np.unique(2 * self.score.astype(np.int64) + self.inside, return_inverse=True)
        return type(self)(keys >> 1, (keys & 1).astype(bool), group_sums(codes, self.weights, len(keys)))

    def joined(self, other: Self) -> Self:
        """The rows of both, binned."""
        return type(self)(
            np.concatenate([self.score, other.score]),
            np.concatenate([self.inside, other.inside]),
            np.concatenate([self.weights, other.weights]),
        ).binned()


class Rankings(Protocol):
    """The ranking of each class that the model knows."""

    def of(self, index: int) -> Ranking:
        """That of one class."""


@dataclass(frozen=True)
class RowRankings:
    """The rows themselves.

    Args:
        probabilities: float64 [n, K].
        truth: int64 [n], the class of each row.
        weights: float64 [n, B].
    """

    probabilities: Floats
    truth: Integers
    weights: Floats

    def of(self, index: int) -> Ranking:
        """See `Rankings`."""
        return Ranking(self.probabilities[:, index], self.truth == index, self.weights)

    def kept(self) -> BinnedRankings:
        """The rows in bins."""
        bins = probability_bins(self.probabilities)
        return BinnedRankings(
            tuple(Ranking(bins[:, index], self.truth == index, self.weights).binned() for index in range(bins.shape[1]))
        )

    def merged(self, other: Self) -> Self:
        """Rows are merged in bins only."""
        raise TypeError("RowRankings must be kept before they are merged, got rows. Call `kept` first.")


@dataclass(frozen=True)
class BinnedRankings:
    """Bins of each class.

    Args:
        classes: the ranking of each class that the model knows.
    """

    classes: tuple[Ranking, ...]

    def of(self, index: int) -> Ranking:
        """See `Rankings`."""
        return self.classes[index]

    def kept(self) -> Self:
        """See `totals.Total`."""
        return self

    def merged(self, other: Self) -> Self:
        """See `totals.Total`."""
        return type(self)(tuple(a.joined(b) for a, b in zip(self.classes, other.classes, strict=True)))


def probability_bins(probabilities: Floats) -> Integers:
    """Returns the bin of each probability, float64 of any shape within [0, 1]: int64, rising with it."""
    low = probabilities < 0.5
    distance = np.where(low, probabilities, 1 - probabilities).astype(np.float32)
    bins = (np.maximum(distance, 0).view(np.uint32) >> _PROBABILITY_SHIFT).astype(np.int64)
    # What 32 bits round up to ½ stays below it.
    return np.where(low, np.minimum(bins, _HALF - 1), 2 * _HALF - bins)
