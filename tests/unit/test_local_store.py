import json
import multiprocessing
import os
import signal
import stat
from pathlib import Path

import pytest

from components.formats.version import Labels, Version
from components.pusher.local_store import Published, Release, RolledBack, Store
from components.shared import durable_files
from components.shared.errors import InputError
from components.shared.file_names import VERSION_MANIFEST

SPAWN = multiprocessing.get_context("spawn")


def model(folder: Path, content: str) -> Path:
    """A folder shaped like a SavedModel whose files hold `content`."""
    (folder / "variables").mkdir(parents=True)
    (folder / "assets").mkdir()
    (folder / "saved_model.pb").write_text(content)
    (folder / "variables" / "variables.index").write_text(content * 1000)
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "served")


def push(store: Store, tmp_path: Path, content: str, **options: object) -> Published:
    folder = tmp_path / f"export-{content}"
    return store.publish(
        Release(folder if folder.exists() else model(folder, content), Version(pipeline=content), **options)
    )


def read(store: Store) -> str:
    """What a reader finds behind `current`, without the store's help."""
    return (store.path / "current" / "saved_model.pb").read_text()


def names(store: Store) -> set[str]:
    return {entry.name for entry in store.path.iterdir()}


def test_first_push_makes_version_1_and_a_relative_link(store: Store, tmp_path: Path):
    published = push(store, tmp_path, "a")
    assert published == Published(1, store.path / "1", unchanged=False, previous=None)
    assert os.readlink(store.path / "current") == "1"
    assert names(store) == {"1", "current", ".lock"}
    copied = {p.relative_to(store.path / "1").as_posix() for p in (store.path / "1").rglob("*")}
    assert copied == {
        *("saved_model.pb", "variables", "variables/variables.index", "assets", "assets.extra"),
        VERSION_MANIFEST,
    }
    assert (store.path / "1" / "variables" / "variables.index").read_text() == "a" * 1000


def test_manifest_keeps_what_was_given_with_time_and_fingerprint(store: Store, tmp_path: Path):
    store.publish(Release(model(tmp_path / "m", "a"), Version(pipeline="r1", labels=Labels("größe", "k"))))
    manifest = json.loads((store.path / "1" / VERSION_MANIFEST).read_text(encoding="utf-8"))
    assert store.manifest(1) == Version.of("", dict(manifest))
    assert manifest["labels"] == {"regression": "größe", "classification": "k"}
    assert manifest["fingerprint"] == durable_files.fingerprint(tmp_path / "m")
    assert manifest["time"].endswith("+00:00")


def test_extras_lie_beside_the_manifest_and_do_not_make_a_model_another_one(store: Store, tmp_path: Path):
    push(store, tmp_path, "a", extras={"assets.extra/more.json": "größe"})
    assert (store.path / "1" / "assets.extra" / "more.json").read_text(encoding="utf-8") == "größe"
    again = push(store, tmp_path, "a", extras={"assets.extra/more.json": "other"})
    assert (again.version, again.unchanged) == (1, True)
    assert (store.path / "1" / "assets.extra" / "more.json").read_text(encoding="utf-8") == "größe"


def test_versions_of_another_tool_are_adopted(store: Store, tmp_path: Path):
    model(store.path / "1700000000", "foreign")
    model(store.path / "not-a-version", "other")
    (store.path / "1800000000").mkdir()  # a half copy: nothing to serve in it
    assert (store.versions(), store.current(), store.manifest(1700000000)) == ([1700000000], 1700000000, None)
    published = push(store, tmp_path, "a")
    assert (published.version, published.previous) == (1800000001, 1700000000)


def test_same_model_is_published_once(store: Store, tmp_path: Path):
    push(store, tmp_path, "a")
    before = (store.path / "1" / VERSION_MANIFEST).read_bytes()
    again = store.publish(
        Release(tmp_path / "export-a", Version(pipeline="another"), check=lambda _: pytest.fail("not needed"))
    )
    assert again == Published(1, store.path / "1", unchanged=True, previous=1)
    assert (store.path / "1" / VERSION_MANIFEST).read_bytes() == before
    push(store, tmp_path, "b")
    back = store.publish(Release(store.folder(1)))
    assert (back.version, back.unchanged) == (3, False), "only the current version counts"


def test_prunes_to_the_newest(store: Store, tmp_path: Path):
    pruned = [push(store, tmp_path, content, keep=2).pruned for content in "abcd"]
    assert pruned == [(), (), (1,), (2,)]
    assert names(store) == {"3", "4", "current", ".lock"}


