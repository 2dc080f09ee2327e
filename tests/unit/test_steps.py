"""The registry of steps: what its entries say must hold together."""

import dataclasses
import subprocess
import sys
from importlib.util import find_spec

import pytest

from components.report.collect import Sources
from pipeline.graph.steps import STEPS
from pipeline.graph.steps.base import Step
from pipeline.kubeflow.compiling.parameters import PARAMETERS

BY_NAME = pytest.mark.parametrize("step", STEPS.values(), ids=list(STEPS))


def test_the_steps_are_in_the_order_of_the_data():
    assert list(STEPS) == [
        *("ExampleGen", "StatisticsGen", "SchemaGen", "Baseline", "DataValidator", "DataReport", "DataGate"),
        *("Transform", "Tuner", "Trainer"),
        *("Evaluator", "ModelAnalysis", "Relatedness", "Pusher", "Report"),
    ]


@BY_NAME
def test_what_a_step_takes_or_comes_after_stands_before_it(step: Step):
    names = list(STEPS)
    earlier = set(names[: names.index(step.name)])
    assert {place.partition(".")[0] for place in step.takes.values()} | set(step.after) <= earlier


@BY_NAME
def test_a_step_of_this_project_has_its_code_in_its_cache_key(step: Step):
    module, _, name = step.component.rpartition(".")
    if module.startswith("tfx."):
        assert step.module is None or not step.module.endswith(".component")
    elif step.name == "Tuner":
        assert step.module == "components.tuner.tuner_fn"
    else:
        assert (step.module, step.name) == (module, name)
    for path in filter(None, (module, step.module)):
        assert find_spec(path) is not None


def test_steps_that_only_report():
    assert {name for name, step in STEPS.items() if step.reporting} == {"DataReport", "Tuner", "Relatedness", "Report"}


def test_each_source_of_the_report_is_of_one_step():
    sources = [source for step in STEPS.values() for source in step.report_source]
    assert sorted(sources) == sorted(field.name for field in dataclasses.fields(Sources))


def test_what_steps_bind_are_the_parameters_of_a_run():
    keys = {parameter.key for parameter in PARAMETERS}
    assert {key for step in STEPS.values() for key in step.parameters} == keys
    assert STEPS["Report"].parameters.keys() == keys, "the report shows everything that a run changes"


def test_the_registry_needs_no_tensorflow():
    script = (
        "import sys, pipeline.graph.steps\n"
        "heavy = {'tensorflow', 'tfx', 'keras', 'apache_beam', 'tensorflow_model_analysis', 'keras_tuner'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
