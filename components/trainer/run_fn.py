"""`run_fn` of the Trainer step: transformed examples in, serving model out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow_transform as tft

from components.example_gen.tables.dialect import Dialect
from components.formats.history import History
from components.model_format.calibration import calibrate, uncalibrated
from components.model_format.manifest import CQR, Calibration, Manifest, TrainLabels
from components.schema_gen.schema_file import parse_schema
from components.shared import tensor_names
from components.shared.errors import InputError
from components.shared.exact_numbers import loses_digits
from components.shared.head_outputs import CLASSIFICATION, REGRESSION
from components.shared.mapped_arrays import blocks, derived, mean, median
from components.shared.splits import CALIBRATION, VALIDATION, folder_name
from components.trainer.dataset import Dataset, load, predict
from components.trainer.devices import clock_of, is_chief, strategy_for
from components.trainer.export import Units, export, feature_columns
from components.trainer.fit import fit
from components.trainer.interval_quantiles import QUANTILES, with_quantiles
from components.trainer.recipe import Recipe
from components.trainer.stopping import MONITORED_LOSS
from components.trainer.task import Task, load_task
from components.trainer.time_limit import TimeLimit
from components.transform.layout import Layout

# Train labels that say how many digits they need: more say nothing else, since rows come in a random order.
_SAMPLE = 1 << 20


def run_fn(fn_args: Any) -> None:
    """Fits the network on the train split, stops by validation, calibrates and exports the best weights.

    Of several workers, see `components.trainer.devices`, the chief alone writes what it has fitted.

    Args:
        fn_args: TFX's arguments. `train_files` is the transformed train split, `eval_files` the validation split and,
            if there is one, the calibration split; `custom_config` holds `labels`, `model`, `training` and
            `intervals` of the configuration, and `reading`: the `dialect` and the `vectors` that a serving
            model must read as its training data was read.

    Raises:
        InputError: a class cannot be learnt from, the loss is no finite number, or several workers cannot train so.
    """
    config = fn_args.custom_config
    labels = [config["labels"]["regression"], config["labels"]["classification"]]
    recipe = Recipe(**config["training"])
    strategy = strategy_for(recipe.balancing)
    transform = tft.TFTransformOutput(fn_args.transform_output)
    task = load_task(
        transform,
        fn_args.train_files,
        _files(fn_args.eval_files, VALIDATION),
        memory_mb=recipe.memory_mb,
    )
    limit = TimeLimit(recipe.minutes, clock_of(strategy))
    network, history = fit(
        task, config["model"], config["training"], fn_args.model_run_dir, strategy=strategy, limit=limit
    )
    if not is_chief():
        return
    History.of_logs(history).write(fn_args.model_run_dir)
    best, trunk = _best_epoch(history[MONITORED_LOSS]), network.name

    schema_text = Path(fn_args.schema_path).read_text(encoding="utf-8")
    spec, training_only = transform.raw_feature_spec(), [*labels, config["labels"]["weight"]]
    columns, layout = feature_columns(spec, parse_schema(schema_text), training_only), Layout.of(spec, training_only)
    present = _always_present(layout, task.train.features)
    directory = fn_args.serving_model_dir
    held_out = _files(fn_args.eval_files, CALIBRATION)
    coverage = config["intervals"]["coverage"]
    class_weights = recipe.weights_of_classes(task.train.labelled(CLASSIFICATION), task.classes)
    calibration = uncalibrated(coverage, class_weights)
    if held_out:
        if config["intervals"]["method"] == CQR:
            network = with_quantiles(network, task.train, task.validation, coverage, recipe.seed)
        calibration = _calibrate(network, load(held_out, recipe.memory_mb << 20), coverage, class_weights)
    numbers = task.train.labelled(REGRESSION)[:_SAMPLE]
    units = Units(task.train.target_mean, task.train.target_scale, wide=loses_digits(numbers))
    dialect = Dialect.from_dict(config["reading"]["dialect"])
    export(network, transform, columns, labels, task.classes, units, calibration, dialect.missing, directory)
    Manifest(
        regression=labels[0],
        classification=labels[1],
        classes=list(task.classes),
        columns=[replace(column, always_present=column.name in present) for column in columns],
        dialect=dialect,
        vectors=config["reading"]["vectors"],
        train=_train_labels(task),
        parameters=network.count_params(),
        epochs=len(history[MONITORED_LOSS]),
        best_epoch=best,
        trunk=trunk,
        calibration=calibration,
        number_type=units.dtype.name,
        notes=[*limit.notes, *_cut(layout.texts, task)],
        stopped_after=limit.stopped_after,
    ).write_with(schema_text, directory)


def _files(patterns: list[str], split: str) -> list[str]:
    """Returns the patterns of one split; TFX gives all splits of `eval_args` in one list, each as `…/FOLDER/*`."""
    return [pattern for pattern in patterns if Path(pattern).parent.name == folder_name(split)]


def _calibrate(network: keras.Model, rows: Dataset, coverage: float, class_weights: list[float] | None) -> Calibration:
    answers = predict(network, rows)
    has = rows.has(REGRESSION), rows.has(CLASSIFICATION)
    number = derived(lambda has, label: {"": np.where(has, label, np.nan)}, has[0], rows.regression)[""]
    known = derived(lambda has, label: {"": np.where(has, label, -1)}, has[1], rows.classes)[""]
    return calibrate(
        number,
        derived(lambda values: {"": values[:, 0]}, answers[REGRESSION])[""],
        known,
        answers[CLASSIFICATION],
        coverage=coverage,
        quantiles=answers.get(QUANTILES),
        class_weights=class_weights,
    )


def _always_present(layout: Layout, features: Mapping[str, np.ndarray]) -> set[str]:
    """Returns the scalar columns that have a value in every row, [n, ...]."""
    parts = (
        layout.always_present({name: values[block] for name, values in features.items()})
        for block in blocks(*features.values())
    )
    return set.intersection(*parts)


def _cut(texts: Sequence[str], task: Task) -> list[str]:
    """Returns a sentence for each text column of more texts than were kept."""
    notes = []
    for position, name in enumerate(texts):
        column = task.train.features[tensor_names.CATEGORICAL][:, position]
        others = sum(int((column[block] == position).sum()) for block in blocks(column))
        if others:
            kept = list(task.owners).count(position) - 2  # without the entries for other and for missing texts
            notes.append(
                f"{name}: the {kept:,} most frequent texts are told apart, all others count as one, in {others:,} of "
                f"{len(task.train):,} train rows. Raise features.max_categories to keep more."
            )
    return notes


def _best_epoch(losses: list[float]) -> int:
    """Returns the epoch, from 1, with the lowest monitored loss."""
    finite = np.where(np.isfinite(losses), losses, np.inf)
    if not np.isfinite(finite).any():
        raise InputError(
            f"The validation loss must be a finite number, got {losses[-1]}. "
            "Lower training.learning_rate, or look for extreme values in the features."
        )
    return int(np.argmin(finite)) + 1


def _train_labels(task: Task) -> TrainLabels:
    train = task.train
    numbers = train.labelled(REGRESSION)
    counts = np.bincount(train.labelled(CLASSIFICATION), minlength=len(task.classes))
    return TrainLabels(
        rows=len(train),
        mean=mean(numbers),
        median=median(numbers),
        class_counts={name: int(count) for name, count in zip(task.classes, counts, strict=True)},
    )
