"""The Evaluator on workers, held against the one that reads the eval split into arrays."""

import json
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import apache_beam as beam
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.types import artifact_utils
from tfx.types.standard_artifacts import Examples, Model, ModelBlessing, ModelEvaluation, Schema

from components.evaluator import here
from components.evaluator.analysis.gate import Gate, HeadGate
from components.evaluator.analysis.survey import STRATA
from components.evaluator.component import Evaluator
from components.evaluator.engine import elsewhere
from components.evaluator.question import Question
from components.evaluator.scoring import ServingModel
from components.example_gen.ingest import ingest
from components.example_gen.spec import IngestSpec
from components.example_gen.splitting.split_record import Record
from components.example_gen.tables.dialect import Dialect
from components.formats.evaluation import Evaluation
from components.formats.figures import Figures
from components.formats.importance import Importance
from components.model_format.calibration import Calibration
from components.model_format.manifest import InputColumn, Manifest, TrainLabels
from components.shared.file_names import EXTRA, SCHEMA, SEEN
from components.shared.splits import EVAL, split_folder
from tests.judgements import assert_alike

ROWS = 3_000
PER_FILE = 130
CLASSES = ["high", "low"]
COLUMNS = [InputColumn("x", "column_0", "FLOAT"), InputColumn("town", "column_1", "BYTES")]
SLICES = ["town", ["town", "x"]]
LIKE_MTL = ["--beam_plugin=tfx.components", "--sdk_container_image=none", "--update_compatibility_version=2.73.0"]


class Network(tf.Module):
    """Predicts `slope * x` for the number and its sign for the class, the surer the farther it is from zero."""

    def __init__(self, slope: float):
        super().__init__()
        self.slope = slope

    @tf.function
    def predict(self, column_0: tf.Tensor, column_1: tf.Tensor):
        del column_1
        x = tf.where(tf.math.is_nan(column_0), tf.zeros_like(column_0), column_0)
        number = tf.cast(self.slope * x, tf.float32)[:, None]
        # Rounded: the last bits of a sigmoid depend on the row's place in the batch, and then equal rows do not tie.
        high = tf.round(tf.sigmoid(number[:, 0]) * 4096) / 4096
        return {
            "regression_output": number,
            "classification_output": tf.stack([high, 1 - high], axis=1),
            "regression_lower": number - 1.5,
            "regression_upper": number + 1.5,
        }

    @tf.function
    def serve(self, examples: tf.Tensor):
        read = tf.io.parse_example(examples, {"x": tf.io.FixedLenFeature([], tf.float32, float("nan"))})
        return self.predict(tf.cast(read["x"], tf.float64), tf.fill(tf.shape(examples), ""))


def saved(folder: Path, slope: float) -> Path:
    network = Network(slope)
    columns = tf.TensorSpec([None], tf.float64), tf.TensorSpec([None], tf.string)
    signatures = {
        "predict": network.predict.get_concrete_function(*columns),
        "serving_default": network.serve.get_concrete_function(tf.TensorSpec([None], tf.string, name="examples")),
    }
    tf.saved_model.save(network, str(folder), signatures=signatures)
    Manifest(
        "y",
        "k",
        columns=COLUMNS,
        dialect=Dialect(),
        vectors={},
        classes=CLASSES,
        train=TrainLabels(10, 0.0, 0.0, {"low": 5, "high": 5}),
        parameters=1,
        epochs=1,
        best_epoch=1,
        calibration=Calibration(40, 40, 1.3, 0.9, "split", 1.5, None),
    ).write_with("", folder)
    return folder


