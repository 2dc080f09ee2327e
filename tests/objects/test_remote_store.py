"""Pushes to a real S3-compatible server; boto3 says what lies there, as TensorFlow Serving would find it."""

import errno
import json
import multiprocessing
import os
import signal
from datetime import timedelta
from pathlib import Path

import pytest

from components.formats.version import Version
from components.objects.amazon import S3
from components.objects.fsspec_objects import FsspecObjects
from components.pusher.local_store import Store, open_store
from components.pusher.release import Published, Release, RolledBack
from components.pusher.remote_store import RemoteStore
from components.shared import durable_files
from components.shared.errors import InputError
from components.shared.file_names import VERSION_MANIFEST
from pipeline.verbs.models import local_model
from tests.objects.server import nobody_let_in

SPAWN = multiprocessing.get_context("spawn")
URI = "s3://bucket/models/wine"
FILES = ["assets.extra/mtl.json", "saved_model.pb", "variables/variables.index"]


def model(folder: Path, content: str) -> Path:
    """A folder shaped like a SavedModel whose files hold `content`."""
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").write_text(content)
    (folder / "variables" / "variables.index").write_text(content * 1000)
    return folder


@pytest.fixture
def store(s3) -> RemoteStore:
    return RemoteStore(URI)


def push(store: RemoteStore, tmp_path: Path, content: str, **options: object) -> Published:
    folder = tmp_path / f"export-{content}"
    return store.publish(
        Release(folder if folder.exists() else model(folder, content), Version(pipeline=content), **options)
    )


def names(s3) -> list[str]:
    listed = s3.list_objects_v2(Bucket="bucket", Prefix="models/wine/").get("Contents", [])
    return [entry["Key"].removeprefix("models/wine/") for entry in listed]


def read(s3, name: str) -> bytes:
    return s3.get_object(Bucket="bucket", Key=f"models/wine/{name}")["Body"].read()


def version(number: int) -> list[str]:
    return [f"{number}/{name}" for name in FILES]


def withdrawn(number: int) -> list[str]:
    return [f"withdrawn-{name}" for name in version(number)]


def test_first_push(store: RemoteStore, s3, tmp_path: Path):
    assert (store.versions(), store.current()) == ([], None)
    published = push(store, tmp_path, "a")
    assert published == Published(1, f"{URI}/1", unchanged=False, previous=None)
    assert names(s3) == [".claims/1", *version(1), "current"]
    assert json.loads(read(s3, "current")) == {"version": 1}
    assert read(s3, "1/variables/variables.index") == b"a" * 1000
    manifest = json.loads(read(s3, f"1/{VERSION_MANIFEST}"))
    assert store.manifest(1) == Version.of("", dict(manifest))
    assert (manifest["pipeline"], manifest["fingerprint"]) == ("a", durable_files.fingerprint(tmp_path / "export-a"))


