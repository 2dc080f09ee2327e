"""How well presets predict, beside boosted trees on the same rows.

    python -m tests.benchmarks.quality [--sets NAME,...] [--seeds 0,1,2] [--presets default,best]
    python -m tests.benchmarks.quality --table

The first form measures what `quality.json` beside this file does not hold yet; the second prints the table. Scores:
mean absolute error, and log loss floored at 0.02; a ratio is that to the better of LightGBM and scikit-learn's
HistGradientBoosting. `seed_raw` is the seed network on the regression label as it is. A preset with
`:regression_weight` or `:classification_weight` behind it is its single-task baseline: that weight stays, the other
head's is 0. With 1,000 test rows or more, two fifths of them calibrate the network, and the rest say what its intervals
hold and what its probabilities are worth: their calibration error, and how large that is by chance where they are
right. Seconds are the wall clock's, whatever else the machine was doing.
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
_COLUMNS = (SEED_AS_IT_WAS, "seed", "default", "best")
_FLOOR = 0.02
_CALIBRATION = ("coverage", "calibration_error", "calibration_error_by_chance")
_MANY = 1000
_DRAWS = 100


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
    from components.evaluator.analysis.coverage import covered
    from components.model_format.calibration import calibrate, rescale

    test = rows.parts[2]
    first, rest = np.split(np.arange(len(test)), [len(test) * 2 // 5])
    truth, label = rows.number[test], rows.label[test]
    found = calibrate(truth[first], number[first], label[first], probabilities[first], coverage=0.9)
    assert found.margin is not None, "there are rows enough"
    held = covered(truth[rest], number[rest] - found.margin, number[rest] + found.margin)
    answered = rescale(probabilities[rest], found.temperature)
    return {
        "coverage": held.value,
        "calibration_error": _calibration_error(label[rest], answered),
        "calibration_error_by_chance": _by_chance(answered),
    }


def _calibration_error(label: np.ndarray, probabilities: np.ndarray) -> float:
    from components.evaluator.analysis.classification import ClassificationScores
    from components.evaluator.analysis.metric import values

    names = [str(place) for place in range(probabilities.shape[1])]
    scores = ClassificationScores.of(label.astype(str), probabilities, names, ["calibration_error"])
    return values(scores)["calibration_error"]


def _by_chance(probabilities: np.ndarray) -> float:
    """Returns the mean calibration error on labels drawn from the probabilities, which are then exactly right."""
    draws = np.random.default_rng(0).random((_DRAWS, len(probabilities), 1))
    labels = (draws > np.cumsum(probabilities, axis=1)[:, :-1]).sum(axis=2)
    return float(np.mean([_calibration_error(label, probabilities) for label in labels]))


def _network(contestant: str, rows: Split, seed: int) -> tuple[np.ndarray, np.ndarray]:
    from dataclasses import replace

    import keras

    from components.shared.head_outputs import CLASSIFICATION, REGRESSION
    from components.trainer.dataset import predict
    from components.trainer.fit import fit
    from tests.benchmarks.preset import configured

    raw = contestant == SEED_AS_IT_WAS
    preset, _, alone = ("seed" if raw else contestant).partition(":")
    config = configured(preset)
    training = config.training.model_dump() | {"seed": seed}
    training |= {other: 0.0 for other in ("regression_weight", "classification_weight") if alone not in ("", other)}
    train, validation, test = rows.datasets
    if raw:  # the label as it is, and one loss beside the other
        train, validation, test = (
            replace(part, target=part.regression, target_mean=0.0, target_scale=1.0)
            for part in (train, validation, test)
        )
    with tempfile.TemporaryDirectory() as folder:
        task = rows.task(train, validation)
        network, _ = fit(task, config.model.model_dump(), training, folder)
    answer = predict(network, test)
    keras.backend.clear_session()
    return answer[REGRESSION][:, 0], answer[CLASSIFICATION]


Figures = dict[str, dict[str, list[float]]]
"""Contestant -> row of a table -> one value per seed."""


def table(results: dict[str, Any]) -> str:
    """Returns ratios to the better trees as Markdown: the mean over seeds of each head, and what they come to."""
    ratios: Figures = defaultdict(lambda: defaultdict(list))
    for key, by_contestant in results.items():
        if set(TREES) <= set(by_contestant):
            best = np.min([by_contestant[trees]["scores"] for trees in TREES], axis=0)
            for contestant, found in by_contestant.items():
                if contestant not in TREES and ":" not in contestant:
                    _add(ratios[contestant], key, np.array(found["scores"]) / best)
    means = {name: [float(np.mean(values)) for values in found.values()] for name, found in ratios.items()}
    return _markdown(
        "set, head",
        ratios,
        {
            "geometric mean": {name: f"{np.exp(np.mean(np.log(found))):.3f}" for name, found in means.items()},
            "worst": {name: f"{max(found):.3f}" for name, found in means.items()},
            "ahead or level": {
                name: f"{sum(value <= 1 for value in found)} of {len(found)}" for name, found in means.items()
            },
        },
    )


def baselines_table(results: dict[str, Any]) -> str:
    """Returns ratios of a preset to its single-task baselines as Markdown: each head, the mean over seeds."""
    ratios: Figures = defaultdict(lambda: defaultdict(list))
    for key, by_contestant in results.items():
        for contestant, found in by_contestant.items():
            baselines = [by_contestant.get(f"{contestant}:{head}_weight") for head in ("regression", "classification")]
            if all(baselines):
                own = np.array([baseline["scores"][place] for place, baseline in enumerate(baselines)])
                _add(ratios[contestant], key, np.array(found["scores"]) / own)
    return _markdown("set, head", ratios, {})


def calibration_table(results: dict[str, Any]) -> str:
    """Returns coverage of 90 % intervals and calibration error as Markdown, where there are rows enough."""
    figures: Figures = defaultdict(lambda: defaultdict(list))
    for key, by_contestant in results.items():
        for contestant, found in by_contestant.items():
            for measure in _CALIBRATION:
                if measure in found:
                    figures[contestant][f"{key.split('/')[0]}, {measure.replace('_', ' ')}"].append(found[measure])
    return _markdown("set, measure", figures, {})


def _add(rows: dict[str, list[float]], key: str, by_head: np.ndarray) -> None:
    for head, value in zip(("number", "class"), by_head, strict=True):
        rows[f"{key.split('/')[0]}, {head}"].append(float(value))


def _markdown(corner: str, figures: Figures, summary: dict[str, dict[str, str]]) -> str:
    if not figures:
        return ""
    columns = [name for name in _COLUMNS if name in figures]
    rows = {
        row: {name: f"{np.mean(found[row]):.3f}" for name, found in figures.items() if row in found}
        for row in dict.fromkeys(row for found in figures.values() for row in found)
    }
    lines = [f"| {corner} | {' | '.join(columns)} |", "|---|" + "---|" * len(columns)]
    for row, cells in (rows | summary).items():
        lines.append(f"| {row} | {' | '.join(cells.get(name, '–') for name in columns)} |")
    return "\n".join(lines)


def main() -> None:
    """Measures, or prints the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sets", default=",".join(TABLES))
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--presets", default=",".join(_COLUMNS))
    parser.add_argument("--table", action="store_true")
    chosen = parser.parse_args()
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    if chosen.table:
        print(*filter(None, (table(results), baselines_table(results), calibration_table(results))), sep="\n\n")
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
