"""What one network for both heads costs against two: parameters, training, and the time to score one row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


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

    one: float
    two: float


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


def cost(multi_task: Network, single_task: Sequence[Network], one: Sequence[float], two: Sequence[float]) -> Cost:
    """Returns the costs.

    Args:
        multi_task: the network with both heads.
        single_task: the networks with one head each.
        one: seconds of each call of the multi-task network.
        two: seconds of each call of both single-task networks.
    """
    return Cost(
        Price(multi_task.parameters, sum(network.parameters for network in single_task)),
        Price(median(multi_task.seconds), sum(median(network.seconds) for network in single_task)),
        Price(median(one), median(two)),
    )
