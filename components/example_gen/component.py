"""The TFX component: an `Examples` artifact that every stock TFX component can read."""

from dataclasses import replace

from tfx.dsl.component.experimental.annotations import OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import artifact_utils
from tfx.types.standard_artifacts import Examples

from components.errors import InputError
from components.example_gen.dates import dated
from components.example_gen.ingest import ingest
from components.example_gen.spec import IngestSpec, expand


@component
def ExampleGen(
    examples: OutputArtifact[Examples],
    spec: Parameter[str],
    fingerprint: Parameter[str],
    code: Parameter[str],
) -> None:
    """Writes tables as examples, split into train, validation, calibration and eval, with `summary.json` beside them.

    Args:
        examples: the artifact to fill.
        spec: `IngestSpec.to_json()`; folders and globs in its paths are looked up now.
        fingerprint: `fingerprint(spec.paths)`, so that changed data is not served from the cache; empty if whoever
            planned the run could not see the data.
        code: fingerprint of this step's code, part of the cache key.

    Raises:
        InputError: the data cannot be used, or is not the data the run was planned with.
    """
    del code
    planned = IngestSpec.from_json(spec)
    files = expand(dated(planned.paths, planned.date))
    summary = ingest(replace(planned, paths=files), examples.uri)
    if fingerprint and summary.fingerprint != fingerprint:
        raise InputError("The data must stay as it was when the run began, got other content. Run again.")
    examples.split_names = artifact_utils.encode_split_names(list(planned.shares))
    examples.span = 0
    examples.version = 0
    # TFX's names, spelled out: importing them from tfx.components imports every component.
    examples.set_string_custom_property("payload_format", "FORMAT_TF_EXAMPLE")
    examples.set_string_custom_property("file_format", "tfrecords_gzip")
    examples.set_string_custom_property("input_fingerprint", summary.fingerprint)
    examples.set_int_custom_property("span", 0)
    examples.set_int_custom_property("version", 0)
