"""What a model must reach to be blessed; the demands that `blessing.py` holds its figures against."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from components.evaluator.analysis.head import METRICS
from components.shared.errors import InputError, did_you_mean

RULES = ("all", "regression", "classification")


@dataclass(frozen=True)
class HeadGate:
    """What one head must reach.

    Args:
        thresholds: metric to bound: an upper one for errors and losses, a lower one for scores.
        better_than_trivial: whether it must beat the trivial predictor.
        no_worse_than_pushed: whether it must be no worse than the production model by more than noise.
        tolerance: how much worse it may be beyond noise, as a share of the production model's value (0.02: 2 %).
    """

    thresholds: Mapping[str, float] = field(default_factory=dict)
    better_than_trivial: bool = True
    no_worse_than_pushed: bool = True
    tolerance: float = 0.0


@dataclass(frozen=True)
class Gate:
    """What a model must reach to be blessed.

    Args:
        regression: demands on the regression head.
        classification: demands on the classification head.
        rule: `all` heads must pass, or one is primary: `regression` or `classification`. The other head's
            checks are then reported, but do not decide.

    Raises:
        InputError: an unknown rule or metric, a bound that is not finite, or a negative tolerance.
    """

    regression: HeadGate = field(default_factory=HeadGate)
    classification: HeadGate = field(default_factory=HeadGate)
    rule: str = "all"

    def __post_init__(self) -> None:
        if self.rule not in RULES:
            raise InputError(
                f'`gates.rule` must be one of {", ".join(RULES)}, got "{self.rule}".{did_you_mean(self.rule, RULES)}'
            )
        for head, known in METRICS.items():
            gate = self.head(head)
            for name in gate.thresholds:
                if name not in known:
                    raise InputError(
                        f'`gates.{head}` must name metrics of this head, got "{name}".'
                        f"{did_you_mean(name, known)} Use one of {', '.join(known)}."
                    )
            for name, bound in gate.thresholds.items():
                if not math.isfinite(bound):
                    raise InputError(
                        f"`gates.{head}.thresholds.{name}` must be a finite number, got {bound}. "
                        "Leave it out to set no bound."
                    )
            if not (math.isfinite(gate.tolerance) and gate.tolerance >= 0):
                raise InputError(f"`gates.{head}.tolerance` must be 0 or more, got {gate.tolerance}. Use 0.02 for 2 %.")

    def head(self, head: str) -> HeadGate:
        """The demands on one head."""
        return self.regression if head == "regression" else self.classification
