"""What the page shows of a search for settings: its course, its trials from the best on, and their values."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

from components.formats.tuning import Tuning
from components.report.page.charts import search
from components.report.page.figure import figure


def tuning_view(tuning: Tuning) -> dict[str, Any]:
    """Returns the search of a report with its trials sorted and drawn."""
    best, completed = tuning.best, tuning.completed
    ranked = sorted(tuning.trials, key=lambda trial: math.inf if trial.objective is None else trial.objective)
    return {
        **asdict(tuning),
        "best": best,
        "completed": len(completed),
        "failed": len(tuning.trials) - len(completed),
        "keys": list(tuning.space),
        "ranked": [
            {**asdict(trial), "shown": {key: _text(value) for key, value in trial.values.items()}} for trial in ranked
        ],
        "changed": [
            {"key": key, "start": _text(tuning.start[key]), "best": _text(value)} for key, value in best.values.items()
        ],
        "figures": [
            figure(
                "Objective",
                search.progress(completed, best.number),
                "The line is the lowest so far. On the dashed line one network does as well as two, one for each head.",
                wide=True,
            ),
            figure(
                "Settings",
                search.parallel(completed, tuning.space, best.number),
                "One line per trial, from its settings to its objective; the best one stands out.",
                legend=(("eval", f"trial {best.number}, the best", ""),),
                wide=True,
            ),
        ],
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
