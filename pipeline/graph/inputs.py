"""What a run depends on besides its configuration: the data, the code, the reviewed schema, the production model.

On this machine they are gathered before a run. A pipeline that is compiled for Kubeflow sees neither the data nor the
pushed models: there the steps find them when they run.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from components.example_gen.plan import Plan
from components.example_gen.spec import IngestSpec
from components.example_gen.tables.fingerprint import fingerprint
from components.formats.version import Version
from components.pusher.local_store import CURRENT, open_store
from components.pusher.provenance import require_same_labels, rows_of
from components.pusher.release import VersionStore
from components.schema_gen.schema_file import column_forms, column_types, read_schema
from components.shared.step_fingerprint import code_fingerprints
from pipeline.config.run import Config
from pipeline.graph.steps import STEPS
from pipeline.graph.steps.base import Inputs, Production


@dataclass(frozen=True)
class Source:
    """The data of a run as it was found: looked up once, for the check before the run and for the run.

    Args:
        spec: what to ingest and how, with the column types and forms of the reviewed schema.
        reviewed_schema: text of the reviewed schema, empty when there is none.
        plan: what a look at all rows settled; None where nobody has looked.
    """

    spec: IngestSpec
    reviewed_schema: str
    plan: Plan | None = None


def look_up(config: Config, *, find_files: bool = True) -> Source:
    """Finds the data's files and reads the reviewed schema.

    Args:
        config: the configuration.
        find_files: False leaves the files for a machine that sees the data to look up.

    Raises:
        InputError: the data or the reviewed schema cannot be read.
    """
    if config.data.schema_file is None:
        return Source(config.ingest_spec(find_files=find_files), "")
    schema = read_schema(config.data.schema_file)
    spec = config.ingest_spec(column_types(schema), column_forms(schema), find_files=find_files)
    return Source(spec, Path(config.data.schema_file).read_text(encoding="utf-8"))


def at_run_time(config: Config) -> Inputs:
    """Returns the inputs of a pipeline whose data and pushed models are seen by its steps only.

    The reviewed schema is read now, from the machine that compiles: it is part of what was reviewed.

    Raises:
        InputError: the reviewed schema cannot be read.
    """
    source = look_up(config, find_files=False)
    return Inputs("", source.reviewed_schema, source.spec, _code(), Production("", CURRENT, "", ""))


def gather(config: Config, source: Source | None = None) -> Inputs:
    """Reads the inputs of a run; takes about a second per gigabyte of data that nobody has looked at before.

    Args:
        config: the configuration.
        source: its data, as the check before the run found it; None has it looked up now.

    Raises:
        InputError: the data or the reviewed schema cannot be read.
    """
    source = source or look_up(config)
    spec, reviewed = source.spec, source.reviewed_schema
    content = fingerprint(spec.paths) if source.plan is None else source.plan.fingerprint
    code = _code()
    digest = _digest(config, content, reviewed, code)
    key = hashlib.sha256(json.dumps([spec.to_json(), content, code["ExampleGen"]]).encode()).hexdigest()
    return Inputs(content, reviewed, spec, code, _production(open_store(config.destination), digest, key))


def check_pushed(config: Config) -> None:
    """Refuses a run whose model would take the place of one that predicts something else.

    Raises:
        InputError: the labels differ from those of the production model, and `push.replace` is not set.
    """
    store = open_store(config.destination)
    current = None if config.push.replace else store.current()
    if current is not None:
        labels = (config.labels.regression, config.labels.classification)
        require_same_labels(store.manifest(current), labels, config.destination)


def _code() -> dict[str, str]:
    modules = {name: step.module for name, step in STEPS.items() if step.module is not None}
    fingerprints = code_fingerprints(modules.values())
    return {name: fingerprints[module] for name, module in modules.items()}


def _digest(config: Config, content: str, reviewed: str, code: Mapping[str, str]) -> str:
    """Returns the digest of everything that the model and its verdict depend on, and nothing else."""
    settings = config.model_dump(mode="json", exclude={"runtime", "push", "kubeflow", "tuning"})
    settings["data"].pop("path")
    settings["data"].pop("date")
    settings["data"].pop("schema_file")
    settings["evaluation"].pop("tfma")
    settings["evaluation"].pop("relatedness")
    decisive = {step: print_ for step, print_ in code.items() if not STEPS[step].reporting}
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
        case Version(digest=str(own), baseline=int(baseline), content=str(content), attempt=str(attempt)) if (
            own == digest and baseline in (0, *store.versions())
        ):
            return Production(digest, baseline, content, attempt, rows)
    return Production(digest, current, manifest.fingerprint if manifest else "", uuid.uuid4().hex, rows)
