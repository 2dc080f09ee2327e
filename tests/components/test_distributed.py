"""Several devices in step, and several workers: what they learn is what one learns."""

import json
import os
import socket
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from served import prepared
from small_task import MODEL, TRAINING, rows, task

from components.evaluator.scoring import ServingModel
from components.formats.history import COSINE, History
from components.shared.errors import InputError
from components.shared.head_outputs import CLASSIFICATION, REGRESSION
from components.shared.splits import VALIDATION
from components.trainer.devices import is_chief, strategy_for
from components.trainer.distributed import train_rows, validation_rows
from components.trainer.fit import fit

TWO_DEVICES = """
import json, sys, tempfile
import tensorflow as tf
[cpu] = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from components.trainer.distributed import train_rows, validation_rows
from components.trainer.fit import fit
from tests.components.small_task import MODEL, TRAINING, rows, task
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
training = TRAINING | {"epochs": 3, "ema_epochs": 1.0}
network, history = fit(task(rows(1000, 0), rows(4097, 1)), MODEL, training, tempfile.mkdtemp(), strategy)
print(json.dumps([strategy.num_replicas_in_sync, history, [values.tolist() for values in network.get_weights()]]))
"""

WORKER = """
import json, sys
from pathlib import Path
from types import SimpleNamespace
from components.trainer.run_fn import run_fn
run_fn(SimpleNamespace(**json.loads(Path(sys.argv[1]).read_text())))
"""


def assert_alike(found, expected):
    """Two histories are those of the same training, but for rounding."""
    assert sorted(found) == sorted(expected)
    for name, values in expected.items():
        # An angle of two small gradients is the least certain of these figures.
        atol = 1e-2 if name == COSINE else 1e-5
        np.testing.assert_allclose(found[name], values, rtol=2e-4, atol=atol, err_msg=name)