def test_rollback_twice_then_push(store: Store, tmp_path: Path):
    for content in "abc":
        push(store, tmp_path, content)
    assert store.previous() == 2
    assert store.rollback() == RolledBack(version=2, withdrawn=3)
    assert store.rollback() == RolledBack(version=1, withdrawn=2)
    assert read(store) == "a"
    assert names(store) == {"1", "withdrawn-2", "withdrawn-3", "current", ".lock"}
    with pytest.raises(InputError, match=r"must hold two versions or more to roll back, got version 1 alone\."):
        store.rollback()
    assert push(store, tmp_path, "d").version == 4, "withdrawn numbers are not used again"
    assert store.withdrawn() == [2, 3]
    assert push(store, tmp_path, "e", keep=1).pruned == (1, 4)
    assert names(store) == {"5", "current", ".lock"}, "a higher version holds the number now"


def test_highest_number_survives_as_withdrawn(store: Store, tmp_path: Path):
    push(store, tmp_path, "a")
    for content in "bcde":
        version = push(store, tmp_path, content, keep=2).version
        assert store.rollback() == RolledBack(1, version)
    assert version == 5
    assert store.withdrawn() == [2, 3, 4, 5]


def test_rollback_of_nothing(store: Store):
    with pytest.raises(InputError, match=r"must hold two versions or more to roll back, got none\. Push"):
        store.rollback()
    assert not store.path.exists()
    assert (store.versions(), store.current(), store.previous()) == ([], None, None)


def test_failed_check_leaves_everything(store: Store, tmp_path: Path):
    push(store, tmp_path, "a")

    def refuse(staged: Path) -> None:
        assert (staged / "saved_model.pb").read_text() == "b"
        assert json.loads((staged / VERSION_MANIFEST).read_text())["pipeline"] == "b"
        assert store.versions() == [1]
        raise OSError("the model does not load")

    with pytest.raises(OSError, match="the model does not load"):
        push(store, tmp_path, "b", check=refuse)
    assert names(store) == {"1", "current", ".lock"}
    assert read(store) == "a"


STAGES = {
    "copied": ("check", ""),
    "in the middle of the copy": ("sync", "saved_model.pb"),
    "before the rename": ("rename", "model"),
    "after the rename": ("link_atomically", "current"),
    "link made, not in place": ("replace", ".current"),
    "before pruning": ("rename", "1"),
    "in the middle of pruning": ("rmtree", ".staging-"),
}


