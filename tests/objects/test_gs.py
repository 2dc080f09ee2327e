"""`gs://` against Google's JSON API on loopback: what is found, read, pushed and said."""

import multiprocessing
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import deltalake
import pyarrow as pa
import pytest

from components.example_gen.spec import expand
from components.example_gen.tables.fingerprint import fingerprint
from components.example_gen.tables.opening import open_table
from components.formats.version import Version
from components.objects.open import objects_of
from components.objects.staging import staged
from components.pusher.release import Release
from components.pusher.remote_store import RemoteStore
from components.shared.errors import InputError
from tests.objects.google_server import Google

SPAWN = multiprocessing.get_context("spawn")
FORK = multiprocessing.get_context("fork")
ALONE = """
import sys
from components.shared.errors import InputError
from components.example_gen.spec import expand
try:
    print(*expand("gs://bucket/wine/*.csv"))
except InputError as error:
    print(error)
print("tensorflow" in sys.modules)
"""


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that failed is made again at once."""
    monkeypatch.setattr("gcsfs.retry.random.random", lambda: -1e9)


def model(folder: Path, content: str) -> Path:
    """A folder shaped like a SavedModel whose files hold `content`."""
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").write_text(content)
    (folder / "variables" / "index").write_text(content)
    return folder


def test_tables_are_found_and_read(google: Google):
    for name in ("b.csv", "a.csv", "notes.md", "deeper/c.csv", "deeper/", "_SUCCESS"):
        google.buckets["bucket"][f"wine/{name}"] = b"" if name.endswith(("/", "S")) else b"x,y\n1,2\n"
    both = ("gs://bucket/wine/a.csv", "gs://bucket/wine/b.csv")
    assert expand("gs://bucket/wine") == expand("gs://bucket/wine/") == expand("gs://bucket/wine/*.csv") == both
    assert expand("gs://bucket/wine/b.csv") == both[1:]
    assert expand("gs://bucket/**/[c-z].csv") == ("gs://bucket/wine/deeper/c.csv",)
    with staged(both):
        [first, _] = open_table(both).batches()
    assert (first.where(0), first.data.to_pylist()) == ('row 1 of "a.csv"', [{"x": "1", "y": "2"}])
    assert any("pageToken" in line for line in google.asked), "a listing of several pages is read to its end"
    with pytest.raises(InputError) as caught:
        expand("gs://bucket/wine/aa.csv")
    assert str(caught.value) == 'The data file must exist, got "gs://bucket/wine/aa.csv". Did you mean "a.csv"?'


def test_listings_give_sizes_and_times(google: Google):
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    store = objects_of("gs://bucket/any")
    store.write("gs://bucket/a/b c#1?.txt", b"12345")
    store.write("gs://bucket/a/d/e", b"")
    assert google.buckets["bucket"] == {"a/b c#1?.txt": b"12345", "a/d/e": b""}
    assert store.list("gs://bucket/a", deep=False).keys() == {"gs://bucket/a/b c#1?.txt"}
    found = store.list("gs://bucket/a")
    assert {uri: entry.size for uri, entry in found.items()} == {"gs://bucket/a/b c#1?.txt": 5, "gs://bucket/a/d/e": 0}
    assert all(before <= entry.modified <= datetime.now(UTC) for entry in found.values())
    assert store.list("gs://bucket/a/b c#1?.txt").keys() == {"gs://bucket/a/b c#1?.txt"}
    assert store.list("gs://bucket/none") == store.list("gs://bucket/none", deep=False) == {}
    google.buckets["bucket"]["a/new"] = b"from another process"
    assert "gs://bucket/a/new" in store.list("gs://bucket/a"), "nothing is remembered of the listing before"


def test_models_are_pushed_rolled_back_and_fetched(google: Google, tmp_path: Path):
    store = RemoteStore("gs://bucket/models")
    for content in ("a", "b", "c"):
        store.publish(Release(model(tmp_path / content, content), Version(pipeline=content), keep=2))
    assert (store.versions(), store.manifest(3).pipeline) == ([2, 3], "c")
    assert store.rollback().version == 2
    assert store.versions() == [2]
    withdrawn = {name for name in google.buckets["bucket"] if name.startswith("models/withdrawn-")}
    files = ("assets.extra/mtl.json", "saved_model.pb", "variables/index")
    assert withdrawn == {f"models/withdrawn-3/{name}" for name in files}
    store.fetch(2, tmp_path / "fetched")
    assert (tmp_path / "fetched" / "variables" / "index").read_text() == "b"
    assert store.publish(Release(tmp_path / "a")).version == 4
    assert google.buckets["bucket"]["models/current"] == b'{"version": 4}'


def test_of_many_writers_of_one_object_one_is_the_first(google: Google):
    store = objects_of("gs://bucket/claim")
    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(lambda number: store.create("gs://bucket/claim", str(number).encode()), range(16)))
    assert won.count(True) == 1
    assert google.buckets["bucket"]["claim"] == str(won.index(True)).encode()
    uploads = [line for line in google.asked if line.startswith("POST /upload/")]
    assert len(uploads) == 16
    assert all("ifGenerationMatch=0" in line for line in uploads), "the store decides, in the one request"


def publish_many(sources: list[str], seen: "multiprocessing.Queue[int]") -> None:
    for source in sources:
        seen.put(RemoteStore("gs://bucket/models").publish(Release(source, keep=100)).version)


def test_publishers_at_once_get_distinct_versions(google: Google, tmp_path: Path):
    google.page = 1000
    seen: multiprocessing.Queue[int] = SPAWN.Queue()
    processes = []
    for i in range(2):
        sources = [str(model(tmp_path / f"{i}-{j}", f"{i}-{j}")) for j in range(3)]
        processes.append(SPAWN.Process(target=publish_many, args=(sources, seen)))
    for process in processes:
        process.start()
    versions = [seen.get(timeout=120) for _ in range(6)]
    for process in processes:
        process.join()
    assert sorted(versions) == RemoteStore("gs://bucket/models").versions() == [1, 2, 3, 4, 5, 6]
    contents = {google.buckets["bucket"][f"models/{number}/saved_model.pb"].decode() for number in versions}
    assert contents == {f"{i}-{j}" for i in range(2) for j in range(3)}


def read_in_child(seen: "multiprocessing.Queue[bytes]") -> None:
    seen.put(objects_of("gs://bucket/a").read("gs://bucket/a"))


def test_a_forked_process_asks_by_itself(google: Google):
    """The client lives by a thread that a fork does not copy; a child with its parent's client would wait for ever."""
    google.buckets["bucket"]["a"] = b"here"
    assert objects_of("gs://bucket/a").read("gs://bucket/a") == b"here"
    seen: multiprocessing.Queue[bytes] = FORK.Queue()
    child = FORK.Process(target=read_in_child, args=(seen,))
    child.start()
    try:
        assert seen.get(timeout=60) == b"here"
    finally:
        child.kill()
        child.join()


