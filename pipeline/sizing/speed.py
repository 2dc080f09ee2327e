"""How fast a machine is beside the one on which the constants of the estimate were measured."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

_REPEATS = 4
_LOOP = 50_000
# Products of 64 × 64 numbers are small enough for OpenBLAS to leave them to one thread, so that CPU time tells.
_SIDE, _PRODUCTS = 64, 200


@dataclass(frozen=True)
class Speed:
    """Seconds that one processor takes for two small jobs, and how many processors there are.

    It is CPU time, the least of several tries, so that other work on the machine says little.

    Args:
        loop: a loop in Python.
        product: some products of matrices.
        cores: processors that this process may use.
    """

    loop: float
    product: float
    cores: int

    @classmethod
    def measured(cls) -> Speed:
        """Returns the speed of this machine; it takes about a twentieth of a second."""
        return cls(_least(_loop), _least(_product), len(os.sched_getaffinity(0)))


def _least(work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(_REPEATS):
        began = time.thread_time()
        work()
        seconds.append(time.thread_time() - began)
    return min(seconds)


def _loop() -> int:
    found: dict[int, int] = {}
    for number in range(_LOOP):
        found[number % 997] = found.get(number % 31, 0) + number
    return len(found)


def _product() -> None:
    values = np.linspace(0, 1, _SIDE * _SIDE, dtype=np.float32).reshape(_SIDE, _SIDE)
    for _ in range(_PRODUCTS):
        values @ values