def die_in(stage: str, destination: str, source: str) -> None:
    """Pushes, and dies by SIGKILL when the named function is about to handle the named file."""
    function, name = STAGES[stage]

    def die(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def trap(owner: object, attribute: str) -> None:
        original = getattr(owner, attribute)

        def call(path: Path, *args: object, **options: object) -> object:
            if Path(path).name.startswith(name):
                die()
            return original(path, *args, **options)

        setattr(owner, attribute, call)

    if function in ("sync", "link_atomically"):
        trap(durable_files, function)
    elif function in ("rename", "replace"):
        trap(os, function)
    elif function == "rmtree":
        trap(durable_files.shutil, "rmtree")
    Store(destination).publish(
        Release(source, Version(pipeline="b"), check=die if function == "check" else None, keep=1)
    )


@pytest.mark.parametrize("stage", STAGES)
def test_killed_push_hides_nothing_half_and_the_next_one_works(stage: str, store: Store, tmp_path: Path):
    push(store, tmp_path, "a")
    killed = SPAWN.Process(target=die_in, args=(stage, str(store.path), str(model(tmp_path / "b", "b"))))
    killed.start()
    killed.join()
    assert killed.exitcode == -signal.SIGKILL
    committed = stage in ("before pruning", "in the middle of pruning")
    assert read(store) == ("b" if committed else "a")
    for version in store.versions():
        content = store.manifest(version).fingerprint
        assert durable_files.fingerprint(store.folder(version), ignore=[VERSION_MANIFEST]) == content

    published = push(store, tmp_path, "c")
    assert published.version == (3 if committed or stage in ("after the rename", "link made, not in place") else 2)
    assert read(store) == "c"
    assert not [name for name in names(store) if name.startswith(".") and name != ".lock"]


@pytest.mark.parametrize(("function", "name"), [("link_atomically", "current"), ("rename", "2"), ("unlink", "")])
def test_killed_rollback_is_finished_by_the_next_operation(
    function: str, name: str, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for content in "ab":
        push(store, tmp_path, content)
    owner = {"link_atomically": durable_files, "rename": os, "unlink": Path}[function]
    original = getattr(owner, function)

    def die(path: Path, *args: object, **options: object) -> object:
        if Path(path).name.startswith(name or ".withdrawing"):
            raise KeyboardInterrupt
        return original(path, *args, **options)

    with monkeypatch.context() as patched:
        patched.setattr(owner, function, die)
        with pytest.raises(KeyboardInterrupt):
            store.rollback()
    assert os.readlink(store.path / ".withdrawing") == "2"
    assert push(store, tmp_path, "c") == Published(3, store.path / "3", unchanged=False, previous=1)
    assert names(store) == {"1", "withdrawn-2", "3", "current", ".lock"}


def publish_many(destination: str, sources: list[str], seen: "multiprocessing.Queue[int]") -> None:
    for source in sources:
        seen.put(Store(destination).publish(Release(source, keep=100)).version)


def test_four_publishers_at_once_get_distinct_versions(store: Store, tmp_path: Path):
    seen: multiprocessing.Queue[int] = SPAWN.Queue()
    processes = []
    for i in range(4):
        sources = [str(model(tmp_path / f"{i}-{j}", f"{i}-{j}")) for j in range(5)]
        processes.append(SPAWN.Process(target=publish_many, args=(str(store.path), sources, seen)))
    for process in processes:
        process.start()
    versions = [seen.get(timeout=60) for _ in range(20)]
    for process in processes:
        process.join()
    assert sorted(versions) == store.versions() == list(range(1, 21))
    assert {(store.folder(v) / "saved_model.pb").read_text() for v in versions} == {
        f"{i}-{j}" for i in range(4) for j in range(5)
    }
    assert store.current() == 20
    assert names(store) == {*map(str, versions), "current", ".lock"}


def test_running_publisher_keeps_its_staging_folder(store: Store, tmp_path: Path):
    push(store, tmp_path, "a")

    def another_push_meanwhile(staged: Path) -> None:
        assert push(store, tmp_path, "c").version == 2
        assert staged.is_dir()

    assert push(store, tmp_path, "b", check=another_push_meanwhile).version == 3


def test_published_files_are_readable_by_the_server(store: Store, tmp_path: Path):
    source = model(tmp_path / "m", "a")
    source.chmod(0o700)
    (source / "saved_model.pb").chmod(0o600)
    umask = os.umask(0o022)
    try:
        store.publish(Release(source))
    finally:
        os.umask(umask)
    modes = [stat.S_IMODE((store.folder(1) / name).stat().st_mode) for name in ("", "variables", "saved_model.pb")]
    assert modes == [0o755, 0o755, 0o644]


@pytest.mark.parametrize("below", ["", "deeper"])
def test_destination_that_is_a_file(below: str, tmp_path: Path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match=r"The push destination `.*file.*` must be a folder that can be written, got:"):
        Store(tmp_path / "file" / below).publish(Release(model(tmp_path / "m", "a")))


def test_destination_that_cannot_be_written(tmp_path: Path):
    with pytest.raises(InputError, match=r"must be a folder that can be written, got: .*\. Choose another destination"):
        Store("/proc/served").publish(Release(model(tmp_path / "m", "a")))


def test_current_that_is_no_link(store: Store, tmp_path: Path):
    (store.path / "current").mkdir(parents=True)
    with pytest.raises(InputError, match=r"current` must be a link made by a push, got a folder or file\. Move it"):
        push(store, tmp_path, "a")


def test_source_must_be_a_saved_model_and_keep_positive(store: Store, tmp_path: Path):
    with pytest.raises(InputError, match=r"must be a SavedModel, got no `saved_model.pb` in it\."):
        store.publish(Release(tmp_path))
    with pytest.raises(InputError, match=r"`keep` must be at least 1, got 0\."):
        push(store, tmp_path, "a", keep=0)


def test_fingerprint_tells_names_from_contents(tmp_path: Path):
    for folder, files_of in {"1": {"ab": "c"}, "2": {"a": "bc"}, "3": {"ab": "c"}}.items():
        (tmp_path / folder).mkdir()
        for name, content in files_of.items():
            (tmp_path / folder / name).write_text(content)
    one, two, three = (durable_files.fingerprint(tmp_path / folder) for folder in "123")
    assert one == three != two
    (tmp_path / "3" / "more").write_text("x")
    assert durable_files.fingerprint(tmp_path / "3") != one
    assert durable_files.fingerprint(tmp_path / "3", ignore=["more"]) == one
