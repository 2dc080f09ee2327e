"""The TFX component: an `Examples` artifact that every stock TFX component can read."""

from tfx.components.example_gen import utils as example_gen_utils
from tfx.components.util import examples_utils
from tfx.dsl.component.experimental.annotations import OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils
from tfx.types.standard_artifacts import Examples

from components.errors import InputError
from components.example_gen.ingest import ingest
from components.example_gen.spec import SPLITS, IngestSpec


@component
def ExampleGen(  # noqa: N802 - a component is a class to its users
    examples: OutputArtifact[Examples],
    spec: Parameter[str],
    fingerprint: Parameter[str],
    code: Parameter[str],
) -> None:
    """Writes tables as examples, split into train, validation and eval, with `summary.json` beside them.

    Args:
        examples: the artifact to fill.
        spec: `IngestSpec.to_json()`.
        fingerprint: `fingerprint(spec.paths)`, so that changed data is not served from the cache.
        code: fingerprint of this step's code, part of the cache key.

    Raises:
        InputError: the data cannot be used, or is not the data the run was planned with.
    """
    del code
    summary = ingest(IngestSpec.from_json(spec), examples.uri)
    if fingerprint and summary.fingerprint != fingerprint:
        raise InputError("The data must stay as it was when the run began, got other content. Run again.")
    examples.split_names = artifact_utils.encode_split_names(list(SPLITS))
    examples.span = 0
    examples.version = 0
    examples_utils.set_payload_format(examples, example_gen_pb2.PayloadFormat.FORMAT_TF_EXAMPLE)
    examples_utils.set_file_format(examples, "tfrecords_gzip")
    examples.set_string_custom_property(example_gen_utils.FINGERPRINT_PROPERTY_NAME, summary.fingerprint)
    examples.set_int_custom_property(example_gen_utils.SPAN_PROPERTY_NAME, 0)
    examples.set_int_custom_property(example_gen_utils.VERSION_PROPERTY_NAME, 0)
