"""When Argo starts a failed step again, and how long it lets that run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

KILLED = 143
"""Exit code of a container that was told to end."""
PAST_DEADLINE = "Pod was active on the node longer than the specified deadline"


@dataclass
class Retries:
    """What workflow-controller 4.0.5 makes of a `retryPolicy`, which KFP 2.17.0 hands it as it stands.

    Argo's `maxDuration` is the time of all attempts together: added to the start of the first, it is the latest time
    at which another may start, and where one does start, its pod is killed then, whatever it is doing. The first
    attempt alone has no such limit.

    Args:
        limit: how many attempts may follow the first.
        wait: seconds between the first two; later waits grow.
        factor: by what they grow.
        deadline: the time that the class speaks of.
        waited: seconds waited so far, which no clock has counted.
    """

    limit: int
    wait: float
    factor: float
    deadline: float
    waited: float = 0.0

    @classmethod
    def of(cls, policy: dict[str, Any], now: float) -> Retries:
        """Returns the retries of a task whose first attempt starts now."""
        longest = _seconds(policy["backoffMaxDuration"]) if "backoffMaxDuration" in policy else math.inf
        wait, factor = _seconds(policy.get("backoffDuration", "0s")), float(policy.get("backoffFactor", 1))
        return cls(int(policy.get("maxRetryCount", 0)), wait, factor, now + longest)

    def is_over(self, now: float) -> bool:
        """Whether the deadline has passed."""
        return now + self.waited > self.deadline

    def refusal(self, failed: int, now: float) -> str | None:
        """Waits for the next attempt after so many have failed, or says why there is none."""
        if self.is_over(now):
            return "Max duration limit exceeded"
        wait = self.wait * self.factor ** (failed - 1)
        if self.is_over(now + wait):
            return "Backoff would exceed max duration limit"
        if failed > self.limit:
            return "No more retries left"
        self.waited += wait
        return None


def _seconds(duration: str) -> float:
    return float(duration.removesuffix("s"))
