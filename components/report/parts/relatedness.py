"""The report's part on relatedness: what sharing did to each head, the angle of the gradients, and the cost."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import mean
from typing import Any

_HEAD = ("metric", "title", "n", "multi_task", "single_task", "by_seed", "verdict", "sentence")


def relatedness_part(found: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what is known of it.

    Args:
        found: `relatedness.json` of Relatedness.
    """
    cosines = [cosine for cosine in found["gradient_cosine"] if cosine is not None]
    return {
        "seeds": found["seeds"],
        "confidence": found["level"],
        "rule": found["rule"],
        "heads": {
            head: {
                "label": found["labels"][head],
                **{name: result[name] for name in _HEAD},
                "change": {name: result["change"][name] for name in ("value", "low", "high")},
            }
            for head, result in found["heads"].items()
        },
        "gradient_cosine": {"mean": mean(cosines) if cosines else None, "by_seed": found["gradient_cosine"]},
        "cost": found["cost"],
    }
