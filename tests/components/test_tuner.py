"""The search: what a trial is judged by, what is tried, and what is kept."""

import json
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest
from sklearn.metrics import log_loss, mean_absolute_error
from small_task import MODEL, TRAINING, rows, task

from components.formats.tuning import Tuning
from components.shared.errors import InputError
from components.shared.head_outputs import CLASSIFICATION, REGRESSION
from components.trainer.dataset import Dataset
from components.trainer.fit import fit
from components.trainer.task import Task
from components.tuner.component import results_of
from components.tuner.objective import FLOOR, head_losses, objective, ratios
from components.tuner.search import Search, Settings
from components.tuner.search_space import declare, sections_of

START = {"model": MODEL | {"hidden": [8]}, "training": TRAINING | {"epochs": 50}}
SPACE = {
    "model.hidden": [[8], [16, 8]],
    "training.learning_rate": {"min": 0.001, "max": 0.1, "log": True},
    "training.balancing": ["fixed", "uncertainty"],
}


def toy_task() -> Task:
    return task(rows(300, 0, noise=0.3), rows(200, 1, noise=0.3))


def search(folder: Path, **changed) -> Search:
    settings = {"start": START, "space": SPACE, "method": "random", "trials": 3, "minutes": None, "epochs": 3}
    return Search(toy_task(), Settings(**{**settings, "seed": 0, **changed}), str(folder / "search"))


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> Search:
    made = search(tmp_path_factory.mktemp("tuner"))
    made.search()
    return made


def fake(made: Search, monkeypatch: pytest.MonkeyPatch, loss=lambda sections: 0.5) -> list[dict]:
    """Lets trials take no time: a function of the sections stands for the training."""
    trained = []

    class Network:
        def count_params(self) -> int:
            return 7

    def train(sections, log_dir):
        trained.append(sections)
        return dict.fromkeys(("regression", "classification"), loss(sections)), Network(), 3

    monkeypatch.setattr(made, "_train", train)
    return trained


def test_a_trial_is_judged_as_early_stopping_judges(tmp_path):
    task = toy_task()
    network, _ = fit(task, START["model"], START["training"], str(tmp_path))
    answer = network.predict(task.validation.features, verbose=0)
    losses = head_losses(network, task.validation)
    assert losses["regression"] == pytest.approx(mean_absolute_error(task.validation.target, answer[REGRESSION][:, 0]))
    assert losses["classification"] == pytest.approx(log_loss(task.validation.classes, answer[CLASSIFICATION]))


def test_rows_count_by_their_weights_and_the_error_is_standardised():
    """A row without a label has no weight, whatever stands in its place."""

    class Network:
        def predict(self, features, **options):
            return {REGRESSION: np.zeros((3, 1)), CLASSIFICATION: np.array([[0.5, 0.5], [0.25, 0.75], [0.9, 0.1]])}

    target = np.array([1.0, -3.0, 5.0], np.float32)
    weights = {REGRESSION: np.array([1, 3, 0], np.float32), CLASSIFICATION: np.array([0, 1, 1], np.float32)}
    features = {"numeric": np.zeros((3, 1), np.float32)}
    weighted = Dataset(features, target * 20 + 7, target, np.array([0, 1, 0]), 7.0, 20.0, weights)
    losses = head_losses(Network(), weighted)
    assert losses["regression"] == pytest.approx((1 * 1 + 3 * 3) / 4)
    assert losses["classification"] == pytest.approx(-(np.log(0.75) + np.log(0.9)) / 2)


def test_the_objective_is_the_mean_of_the_heads_relative_losses():
    relative = ratios({"regression": 0.3, "classification": 0.9}, {"regression": 0.4, "classification": 0.6})
    assert relative == pytest.approx({"regression": 0.75, "classification": 1.5})
    assert objective(relative) == pytest.approx(1.125)


