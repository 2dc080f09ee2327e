"""The TFX component: an `Examples` artifact that every stock TFX component can read."""

import json
from dataclasses import replace

import apache_beam as beam
from tfx.dsl.component.experimental.annotations import BeamComponentParameter, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import artifact_utils
from tfx.types.standard_artifacts import Examples

from components.example_gen.beam_passes import BeamPasses
from components.example_gen.ingest import ingest
from components.example_gen.passes import InTurn, Passes
from components.example_gen.plan import CHANGED, plan_at_hand
from components.example_gen.spec import IngestSpec, expand
from components.example_gen.splitting.recall import Pushed
from components.example_gen.splitting.row_identity import Identity
from components.example_gen.tables.dates import dated
from components.pusher.local_store import open_store
from components.pusher.provenance import rows_pushed
from components.shared.beam_engine import discard, runs_here
from components.shared.errors import InputError
from components.shared.file_names import EXTRA, SEEN


@component(use_beam=True)
def ExampleGen(
    examples: OutputArtifact[Examples],
    spec: Parameter[str],
    fingerprint: Parameter[str],
    code: Parameter[str],
    pushed_rows: Parameter[str] = "",
    destination: Parameter[str] = "",
    beam_pipeline: BeamComponentParameter[beam.Pipeline] = None,
) -> None:
    """Writes tables as examples, split into train, validation, calibration and eval, with `summary.json` beside them.

    Args:
        examples: the artifact to fill.
        spec: `IngestSpec.to_json()`.
        fingerprint: `fingerprint(spec.paths)`, so that changed data is not served from the cache; empty if whoever
            planned the run could not see the data, so that folders and globs in the paths are looked up now.
        code: fingerprint of this step's code, part of the cache key.
        pushed_rows: `provenance.rows_of` the production model; empty for none.
        destination: the folder of pushed versions, where the version is to be found out now; else empty.
        beam_pipeline: on whose workers the rows are read and written, where it has some beside this process.

    Raises:
        InputError: the data cannot be used, or is not the data the run was planned with.
    """
    del code
    planned = IngestSpec.from_json(spec)
    if not fingerprint:
        planned = replace(planned, paths=expand(dated(planned.paths, planned.date)))
    pushed = _pushed(pushed_rows, destination)
    passes = _passes(beam_pipeline, examples.uri)
    plan = plan_at_hand(planned, fingerprint)
    summary = ingest(planned, examples.uri, pushed=pushed, plan=plan, passes=passes)
    if fingerprint and summary.fingerprint != fingerprint:
        raise InputError(CHANGED)
    examples.split_names = artifact_utils.encode_split_names(list(planned.shares))
    examples.span = 0
    examples.version = 0
    # TFX's names, spelled out: importing them from tfx.components imports every component.
    examples.set_string_custom_property("payload_format", "FORMAT_TF_EXAMPLE")
    examples.set_string_custom_property("file_format", "tfrecords_gzip")
    examples.set_string_custom_property("input_fingerprint", summary.fingerprint)
    examples.set_int_custom_property("span", 0)
    examples.set_int_custom_property("version", 0)


def _passes(pipeline: beam.Pipeline | None, folder: str) -> Passes:
    """Returns who reads the table: this process, or the workers of a pipeline, which is not run itself."""
    if pipeline is None:
        return InTurn()
    discard(pipeline)
    return InTurn() if runs_here(pipeline) else BeamPasses(pipeline, folder)


def _pushed(rows: str, destination: str) -> Pushed | None:
    found = rows or (rows_pushed(open_store(destination)) if destination else "")
    if not found:
        return None
    about = json.loads(found)
    parent, _, version = about["folder"].rpartition("/")

    def load() -> bytes | None:
        return open_store(parent).read(int(version), f"{EXTRA}/{SEEN}")

    return Pushed(Identity.from_dict(about["identity"]), about["inherited"], load)
