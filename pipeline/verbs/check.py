"""What can be checked before TensorFlow is imported: the columns, and for small tables every cell."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from components.data_validator.analysis.labels import heap_sentence, is_heap
from components.data_validator.analysis.row_checks import require_columns
from components.data_validator.anomalies import Levels
from components.example_gen.features import Feature, choose_features
from components.example_gen.plan import Plan, make_plan
from components.example_gen.profiling.sufficiency import check_time_split
from components.example_gen.roles import Roles, assign_roles
from components.example_gen.spec import IngestSpec
from components.example_gen.tables.opening import open_table
from components.example_gen.tables.table import bytes_of
from components.model_format.manifest import prediction_columns
from components.objects.place import is_remote
from components.objects.staging import staged
from components.schema_gen.curation import require_labels
from components.schema_gen.schema_file import read_schema
from pipeline.config.run import Config
from pipeline.config.runtime import LOCAL, Runtime
from pipeline.errors import InputError, did_you_mean, warn
from pipeline.graph.inputs import Source, check_pushed, look_up
from pipeline.sizing.estimate import Job, constants, expected
from pipeline.sizing.shape import shape_of
from pipeline.sizing.speed import Speed
from pipeline.sizing.words import in_a_sentence
from pipeline.workers.flink import restart_warning
from pipeline.workers.probe import probe

# Reading this much twice costs about a second, less than the imports that an error would otherwise wait for.
_SMALL = 64 << 20


@dataclass(frozen=True)
class Checked:
    """What a table holds, as the ingest will see it.

    Args:
        plan: what was read.
        features: the features that will be written.
        warnings: sentences a person should read.
    """

    plan: Plan
    features: list[Feature]
    warnings: list[str]


def check_data(config: Config, source: Source | None = None) -> Checked:
    """Reads the whole table once, as the ingest will.

    Args:
        config: the configuration.
        source: its data, for a plan with the fingerprint of what was read; None has it looked up now.

    Raises:
        InputError: the table cannot be used; the same errors as the ingest's.
    """
    Levels(config.gates.data.inferred, config.gates.data.levels)
    spec = (source or look_up(config)).spec
    if config.data.schema_file:
        require_labels(read_schema(config.data.schema_file), config.labels.training_only)
    with staged(spec.paths):
        plan = make_plan(spec, hashed=source is not None)
        table, roles, found = plan.table, plan.roles, plan.profile
        check_time_split(table, spec, roles, found)
    features, warnings = choose_features(table, found, spec, roles)
    number, share = found.heap
    if is_heap(share, config.training.regression_loss) and config.gates.labels.level != "ignore":
        warnings.append(heap_sentence(config.labels.regression, number, share, "rows"))
    _check_slices(config, table.columns)
    require_columns([check.model_dump() for check in config.checks], table.columns)
    _check_clashes(config, roles)
    return Checked(plan, features, warnings)


def check_before_run(config: Config) -> Source:
    """Finds what is wrong with the input before the slow imports, and returns what the run can go on from.

    A large table is judged by its header only, a large remote one not at all. An engine other than this machine is
    asked for a tiny job.

    Raises:
        InputError: the table cannot be used, another model stands where this one would be pushed, or the engine does
            not do as it must.
    """
    source = look_up(config)
    if sum(bytes_of(path) for path in source.spec.paths) <= _SMALL:
        source = replace(source, plan=check_data(config, source).plan)
    else:
        _check_columns(config, source.spec)
    check_pushed(config)  # after the columns: a label that is misspelt is no other label
    probe(config)
    if sentence := restart_warning(config.runtime):
        warn(sentence)
    return source


def _check_columns(config: Config, spec: IngestSpec) -> None:
    if any(is_remote(path) for path in spec.paths):
        return  # a look at the header would fetch all of it; ExampleGen does that, and says the same
    table = open_table(spec.paths, spec.dialect)
    roles = assign_roles(spec, table.columns, table.index)
    _check_slices(config, table.columns)
    require_columns([check.model_dump() for check in config.checks], table.columns)
    _check_clashes(config, roles)


def check_all(config: Config, console: Console) -> None:
    """Checks environment, output folder, data and engine, and prints what was found.

    Raises:
        InputError: something a run needs is not as it must be.
    """
    _check_folder("output", config.output)
    _check_folder("artifacts", config.artifacts)
    if config.runtime.metadata is not None:
        from pipeline.local.metadata_server import require_server

        require_server(config.runtime.metadata)
    checked = check_data(config)
    check_pushed(config)
    workers = probe(config)
    table = Table.grid(padding=(0, 2))
    stack = ", ".join(f"{name} {version(name)}" for name in ("tfx", "tensorflow", "keras", "apache-beam"))
    python = ".".join(str(part) for part in sys.version_info[:3])
    found = checked.plan.profile
    without = zip(config.labels.columns, (found.only_class, found.only_number), strict=True)
    notes = "".join(f"; {count:,} without {label}" for label, count in without if count)
    notes += "".join(f"; {count:,} left out: {reason}" for reason, count in found.left_out.items())
    classes = ", ".join(f"{name} {count:,}" for name, count in found.classes.items())
    table.add_row("environment", f"Python {python}, {stack}")
    table.add_row("output", _with_room(config.output))
    if config.runtime.artifacts is not None:
        table.add_row("artifacts", _with_room(config.artifacts))
    if config.runtime.metadata is not None:
        table.add_row("metadata", config.runtime.metadata)
    table.add_row("engine", _engine(config.runtime))
    for worker in workers:
        table.add_row("worker", str(worker))
    table.add_row("rows", f"{found.read:,}{notes}")
    table.add_row("regression", config.labels.regression)
    table.add_row("classification", f"{config.labels.classification}: {classes}")
    if config.labels.weight is not None:
        table.add_row("weight", config.labels.weight)
    table.add_row("features", ", ".join(f"{feature.name} ({feature.kind.lower()})" for feature in checked.features))
    table.add_row("a run", _estimate(config, checked))
    console.print(table, highlight=False, markup=False)
    for sentence in [*checked.warnings, *filter(None, [restart_warning(config.runtime)])]:
        console.print("note", sentence, markup=False, soft_wrap=True, highlight=False)
    console.print("A run can start.", style="green")


def _estimate(config: Config, checked: Checked) -> str:
    shape = shape_of(checked.plan.profile, checked.features, config)
    job = Job(shape, config.model, config.training, seeds=config.evaluation.relatedness)
    found = expected(job, config.preset, Speed.measured(), constants())
    return in_a_sentence(found, config.runtime.engine, tfma=config.evaluation.tfma)


def _engine(runtime: Runtime) -> str:
    if runtime.engine == LOCAL:
        return f"{LOCAL}, {runtime.workers} process{'es' if runtime.workers > 1 else ''}"
    place = runtime.endpoint or runtime.region
    return f"{runtime.engine}{f' at {place}' if place else ''}"


def _check_slices(config: Config, columns: tuple[str, ...]) -> None:
    for part in config.evaluation.slices:
        for name in [part] if isinstance(part, str) else part:
            if name not in columns or name in config.data.ignore:
                raise InputError(
                    f'evaluation.slices must name columns that are read, got "{name}".{did_you_mean(name, columns)}'
                )


def _check_clashes(config: Config, roles: Roles) -> None:
    for name in prediction_columns(*config.labels.columns, intervals=True):
        if name in roles.inputs:
            raise InputError(
                f'A feature must not have the name of a column that predictions get, got "{name}". '
                "Rename the column, or list it under data.ignore."
            )


def _check_folder(key: str, path: Path) -> None:
    folder = _existing(path)
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise InputError(
            f"runtime.{key} must be a folder that can be written, got {path}. "
            f"Choose another with --set runtime.{key}=FOLDER."
        )


def _with_room(path: Path) -> str:
    return f"{path}, {shutil.disk_usage(_existing(path)).free >> 30} GiB free"


def _existing(path: Path) -> Path:
    """Returns the path or its nearest parent that exists."""
    return next(folder for folder in (path, *path.parents) if folder.exists())
