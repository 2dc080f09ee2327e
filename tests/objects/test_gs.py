"""`gs://`: what is asked of TensorFlow's file system layer, and what becomes of its errors.

Google itself cannot be had in a test. A folder stands in for it where the answers matter; without it, the layer is
left to fail by itself, offline.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from components.example_gen.spec import expand
from components.example_gen.tables.table import open_table
from components.objects.staging import staged
from components.pusher.remote_store import RemoteStore
from components.shared.errors import InputError

OFFLINE = """
from components.shared.errors import InputError
from components.example_gen.spec import expand
try:
    expand("gs://bucket/wine/*.csv")
except InputError as error:
    print(error)
"""


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The functions of `tf.io.gfile` that were called; a folder answers for gs://."""
    called: list[str] = []

    def here(value: Any) -> Any:
        return value.replace("gs://", f"{tmp_path}/") if isinstance(value, str) else value

    def there(value: Any) -> Any:
        if isinstance(value, str):
            return value.replace(f"{tmp_path}/", "gs://")
        return [there(part) for part in value] if isinstance(value, list | tuple) else value

    def through(name: str, original: Any) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            assert str(arguments[0]).startswith("gs://") or str(arguments[1]).startswith("gs://")
            called.append(name)
            if name in ("copy", "GFile") and not str(arguments[-1]).startswith(str(tmp_path)):
                Path(here(arguments[-1 if name == "copy" else 0])).parent.mkdir(parents=True, exist_ok=True)
            answer = original(*map(here, arguments), **options)
            return map(there, answer) if name == "walk" else there(answer)

        return call

    for name in ("exists", "isdir", "walk", "glob", "stat", "copy", "remove", "GFile"):
        monkeypatch.setattr(tf.io.gfile, name, through(name, getattr(tf.io.gfile, name)))
    return called


def test_tables_are_found_and_read(asked: list[str], tmp_path: Path):
    folder = tmp_path / "bucket" / "wine"
    (folder / "deeper").mkdir(parents=True)
    for name in ("b.csv", "a.csv", "notes.md", "deeper/c.csv"):
        (folder / name).write_text("x,y\n1,2\n")
    both = ("gs://bucket/wine/a.csv", "gs://bucket/wine/b.csv")
    assert expand("gs://bucket/wine") == expand("gs://bucket/wine/") == expand("gs://bucket/wine/*.csv") == both
    assert expand("gs://bucket/wine/b.csv") == both[1:]
    with staged(both):
        [first, _] = open_table(both).batches()
    assert (first.where(0), first.data.to_pylist()) == ('row 1 of "a.csv"', [{"x": "1", "y": "2"}])
    assert set(asked) == {"exists", "isdir", "walk", "glob", "stat", "copy"}
    with pytest.raises(InputError) as caught:
        expand("gs://bucket/wine/aa.csv")
    assert str(caught.value) == 'The data file must exist, got "gs://bucket/wine/aa.csv". Did you mean "a.csv"?'


def test_models_are_pushed_rolled_back_and_fetched(asked: list[str], tmp_path: Path):
    store = RemoteStore("gs://bucket/models")
    for content in ("a", "b", "c"):
        model = tmp_path / content
        (model / "variables").mkdir(parents=True)
        (model / "saved_model.pb").write_text(content)
        (model / "variables" / "index").write_text(content)
        store.publish(model, {"run": content}, keep=2)
    assert (store.versions(), store.manifest(3)["run"]) == ([2, 3], "c")
    assert store.rollback().version == 2
    assert (store.versions(), store.withdrawn()) == ([2], [3])
    store.fetch(2, tmp_path / "fetched")
    assert (tmp_path / "fetched" / "variables" / "index").read_text() == "b"
    assert store.publish(tmp_path / "a", {}).version == 4
    assert (tmp_path / "bucket" / "models" / "current").read_text() == '{"version": 4}'


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (tf.errors.NotFoundError, '"gs://bucket/t.csv" must exist, got no such bucket or object. Correct its name.'),
        (
            tf.errors.PermissionDeniedError,
            '"gs://bucket/t.csv" must be open to the credentials in use, got: what Google said. '
            "Set GOOGLE_APPLICATION_CREDENTIALS to the file of an account that may use it.",
        ),
        (
            tf.errors.UnavailableError,
            'The store of "gs://bucket/t.csv" must answer, got: what Google said. '
            "Check the network and the credentials.",
        ),
    ],
)
def test_an_error_of_the_layer_is_one_sentence(
    error: type[tf.errors.OpError], sentence: str, monkeypatch: pytest.MonkeyPatch
):
    def refuse(path: str) -> None:
        assert path == "gs://bucket/t.csv"
        raise error(None, None, "what\nGoogle said.")

    monkeypatch.setattr(tf.io.gfile, "exists", refuse)
    with pytest.raises(InputError) as caught:
        expand("gs://bucket/t.csv")
    assert str(caught.value) == sentence


@pytest.mark.slow
def test_the_layer_itself_fails_in_one_sentence_where_google_is_out_of_reach():
    settings = {
        "NO_GCE_CHECK": "true",
        "GCS_RETRY_CONFIG_MAX_RETRIES": "0",
        "GCS_REQUEST_CONNECTION_TIMEOUT_SECS": "5",
        "GCS_METADATA_REQUEST_TIMEOUT_SECS": "5",
        # Nothing listens there: no request leaves this machine.
        "https_proxy": "http://127.0.0.1:9",
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    line = [sys.executable, "-c", OFFLINE]
    done = subprocess.run(line, capture_output=True, text=True, env=os.environ | settings, timeout=400)
    assert done.returncode == 0, done.stderr
    [said] = done.stdout.splitlines()
    assert said.startswith('The store of "gs://bucket/wine/*.csv" must answer, got: ')
    assert said.endswith(". Check the network and the credentials.")
