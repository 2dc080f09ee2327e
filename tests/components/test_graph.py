"""The graph cut at a step, and with a step that is optional."""

from pathlib import Path

import pytest
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec

from pipeline.config.resolve import resolve
from pipeline.graph.build import build, up_to
from pipeline.graph.inputs import at_run_time
from pipeline.sizing.words import ON_ENGINE

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


def test_the_steps_that_an_engine_runs_are_those_with_a_beam_job(tmp_path: Path):
    found = {node.id for node in pipeline(tmp_path).components if type(node.executor_spec) is BeamExecutorSpec}
    assert found == set(ON_ENGINE)
