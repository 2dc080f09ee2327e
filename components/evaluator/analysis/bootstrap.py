"""Bootstrap intervals of metrics, and of the difference between two models scored on the same rows.

Percentile bootstrap (Efron 1979): n rows are drawn with replacement, the metric is computed on them, and
the interval holds the middle 95 % of many such draws. Drawing rows is the same as weighting them by how often
they were drawn, so every replicate is one column of a weight matrix and all metrics are computed for a block
of columns at once; a block holds about `BLOCK` weights, which bounds the memory.

All models of one `Bootstrap` meet the same draws. Differences are therefore paired: what makes rows easy or
hard cancels, and a difference far smaller than either interval can be clear.

Above `MAX_ROWS` rows the draws are made on that many randomly chosen rows, and their spread around the value
on those rows is scaled by √(MAX_ROWS / n) around the value on all rows: these metrics vary like 1/√n, so the
interval is right up to the noise of the subset, and its cost stops growing with n. Time grows with the number
of classes as well, since AUC ranks the rows once for each. Where nobody holds all rows, the subset comes from
elsewhere, with the values on all rows (`Whole`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from components.evaluator.analysis.metric import Floats, Scores, values
from components.formats.estimates import Difference, Interval

RESAMPLES, LEVEL = 500, 0.95
"""Unless the configuration says otherwise: draws, and the share of them between the bounds."""
PART_RESAMPLES = 200
"""Draws for a part of the rows: a slice, a range of the label."""
MAX_ROWS = 20_000
BLOCK = 2**19
# Fewer rows hardly vary when drawn again: the interval would be far too narrow, so none is given.
MIN_ROWS = 5


@dataclass(frozen=True)
class Whole:
    """All rows, of which a random sample is at hand.

    Args:
        n: how many there are.
        values: model → metric → its value on all of them, NaN where undefined.
    """

    n: int
    values: Mapping[str, Mapping[str, float]]


class Bootstrap:
    """Draws of every metric of several models on the same rows.

    Args:
        scores: the models by name; all of the same rows in the same order.
        resamples: number of draws; 500 put an error of about 5 % of its width on a 95 % interval's bounds.
        level: the share of draws between the bounds.
        seed: same seed, same rows: same result.
        whole: what is known of all rows, where `scores` are of a sample of them; None where they are of all. Where not
            one of them is at hand, nothing is drawn, and values have no interval.

    Raises:
        ValueError: the models differ in their number of rows, or an option is out of range.
    """

    def __init__(
        self,
        scores: Mapping[str, Scores],
        resamples: int = RESAMPLES,
        level: float = LEVEL,
        seed: int = 0,
        whole: Whole | None = None,
    ):
        sizes = {name: score.n for name, score in scores.items()}
        if len(set(sizes.values())) != 1 and (scores or whole is None):
            raise ValueError(f"scores must be of the same rows, got {sizes} rows.")
        if resamples < 1 or not 0 < level < 1:
            raise ValueError(f"resamples must be positive and level between 0 and 1, got {resamples}, {level}.")
        held = next(iter(sizes.values()), 0)
        self.n = held if whole is None else whole.n
        self.resamples, self.level = resamples, level
        self._values = {name: values(score) for name, score in scores.items()} if whole is None else whole.values
        self._draws: dict[str, dict[str, Floats]] = {}
        if held < MIN_ROWS:
            return
        rng = np.random.default_rng(seed)
        drawn = dict(scores)
        if held > MAX_ROWS:
            subset = np.sort(rng.choice(held, MAX_ROWS, replace=False))
            drawn = {name: score.take(subset) for name, score in scores.items()}
        drawn_rows = min(held, MAX_ROWS)
        centre = self._values if drawn_rows == self.n else {name: values(score) for name, score in drawn.items()}
        shrink = np.sqrt(drawn_rows / self.n)
        for name, draws in _draw(drawn, drawn_rows, resamples, rng).items():
            self._draws[name] = {
                metric: self._values[name][metric] + shrink * (draw - centre[name][metric]) if shrink < 1 else draw
                for metric, draw in draws.items()
            }

    def interval(self, model: str, metric: str) -> Interval:
        """The metric of one model."""
        value = self._values[model][metric]
        low, high, dropped, _ = self._bounds(value, self._draws.get(model, {}).get(metric))
        return Interval(_known(value), low, high, self.level, self.resamples, dropped)

    def difference(self, model: str, other: str, metric: str) -> Difference:
        """The metric of `model` minus that of `other`, paired by rows."""
        ours, theirs = self._values[model][metric], self._values[other][metric]
        draws = self._draws[model][metric] - self._draws[other][metric] if self._draws else None
        low, high, dropped, counted = self._bounds(ours - theirs, draws)
        return Difference(
            value=_known(ours - theirs),
            low=low,
            high=high,
            level=self.level,
            resamples=self.resamples,
            dropped=dropped,
            ours=_known(ours),
            theirs=_known(theirs),
            below=None if low is None else float((counted < 0).mean()),
            above=None if low is None else float((counted > 0).mean()),
        )

    def _bounds(self, value: float, draws: Floats | None) -> tuple[float | None, float | None, int, Floats]:
        """Low, high, number of draws dropped, and the draws counted."""
        if draws is None:
            return None, None, 0, np.empty(0)
        counted = draws[np.isfinite(draws)]
        dropped = len(draws) - len(counted)
        if not np.isfinite(value) or 2 * dropped > len(draws):
            return None, None, dropped, counted
        tail = (1 - self.level) / 2
        low, high = np.quantile(counted, [tail, 1 - tail])
        return float(low), float(high), dropped, counted


def _draw(
    scores: Mapping[str, Scores], n: int, resamples: int, rng: np.random.Generator
) -> dict[str, dict[str, Floats]]:
    """Every metric of every model in each draw: float64 [resamples]."""
    blocks: dict[str, list[Mapping[str, Floats]]] = {name: [] for name in scores}
    width = max(1, BLOCK // n)
    for start in range(0, resamples, width):
        columns = min(width, resamples - start)
        cells = rng.integers(n, size=(n, columns)) * columns + np.arange(columns)
        counts = np.bincount(cells.ravel(), minlength=n * columns)
        weights = counts.reshape(n, columns).astype(np.float64)
        for name, score in scores.items():
            blocks[name].append(score.weighted(weights))
    return {
        name: {metric: np.concatenate([block[metric] for block in parts]) for metric in parts[0]}
        for name, parts in blocks.items()
    }


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
