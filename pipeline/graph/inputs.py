"""What a run depends on besides its configuration: the data, the code, the reviewed schema, the pushed model.

On this machine they are gathered before a run. A pipeline that is compiled for Kubeflow sees neither the data nor the
pushed models: there the steps find them when they run.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from components.example_gen.cells.forms import Form
from components.example_gen.tables.fingerprint import fingerprint
from components.pusher.local_store import CURRENT, open_store
from components.pusher.provenance import require_same_labels, rows_of
from components.pusher.release import VersionStore
from components.schema_gen.schema import column_forms, column_types, read_schema
from components.shared.step_fingerprint import code_fingerprint
from pipeline.config.run import Config

REPORTS = ("DataReport", "Report")
# Steps that only report: no model or verdict depends on their code.
REPORTING = (*REPORTS, "Relatedness", "Tuner")
STEP_MODULES = {
    "ExampleGen": "components.example_gen.component",
    "SchemaGen": "components.schema_gen.component",
    "Baseline": "components.baseline.component",
    "DataValidator": "components.data_validator.component",
    "DataGate": "components.data_gate.component",
    "Transform": "components.transform.preprocessing",
    "Tuner": "components.tuner.tuner_fn",
    "Trainer": "components.trainer.run_fn",
    "Relatedness": "components.relatedness.component",
    "Evaluator": "components.evaluator.component",
    "Pusher": "components.pusher.component",
} | dict.fromkeys(REPORTS, "components.report.component")


@dataclass(frozen=True)
class Production:
    """The pushed model a run is judged against, and how its own push will be known.

    Args:
        digest: digest of data, configuration and code; equal digests give equal models.
        baseline: version of the pushed model to compare with, 0 for none, `CURRENT` for the one that is current
            when the step runs.
        content: fingerprint of that version's files; a folder that was emptied numbers from 1 again.
        attempt: text that is new for each attempt to push, so that a push is never taken from the cache
            when its version is gone.
        rows: `given`, how the pushed model's rows were told apart, as ExampleGen takes it, and `key`, which is equal
            where equal data are read alike.
    """

    digest: str
    baseline: int
    content: str
    attempt: str
    rows: Mapping[str, str] = field(default_factory=lambda: {"given": "", "key": ""})


@dataclass(frozen=True)
class Inputs:
    """What a run depends on besides its configuration.

    Args:
        fingerprint: fingerprint of the data's content; empty if only the run itself sees the data.
        reviewed_schema: text of the reviewed schema, empty when there is none.
        types: column types of the reviewed schema.
        forms: what the known texts of its columns stand for.
        code: step -> fingerprint of its code.
        production: the pushed model and this run's own push.
    """

    fingerprint: str
    reviewed_schema: str
    types: Mapping[str, str]
    forms: Mapping[str, Form]
    code: Mapping[str, str]
    production: Production


def at_run_time(config: Config) -> Inputs:
    """Returns the inputs of a pipeline whose data and pushed models are seen by its steps only.

    The reviewed schema is read now, from the machine that compiles: it is part of what was reviewed.

    Raises:
        InputError: the reviewed schema cannot be read.
    """
    reviewed, types, forms = _reviewed(config)
    return Inputs("", reviewed, types, forms, _code(), Production("", CURRENT, "", ""))


def gather(config: Config) -> Inputs:
    """Reads the inputs of a run; takes about a second per gigabyte of data.

    Raises:
        InputError: the data or the reviewed schema cannot be read.
    """
    reviewed, types, forms = _reviewed(config)
    spec = config.ingest_spec(types, forms)
    content = fingerprint(spec.paths)
    code = _code()
    digest = _digest(config, content, reviewed, code)
    key = hashlib.sha256(json.dumps([spec.to_json(), content, code["ExampleGen"]]).encode()).hexdigest()
    return Inputs(content, reviewed, types, forms, code, _production(open_store(config.destination), digest, key))


def check_pushed(config: Config) -> None:
    """Refuses a run whose model would take the place of one that predicts something else.

    Raises:
        InputError: the labels differ from those of the pushed model, and `push.replace` is not set.
    """
    store = open_store(config.destination)
    current = None if config.push.replace else store.current()
    if current is not None:
        labels = (config.labels.regression, config.labels.classification)
        require_same_labels(store.manifest(current), labels, config.destination)


def _reviewed(config: Config) -> tuple[str, dict[str, str], dict[str, Form]]:
    """Returns text, column types and forms of the reviewed schema, all empty when there is none."""
    file = config.data.schema_file
    if file is None:
        return "", {}, {}
    schema = read_schema(file)
    return Path(file).read_text(encoding="utf-8"), column_types(schema), column_forms(schema)


def _code() -> dict[str, str]:
    return {step: code_fingerprint(module) for step, module in STEP_MODULES.items()}


def _digest(config: Config, content: str, reviewed: str, code: Mapping[str, str]) -> str:
    """Returns the digest of everything that the model and its verdict depend on, and nothing else."""
    settings = config.model_dump(mode="json", exclude={"runtime", "push", "kubeflow", "tuning"})
    settings["data"].pop("path")
    settings["data"].pop("date")
    settings["data"].pop("schema_file")
    settings["evaluation"].pop("tfma")
    settings["evaluation"].pop("relatedness")
    decisive = {step: print_ for step, print_ in code.items() if step not in REPORTING}
    listing = json.dumps([content, reviewed, settings, decisive], sort_keys=True)
    return hashlib.sha256(listing.encode()).hexdigest()


def _production(store: VersionStore, digest: str, key: str) -> Production:
    """Finds what to compare with.

    When the current version came from this very data, configuration and code, a second run must find what the first
    one found, so that every step, the push included, comes from the cache.
    """
    current = store.current()
    if current is None:
        return Production(digest, 0, "", uuid.uuid4().hex, {"given": "", "key": key})
    manifest = store.manifest(current)
    rows = {"given": rows_of(manifest, str(store.folder(current)), key), "key": key}
    match manifest:
        case {"digest": str(own), "baseline": int(baseline), "content": str(content), "attempt": str(attempt)} if (
            own == digest and baseline in (0, *store.versions())
        ):
            return Production(digest, baseline, content, attempt, rows)
    return Production(digest, current, manifest.get("fingerprint", ""), uuid.uuid4().hex, rows)