def test_large_files_go_up_in_parts_and_come_down_whole(google: Google, tmp_path: Path):
    content = os.urandom(6 << 20)
    (tmp_path / "up").write_bytes(content)
    store = objects_of("gs://bucket/large")
    store.upload(tmp_path / "up", "gs://bucket/large")
    store.copy("gs://bucket/large", "gs://bucket/folder/copy")
    store.download("gs://bucket/folder/copy", tmp_path / "down")
    assert (tmp_path / "down").read_bytes() == google.buckets["bucket"]["large"] == content
    assert any("uploadType=resumable" in line for line in google.asked)
    store.remove("gs://bucket/large")
    assert google.buckets["bucket"].keys() == {"folder/copy"}

    google.refusals["POST /upload/storage/v1/b/bucket/o?uploadType=resumable&upload_id"] = 403, "what\nGoogle said."
    with pytest.raises(InputError, match=r'large" must be open to the credentials in use, got: what Google said\. Set'):
        store.upload(tmp_path / "up", "gs://bucket/large")
    assert google.buckets["bucket"].keys() == {"folder/copy"}, "half an object is none"


def test_a_delta_table_is_read_in_one_version(google: Google, tmp_path: Path):
    deltalake.write_deltalake(tmp_path / "d", pa.table({"x": [1, 2, 3], "r": ["a", "b", "a"]}), partition_by=["r"])
    deltalake.DeltaTable(tmp_path / "d").delete("x = 1")
    for file in (tmp_path / "d").rglob("*"):
        if file.is_file():
            google.buckets["bucket"][f"lake/sales/{file.relative_to(tmp_path / 'd')}"] = file.read_bytes()
    for version, rows in ((1, [(2, "b"), (3, "a")]), (0, [(1, "a"), (2, "b"), (3, "a")])):
        paths = expand("gs://bucket/lake/sales" + ("@v0" if version == 0 else ""))
        assert paths == (f"gs://bucket/lake/sales@v{version}",)
        with staged(paths):
            batches = open_table(paths).batches()
            assert sorted(tuple(row.values()) for batch in batches for row in batch.data.to_pylist()) == rows
    assert fingerprint(expand("gs://bucket/lake/sales")) == fingerprint(expand(tmp_path / "d"))


