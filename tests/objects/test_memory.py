"""A store of another kind, known to fsspec, is added by one entry: here fsspec's own, in memory."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import fsspec
import pytest

from components.example_gen.spec import expand
from components.example_gen.tables.opening import open_table
from components.objects.base import Scheme
from components.objects.open import objects_of
from components.objects.place import is_remote
from components.objects.registry import SCHEMES
from components.objects.staging import staged
from components.pusher.local_store import open_store
from components.pusher.release import Release
from components.pusher.remote_store import RemoteStore
from components.shared.errors import InputError
from pipeline.config.resolve import resolve

URI = "memory://bucket/t/"


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[fsspec.AbstractFileSystem]:
    files = fsspec.filesystem("memory")
    entry = Scheme("memory", connect=lambda: fsspec.filesystem("memory"), modified="created")
    monkeypatch.setitem(SCHEMES, "memory", entry)
    yield files
    files.store.clear()
    files.pseudo_dirs[:] = [""]


def test_lists_reads_writes_creates_copies_and_removes(memory: fsspec.AbstractFileSystem, tmp_path: Path):
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    store = objects_of(URI)
    store.write(f"{URI}a.csv", b"x\n1\n")
    assert [store.create(f"{URI}b.csv", content) for content in (b"first", b"second")] == [True, False]
    assert store.read(f"{URI}b.csv") == b"first"
    store.copy(f"{URI}b.csv", f"{URI}deeper/c.csv")
    (tmp_path / "up").write_bytes(b"up")
    store.upload(tmp_path / "up", f"{URI}d.csv")
    store.download(f"{URI}deeper/c.csv", tmp_path / "down")
    assert (tmp_path / "down").read_bytes() == b"first"
    sizes = {uri.removeprefix(URI): entry.size for uri, entry in store.list(URI).items()}
    assert sizes == {"a.csv": 4, "b.csv": 5, "d.csv": 2, "deeper/c.csv": 5}
    assert all(before <= entry.modified <= datetime.now(UTC) for entry in store.list(URI).values())
    assert store.list(URI, deep=False).keys() == store.glob(f"{URI}*.csv").keys() == {f"{URI}{n}.csv" for n in "abd"}
    store.remove(f"{URI}a.csv")
    assert memory.ls("/bucket/t", detail=False) == ["/bucket/t/b.csv", "/bucket/t/d.csv", "/bucket/t/deeper"]
    with pytest.raises(InputError, match=r'^"memory://bucket/t/a.csv" must exist, got no such bucket or object\. Corr'):
        store.read(f"{URI}a.csv")


def test_tables_and_pushed_models_may_lie_there(memory: fsspec.AbstractFileSystem, tmp_path: Path):
    memory.pipe_file("/bucket/t/a.csv", b"x,y\n1,2\n")
    with staged(expand("memory://bucket/t")):
        [batch] = open_table(expand("memory://bucket/t")).batches()
    assert batch.data.to_pylist() == [{"x": "1", "y": "2"}]
    (tmp_path / "saved_model.pb").write_text("model")
    store = open_store("memory://bucket/models")
    assert isinstance(store, RemoteStore)
    assert store.publish(Release(tmp_path)).path == "memory://bucket/models/1"
    assert memory.cat_file("/bucket/models/current") == b'{"version": 1}'


def test_the_configuration_knows_it(memory: fsspec.AbstractFileSystem):
    flags = {"data.path": "memory://bucket/t", "labels.regression": "y", "labels.classification": "k"}
    assert resolve(None, flags, ["push.destination=memory://m"]).config.data.path == "memory://bucket/t"
    with pytest.raises(InputError, match=r"begin with s3://, minio://, gs:// or memory://, got hdfs://m\.$"):
        resolve(None, flags, ["push.destination=hdfs://m"])
    with pytest.raises(InputError, match=r"^An object must be named s3://, minio://, gs:// or memory://, got hdfs://m"):
        objects_of("hdfs://m")


def test_without_the_entry_it_is_no_store():
    assert not is_remote("memory://bucket/t")