def test_saved_model_is_uploaded_last_and_current_after_it(
    store: RemoteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    order: list[str] = []
    for verb, uri in (("create", 1), ("upload", 2), ("write", 1)):
        original = getattr(FsspecObjects, verb)

        def noted(*arguments: object, original=original, uri=uri) -> object:
            order.append(str(arguments[uri]).removeprefix(f"{URI}/"))
            return original(*arguments)

        monkeypatch.setattr(FsspecObjects, verb, noted)
    push(store, tmp_path, "a")
    assert order == [".claims/1", f"1/{VERSION_MANIFEST}", "1/variables/variables.index", "1/saved_model.pb", "current"]


def test_same_model_is_published_once(store: RemoteStore, s3, tmp_path: Path):
    push(store, tmp_path, "a")
    before = names(s3)
    again = store.publish(Release(tmp_path / "export-a", check=lambda _: pytest.fail("not needed")))
    assert again == Published(1, f"{URI}/1", unchanged=True, previous=1)
    assert names(s3) == before


def test_versions_of_another_tool_are_adopted(store: RemoteStore, s3, tmp_path: Path):
    for key in ("1700000000/saved_model.pb", "1800000000/variables/x", "notes/saved_model.pb", "007/saved_model.pb"):
        s3.put_object(Bucket="bucket", Key=f"models/wine/{key}", Body=b"foreign")
    assert (store.versions(), store.manifest(1700000000)) == ([1700000000], None)
    published = push(store, tmp_path, "a")
    assert (published.version, published.previous) == (1800000001, 1700000000)


def test_prunes_to_the_newest(store: RemoteStore, s3, tmp_path: Path):
    assert [push(store, tmp_path, content, keep=2).pruned for content in "abcd"] == [(), (), (1,), (2,)]
    assert names(s3) == [".claims/3", ".claims/4", *version(3), *version(4), "current"]


def test_rollback_twice_then_push(store: RemoteStore, s3, tmp_path: Path):
    for content in "abc":
        push(store, tmp_path, content)
    assert store.current() == 3
    assert store.rollback() == RolledBack(version=2, withdrawn=3)
    assert json.loads(read(s3, "current")) == {"version": 2}
    assert store.rollback() == RolledBack(version=1, withdrawn=2)
    assert store.versions() == [1]
    assert names(s3) == [*(f".claims/{n}" for n in "123"), *version(1), "current", *withdrawn(2), *withdrawn(3)]
    assert read(s3, "withdrawn-3/saved_model.pb") == b"c"
    with pytest.raises(InputError) as caught:
        store.rollback()
    assert str(caught.value) == (
        f"`{URI}` must hold two versions or more to roll back, got version 1 alone. Push a model first."
    )
    assert push(store, tmp_path, "d").version == 4, "withdrawn numbers are not used again"
    assert push(store, tmp_path, "e", keep=1).pruned == (1, 4)
    assert names(s3) == [".claims/5", *version(5), "current"]


def test_a_number_is_not_used_again_when_its_files_are_gone(store: RemoteStore, s3, tmp_path: Path):
    push(store, tmp_path, "a")
    push(store, tmp_path, "b")
    for name in version(2):
        s3.delete_object(Bucket="bucket", Key=f"models/wine/{name}")
    assert store.current() == 1
    assert push(store, tmp_path, "c").version == 3


def test_failed_check_leaves_everything(store: RemoteStore, s3, tmp_path: Path):
    push(store, tmp_path, "a")
    before = names(s3)

    def refuse(staged: Path) -> None:
        assert json.loads((staged / VERSION_MANIFEST).read_text())["pipeline"] == "b"
        raise OSError("the model does not load")

    with pytest.raises(OSError, match="the model does not load"):
        push(store, tmp_path, "b", check=refuse)
    assert names(s3) == before


def die_at(verb: str, name: str, operation: str, source: str) -> None:
    """Pushes or rolls back, and dies by SIGKILL when it is about to handle the named object."""
    original = getattr(FsspecObjects, verb)

    def call(self: FsspecObjects, *arguments: object) -> object:
        if str(arguments[-1 if verb == "upload" else 0]) == f"{URI}/{name}":
            os.kill(os.getpid(), signal.SIGKILL)
        return original(self, *arguments)

    setattr(FsspecObjects, verb, call)
    if operation == "push":
        RemoteStore(URI).publish(Release(source, Version(pipeline="b"), keep=1))
    else:
        RemoteStore(URI).rollback()


def killed(*arguments: str) -> None:
    process = SPAWN.Process(target=die_at, args=arguments)
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL


@pytest.mark.parametrize(
    ("verb", "name", "visible"),
    [
        ("create", ".claims/2", False),
        ("upload", f"2/{VERSION_MANIFEST}", False),
        ("upload", "2/saved_model.pb", False),
        ("write", "current", True),
        ("remove", "1/saved_model.pb", True),
        ("remove", "1/variables/variables.index", True),
    ],
)
def test_killed_push_shows_nothing_half_and_the_next_one_works(
    verb: str, name: str, visible: bool, store: RemoteStore, s3, tmp_path: Path
):
    push(store, tmp_path, "a")
    killed(verb, name, "push", str(model(tmp_path / "export-b", "b")))
    assert store.current() == (2 if visible else 1)
    for number in store.versions():
        store.fetch(number, tmp_path / f"fetched-{number}")
        content = store.manifest(number).fingerprint
        assert durable_files.fingerprint(tmp_path / f"fetched-{number}", ignore=[VERSION_MANIFEST]) == content

    again = push(store, tmp_path, "b", keep=1)
    assert again.unchanged == visible
    assert again.version == (2 if visible or verb == "create" else 3)
    assert json.loads(read(s3, "current")) == {"version": again.version}

    last = push(RemoteStore(URI, patience=timedelta(seconds=-1)), tmp_path, "c", keep=1)
    assert names(s3) == [f".claims/{last.version}", *version(last.version), "current"], "what was left is gone"


def test_half_a_version_is_left_alone_while_its_publisher_may_live(store: RemoteStore, s3, tmp_path: Path):
    push(store, tmp_path, "a")
    s3.put_object(Bucket="bucket", Key="models/wine/2/variables/variables.index", Body=b"b")
    push(store, tmp_path, "c", keep=1)
    assert "2/variables/variables.index" in names(s3)
    assert store.versions() == [3]


@pytest.mark.parametrize(
    ("verb", "name"),
    [
        ("copy", "2/saved_model.pb"),
        ("remove", "2/saved_model.pb"),
        ("remove", "2/variables/variables.index"),
        ("write", "current"),
    ],
)
def test_killed_rollback_is_finished_by_the_next_operation(
    verb: str, name: str, store: RemoteStore, s3, tmp_path: Path
):
    for content in "ab":
        push(store, tmp_path, content)
    killed(verb, name, "rollback", "")
    began = verb != "write"
    assert store.current() == (1 if began else 2)
    assert json.loads(read(s3, "current")) == ({"version": 1, "withdrawing": 2} if began else {"version": 2})
    assert push(store, tmp_path, "c") == Published(3, f"{URI}/3", unchanged=False, previous=1 if began else 2)
    assert store.versions() == ([1, 3] if began else [1, 2, 3])
    assert json.loads(read(s3, "current")) == {"version": 3}
    if began:
        assert [name for name in names(s3) if name.startswith("withdrawn")] == [f"withdrawn-{n}" for n in version(2)]


def publish_many(sources: list[str], seen: "multiprocessing.Queue[int]") -> None:
    for source in sources:
        seen.put(RemoteStore(URI).publish(Release(source, keep=100)).version)


def test_three_publishers_at_once_get_distinct_versions(store: RemoteStore, s3, tmp_path: Path):
    seen: multiprocessing.Queue[int] = SPAWN.Queue()
    processes = []
    for i in range(3):
        sources = [str(model(tmp_path / f"{i}-{j}", f"{i}-{j}")) for j in range(4)]
        processes.append(SPAWN.Process(target=publish_many, args=(sources, seen)))
    for process in processes:
        process.start()
    versions = [seen.get(timeout=120) for _ in range(12)]
    for process in processes:
        process.join()
    assert sorted(versions) == store.versions() == list(range(1, 13))
    assert {read(s3, f"{number}/saved_model.pb").decode() for number in versions} == {
        f"{i}-{j}" for i in range(3) for j in range(4)
    }
    assert json.loads(read(s3, "current")) == {"version": 12}


def test_a_publisher_that_comes_late_leaves_current_at_the_highest(store: RemoteStore, s3, tmp_path: Path):
    upload = RemoteStore._upload

    class Slow(RemoteStore):
        def _upload(self, staged: Path, folder: str) -> None:
            assert push(store, tmp_path, "quick").version == 2
            upload(self, staged, folder)

    assert push(Slow(URI), tmp_path, "slow").version == 1
    assert (store.versions(), store.current()) == ([1, 2], 2)
    assert json.loads(read(s3, "current")) == {"version": 2}


def test_fetch_and_the_way_by_uri(store: RemoteStore, tmp_path: Path):
    push(store, tmp_path, "a")
    push(store, tmp_path, "b")
    assert isinstance(open_store(f"{URI}/"), RemoteStore)
    assert isinstance(open_store(tmp_path), Store)
    for given, number, content in ((URI, 2, "b"), (f"{URI}/1", 1, "a"), (f"{URI}/", 2, "b")):
        with local_model(given) as (folder, name):
            assert (folder / "saved_model.pb").read_text() == content
            assert name == f"{URI}/{number}"
        assert not folder.exists()
    for nothing in (f"{URI}/7", "s3://bucket/elsewhere"):
        with pytest.raises(InputError, match=r"^--model must be a pushed model or its folder of versions, got s3://"):
            local_model(nothing).__enter__()


def test_a_bucket_that_is_not_there(s3, tmp_path: Path):
    store = RemoteStore("s3://nowhere/models")
    for operation in (store.versions, store.rollback, lambda: push(store, tmp_path, "a")):
        with pytest.raises(InputError) as caught:
            operation()
        assert str(caught.value) == (
            '"s3://nowhere/models" must exist, got no such bucket or object. Correct its name.'
        )


def test_wrong_credentials(store: RemoteStore, endpoint: str, tmp_path: Path):
    with nobody_let_in(endpoint), pytest.raises(InputError) as caught:
        push(store, tmp_path, "a")
    assert str(caught.value).startswith(f'"{URI}" must be open to the credentials in use, got: ')


def test_rollback_of_nothing_and_requests_that_make_no_sense(store: RemoteStore, tmp_path: Path):
    with pytest.raises(
        InputError, match=r"must hold two versions or more to roll back, got none\. Push a model first\."
    ):
        store.rollback()
    with pytest.raises(InputError, match=r"must be a SavedModel, got no `saved_model.pb` in it\."):
        store.publish(Release(tmp_path))
    with pytest.raises(InputError, match=r"`keep` must be at least 1, got 0\."):
        push(store, tmp_path, "a", keep=0)


def test_a_server_that_refuses_conditional_writes_is_looked_at_first(s3, monkeypatch: pytest.MonkeyPatch):
    objects = FsspecObjects(S3)
    write = objects._files.pipe_file

    def refuse(key: str, content: bytes, mode: str = "overwrite") -> None:
        if mode == "create":
            raise OSError(errno.ENOSYS, "A header you provided implies functionality that is not implemented")
        write(key, content)

    monkeypatch.setattr(objects._files, "pipe_file", refuse)
    assert [objects.create(f"{URI}/.claims/1", content) for content in (b"first", b"second")] == [True, False]
    assert read(s3, ".claims/1") == b"first"
