"""`tuner_fn` of the Tuner step: transformed examples in, a search that is ready to go."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import tensorflow_transform as tft
from tfx.components.tuner.component import TunerFnResult

from components.trainer.task import load_task
from components.tuner.search import Search, Settings


def tuner_fn(fn_args: Any) -> TunerFnResult:
    """Makes the search of this step, or finds the one that was begun on the same data, settings and code.

    Args:
        fn_args: TFX's arguments. `custom_config` holds `settings` (what `Settings`
            takes), `code` (fingerprint) and `directory`: the folder of all searches, TFX's working folder if empty.

    Raises:
        InputError: a head has no row that counts.
    """
    config = fn_args.custom_config
    settings = Settings(**config["settings"])
    transform = tft.TFTransformOutput(fn_args.transform_graph_path)
    directory = Path(config["directory"] or fn_args.working_dir) / _key(fn_args, settings)
    directory.parent.mkdir(parents=True, exist_ok=True)
    task = load_task(
        transform,
        fn_args.train_files,
        fn_args.eval_files,
        memory_mb=settings.start["training"]["memory_mb"],
    )
    return TunerFnResult(Search(task, settings, str(directory)), {})


def _key(fn_args: Any, settings: Settings) -> str:
    """Returns the name of whatever a trial's outcome depends on; how many of them are wanted is not part of it."""
    depends = [
        fn_args.transform_graph_path,
        fn_args.train_files,
        fn_args.eval_files,
        fn_args.custom_config["code"],
        settings.start,
        dict(settings.space),
        settings.method,
        settings.epochs,
        settings.seed,
    ]
    return hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()[:16]
