"""The rules that ask one thing of each task, as a table; `rules` has all others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipeline.kubeflow.checking.compiled_pipeline import Compiled, CompiledTask, Finding

STOCK_ENTRYPOINT = "tfx.orchestration.kubeflow.v2.container.kubeflow_v2_run_executor"


@dataclass(frozen=True)
class TaskRule:
    """A rule that every task of a kind must keep.

    Args:
        kind: `container`, `importer` or `resolver`; None for all tasks, sub-DAGs among them.
        broken: whether a task breaks it.
        effect: what KFP does then.
        remedy: what to do.
    """

    kind: str | None
    broken: Callable[[CompiledTask], bool]
    effect: str
    remedy: str

    def __call__(self, pipeline: Compiled) -> Iterator[Finding]:
        """Yields a finding for each task that breaks the rule."""
        for task in (
            pipeline.of_kind(self.kind) if self.kind else (CompiledTask(*each, {}) for each in pipeline.tasks())
        ):
            if self.broken(task):
                yield Finding(f"task {task.name}", self.effect, self.remedy)


def _is_stock(task: CompiledTask) -> bool:
    return STOCK_ENTRYPOINT in task.executor.get("command", [])


def _has_inputs(task: CompiledTask) -> bool:
    return bool(task.task.get("inputs", {}).get("artifacts"))


TASK_RULES = {
    # Task names become names of Argo, which has no underscores and dots in them.
    "task_names": TaskRule(
        None,
        lambda task: not re.fullmatch(r"[a-zA-Z0-9][-a-zA-Z0-9]{0,127}", task.name),
        "is refused by Argo when a run is created",
        "Rename it with .with_id(): letters, digits and hyphens.",
    ),
    # The compiler of KFP knows containers and importers.
    "resolvers": TaskRule(
        "resolver",
        lambda task: True,
        "is refused when a run is created: it is a resolver, neither container nor importer",
        "Let an ordinary component find the artifact.",
    ),
    # TFX parses every output, and KFP adds one of a type that TFX cannot import.
    "stock_entrypoint": TaskRule(
        "container",
        _is_stock,
        'dies with "ImportError: Could not import system.Artifact": KFP adds the output executor-logs',
        "Compile with an entrypoint that drops it (default_commands).",
    ),
    # KFP hands over inputs without their types, and TFX needs them.
    "untyped_inputs": TaskRule(
        "container",
        lambda task: _is_stock(task) and _has_inputs(task),
        "dies with \"AttributeError: 'NoneType' object has no attribute 'get'\": inputs come without types",
        "Compile with an entrypoint that restores them (default_commands).",
    ),
    # TFX opens the URI itself, and TensorFlow has no file system for two of the launcher's three schemes.
    "remote_uris": TaskRule(
        "container",
        lambda task: _is_stock(task) and bool(task.component.get("outputDefinitions")),
        'dies on minio:// and s3:// with "UnimplementedError: File system scheme not implemented"',
        "Compile with an entrypoint that maps URIs to the launcher's copies (default_commands).",
    ),
    # The driver of a file-based ExampleGen is parsed and never run.
    "lifecycle": TaskRule(
        "container",
        lambda task: "lifecycle" in task.executor,
        "never runs its lifecycle hook: {SPAN} and {VERSION} stay as they are, and the data is not in the key of the "
        "cache",
        "Run the driver in the entrypoint, and drop the hook.",
    ),
    # Without an input artifact, the key is the same for other data.
    "stale_cache": TaskRule(
        "container",
        lambda task: bool(task.task.get("cachingOptions", {}).get("enableCache")) and not _has_inputs(task),
        "is taken from the cache even if what it reads has changed: the key knows its arguments only",
        "Turn its caching off.",
    ),
}
