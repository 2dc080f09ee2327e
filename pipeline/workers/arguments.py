"""The arguments of the Beam steps: the runner that is meant, and workers that have the code of this project.

Workers have it where they run on this machine (the direct runner, Prism, Flink and Spark with a local master,
`LOOPBACK`), where whoever starts them does so in this environment (`PROCESS`, `EXTERNAL`), and in a container of an
image that is named. For a container of Beam's own image TFX has a package of itself built and sent there.
"""

from __future__ import annotations

import re
from importlib.metadata import version

from apache_beam.options.pipeline_options import (
    FlinkRunnerOptions,
    PipelineOptions,
    PortableOptions,
    SparkRunnerOptions,
    StandardOptions,
    StreamingOptions,
)

from pipeline.config.runtime import Runtime

PLUGIN = "tfx.components"
"""What a worker imports first: without it TFDV has no `sql_util` and cannot be imported."""
_HERE = "LOOPBACK"
_IMAGE = "DOCKER"
_NO_IMAGE = "none"


def beam_arguments(runtime: Runtime) -> list[str]:
    """Returns the arguments of the Beam steps: the engine's, what must be added to them, and the user's own.

    Of an argument that is given twice Beam takes the last.

    Args:
        runtime: the section `runtime`.
    """
    engine = _engine(runtime)
    options = PipelineOptions([*engine, *runtime.beam_args])
    added = [f"--beam_plugin={PLUGIN}"]
    if _is_direct(options) and not options.view_as(StreamingOptions).update_compatibility_version:
        # The DirectRunner of Beam 2.73 hands a pipeline to Prism, a program that it fetches from the network, checks
        # by nothing and runs. A pipeline that names the version it is to be compatible with stays in Python.
        added.append(f"--update_compatibility_version={version('apache-beam')}")
    if image := _image(options):
        # TFX has a package of itself built for workers without an image, 45 MB in the temporary folder per step.
        # Where they run in none, no runner reads its name.
        added.append(f"--sdk_container_image={image}")
    return [*engine, *added, *runtime.beam_args]


def _engine(runtime: Runtime) -> list[str]:
    """Returns what the settings of an engine are called by Beam."""
    workers = runtime.workers
    match runtime.engine:
        case "portable":
            parallel = [f"--sdk_worker_parallelism={workers}"] if workers > 1 else []
            return ["--runner=PortableRunner", f"--job_endpoint={runtime.endpoint}", *_place(runtime), *parallel]
        case "flink":
            cluster = [f"--flink_master={runtime.endpoint}"] if runtime.endpoint else []
            jar = [f"--flink_job_server_jar={runtime.jar}"] if runtime.jar else []
            return ["--runner=FlinkRunner", *cluster, *jar, *_place(runtime), f"--parallelism={workers}"]
        case "dataflow":
            return [
                "--runner=DataflowRunner",
                f"--project={runtime.project}",
                f"--region={runtime.region}",
                f"--temp_location={runtime.temp_location}",
                f"--sdk_container_image={runtime.image}",
                f"--num_workers={workers}",
                f"--max_num_workers={workers}",  # without it Dataflow starts as many as it sees fit
            ]
    if workers > 1:
        return ["--direct_running_mode=multi_processing", f"--direct_num_workers={workers}"]
    return ["--direct_running_mode=in_memory"]


def _place(runtime: Runtime) -> list[str]:
    """Returns where the workers of a job server are."""
    if runtime.in_this_process:
        return ["--environment_type=LOOPBACK"]
    if runtime.pool is not None:
        return ["--environment_type=EXTERNAL", f"--environment_config={runtime.pool}"]
    if runtime.image is not None:
        return ["--environment_type=DOCKER", f"--environment_config={runtime.image}"]
    return []


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