def test_heads_as_good_as_perfect_do_not_outweigh_the_other():
    relative = ratios({"regression": 1e-5, "classification": 0.5}, {"regression": 1e-7, "classification": 0.5})
    assert relative == {"regression": 1.0, "classification": 1.0}
    assert ratios({"regression": 0.1, "classification": 1}, {"regression": 0, "classification": 1})[
        "regression"
    ] == pytest.approx(0.1 / FLOOR)


def test_a_reference_learns_its_own_head_alone(done, tmp_path):
    """The same network with no weight on the class: what it reaches on the number is the number's reference."""
    training = START["training"] | {"epochs": 3, "classification_weight": 0.0}
    task = toy_task()
    network, _ = fit(task, START["model"], training, str(tmp_path))
    error = np.abs(network.predict(task.validation.features, verbose=0)[REGRESSION][:, 0] - task.validation.target)
    assert done.references["regression"] == pytest.approx(error.mean(), rel=1e-5)
    assert START["training"]["classification_weight"] == 1.0


def test_the_first_trial_is_the_starting_configuration_and_the_best_no_worse(done):
    results = results_of(done)
    first = results.trials[0]
    assert [trial.number for trial in results.trials] == [1, 2, 3]
    assert first.values == results.start
    assert done.sections(done.oracle.trials["0"]) == START | {"training": START["training"] | {"epochs": 3}}
    best = results.best
    assert best.objective == min(trial.objective for trial in results.trials) <= first.objective
    tried = [json.dumps(trial.values) for trial in results.trials]
    assert len(set(tried)) == 3


def test_results_add_up(done, tmp_path):
    results = results_of(done)
    for trial in results.trials:
        for head, loss in trial.losses.items():
            assert trial.ratios[head] == pytest.approx(loss / results.references[head])
        assert trial.objective == pytest.approx(sum(trial.ratios.values()) / 2)
        assert trial.epochs == 3
        hidden = trial.values["model.hidden"]
        widths = [4, *hidden]
        shared = sum((a + 1) * b for a, b in zip(widths, hidden, strict=False))
        assert trial.parameters == shared + (hidden[-1] + 1) * (1 + 2)
    results.write(tmp_path)
    assert Tuning.read(tmp_path) == results


def test_a_second_call_keeps_what_is_done_and_goes_on(done, caplog, monkeypatch):
    before = results_of(done)
    again = search(Path(done.directory), trials=5)
    trained = fake(again, monkeypatch)
    with caplog.at_level(logging.INFO, "mtl.tuner"):
        again.search()
    assert len(trained) == 2
    after = results_of(again)
    assert after.trials[:3] == before.trials
    assert after.references == before.references
    assert [trial.number for trial in after.trials] == [1, 2, 3, 4, 5]
    assert "3 trials kept from an earlier call" in caplog.messages


def test_a_trial_is_cut_short_as_a_training_is(tmp_path):
    """No epoch is done within 60 microseconds, and one is always done."""
    made = search(tmp_path, trials=1, start=START | {"training": START["training"] | {"minutes": 1e-6}})
    made.search()
    assert [trial.epochs for trial in results_of(made).trials] == [1]


def test_choices_and_ranges_hold_the_start():
    start = {"model": {"hidden": [7], "dropout": 0.45}, "training": {"batch_size": 48, "learning_rate": 0.0123456}}
    space = {
        "model.hidden": [[8], [16]],
        "model.dropout": [0, 0.5],
        "training.batch_size": {"min": 64, "max": 128, "log": False},
        "training.learning_rate": {"min": 0.1, "max": 0.2, "log": True},
    }
    declared = {one.name: one for one in declare(space, start).space}
    assert declared["model.hidden"].values == ["[8]", "[16]", "[7]"]
    assert declared["model.dropout"].values == [0.0, 0.45, 0.5]
    assert (declared["training.batch_size"].min_value, declared["training.batch_size"].max_value) == (48, 128)
    assert declared["training.learning_rate"].min_value == 0.0123456
    defaults = {name: one.default for name, one in declared.items()}
    assert sections_of(defaults, space, start) == start
    drawn = sections_of(defaults | {"training.learning_rate": 0.123456}, space, start)
    assert drawn["training"]["learning_rate"] == 0.123


