"""`relatedness.json`: what the heads gain from sharing one network and what it costs, for terminal and report."""

from __future__ import annotations

from dataclasses import dataclass, field

from components.formats.estimates import Interval
from components.formats.json_file import JsonFile


@dataclass(frozen=True)
class Sharing:
    """What sharing did to one head.

    Args:
        metric: the primary metric, an error or loss: lower is better.
        title: what a sentence calls it.
        n: number of rows.
        multi_task: mean over rows and seeds in the shared network.
        single_task: the same in networks of the head's own.
        change: `multi_task / single_task - 1` with its interval over rows and seeds; undefined where the head's own
            network makes no error.
        by_seed: the same of each seed; None where undefined.
        rows_width: width of the interval for the choice of rows alone; None without an interval.
        seeds_width: width of the interval for the choice of seeds alone; None where undefined.
        verdict: `helped`, `hurt`, `no difference` or `not clear`.
        sentence: the verdict with its figures.
    """

    metric: str
    title: str
    n: int
    multi_task: float
    single_task: float
    change: Interval
    by_seed: tuple[float | None, ...]
    rows_width: float | None
    seeds_width: float | None
    verdict: str
    sentence: str


@dataclass(frozen=True)
class Network:
    """One kind of network, over its seeds.

    Args:
        parameters: weights that its outputs depend on; of a single-task network those of the trunk and its one head.
        seconds: training time of each seed.
        epochs: epochs of each seed.
    """

    parameters: int
    seconds: tuple[float, ...]
    epochs: tuple[int, ...]


@dataclass(frozen=True)
class Price:
    """One network's figure beside that of the two.

    Args:
        one: of the multi-task network.
        two: of both single-task networks together.
    """

    one: int | float
    two: int | float


@dataclass(frozen=True)
class Cost:
    """What one network costs against two.

    Args:
        parameters: weights.
        seconds: training time with one seed, the median over the seeds: the first one pays for what is made once.
        latency: seconds to score one row, the median of many calls; two networks are asked one after the other. The
            network alone: parsing and transforming the row come on top, twice for two models.
    """

    parameters: Price
    seconds: Price
    latency: Price


@dataclass(frozen=True)
class Relatedness(JsonFile, file="relatedness.json"):
    """What training the multi-task network and its single-task baselines with several seeds showed.

    Args:
        seeds: the seeds.
        level: level of the intervals.
        tolerance: relative change that is of no interest.
        rule: how a verdict is found.
        heads: what sharing did to each head.
        gradient_cosine: cosine between the heads' gradients on the shared layers of the multi-task network, the mean
            over the epochs of each seed; negative where the heads contradict each other, None where nothing is shared.
        networks: `multi_task`, `regression` and `classification`.
        cost: one network against two.
        labels: head -> its label column, and `weight` -> the column of the row weights, None without one.
    """

    seeds: tuple[int, ...]
    level: float
    tolerance: float
    rule: str
    heads: dict[str, Sharing]
    gradient_cosine: tuple[float | None, ...]
    networks: dict[str, Network]
    cost: Cost
    labels: dict[str, str | None] = field(default_factory=dict)
