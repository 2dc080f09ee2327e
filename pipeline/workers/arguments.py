"""The arguments of the Beam steps: the runner that is meant, and workers that have the code of this project.

Workers have it where they run on this machine (the direct runner, Prism, Flink and Spark with a local master,
`LOOPBACK`), where whoever starts them does so in this environment (`PROCESS`, `EXTERNAL`), and in a container of an
image that is named. For a container of Beam's own image TFX has a package of itself built and sent there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.metadata import version

from apache_beam.options.pipeline_options import (
    FlinkRunnerOptions,
    PipelineOptions,
    PortableOptions,
    SparkRunnerOptions,
    StandardOptions,
    StreamingOptions,
)

PLUGIN = "tfx.components"
"""What a worker imports first: without it TFDV has no `sql_util` and cannot be imported."""
_HERE = "LOOPBACK"
_IMAGE = "DOCKER"
_NO_IMAGE = "none"


def beam_args(given: Sequence[str]) -> list[str]:
    """Returns the arguments of the Beam steps: the user's own, and what must be added to them.

    Args:
        given: `runtime.beam_args`.
    """
    options = PipelineOptions(list(given))
    added = [f"--beam_plugin={PLUGIN}"]
    if _is_direct(options) and not options.view_as(StreamingOptions).update_compatibility_version:
        # The DirectRunner of Beam 2.73 hands a pipeline to Prism, a program that it fetches from the network, checks
        # by nothing and runs. A pipeline that names the version it is to be compatible with stays in Python.
        added.append(f"--update_compatibility_version={version('apache-beam')}")
    if image := _image(options):
        # TFX has a package of itself built for workers without an image, 45 MB in the temporary folder per step.
        # Where they run in none, no runner reads its name.
        added.append(f"--sdk_container_image={image}")
    return [*given, *added]


def _is_direct(options: PipelineOptions) -> bool:
    return "direct" in _runner(options)


def _runner(options: PipelineOptions) -> str:
    return (options.view_as(StandardOptions).runner or StandardOptions.DEFAULT_RUNNER).lower()


def _image(options: PipelineOptions) -> str | None:
    """Returns the image of the workers, `none` where they run in none, None where TFX must see to their code."""
    portable = options.view_as(PortableOptions)
    if _is_direct(options) or _environment(options) != _IMAGE:
        return _NO_IMAGE
    named: str | None = portable.lookup_environment_option("docker_container_image") or portable.environment_config
    return named


def _environment(options: PipelineOptions) -> str:
    """Returns what kind of place the workers run in, as Beam's runners choose it where nothing is said."""
    portable = options.view_as(PortableOptions)
    if kind := portable.environment_type:
        urn = re.fullmatch(r"beam:env:(\w+):v\d+", kind)
        return (urn[1] if urn else kind).upper()
    runner = _runner(options)
    flink = options.view_as(FlinkRunnerOptions).flink_master in ("[local]", "[auto]")
    spark = re.match(r"local(\[.+\])?$", options.view_as(SparkRunnerOptions).spark_master_url)
    local = "prism" in runner or ("flink" in runner and flink) or ("spark" in runner and spark)
    return _HERE if local and not portable.output_executable_path else _IMAGE