@pytest.mark.parametrize("method", ["random", "bayesian", "hyperband"])
def test_each_method_starts_at_the_start_and_finds_a_lower_objective(method, tmp_path, monkeypatch):
    """The loss is a bowl whose lowest point is a learning rate of 0.03 and two layers."""
    made = search(tmp_path, method=method, trials=25, epochs=27)

    def bowl(sections):
        distance = np.log10(sections["training"]["learning_rate"] / 0.03) ** 2
        return float(0.2 + distance + 0.1 * (len(sections["model"]["hidden"]) == 1))

    trained = fake(made, monkeypatch, bowl)
    made.search()
    results = results_of(made)
    assert len(results.trials) == 25
    assert results.trials[0].values == results.start
    # Two references, then the trials; the start is trained in full.
    assert trained[2]["training"]["epochs"] == 27
    epochs = {sections["training"]["epochs"] for sections in trained[3:]}
    assert (epochs == {27}) == (method != "hyperband")
    assert min(epochs) >= 1
    best = results.best
    assert best.losses["regression"] < 0.5 * results.trials[0].losses["regression"]
    assert 0.015 < best.values["training.learning_rate"] < 0.06


def test_a_search_can_be_repeated(tmp_path, monkeypatch):
    tried = []
    for name in ("a", "b"):
        made = search(tmp_path / name, trials=6)
        fake(made, monkeypatch)
        made.search()
        tried.append([trial.values for trial in results_of(made).trials])
    assert tried[0] == tried[1]


def test_a_space_that_is_exhausted_ends_the_search(tmp_path, monkeypatch):
    made = search(tmp_path, space={"training.balancing": ["fixed", "uncertainty", "dwa"]}, trials=30)
    fake(made, monkeypatch)
    made.search()
    tried = [trial.values["training.balancing"] for trial in results_of(made).trials]
    assert sorted(tried) == ["dwa", "fixed", "uncertainty"]


def test_no_trial_starts_after_the_time_is_up(tmp_path, monkeypatch):
    made = search(tmp_path, trials=30, minutes=1e-9)
    fake(made, monkeypatch)
    made.search()
    assert [trial.number for trial in results_of(made).trials] == [1]


def test_a_trial_that_diverges_is_a_bad_trial_and_a_bug_is_not(tmp_path, monkeypatch, caplog):
    def loss(sections):
        if sections["training"]["balancing"] == "uncertainty":
            raise InputError("The validation loss must be a finite number, got nan.")
        return 0.5

    made = search(tmp_path, space={"training.balancing": ["fixed", "uncertainty"]}, trials=9)
    fake(made, monkeypatch, loss)
    made.search()
    start, failed = results_of(made).trials
    assert start.objective == 1.0
    assert failed.objective is None
    assert failed.problem == "The validation loss must be a finite number, got nan."

    losses = iter([0.5, 0.5, np.nan, 0.4, 0.6])  # of the references, then of the trials

    def first_diverges(sections):
        if np.isnan(loss := next(losses)):
            raise InputError("It diverged.")
        return loss

    recovering = search(tmp_path / "first", trials=3)
    fake(recovering, monkeypatch, first_diverges)
    with caplog.at_level(logging.INFO, "mtl.tuner"):
        recovering.search()
    assert [trial.objective for trial in results_of(recovering).trials] == [None, 0.8, 1.2]
    assert "trial 1 of 3: failed: It diverged." in caplog.messages
    assert any(message.startswith("trial 2 of 3: objective 0.8000") for message in caplog.messages)

    broken = search(tmp_path / "bug", trials=2)
    fake(broken, monkeypatch, lambda sections: [][0])
    with pytest.raises(IndexError):  # in the references already
        broken.search()
    monkeypatch.setattr(broken, "_references", lambda: {"regression": 1.0, "classification": 1.0})
    with pytest.raises(Exception, match="IndexError: list index out of range"):
        broken.search()


