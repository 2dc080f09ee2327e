"""Whether sharing helped a head: its loss in the multi-task network against a network of its own, and the verdict.

The figure is the relative change of the primary metric (MAE in the user's units, log loss), multi-task over single-task
less 1: negative where sharing helped. Each row's loss is averaged over the seeds first. Two chances lie behind it:

- **which rows** were judged: the paired bootstrap over the rows, of the losses averaged over the seeds;
- **which seeds** were drawn: networks of one kind differ as well. With the change of each seed, `r_s`, it is the
  half-width `t · sd(r) / √S` of Student's interval for S seeds.

The interval joins both as independent: `value - √((value - low_rows)² + half²)`, and the same upwards (Zou & Donner
2008). The rows alone would call two seeds of one network different as soon as there are many rows.

The verdict goes by the interval alone, with `TOLERANCE` = 1 %, below which a change is of no interest:

1. within ±1 %: **no difference**;
2. wholly below 0: **helped**;
3. wholly above 0: **hurt**;
4. otherwise **not clear**: too few seeds or rows to tell.

Which tasks gain from each other has to be measured (Standley et al. 2020), against networks of their own with the same
budget and regularisation (Kurin et al. 2022).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from components.evaluator.analysis.bootstrap import LEVEL, RESAMPLES, Bootstrap
from components.evaluator.analysis.head import METRICS, PRIMARY_METRIC
from components.evaluator.analysis.metric import Floats, ratio
from components.evaluator.analysis.wording import decimals, figure
from components.formats.estimates import Estimate, Estimated, Interval
from components.formats.relatedness import Sharing

TOLERANCE = 0.01
HELPED, HURT, NO_DIFFERENCE, NOT_CLEAR = "helped", "hurt", "no difference", "not clear"
RULE = (
    f"Judged by the interval of the change over rows and seeds: within ±{100 * TOLERANCE:g} %, no difference; "
    "wholly below 0, helped; wholly above 0, hurt; otherwise not clear."
)


def judge(
    head: str, multi_task: Floats, single_task: Floats, *, resamples: int = RESAMPLES, level: float = LEVEL
) -> Sharing:
    """Compares one head's losses in the two kinds of network.

    Args:
        head: `regression` or `classification`.
        multi_task: float64 [S, n], each row's loss in the multi-task network of each seed, not negative.
        single_task: float64 [S, n], of the same rows and seeds in the head's own network.
        resamples: bootstrap draws of the rows.
        level: level of the interval.

    Raises:
        ValueError: the shapes differ, there are fewer than two seeds or no rows, or a loss is not finite.
    """
    if multi_task.shape != single_task.shape or multi_task.ndim != 2 or len(multi_task) < 2 or not multi_task.size:
        raise ValueError(
            "Losses must be of one shape [seeds, rows] with at least 2 seeds and 1 row, "
            f"got {multi_task.shape} and {single_task.shape}."
        )
    if not (np.isfinite(multi_task).all() and np.isfinite(single_task).all()):
        raise ValueError("Losses must be finite, got NaN or infinity.")
    losses = _Losses(multi_task.mean(axis=0), single_task.mean(axis=0))
    rows = Bootstrap({head: losses}, resamples=resamples, level=level).interval(head, _CHANGE)
    by_seed = ratio(multi_task.mean(axis=1), single_task.mean(axis=1)) - 1
    half = float(stdtrit(len(by_seed) - 1, (1 + level) / 2) * by_seed.std(ddof=1) / np.sqrt(len(by_seed)))
    change = joined(rows, half)
    verdict = verdict_of(change)
    title = METRICS[head][PRIMARY_METRIC[head]].title
    means = float(multi_task.mean()), float(single_task.mean())
    rows_width = None if rows.low is None or rows.high is None else rows.high - rows.low
    seeds_width = 2 * half if np.isfinite(half) else None
    return Sharing(
        metric=PRIMARY_METRIC[head],
        title=title,
        n=losses.n,
        multi_task=means[0],
        single_task=means[1],
        change=change,
        by_seed=tuple(float(value) if np.isfinite(value) else None for value in by_seed),
        rows_width=rows_width,
        seeds_width=seeds_width,
        verdict=verdict,
        sentence=_sentence(verdict, title, means, change, rows_width, seeds_width),
    )


def joined(rows: Interval, half: float) -> Interval:
    """Returns the interval of the rows, widened by the half-width of an independent chance."""
    if rows.value is None or rows.low is None or rows.high is None or not np.isfinite(half):
        return Interval(rows.value, None, None, rows.level, rows.resamples, rows.dropped)
    low = rows.value - float(np.hypot(rows.value - rows.low, half))
    high = rows.value + float(np.hypot(rows.high - rows.value, half))
    return Interval(rows.value, low, high, rows.level, rows.resamples, rows.dropped)


def verdict_of(change: Interval) -> str:
    """Returns `helped`, `hurt`, `no difference` or `not clear`, by the rule at the top."""
    if change.low is None or change.high is None:
        return NOT_CLEAR
    if change.low >= -TOLERANCE and change.high <= TOLERANCE:
        return NO_DIFFERENCE
    if change.high < 0:
        return HELPED
    return HURT if change.low > 0 else NOT_CLEAR


def percent(change: Estimated) -> str:
    """Returns a relative change as `−4.2 % [−7.1 %, −1.3 %]`; `undefined` where it is."""
    if change.value is None:
        return "undefined"
    value, low, high = (None if bound is None else 100 * bound for bound in (change.value, change.low, change.high))
    places = min(2, decimals(Estimate(value, low, high)))
    said = f"{figure(value, places)} %"
    return said if low is None else f"{said} [{figure(low, places)} %, {figure(high, places)} %]"


_CHANGE = "change"
_SAID = {
    HELPED: "Sharing helped",
    HURT: "Sharing hurt",
    NO_DIFFERENCE: "Sharing made no difference",
    NOT_CLEAR: "Whether sharing helped is not clear",
}


def _sentence(
    verdict: str,
    title: str,
    means: tuple[float, float],
    change: Interval,
    rows_width: float | None,
    seeds_width: float | None,
) -> str:
    changed = "" if change.value is None else f", a change of {percent(change)}"
    said = f"{_SAID[verdict]}: {title} {means[0]:.4g} in the shared network, {means[1]:.4g} in one of its own{changed}."
    if verdict != NOT_CLEAR or rows_width is None or seeds_width is None:
        return said
    more = "seeds" if seeds_width > rows_width else "eval rows"
    return f"{said} Most of this width is due to the number of {more}; more of them would narrow it."


@dataclass(frozen=True)
class _Losses:
    """Each row's loss in both kinds of network, float64 [n]; satisfies `Scores`."""

    multi_task: Floats
    single_task: Floats

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.multi_task)

    def take(self, rows: npt.NDArray[Any]) -> Self:
        """The same, restricted to `rows`."""
        return type(self)(self.multi_task[rows], self.single_task[rows])

    def weighted(self, weights: Floats) -> dict[str, Floats]:
        """The change under each weighting: `weights` is float64 [n, B], the result float64 [B]."""
        return {_CHANGE: ratio(self.multi_task @ weights, self.single_task @ weights) - 1}
