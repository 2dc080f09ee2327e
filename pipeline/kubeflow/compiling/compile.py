"""Compiles the pipeline for Kubeflow Pipelines: TFX's own compiler, and then what KFP needs besides.

The result has two YAML documents, PipelineSpec 2.1 and, where the pods need something of the cluster, the platform's.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import yaml

from components.objects.place import prefixes
from components.shared.heavy_imports import heavy_imports
from pipeline.config.cluster import Kubeflow
from pipeline.config.run import Config
from pipeline.config.runtime import LOCAL
from pipeline.errors import ConfigError, did_you_mean
from pipeline.graph.inputs import at_run_time
from pipeline.graph.steps import STEPS
from pipeline.kubeflow.compiling import spec as specs
from pipeline.kubeflow.compiling.parameters import KINDS, PARAMETERS
from pipeline.kubeflow.compiling.spec import Json

COMMAND = ["python", "-P", "-m", "pipeline.kubeflow.running.entrypoint"]


def write(config: Config, image: str, path: Path) -> int:
    """Compiles to a YAML file and returns the number of steps.

    Raises:
        ConfigError: the configuration cannot work in a cluster, or the file cannot be written.
    """
    documents = compile_pipeline(config, image)
    text = _heading(documents[0]) + yaml.safe_dump_all(documents, sort_keys=True, allow_unicode=True, width=10**6)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"--output must be a file that can be written, got {path} ({error.strerror}).") from None
    return len(specs.tasks(documents[0]))


def compile_pipeline(config: Config, image: str) -> list[Json]:
    """Returns the PipelineSpec and, if needed, the platform document.

    Args:
        config: the resolved configuration.
        image: the image every step runs in.

    Raises:
        ConfigError: the configuration cannot work in a cluster.
    """
    require_reachable(config)
    spec, beam = _compiled_by_tfx(config, image)
    _require_steps(config.kubeflow, spec)
    specs.drop_lifecycles(spec)
    specs.repair_producers(spec)
    for parameter in PARAMETERS:
        value = parameter.value(config)
        specs.bind_parameter(spec, parameter.name, KINDS[type(value)], value, parameter.description, parameter.places)
    uncached = [name for name, step in STEPS.items() if not step.cached]
    unretried = [name for name, step in STEPS.items() if not step.retried]
    specs.apply_settings(spec, _with_cache_decided(config.kubeflow, image), uncached, unretried)
    specs.move_beam_arguments(spec, beam)
    platform = specs.platform(spec, config.kubeflow)
    return [spec] if platform is None else [spec, platform]


def require_reachable(config: Config) -> None:
    """Checks that pods can see the data and Beam's workers the pods' files, and that a pushed model outlives the pod.

    Raises:
        ConfigError: a path is neither in a bucket nor on a volume, or the workers are elsewhere.
    """
    if config.runtime.engine != LOCAL:
        raise ConfigError(
            f"runtime.engine must be {LOCAL} on Kubeflow, got {config.runtime.engine}. Other workers do not see the "
            "copies of the artifacts that a pod works on; runtime.workers gives the pod several processes."
        )
    written = [config.data.path] if isinstance(config.data.path, str) else config.data.path
    for key, path in [("data.path", path) for path in written] + [("push.destination", config.push.destination)]:
        mounts = [volume.path.rstrip("/") + "/" for volume in config.kubeflow.volumes]
        if path is None or not f"{path}/".startswith((*prefixes(), *mounts)):
            raise ConfigError(
                f"{key} must be in a bucket ({', '.join(prefixes())}) or on a volume of kubeflow.volumes, "
                f"got {path or 'nothing'}. Pods see nothing else; set {key}, or list the volume."
            )


def _compiled_by_tfx(config: Config, image: str) -> tuple[Json, list[str]]:
    """Returns the PipelineSpec and the arguments of Beam that every step has got in it."""
    with heavy_imports():
        from tfx.orchestration.kubeflow.v2.kubeflow_v2_dag_runner import KubeflowV2DagRunner, KubeflowV2DagRunnerConfig

        from pipeline.graph.build import build

    runner = KubeflowV2DagRunner(
        KubeflowV2DagRunnerConfig(default_image=image, default_commands=COMMAND, use_pipeline_spec_2_1=True)
    )
    # TFX makes the folder of the local metadata; nothing of it gets into the spec.
    with tempfile.TemporaryDirectory() as folder:
        here = {"output": folder, "artifacts": None, "metadata": None}
        local = config.model_copy(update={"runtime": config.runtime.model_copy(update=here)})
        pipeline = build(local, at_run_time(config))
        job: dict[str, Any] = runner.run(pipeline, write_out=False)
    return job["pipelineSpec"], pipeline.beam_pipeline_args


def _require_steps(settings: Kubeflow, spec: Json) -> None:
    known = list(specs.tasks(spec))
    for name in settings.steps:
        if name not in known:
            hint = did_you_mean(name, known) or f" Its steps: {', '.join(known)}."
            raise ConfigError(f'kubeflow.steps must name steps of the pipeline, got "{name}".{hint}')


def _with_cache_decided(settings: Kubeflow, image: str) -> Kubeflow:
    pinned = "@sha256:" in image
    return settings.model_copy(update={"cache": pinned if settings.cache is None else settings.cache})


def _heading(spec: Json) -> str:
    """Returns comments for whoever opens the file: the parameters and their defaults."""
    parameters = spec["root"]["inputDefinitions"]["parameters"]
    lines = [f"#   {name}: {about['defaultValue']!r}" for name, about in parameters.items()]
    return "\n".join([f"# Pipeline {spec['pipelineInfo']['name']}. Parameters:", *lines, ""])