def test_a_loss_that_is_not_finite_is_told(tmp_path):
    made = search(tmp_path)
    made.task.train.target[3] = np.nan
    with pytest.raises(InputError, match="must be"):
        made.search()


KILLED = """
import sys
from pathlib import Path
sys.path.insert(0, "tests/components")
from test_tuner import search
made = search(Path(sys.argv[1]), trials=4)
made.search()
"""


@pytest.mark.slow
def test_a_killed_search_keeps_what_was_done(tmp_path):
    """The process is killed while its third trial trains; the next one runs that trial and no earlier one again."""
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    folder = tmp_path / "search"
    while process.poll() is None and not list(folder.glob("trial_2/logs/*/*")):
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    kept = {path.name: json.loads((path / "trial.json").read_text()) for path in sorted(folder.glob("trial_*"))}
    assert [kept[name]["status"] for name in kept] == ["COMPLETED", "COMPLETED", "RUNNING"]
    values = kept["trial_2"]["hyperparameters"]["values"]
    written = {path: path.stat().st_mtime_ns for path in folder.glob("trial_[01]/**/*") if path.is_file()}
    references = (folder / "references.json").stat().st_mtime_ns

    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert {path: path.stat().st_mtime_ns for path in written} == written
    assert (folder / "references.json").stat().st_mtime_ns == references
    after = [json.loads((folder / f"trial_{number}" / "trial.json").read_text()) for number in range(4)]
    assert [trial["status"] for trial in after] == ["COMPLETED"] * 4
    assert after[2]["hyperparameters"]["values"] == values
    assert json.loads((folder / "oracle.json").read_text())["end_order"] == ["0", "1", "2", "3"]


def test_a_search_killed_between_two_files_can_be_read(tmp_path, monkeypatch):
    """A trial's file is written before the oracle's: one may be known to its own file alone."""
    made = search(tmp_path, trials=2)
    fake(made, monkeypatch)
    made.search()
    folder = tmp_path / "search"
    orphan = json.loads((folder / "trial_1" / "trial.json").read_text()) | {"trial_id": "2", "status": "RUNNING"}
    (folder / "trial_2").mkdir()
    (folder / "trial_2" / "trial.json").write_text(json.dumps(orphan))
    state = json.loads((folder / "oracle.json").read_text())
    state |= {"end_order": ["0"], "ongoing_trials": {"tuner0": "1"}}
    (folder / "oracle.json").write_text(json.dumps(state))
    again = search(tmp_path, trials=3)
    trained = fake(again, monkeypatch)
    again.search()
    assert len(trained) == 1
    assert [trial.number for trial in results_of(again).trials] == [1, 2, 3]


@pytest.mark.parametrize("name", ["oracle.json", "tuner0.json", "trial_1/trial.json"])
def test_a_damaged_file_of_a_search_is_named(tmp_path, monkeypatch, name):
    made = search(tmp_path, trials=2)
    fake(made, monkeypatch)
    made.search()
    (tmp_path / "search" / name).write_bytes(b"")
    with pytest.raises(InputError) as raised:
        search(tmp_path, trials=2)
    assert str(raised.value) == (
        f"{tmp_path}/search/{name} must hold what mtl wrote, got an empty file. "
        f"Remove {tmp_path}/search: the search begins again."
    )


def test_what_the_session_holds_does_not_grow(tmp_path, monkeypatch):
    cleared = []
    monkeypatch.setattr(keras.utils, "clear_session", lambda: cleared.append(True))
    monkeypatch.setattr("components.tuner.search.fit", lambda *arguments: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        search(tmp_path).search()
    assert cleared == [True]
