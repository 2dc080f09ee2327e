"""The task that the Trainer, the comparison and the search are given: through a real transform, in memory and not."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import small_task
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils
from tfx.types.standard_artifacts import Examples, ModelEvaluation, TransformGraph

from components.relatedness import component as relatedness
from components.shared.head_outputs import CLASSIFICATION
from components.shared.splits import EVAL, TRAIN, VALIDATION
from components.trainer.task import Task, load_task
from components.transform.preprocessing import preprocessing_fn
from components.transform.tensor_files import write_tensors
from components.tuner.component import results_of
from components.tuner.tuner_fn import tuner_fn

LABELS = {"regression": "y", "classification": "k", "weight": None}
COLOURS = ("red", "green", "blue")
SIZES = {TRAIN: 160, VALIDATION: 80, EVAL: 60}
MODEL = small_task.MODEL | {"hidden": [8]}
TRAINING = small_task.TRAINING | {"seed": 3, "epochs": 4}
PLENTY = 4096


def table(count: int, seed: int) -> list[dict]:
    random = np.random.default_rng(seed)
    rows = []
    for _ in range(count):
        x, colour = random.normal(size=2), random.integers(3)
        rows.append(
            {
                "x0": [x[0]],
                "x1": [x[1]],
                "c": [COLOURS[colour]],
                "y": [50 + 9 * x[0] + 4 * colour],
                "k": ["yes" if x[1] > 0.4 else "no"],
            }
        )
    return rows


@pytest.fixture(scope="module")
def transformed(tmp_path_factory) -> Path:
    """A folder with `graph`, Transform's, and `Split-…` of what it made of each split."""
    folder = tmp_path_factory.mktemp("transformed")
    types = {"x0": tf.float32, "x1": tf.float32, "c": tf.string, "y": tf.float32, "k": tf.string}
    spec = {name: tf.io.VarLenFeature(dtype) for name, dtype in types.items()}
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(spec))
    splits = {split: table(size, seed) for seed, (split, size) in enumerate(SIZES.items())}
    splits[VALIDATION][7]["k"] = ["perhaps"]
    with tft_beam.Context(str(tmp_path_factory.mktemp("beam"))):
        fn = (splits[TRAIN], metadata) | tft_beam.AnalyzeDataset(
            lambda inputs: preprocessing_fn(inputs, LABELS | {"max_categories": 9})
        )
        fn | tft_beam.WriteTransformFn(str(folder / "graph"))
        for split, rows in splits.items():
            found, _ = ((rows, metadata), fn) | tft_beam.TransformDataset()
            (folder / f"Split-{split}").mkdir()
            tensors = {name: np.stack([row[name] for row in found]) for name in found[0]}
            tensors["fingerprint"] = np.arange(len(found))
            write_tensors([tensors], str(folder / f"Split-{split}" / "part.parquet"))
    return folder


def loaded(folder: Path, memory_mb: int) -> Task:
    files = [[str(folder / f"Split-{split}" / "*")] for split in (TRAIN, VALIDATION)]
    return load_task(tft.TFTransformOutput(str(folder / "graph")), *files, memory_mb=memory_mb)


