"""The verdict on a model, and every check behind it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One demand and how it went.

    Args:
        head: `regression` or `classification`.
        name: `predictions`, `threshold`, `better_than_trivial` or `no_worse_than_pushed`.
        passed: whether the demand is met.
        value: the head's value of the metric in question; None where undefined.
        bound: what it was held against: a threshold, or the other predictor's value.
        sentence: what happened, with its numbers.
        decides: whether the rule counts it.
        warning: passed, but worth a look.
    """

    head: str
    name: str
    passed: bool
    value: float | None
    bound: float | None
    sentence: str
    decides: bool = True
    warning: bool = False


@dataclass(frozen=True)
class Verdict:
    """Whether the model is blessed, and every check behind it.

    Args:
        blessed: True if all checks that decide have passed.
        rule: the gate's rule.
        heads: whether each head passed all its checks.
        checks: all checks, regression first.
        sentence: the verdict in one sentence.
    """

    blessed: bool
    rule: str
    heads: dict[str, bool]
    checks: tuple[Check, ...]
    sentence: str

    @property
    def reasons(self) -> list[str]:
        """The sentences of the checks that stand in the way of the blessing."""
        return [check.sentence for check in self.checks if check.decides and not check.passed]

    def of(self, head: str) -> list[Check]:
        """Returns the checks of one head."""
        return [check for check in self.checks if check.head == head]