def test_several_devices_learn_what_one_learns(tmp_path):
    """Two logical CPUs stand for two GPUs; every mini-batch is divided between them, and one validation row is left."""
    done = subprocess.run([sys.executable, "-c", TWO_DEVICES], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    replicas, history, weights = json.loads(done.stdout.splitlines()[-1])
    training = TRAINING | {"epochs": 3, "ema_epochs": 1.0}
    network, expected = fit(task(rows(1000, 0), rows(4097, 1)), MODEL, training, str(tmp_path))
    assert replicas == 2
    # Keras weighs a head's own validation loss by mini-batch, and a last one of one row is there on one device only.
    own = {f"val_{head}_loss" for head in (REGRESSION, CLASSIFICATION)}
    assert_alike(*({name: values for name, values in one.items() if name not in own} for one in (history, expected)))
    for found, values in zip(weights, network.get_weights(), strict=True):
        np.testing.assert_allclose(found, values, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    ("config", "chief"),
    [
        (None, True),
        ({"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 0}}, True),
        ({"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 1}}, False),
        ({"cluster": {"chief": ["c:1"], "worker": ["a:1"]}, "task": {"type": "worker", "index": 0}}, False),
        ({"cluster": {"chief": ["c:1"], "worker": ["a:1"]}, "task": {"type": "chief", "index": 0}}, True),
    ],
)
def test_one_of_several_workers_is_the_chief(monkeypatch, config, chief):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if config:
        monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    assert is_chief() == chief


def test_what_several_workers_cannot_do_is_refused(monkeypatch):
    """This process has used TensorFlow, so that it can be no worker any more."""
    cluster = {"cluster": {"worker": ["127.0.0.1:1", "127.0.0.1:2"]}, "task": {"type": "worker", "index": 0}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(cluster))
    with pytest.raises(InputError) as raised:
        strategy_for("gradnorm")
    assert str(raised.value) == (
        "training.balancing must be fixed where TF_CONFIG names several workers, got gradnorm. "
        "Set it, or unset TF_CONFIG."
    )
    assert tf.zeros(3).numpy().tolist() == [0, 0, 0]
    with pytest.raises(InputError) as raised:
        strategy_for("fixed")
    assert str(raised.value) == (
        "A process that trains with several workers must begin with the training, got one that has used TensorFlow "
        "before. Start the Trainer in a process of its own, or unset TF_CONFIG."
    )


def test_each_device_needs_a_row_of_each_split():
    eight = SimpleNamespace(num_replicas_in_sync=8)
    features, labels = {"numeric": np.zeros((5, 2), "float32")}, {REGRESSION: np.zeros((5, 1), "float32")}
    said = "The {} split must have a row for each of 8 devices, got 5. Train on fewer devices."
    with pytest.raises(InputError) as raised:
        train_rows(eight, features, labels, 32, 0)
    assert str(raised.value) == said.format("train")
    with pytest.raises(InputError) as raised:
        validation_rows(eight, features, labels, None, 32)
    assert str(raised.value) == said.format("validation")


def free_ports(count):
    """Ports of this machine that nobody listened to a moment ago."""
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def start(folder, name, arguments, cluster=None, index=0):
    """Starts a training in a process of its own, which writes to a folder of its own."""
    own = folder / name
    own.mkdir()
    changed = arguments | {"serving_model_dir": str(own / "model"), "model_run_dir": str(own / "logs")}
    (own / "logs").mkdir()
    (own / "arguments.json").write_text(json.dumps(changed))
    environment = {key: value for key, value in os.environ.items() if key != "TF_CONFIG"}
    if cluster:
        environment["TF_CONFIG"] = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}})
    with (own / "said.txt").open("w") as said:
        return subprocess.Popen(
            [sys.executable, "-c", WORKER, str(own / "arguments.json")], env=environment, stdout=said, stderr=said
        )


@pytest.mark.slow
@pytest.mark.parametrize("training", [{"minutes": 30, "ema_epochs": 1.0}, {"memory_mb": 1}], ids=["averaged", "mapped"])
def test_two_workers_learn_what_one_process_learns(tmp_path, training):
    """Real processes on loopback; the chief alone writes a model, which answers as that of one process."""
    random = np.random.default_rng(0)
    x = random.normal(size=(40_000, 3))
    table = pd.DataFrame(
        {
            "a": x[:, 0],
            "b": x[:, 1],
            "c": random.choice(["red", "green"], len(x)),
            "y": 100 + 7 * x[:, 0] + x[:, 2],
            "k": np.where(x[:, 1] + 0.3 * x[:, 2] > 0, "yes", "no"),
            "key": np.arange(len(x)).astype(str),
        }
    )
    arguments, *_ = prepared(table, tmp_path, **training)
    assert start(tmp_path, "alone", arguments).wait(300) == 0
    cluster = {"worker": [f"127.0.0.1:{port}" for port in free_ports(2)]}
    workers = [start(tmp_path, name, arguments, cluster, index) for index, name in enumerate(("chief", "other"))]
    codes = [worker.wait(300) for worker in workers]
    assert codes == [0, 0], "\n".join((tmp_path / name / "said.txt").read_text() for name in ("chief", "other"))
    alone, chief = (History.read(tmp_path / name / "logs") for name in ("alone", "chief"))
    assert len(alone.series["loss"]) == 3
    assert_alike(chief.series, alone.series)
    assert not (tmp_path / "other" / "model").exists()
    assert list((tmp_path / "other" / "logs").iterdir()) == []
    expected, found = (
        ServingModel(tmp_path / name / "model").predict(tmp_path / "raw" / f"Split-{VALIDATION}")
        for name in ("alone", "chief")
    )
    np.testing.assert_allclose(found.number, expected.number, rtol=1e-4)
    np.testing.assert_allclose(found.probabilities, expected.probabilities, atol=1e-3)
    np.testing.assert_allclose(found.bounds, expected.bounds, rtol=1e-3)