def small_budget(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    """Makes 1 MiB, the least that a configuration may say, too little for these few rows."""
    monkeypatch.setattr(
        f"{module}.load_task", lambda *files, memory_mb: load_task(*files, memory_mb=0 if memory_mb == 1 else memory_mb)
    )


def mapped(task: Task) -> set[bool]:
    return {isinstance(values, np.memmap) for values in task.train.features.values()}


def test_a_task_is_what_the_transform_left(transformed):
    task, train = loaded(transformed, PLENTY), table(SIZES[TRAIN], 0)
    assert task.classes == ["no", "yes"]
    assert list(task.owners) == [0] * (2 + 3), "other texts, missing ones, and three colours"
    np.testing.assert_allclose(task.train.regression, [row["y"][0] for row in train], rtol=1e-6)
    assert task.train.target_mean == pytest.approx(np.mean([row["y"][0] for row in train]))
    assert [task.classes[place] for place in task.train.classes] == [row["k"][0] for row in train]
    validation = table(SIZES[VALIDATION], 1)
    np.testing.assert_allclose(task.validation.regression, [row["y"][0] for row in validation], rtol=1e-6)
    has_class = task.validation.has(CLASSIFICATION)
    assert np.flatnonzero(~has_class).tolist() == [7], "train has no row of its class; its number counts all the same"


def test_beyond_the_budget_both_splits_are_mapped(transformed):
    """The files have no name that could be left behind, and can be read for as long as there is an array on them."""
    held, spilt = loaded(transformed, PLENTY), loaded(transformed, 0)
    assert (mapped(held), mapped(spilt)) == ({False}, {True})
    assert sorted(spilt.train.features) == ["categorical", "missing", "numeric"]
    for name, values in held.train.features.items():
        assert spilt.train.features[name].filename is None
        np.testing.assert_array_equal(spilt.train.features[name], values)
    for split in ("train", "validation"):
        one, other = getattr(held, split), getattr(spilt, split)
        assert (one.mapped, other.mapped) == (False, True)
        for name in ("regression", "target", "classes"):
            assert isinstance(getattr(other, name), np.memmap)
            np.testing.assert_array_equal(getattr(other, name), getattr(one, name))
    for head, values in held.validation.weights.items():
        assert isinstance(spilt.validation.weights[head], np.memmap) == (head == CLASSIFICATION)
        np.testing.assert_array_equal(spilt.validation.weights[head], values)


def test_a_comparison_streams_beyond_the_budget_and_finds_the_same(transformed, tmp_path, monkeypatch):
    compare, tasks, found = relatedness.relate, [], []
    monkeypatch.setattr(
        relatedness, "relate", lambda task, *rest, **more: tasks.append(task) or compare(task, *rest, **more)
    )
    small_budget(monkeypatch, "components.relatedness.component")
    examples, graph = Examples(), TransformGraph()
    examples.uri, graph.uri = str(transformed), str(transformed / "graph")
    for memory_mb in (PLENTY, 1):
        result = ModelEvaluation()
        result.uri = str(tmp_path / str(memory_mb))
        Path(result.uri).mkdir()
        settings = {"labels": LABELS, "model": MODEL, "training": TRAINING | {"memory_mb": memory_mb}}
        relatedness.Relatedness.test_call(
            transformed_examples=examples,
            transform_graph=graph,
            relatedness=result,
            settings=json.dumps(settings | {"seeds": 2, "resamples": 100, "confidence": 0.9}),
            code="",
        )
        found.append(json.loads((Path(result.uri) / "relatedness.json").read_text(encoding="utf-8")))
    assert [mapped(task) for task in tasks] == [{False}, {True}]
    for head in ("regression", "classification"):
        held, spilt = (result["heads"][head] for result in found)
        assert held["n"] == SIZES[EVAL]
        for figure in ("multi_task", "single_task"):
            assert spilt[figure] == pytest.approx(held[figure], rel=1e-4)
        assert held["multi_task"] != pytest.approx(held["single_task"], rel=1e-4), "two networks, so two figures"


def test_a_search_streams_beyond_the_budget_and_finds_the_same(transformed, tmp_path, monkeypatch):
    """The step makes the search in one call and lets it go in the next: the files must outlive the first."""
    small_budget(monkeypatch, "components.tuner.tuner_fn")
    found = []
    for memory_mb in (PLENTY, 1):
        settings = {
            "start": {"model": MODEL, "training": TRAINING | {"memory_mb": memory_mb}},
            "space": {"model.hidden": [[8], [16, 8]]},
            "method": "random",
            "trials": 2,
            "minutes": None,
            "epochs": 4,
            "seed": 0,
        }
        search = tuner_fn(
            SimpleNamespace(
                custom_config={"settings": settings, "directory": "", "code": ""},
                transform_graph_path=str(transformed / "graph"),
                train_files=[str(transformed / f"Split-{TRAIN}" / "*")],
                eval_files=[str(transformed / f"Split-{VALIDATION}" / "*")],
                working_dir=str(tmp_path),
            )
        ).tuner
        assert mapped(search.task) == {memory_mb == 1}
        search.search()
        found.append(results_of(search))
    held, spilt = found
    assert spilt.references == pytest.approx(held.references, rel=1e-4)
    assert [trial.values for trial in spilt.trials] == [trial.values for trial in held.trials]
    losses = [[trial.losses[head] for trial in one.trials for head in sorted(trial.losses)] for one in found]
    assert len(losses[0]) == 4
    np.testing.assert_allclose(*losses, rtol=1e-4)