def test_what_is_not_there_is_one_sentence(google: Google, tmp_path: Path):
    missing = '"gs://{}" must exist, got no such bucket or object. Correct its name.'
    store = objects_of("gs://bucket/t.csv")
    for ask, place in (
        (lambda: expand("gs://nowhere/t.csv"), "nowhere/t.csv"),
        (lambda: expand("gs://nowhere/*.csv"), "nowhere/*.csv"),
        (lambda: RemoteStore("gs://nowhere/models").versions(), "nowhere/models"),
        (lambda: store.read("gs://bucket/t.csv"), "bucket/t.csv"),
        (lambda: store.download("gs://bucket/t.csv", tmp_path / "t.csv"), "bucket/t.csv"),
        (lambda: store.remove("gs://bucket/t.csv"), "bucket/t.csv"),
    ):
        with pytest.raises(InputError) as caught:
            ask()
        assert str(caught.value) == missing.format(place)


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (
            403,
            '"gs://bucket/t.csv" must be open to the credentials in use, got: what Google said. '
            "Set GOOGLE_APPLICATION_CREDENTIALS to the file of an account that may use it.",
        ),
        (
            401,
            '"gs://bucket/t.csv" must be open to the credentials in use, got: what Google said. '
            "Set GOOGLE_APPLICATION_CREDENTIALS to the file of an account that may use it.",
        ),
        (
            503,
            'The store of "gs://bucket/t.csv" must answer, got: what Google said. '
            "Check the network and the credentials.",
        ),
        (
            400,
            '"gs://bucket/t.csv" must be usable, got: what Google said. Correct its name or the settings.',
        ),
    ],
)
def test_a_refusal_is_one_sentence(
    status: int, sentence: str, google: Google, no_waiting: None, tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    google.buckets["bucket"]["t.csv"] = b"x\n1\n"
    google.refusals["GET"] = status, "what\nGoogle said."
    store = objects_of("gs://bucket/t.csv")
    for ask in (
        lambda: expand("gs://bucket/t.csv"),
        lambda: store.read("gs://bucket/t.csv"),
        lambda: store.download("gs://bucket/t.csv", tmp_path / "t.csv"),
    ):
        with pytest.raises(InputError) as caught:
            ask()
        assert str(caught.value) == sentence
    assert capfd.readouterr().err == "", "gcsfs says nothing besides"


def test_a_download_that_failed_once_is_made_again(google: Google, no_waiting: None, tmp_path: Path):
    google.buckets["bucket"]["t.csv"] = b"x\n1\n"
    google.busy = 1
    objects_of("gs://bucket/t.csv").download("gs://bucket/t.csv", tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_bytes() == b"x\n1\n"


def alone(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-c", ALONE]
    return subprocess.run(line, capture_output=True, text=True, env=os.environ | environment, timeout=400)


def test_no_tensorflow_is_imported(google: Google):
    google.buckets["bucket"]["wine/a.csv"] = b"x,y\n1,2\n"
    done = alone({})
    assert (done.stdout, done.stderr) == ("gs://bucket/wine/a.csv\nFalse\n", "")


@pytest.mark.slow
def test_one_sentence_where_google_is_out_of_reach(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
    # Nothing listens there: no request leaves this machine.
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    done = alone(nowhere | {"NO_GCE_CHECK": "true", "NO_PROXY": "", "no_proxy": ""})
    assert (done.returncode, done.stderr) == (0, "")
    said, _ = done.stdout.splitlines()
    assert said.startswith('The store of "gs://bucket/wine/*.csv" must answer, got: ')
    assert said.endswith(". Check the network and the credentials.")