def table() -> pd.DataFrame:
    """Many rows have equals; each label is missing somewhere, and one class no model knows."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=ROWS).round(1)
    data = pd.DataFrame({"key": np.arange(ROWS) // 3, "x": x, "town": rng.choice(["Ulm", "Bonn", "Gera"], ROWS)})
    data["y"] = 2 * x + rng.normal(size=ROWS).round(1)
    data["k"] = np.where(x + rng.normal(size=ROWS) > 0, "high", "low")
    data.loc[rng.random(ROWS) < 0.01, "k"] = "odd"
    data.loc[::11, "x"] = None
    data.loc[3::7, "town"] = None
    data.loc[::5, "y"] = None
    data.loc[1::5, "k"] = None
    return data


def spec(path: Path) -> IngestSpec:
    return IngestSpec((str(path),), "y", "k", split="column", column="key", fractions=(0.3, 0.05, 0.05, 0.6))


@pytest.fixture(scope="module")
def question(tmp_path_factory: pytest.TempPathFactory) -> Question:
    """The candidate, a production model that has seen some of the eval rows, and a split of many files."""
    folder = tmp_path_factory.mktemp("evaluated")
    data = table()
    data.to_parquet(folder / "t.parquet")
    summary = ingest(spec(folder / "t.parquet"), str(folder / "examples"), rows_per_file=PER_FILE)
    schema = schema_pb2.Schema()
    for name, kind in {**summary.columns, "y": "FLOAT", "k": "BYTES"}.items():
        schema.feature.add(name=name, type=schema_pb2.FeatureType.Value(kind))
    (folder / SCHEMA).write_text(text_format.MessageToString(schema))
    candidate = saved(folder / "model" / "Format-Serving", 1.8)
    rival = saved(folder / "pushed" / "Format-Serving", 1.2)
    data.sample(frac=0.5, random_state=2).to_parquet(folder / "before.parquet")
    before = replace(spec(folder / "before.parquet"), fractions=(0.9, 0.04, 0.03, 0.03))
    ingest(before, str(folder / "before"))
    (rival / EXTRA).mkdir(exist_ok=True)
    (rival / EXTRA / SEEN).write_bytes(Record.of(str(folder / "before")).to_bytes())
    gate = Gate(HeadGate({"mae": 2.0}), HeadGate({"accuracy": 0.6}))
    return Question(str(folder / "examples"), schema, ServingModel(candidate), rival, gate, SLICES, 300, 0.95)


@pytest.fixture(scope="module")
def arrays(question: Question):
    answer = here.answer(question)
    for head, result in answer.judgement.heads.items():
        assert 100 < result.contest.n < result.contest.n + result.contest.seen == result.n, head
    return answer


def in_memory() -> beam.Pipeline:
    return beam.Pipeline(argv=["--direct_running_mode=in_memory", *LIKE_MTL])


def assert_same(found, expected, reach=0.35):
    assert_alike(found.judgement, expected.judgement, reach)
    ours, theirs = found.uncertainty, expected.uncertainty
    assert (ours.regression.coverage.covered, ours.regression.coverage.n) == (
        theirs.regression.coverage.covered,
        theirs.regression.coverage.n,
    )
    for when in ("before", "after"):
        assert getattr(ours.classification, when) == pytest.approx(getattr(theirs.classification, when), rel=1e-6)
    for head, columns in expected.importance.heads.items():
        mine = {column.column: column for column in found.importance.heads[head]}
        for column in columns:
            other = mine[column.column]
            assert other.value == pytest.approx(column.value, abs=column.high - column.low + 1e-9)


def test_workers_say_what_arrays_say(question: Question, arrays, tmp_path: Path):
    """All rows are in the samples."""
    assert len(list(question.split.iterdir())) > 10
    found = elsewhere.answer(question, in_memory(), str(tmp_path))
    assert_same(found, arrays)
    assert found.figures.regression.histogram == arrays.figures.regression.histogram
    assert [(curve.name, curve.n_positive) for curve in found.figures.classification] == [
        (curve.name, curve.n_positive) for curve in arrays.figures.classification
    ]
    assert list(tmp_path.iterdir()) == [], "nothing of the work is left"


def test_a_sample_says_nearly_the_same(question: Question, arrays, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in STRATA:
        monkeypatch.setitem(STRATA, name, 700)
    found = elsewhere.answer(question, in_memory(), str(tmp_path))
    assert_same(found, arrays, reach=0.6)
    assert found.figures.regression.n == 700
    assert found.figures.regression.sampled_from == arrays.judgement.heads["regression"].n
    assert found.judgement.heads["regression"].within.keys() == {"median_absolute_error"}


def test_neither_files_nor_their_order_make_a_difference(question: Question, tmp_path: Path, monkeypatch):
    """The same rows, shuffled, in files of another size: the same sample and the same intervals."""
    for name in STRATA:
        monkeypatch.setitem(STRATA, name, 400)
    answers = []
    for place, seed in enumerate((None, 1)):
        data = table() if seed is None else table().sample(frac=1, random_state=seed)
        folder = tmp_path / str(place)
        folder.mkdir()
        data.to_parquet(folder / "t.parquet")
        ingest(spec(folder / "t.parquet"), str(folder / "examples"), rows_per_file=(130, 700)[place])
        asked = replace(question, examples=str(folder / "examples"))
        answers.append(elsewhere.answer(asked, in_memory(), str(folder)))
    first, second = (answer.judgement for answer in answers)
    assert first.n == second.n
    for head, result in first.heads.items():
        for ours, theirs in (
            (result.metrics, second.heads[head].metrics),
            (result.baseline, second.heads[head].baseline),
        ):
            for name, interval in ours.items():
                other = theirs[name]
                assert (interval.value, interval.low, interval.high) == pytest.approx(
                    (other.value, other.low, other.high), rel=1e-9, abs=1e-12
                ), (head, name)
    assert answers[0].figures.regression.actual == answers[1].figures.regression.actual


def test_each_row_is_counted_once(question: Question, arrays, tmp_path: Path):
    """Against pandas, from the examples themselves."""
    found = elsewhere.answer(question, in_memory(), str(tmp_path)).judgement
    labels = Counter()
    files = sorted(str(path) for path in Path(split_folder(question.examples, EVAL)).iterdir())
    for record in tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator():
        features = tf.train.Example.FromString(record).features.feature
        values = features["k"].bytes_list.value
        labels[values[0].decode() if values else None] += 1
    assert sum(labels.values()) == found.n
    assert {figures.name: figures.support for figures in found.confusion.classes} == {
        name: count for name, count in labels.items() if name is not None
    }


def test_a_production_model_that_does_not_load_stops_nothing(question: Question, tmp_path: Path):
    manifest_only = tmp_path / "pushed"
    manifest_only.mkdir()
    question.candidate.manifest.write_with("", manifest_only)
    found = elsewhere.answer(replace(question, rival=manifest_only), in_memory(), str(tmp_path / "out"))
    expected = here.answer(replace(question, rival=manifest_only))
    for head, result in expected.judgement.heads.items():
        assert result.baseline_problem == "it cannot be loaded or does not answer here; the log says more"
        ours = found.judgement.heads[head]
        assert (ours.baseline_problem, ours.contest, ours.baseline) == (result.baseline_problem, result.contest, None)
    assert found.judgement.verdict.blessed == expected.judgement.verdict.blessed


def test_no_production_model_is_nothing_to_compare(question: Question, tmp_path: Path):
    found = elsewhere.answer(replace(question, rival=tmp_path / "none"), in_memory(), str(tmp_path / "out"))
    assert [result.contest for result in found.judgement.heads.values()] == [None, None]
    sentences = [check.sentence for check in found.judgement.verdict.checks if check.name == "no_worse_than_pushed"]
    assert all(sentence.endswith("there is no production model yet to compare with.") for sentence in sentences)


def written(question: Question, folder: Path, *arguments: str) -> tuple[Evaluation, Figures, Importance, int]:
    """What the step writes with these arguments of Beam."""
    examples, schema, model, baseline = Examples(), Schema(), Model(), Model()
    examples.uri, examples.split_names = question.examples, artifact_utils.encode_split_names(["train", EVAL])
    schema.uri = str(Path(question.examples).parent)
    model.uri, baseline.uri = str(question.candidate.folder.parent), str(question.rival.parent)
    evaluation, blessing = ModelEvaluation(), ModelBlessing()
    evaluation.uri, blessing.uri = str(folder / "evaluation"), str(folder / "blessing")
    for artifact in (evaluation, blessing):
        os.makedirs(artifact.uri)
    head = {"thresholds": {}, "better_than_trivial": True, "no_worse_than_pushed": True, "tolerance": 0.0}
    gates = {"regression": head | {"thresholds": {"mae": 2.0}}, "rule": "all"}
    gates["classification"] = head | {"thresholds": {"accuracy": 0.6}}
    settings = {"slices": SLICES, "resamples": 300, "confidence": 0.95, "gates": gates}
    Evaluator.test_call(
        examples=examples,
        schema=schema,
        model=model,
        baseline=baseline,
        evaluation=evaluation,
        blessing=blessing,
        settings=json.dumps(settings),
        code="",
        beam_pipeline=beam.Pipeline(argv=[*arguments, *LIKE_MTL]),
    )
    blessed = blessing.get_int_custom_property("blessed")
    assert [path.name for path in Path(blessing.uri).iterdir()] == [("NOT_BLESSED", "BLESSED")[blessed]]
    names = sorted(path.name for path in Path(evaluation.uri).iterdir())
    assert names == ["evaluation.json", "figures.json", "importance.json"]
    return *(kind.read(evaluation.uri) for kind in (Evaluation, Figures, Importance)), blessed


def test_the_step_in_this_process_is_that_of_arrays(question: Question, arrays, tmp_path: Path):
    evaluation, figures, importance, blessed = written(question, tmp_path, "--direct_running_mode=in_memory")
    assert evaluation.heads == arrays.judgement.heads
    assert (figures, importance) == (arrays.figures, arrays.importance)
    assert blessed == arrays.judgement.verdict.blessed


TWO = ["--direct_num_workers=2", "--direct_running_mode=multi_threading"]


def test_the_step_on_workers_writes_what_workers_say(question: Question, arrays, tmp_path: Path):
    evaluation, figures, importance, blessed = written(question, tmp_path, *TWO)
    assert_alike(evaluation, arrays.judgement, reach=0.35)
    assert evaluation.uncertainty.regression.coverage == arrays.uncertainty.regression.coverage
    assert figures.regression.n == arrays.figures.regression.n
    assert importance.heads.keys() == arrays.importance.heads.keys()
    assert blessed == arrays.judgement.verdict.blessed


@pytest.mark.slow
def test_two_processes_say_the_same(question: Question, arrays, tmp_path: Path):
    evaluation, *_, blessed = written(
        question, tmp_path, "--direct_num_workers=2", "--direct_running_mode=multi_processing"
    )
    assert_alike(evaluation, arrays.judgement, reach=0.35)
    assert blessed == arrays.judgement.verdict.blessed


@pytest.mark.slow
@pytest.mark.parametrize("environment", ["LOOPBACK", "EXTERNAL"])
def test_a_portable_runner_says_the_same(
    question: Question, arrays, prism: int, pool: int, tmp_path: Path, environment: str
):
    job = ["--runner=PortableRunner", f"--job_endpoint=localhost:{prism}", f"--environment_type={environment}"]
    place = [f"--environment_config=localhost:{pool}"] if environment == "EXTERNAL" else []
    evaluation, *_, blessed = written(question, tmp_path, *job, *place)
    assert_alike(evaluation, arrays.judgement, reach=0.35)
    assert blessed == arrays.judgement.verdict.blessed
