"""`history.json`: the training by epoch, which the Trainer leaves in its run and the report draws."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from components.formats.json_file import JsonFile
from components.shared.head_outputs import CLASSIFICATION, HEADS, REGRESSION

# What the logs of an epoch hold beside Keras's losses and metrics; `ALONE`, of the epochs of a head by itself.
COSINE = "gradient_cosine"
WEIGHTS = {REGRESSION: f"weight_{REGRESSION}", CLASSIFICATION: f"weight_{CLASSIFICATION}"}
ALONE = {REGRESSION: f"alone_{REGRESSION}", CLASSIFICATION: f"alone_{CLASSIFICATION}"}


@dataclass(frozen=True)
class History(JsonFile, file="history.json", format=2):
    """Losses, metrics and whatever else a training logged, by epoch; a head is `regression` or `classification`.

    Args:
        series: name in Keras's logs -> value of each epoch, None where it is no finite number.
    """

    INDENT = None

    series: dict[str, list[float | None]]

    @classmethod
    def of_logs(cls, logs: Mapping[str, Sequence[float]]) -> Self:
        """Returns the history of what a training logged: name -> value of each epoch, NaN and infinity included."""
        finite = {name: [value if math.isfinite(value) else None for value in values] for name, values in logs.items()}
        return cls(finite)

    @classmethod
    def upgraded(cls, fields: dict[str, Any], format: int) -> dict[str, Any]:
        """Returns the fields of format 1, which had each series by itself, and NaN among its values."""
        del format
        return {"series": cls.of_logs(fields).series}

    def loss(self, head: str, split: str) -> list[float]:
        """Returns a head's loss on `train` or `validation`: on the standardised label, or the log loss."""
        return self._values({"train": "", "validation": "val_"}[split] + f"{HEADS[head]}_loss")

    def validation(self, head: str, metric: str) -> list[float]:
        """Returns a head's metric on the validation split."""
        return self._values(f"val_{HEADS[head]}_{metric}")

    def weights(self, head: str) -> list[float]:
        """Returns what a balancer multiplied a head's loss by; empty where none did."""
        return self._values(WEIGHTS[HEADS[head]])

    def alone(self, head: str) -> list[float]:
        """Returns a head's primary metric on the validation split when it was trained by itself; empty if never."""
        return self._values(ALONE[HEADS[head]])

    @property
    def gradient_cosine(self) -> list[float]:
        """The cosine between the heads' gradients; empty where they share no layer."""
        return self._values(COSINE)

    def _values(self, name: str) -> list[float]:
        """The values of a series, NaN where there is no finite one; none of a series that was not logged."""
        return [math.nan if value is None else value for value in self.series.get(name, [])]
