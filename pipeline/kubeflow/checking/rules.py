"""What open-source Kubeflow Pipelines 2.14 to 2.17 refuses, ignores or gets wrong: one rule for each.

A rule looks at a compiled pipeline and yields a finding for each place that breaks it; `task_rules` has those that ask
one thing of each task. Read in KFP's own source: the compiler (`argocompiler`), the driver, the launcher and the API
server.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator

import yaml

from pipeline.kubeflow.checking.compiled_pipeline import Compiled, Finding, Json
from pipeline.kubeflow.checking.task_rules import TASK_RULES
from pipeline.kubeflow.running.translation import FOLDERS

_ARGUMENT_LIMIT = 128 << 10

Rule = Callable[[Compiled], Iterator[Finding]]


def bare_spec(pipeline: Compiled) -> Iterator[Finding]:
    """The API server takes a PipelineSpec, not a PipelineJob."""
    if pipeline.job:
        yield Finding(
            "file", 'is refused at upload ("unknown template format"): it is a PipelineJob', "Compile to a .yaml file."
        )


def pipeline_root(pipeline: Compiled) -> Iterator[Finding]:
    """Nothing reads the root and the values that TFX writes beside the spec."""
    if pipeline.job.get("runtimeConfig"):
        yield Finding(
            "runtimeConfig",
            "is lost in a YAML file, pipeline root and parameter values with it",
            "Give them when the run is submitted.",
        )
    if "defaultPipelineRoot" in pipeline.spec:
        yield Finding("defaultPipelineRoot", "is read by nothing", "Give the pipeline root when the run is submitted.")


def schema_version(pipeline: Compiled) -> Iterator[Finding]:
    """The API server knows schema 2.1.0 only."""
    if (found := pipeline.spec.get("schemaVersion", "none")) != "2.1.0":
        yield Finding(
            "schemaVersion", f"is refused at upload: it is {found}", "Compile with use_pipeline_spec_2_1=True."
        )


def pipeline_name(pipeline: Compiled) -> Iterator[Finding]:
    """The API server checks the name."""
    name = pipeline.spec.get("pipelineInfo", {}).get("name", "")
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,127}", name):
        yield Finding(
            "pipelineInfo.name",
            f'is refused at upload: it is "{name}"',
            "Use at most 128 lower-case letters, digits and hyphens.",
        )


def artifact_types(pipeline: Compiled) -> Iterator[Finding]:
    """The name of a type in the metadata store is the title of its schema."""
    for name, _, component in pipeline.tasks():
        for key, about in component.get("outputDefinitions", {}).get("artifacts", {}).items():
            kind = about.get("artifactType", {})
            if "schemaUri" in kind:
                effect = "ends the driver: schemaUri is not supported"
            elif "schemaTitle" not in kind and not _title(kind.get("instanceSchema", "")):
                effect = "ends the driver: its type has no title"
            else:
                continue
            yield Finding(f"output {key} of task {name}", effect, "Give its type a title, such as tfx.Model.")


def defaults(pipeline: Compiled) -> Iterator[Finding]:
    """TFX drops the default of a RuntimeParameter."""
    for name, about in _parameters(pipeline.spec.get("root", {})).items():
        if "defaultValue" not in about and not about.get("isOptional"):
            yield Finding(
                f"parameter {name}",
                'ends a run that does not give it: "not optional, yet has neither default value nor ..."',
                "Write its default into root.inputDefinitions.",
            )


def producers(pipeline: Compiled) -> Iterator[Finding]:
    """A task takes from tasks of its own DAG, what they declare."""
    for _, dag in pipeline.dags():
        tasks = dag.get("dag", {}).get("tasks", {})
        for name, task in tasks.items():
            for key, source in _sources(task):
                if (producer := source["producerTask"]) not in tasks:
                    yield Finding(
                        f"input {key} of task {name}",
                        f'is refused when a run is created: unknown producer task "{producer}"',
                        f'Name the task{_suggestion(producer, tasks)}; TFX appends "_task".',
                    )


def missing_artifacts(pipeline: Compiled) -> Iterator[Finding]:
    """The driver crashes on an artifact that its producer does not declare; there are no optional ones."""
    components = pipeline.components()
    for _, dag in pipeline.dags():
        tasks = dag.get("dag", {}).get("tasks", {})
        for name, task in tasks.items():
            for key, source in _sources(task):
                producer = tasks.get(source["producerTask"], {})
                component = components.get(producer.get("componentRef", {}).get("name", ""), {})
                wanted = source.get("outputArtifactKey")
                if producer and wanted and wanted not in component.get("outputDefinitions", {}).get("artifacts", {}):
                    yield Finding(
                        f"input {key} of task {name}",
                        f'crashes the driver: "{source["producerTask"]}" has no output "{wanted}"',
                        "Leave the input out, or hand over an empty artifact.",
                    )


def parent_parameters(pipeline: Compiled) -> Iterator[Finding]:
    """A sub-DAG passes on what it declares; TFX declares nothing for the one inside an exit handler."""
    for dag_name, dag in pipeline.dags():
        for name, task in dag.get("dag", {}).get("tasks", {}).items():
            for key, source in task.get("inputs", {}).get("parameters", {}).items():
                wanted = source.get("componentInputParameter")
                if wanted and wanted not in _parameters(dag):
                    yield Finding(
                        f"input {key} of task {name}",
                        f'ends the driver: "parent DAG does not have input parameter {wanted}"',
                        f"Declare it in the inputDefinitions of {dag_name}, and pass it on.",
                    )


def importers(pipeline: Compiled) -> Iterator[Finding]:
    """An importer takes a URI of an object store, constant or a parameter of the pipeline."""
    for name, task, _, importer in pipeline.of_kind("importer"):
        uri = importer.get("artifactUri", {})
        constant = uri.get("constant", uri.get("constantValue", {}).get("stringValue"))
        if constant is not None and not str(constant).startswith(tuple(FOLDERS)):
            yield Finding(
                f"task {name}",
                f'makes its consumers fail: no launcher copies "{constant}"',
                f"Import from {', '.join(FOLDERS)}.",
            )
        for key, source in task.get("inputs", {}).get("parameters", {}).items():
            if "taskOutputParameter" in source:
                yield Finding(
                    f"input {key} of task {name}",
                    "is refused: an importer takes no output of a task",
                    "Bind it to a parameter of the pipeline, or put the importer into a sub-DAG.",
                )
        if task.get("triggerPolicy", {}).get("condition"):
            yield Finding(
                f"task {name}", "is refused: an importer has no condition", "Put the condition on its consumers."
            )


def accelerators(pipeline: Compiled) -> Iterator[Finding]:
    """The type of an accelerator is the name of a resource of Kubernetes."""
    for name, _, _, container in pipeline.of_kind("container"):
        accelerator = container.get("resources", {}).get("accelerator", {})
        kind = accelerator.get("resourceType") or accelerator.get("type", "")
        if accelerator and "/" not in kind:
            yield Finding(
                f"task {name}",
                f'waits for ever: no node has the resource "{kind}"',
                "Ask for nvidia.com/gpu, and choose the model with a node selector.",
            )


def placeholders(pipeline: Compiled) -> Iterator[Finding]:
    """`.uri` is the remote one, and the value of an artifact is not known to the launcher."""
    for name, _, _, container in pipeline.of_kind("container"):
        text = json.dumps([*container.get("command", []), *container.get("args", [])])
        for match in re.finditer(r"\{\{\$\.(?:inputs|outputs)\.artifacts\['([^']+)'\]\.(uri|value)\}\}", text):
            key, what = match.groups()
            effect = "is the URI in the object store, not a path" if what == "uri" else "is not replaced"
            yield Finding(f"{key}.{what} in the command of task {name}", effect, f"Use {key}.path.")


def shared_containers(pipeline: Compiled) -> Iterator[Finding]:
    """KFP stores components under a hash of their container."""
    seen: dict[str, dict[str, Json]] = defaultdict(dict)
    for name, _, component, container in pipeline.of_kind("container"):
        interface = {key: value for key, value in component.items() if key != "executorLabel"}
        seen[json.dumps(container, sort_keys=True)][name] = interface
    for tasks in seen.values():
        first, *others = tasks
        for name in others:
            if tasks[name] != tasks[first]:
                yield Finding(
                    f"task {name}",
                    f'gets the inputs and outputs of "{first}": their containers are the same to the letter',
                    "Give each an environment variable of its own.",
                )


def arguments(pipeline: Compiled) -> Iterator[Finding]:
    """One argument holds all parameters of a task; the kernel limits it, and Kubernetes reads `$` in it."""
    for name, task, _, container in pipeline.of_kind("container"):
        if len(json.dumps(task.get("inputs", {}))) >= _ARGUMENT_LIMIT:
            yield Finding(
                f"task {name}",
                "cannot start: its parameters exceed the 128 KiB that Linux allows for one argument",
                "Pass what is large as an artifact.",
            )
        for argument in [*container.get("command", []), *container.get("args", [])]:
            if len(argument) >= _ARGUMENT_LIMIT:
                yield Finding(f"task {name}", "cannot start: an argument exceeds 128 KiB", "Shorten it.")
            if "$$" in argument or re.search(r"\$\([A-Za-z_]\w*\)", argument):
                yield Finding(
                    f"task {name}",
                    "gets another argument than written: Kubernetes turns $$ into $ and replaces $(NAME)",
                    "Write it without, or read it from the environment.",
                )


def platform_labels(pipeline: Compiled) -> Iterator[Finding]:
    """Secrets, volumes and node selectors go to the executors that the platform document names."""
    kubernetes = pipeline.platform.get("platforms", {}).get("kubernetes", {})
    for label in kubernetes.get("deploymentSpec", {}).get("executors", {}):
        if label not in pipeline.executors():
            yield Finding(f"platform of {label}", "is ignored: no executor has this label", "Correct the label.")


RULES: dict[str, Rule] = {
    "bare_spec": bare_spec,
    "pipeline_root": pipeline_root,
    "schema_version": schema_version,
    "pipeline_name": pipeline_name,
    **TASK_RULES,
    "artifact_types": artifact_types,
    "defaults": defaults,
    "producers": producers,
    "missing_artifacts": missing_artifacts,
    "parent_parameters": parent_parameters,
    "importers": importers,
    "accelerators": accelerators,
    "placeholders": placeholders,
    "shared_containers": shared_containers,
    "arguments": arguments,
    "platform_labels": platform_labels,
}


def _parameters(component: Json) -> dict[str, Json]:
    found: dict[str, Json] = component.get("inputDefinitions", {}).get("parameters", {})
    return found


def _sources(task: Json) -> Iterator[tuple[str, Json]]:
    """Yields the name of each input that another task produces, and where it comes from."""
    inputs = task.get("inputs", {})
    for key, source in (inputs.get("artifacts", {}) | inputs.get("parameters", {})).items():
        output = source.get("taskOutputArtifact") or source.get("taskOutputParameter")
        if output:
            yield key, output


def _suggestion(producer: str, tasks: Json) -> str:
    repaired = producer.removesuffix("_task")
    return f' "{repaired}"' if repaired in tasks else ""


def _title(schema: str) -> str:
    loaded = yaml.safe_load(schema)
    return str(loaded.get("title", "")) if isinstance(loaded, dict) else ""
