"""The report's part on relatedness: what sharing did to each head, the angle of the gradients, and the cost."""

from __future__ import annotations

from dataclasses import asdict
from statistics import mean
from typing import Any

from components.formats.relatedness import Relatedness

_HEAD = ("metric", "title", "n", "multi_task", "single_task", "verdict", "sentence")


def relatedness_part(found: Relatedness) -> dict[str, Any]:
    """Returns what is known of it, as the report shows it."""
    cosines = [cosine for cosine in found.gradient_cosine if cosine is not None]
    return {
        "seeds": list(found.seeds),
        "confidence": found.level,
        "rule": found.rule,
        "heads": {
            head: {
                "label": found.labels[head],
                **{name: getattr(result, name) for name in _HEAD},
                "by_seed": list(result.by_seed),
                "change": {name: getattr(result.change, name) for name in ("value", "low", "high")},
            }
            for head, result in found.heads.items()
        },
        "gradient_cosine": {"mean": mean(cosines) if cosines else None, "by_seed": list(found.gradient_cosine)},
        "cost": asdict(found.cost),
    }
