"""The graph cut at a step, and with a step that is optional."""

from pathlib import Path

import pytest
from tfx.utils import dependency_utils

from pipeline.facts import at_run_time
from pipeline.graph import build, up_to
from pipeline.resolve import resolve

TO_THE_GATE = [
    *("ExampleGen", "StatisticsGen", "SchemaGen", "Baseline"),
    *("DataValidator", "DataReport", "DataGate"),
]


def pipeline(folder: Path, *overrides: str):
    flags = {
        "data.path": "t.csv",
        "labels.regression": "y",
        "labels.classification": "k",
        "runtime.output": str(folder / "out"),
    }
    (folder / "out").mkdir(exist_ok=True)
    config = resolve(None, flags, overrides).config
    return build(config, at_run_time(config))


def names(cut) -> list[str]:
    return [node.id for node in cut.components]


@pytest.mark.parametrize(
    ("last", "steps"),
    [
        ("SchemaGen", TO_THE_GATE[:3]),
        ("DataGate", TO_THE_GATE),
        ("Relatedness", [*TO_THE_GATE, "Transform", "Relatedness"]),
        ("Trainer", [*TO_THE_GATE, "Transform", "Trainer"]),
    ],
)
def test_what_a_step_needs_and_nothing_else(tmp_path: Path, last: str, steps: list[str]):
    cut = up_to(pipeline(tmp_path, "evaluation.relatedness=2"), last)
    assert names(cut) == steps
    assert {following.id for node in cut.components for following in node.downstream_nodes} <= set(steps)


def test_an_optional_step_changes_the_arguments_of_the_report_only(tmp_path: Path):
    plain, compared = pipeline(tmp_path), pipeline(tmp_path, "evaluation.relatedness=2")
    assert set(names(compared)) - set(names(plain)) == {"Relatedness"}
    before = {node.id: node for node in plain.components}
    for node in compared.components:
        if node.id not in ("Relatedness", "Report"):
            assert dict(node.exec_properties) == dict(before[node.id].exec_properties)
            assert set(node.inputs) == set(before[node.id].inputs)
    assert set(compared.components[-1].inputs) - set(plain.components[-1].inputs) == {"relatedness"}


@pytest.mark.parametrize(
    ("given", "added"),
    [
        ([], ["--sdk_container_image=none"]),
        (["--direct_running_mode=multi_processing"], ["--sdk_container_image=none"]),
        (["--runner=DirectRunner"], ["--sdk_container_image=none"]),
        (["--runner=FlinkRunner", "--environment_type=EXTERNAL"], []),
        (["--runner", "SparkRunner"], []),
    ],
)
def test_only_workers_elsewhere_get_a_package_of_tfx(tmp_path: Path, monkeypatch, given: list[str], added: list[str]):
    monkeypatch.setattr(dependency_utils, "build_ephemeral_package", lambda: "tfx.tar.gz")
    arguments = pipeline(tmp_path, f"runtime.beam_args={given}").beam_pipeline_args
    assert arguments == [*given, "--beam_plugin=tfx.components", *added]
    package = [] if added else ["--extra_package=tfx.tar.gz"]
    assert dependency_utils.make_beam_dependency_flags(arguments) == [*arguments, *package]
