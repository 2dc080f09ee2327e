"""What a run's table says of a step."""

import json

import pytest

from pipeline.local.step_summaries import detail
from pipeline.runs.record import StepRecord

MANIFEST = {
    "regression": "y",
    "classification": "k",
    "classes": ["a", "b"],
    "columns": [{"name": "x", "input": "x", "kind": "FLOAT"}],
    "dialect": {},
    "vectors": {},
    "train": {"rows": 9, "mean": 1.5, "median": 1.0, "class_counts": {"a": 4, "b": 5}},
    "parameters": 12345,
    "epochs": 9,
    "best_epoch": 3,
}


@pytest.mark.parametrize(
    ("trunk", "said"), [({}, ""), ({"trunk": "shared_bottom"}, ""), ({"trunk": "separate"}, ", heads apart")]
)
def test_the_trainer_says_whether_the_heads_parted(trunk, said, tmp_path):
    """Models of the time before did not write their trunk down."""
    folder = tmp_path / "Format-Serving" / "assets.extra"
    folder.mkdir(parents=True)
    (folder / "model.json").write_text(json.dumps(MANIFEST | trunk))
    step = StepRecord("Trainer", "done", artifacts={"model": str(tmp_path)})
    assert detail(step) == f"12,345 parameters, best epoch 3 of 9{said}"


@pytest.mark.parametrize(("minutes", "said"), [(10.0, "10 minutes"), (1.0, "1 minute"), (0.5, "0.5 minutes")])
def test_the_trainer_says_that_it_ran_out_of_time(minutes, said, tmp_path):
    folder = tmp_path / "Format-Serving" / "assets.extra"
    folder.mkdir(parents=True)
    (folder / "model.json").write_text(json.dumps(MANIFEST | {"trunk": "separate", "stopped_after": minutes}))
    step = StepRecord("Trainer", "done", artifacts={"model": str(tmp_path)})
    assert detail(step) == f"12,345 parameters, best epoch 3 of 9, stopped after {said}, heads apart"
