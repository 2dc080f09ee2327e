"""What sharing one network did to the heads of a report."""

from typing import Any


def relatedness_part() -> dict[str, Any]:
    heads = (
        ("regression", "alcohol", "mae", "MAE", 0.412, 0.43, "not clear"),
        ("classification", "cultivar", "log_loss", "log loss", 0.281, 0.352, "helped"),
    )
    return {
        "seeds": [0, 1, 2],
        "confidence": 0.95,
        "rule": "Judged by the interval of the change.",
        "heads": {
            head: {
                "label": label,
                "metric": metric,
                "title": title,
                "n": 325,
                "multi_task": shared,
                "single_task": alone,
                "by_seed": [shared / alone - 1.02, shared / alone - 0.97, None],
                "verdict": verdict,
                "sentence": f"{title} {shared} in the shared network, {alone} in one of its own.",
                "change": {
                    "value": shared / alone - 1,
                    "low": shared / alone - 1.09,
                    "high": shared / alone - 1 + (0.08 if verdict == "not clear" else 0.11),
                },
            }
            for head, label, metric, title, shared, alone, verdict in heads
        },
        "gradient_cosine": {"mean": 0.125, "by_seed": [0.1, 0.15, None]},
        "cost": {
            "parameters": {"one": 10180, "two": 20102},
            "seconds": {"one": 12.25, "two": 91.5},
            "latency": {"one": 0.00055, "two": 0.00104},
        },
    }
