"""What one network for both heads costs against two: parameters, training, and the time to score one row."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from components.formats.relatedness import Cost, Network, Price


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
