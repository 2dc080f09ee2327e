"""How well presets predict, beside boosted trees on the same rows.

    python -m tests.benchmarks.quality [--sets NAME,...] [--seeds 0,1,2] [--presets seed,best]
    python -m tests.benchmarks.quality --table

The first form measures what `quality.json` beside this file does not hold yet; the second prints the table. Scores:
mean absolute error, and log loss floored at 0.02; a ratio is that to the better of LightGBM and scikit-learn's
HistGradientBoosting. `seed_raw` is the seed network on the number as it is. A preset with `:regression_weight` or
`:classification_weight` behind it is its single-task twin: that weight stays, the other head's is 0. With 1,000 test
rows or more, two fifths of them calibrate the network, and the rest say what its intervals hold and what its
probabilities are worth.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.sets import TABLES, Split, split

RESULTS = Path(__file__).with_name("quality.json")
TREES = ("lightgbm", "hist_gradient_boosting")
SEED_AS_IT_WAS = "seed_raw"
_FLOOR = 0.02
_MANY = 1000


def score(rows: Split, number: np.ndarray, probabilities: np.ndarray) -> list[float]:
    """Returns mean absolute error and floored log loss on the test rows."""
    test = rows.parts[2]
    own = np.clip(probabilities[np.arange(len(test)), rows.label[test]], 1e-15, 1)
    return [float(np.abs(number - rows.number[test]).mean()), float(max(-np.log(own).mean(), _FLOOR))]


def measure(contestant: str, rows: Split, seed: int) -> dict[str, Any]:
    """Trains one contestant on one split and returns its scores and seconds."""
    began = time.perf_counter()
    if contestant in TREES:
        from tests.benchmarks import trees

        fit_trees = {"lightgbm": trees.lightgbm_trees, "hist_gradient_boosting": trees.histogram_trees}[contestant]
        answer = fit_trees(rows, seed)
    else:
        answer = _network(contestant, rows, seed)
    found = {"scores": score(rows, *answer), "seconds": round(time.perf_counter() - began, 1)}
    if contestant not in TREES and len(rows.parts[2]) >= _MANY:
        found |= calibrated(rows, *answer)
    return found


def calibrated(rows: Split, number: np.ndarray, probabilities: np.ndarray) -> dict[str, float]:
    """Returns the coverage of 90 % intervals and the calibration error on test rows that did not calibrate them."""
    from components.evaluator.classification import ClassificationScores
    from components.evaluator.metric import values
    from components.evaluator.uncertainty import covered
    from components.trainer.calibration import calibrate, rescale

    test = rows.parts[2]
    first, rest = np.split(np.arange(len(test)), [len(test) * 2 // 5])
    truth, label = rows.number[test], rows.label[test]
    found = calibrate(truth[first], number[first], label[first], probabilities[first], coverage=0.9)
    assert found.margin is not None, "there are rows enough"
    held = covered(truth[rest], number[rest] - found.margin, number[rest] + found.margin)
    names = [str(place) for place in range(rows.num_classes)]
    scores = ClassificationScores.of(
        label[rest].astype(str), rescale(probabilities[rest], found.temperature), names, ["calibration_error"]
    )
    return {"coverage": held.value, "calibration_error": values(scores)["calibration_error"]}


def _network(contestant: str, rows: Split, seed: int) -> tuple[np.ndarray, np.ndarray]:
    from dataclasses import replace

    import keras

    from components.outputs import CLASSIFICATION, REGRESSION
    from components.trainer.fit import fit
    from components.trainer.task import Task
    from pipeline.config import Config

    raw = contestant == SEED_AS_IT_WAS
    preset, _, alone = ("seed" if raw else contestant).partition(":")
    config = Config.model_validate(
        {"preset": preset, "data": {"path": "table"}, "labels": {"regression": "y", "classification": "k"}}
    )
    training = config.training.model_dump() | {"seed": seed}
    training |= {other: 0.0 for other in ("regression_weight", "classification_weight") if alone not in ("", other)}
    train, validation, test = rows.datasets
    if raw:  # the label as it is, and one loss beside the other
        train, validation, test = (
            replace(part, target=part.regression, target_mean=0.0, target_scale=1.0)
            for part in (train, validation, test)
        )
    with tempfile.TemporaryDirectory() as folder:
        task = Task(train, validation, [str(label) for label in range(rows.num_classes)], rows.categories)
        network, _ = fit(task, config.model.model_dump(), training, folder)
    answer = network.predict(test.features, batch_size=4096, verbose=0)
    keras.backend.clear_session()
    number = answer[REGRESSION][:, 0].astype(np.float64) * test.target_scale + test.target_mean
    return number, answer[CLASSIFICATION]


def table(results: dict[str, Any]) -> str:
    """Returns ratios to the better trees as Markdown: the mean over seeds of each head, and the geometric mean."""
    ratios: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for key, by_contestant in results.items():
        name = key.split("/")[0]
        if not set(TREES) <= set(by_contestant):
            continue
        best = np.min([by_contestant[trees]["scores"] for trees in TREES], axis=0)
        for contestant, found in by_contestant.items():
            if contestant not in TREES and ":" not in contestant:
                for head, value in zip(("number", "class"), np.array(found["scores"]) / best, strict=True):
                    ratios[contestant][f"{name}, {head}"].append(float(value))
    heads = list(dict.fromkeys(head for found in ratios.values() for head in found))
    lines = [f"| set, head | {' | '.join(ratios)} |", "|---|" + "---|" * len(ratios)]
    for head in heads:
        cells = [f"{np.mean(found[head]):.3f}" if head in found else "–" for found in ratios.values()]
        lines.append(f"| {head} | {' | '.join(cells)} |")
    means = [np.exp(np.mean([np.log(np.mean(values)) for values in found.values()])) for found in ratios.values()]
    lines.append(
        "| geometric mean (heads) | "
        + " | ".join(f"{mean:.3f} ({len(found)})" for mean, found in zip(means, ratios.values(), strict=True))
        + " |"
    )
    return "\n".join(lines)


def main() -> None:
    """Measures, or prints the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sets", default=",".join(TABLES))
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--presets", default="seed,best")
    parser.add_argument("--table", action="store_true")
    chosen = parser.parse_args()
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    if chosen.table:
        print(table(results))
        return
    for seed in map(int, chosen.seeds.split(",")):
        for name in chosen.sets.split(","):
            rows = split(name, seed)
            found = results.setdefault(f"{name}/{seed}", {})
            for contestant in (*TREES, *chosen.presets.split(",")):
                if contestant not in found:
                    found[contestant] = measure(contestant, rows, seed)
                    print(name, seed, contestant, found[contestant], flush=True)
                    RESULTS.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
