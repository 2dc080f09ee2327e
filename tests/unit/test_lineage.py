"""Whose artifacts lie in a folder: numbers of executions of two databases must not meet there."""

from pathlib import Path

import pytest

from pipeline.config.resolve import resolve
from pipeline.config.run import Config
from pipeline.errors import InputError
from pipeline.local.lineage import cache_place, claim_artifacts


def config(folder: Path, output: str, *settings: str) -> Config:
    flags = {"name": "t", "data.path": "t.csv", "labels.regression": "y", "labels.classification": "k"}
    return resolve(None, flags | {"runtime.output": str(folder / output)}, settings).config


def refusal(of: Config, new: bool) -> str:
    with pytest.raises(InputError) as refused:
        claim_artifacts(of, new)
    return str(refused.value)


def test_in_the_output_folder_they_need_no_mark(tmp_path: Path):
    mine = config(tmp_path, "out")
    claim_artifacts(mine, True)
    assert not mine.artifacts.exists()
    (mine.artifacts / "Trainer" / "model" / "7").mkdir(parents=True)
    claim_artifacts(mine, False)
    assert refusal(mine, True) == (
        "The folder of the artifacts must be empty where the database of the runs is new, got Trainer in "
        f"{tmp_path}/out/artifacts. Move them away, or bring {tmp_path}/out/metadata.db back."
    )


def test_elsewhere_the_first_database_has_the_folder(tmp_path: Path):
    setting = f"runtime.artifacts={tmp_path}/volume"
    mine, other = config(tmp_path, "mine", setting), config(tmp_path, "other", setting)
    claim_artifacts(mine, True)
    claim_artifacts(mine, True)  # a first run that ended before a step
    (mine.artifacts / "Trainer").mkdir()
    claim_artifacts(mine, False)
    owner = f"{tmp_path}/volume/.database"
    assert Path(owner).read_text() == f"{tmp_path}/mine/metadata.db"
    for new in (True, False):
        assert refusal(other, new) == (
            f"runtime.artifacts must be a folder of this pipeline's database alone, got {tmp_path}/volume, which is "
            f"that of {tmp_path}/mine/metadata.db. Choose another; if the database has moved, write "
            f"{tmp_path}/other/metadata.db into {owner}."
        )
    Path(owner).write_text(f"{tmp_path}/other/metadata.db\n")
    claim_artifacts(other, False)


def test_what_lies_there_already_is_not_taken_over(tmp_path: Path):
    (tmp_path / "volume" / "family").mkdir(parents=True)
    assert refusal(config(tmp_path, "mine", f"runtime.artifacts={tmp_path}/volume"), True).startswith(
        f"runtime.artifacts must be a folder of this pipeline's database alone, got {tmp_path}/volume, which is not "
        "empty. Choose another; "
    )


def test_outputs_with_one_database_server_may_share_a_folder(tmp_path: Path):
    settings = [f"runtime.artifacts={tmp_path}/volume", "runtime.metadata=mysql://mtl@db/runs"]
    mine, other = config(tmp_path, "mine", *settings), config(tmp_path, "other", *settings)
    claim_artifacts(mine, True)
    (mine.artifacts / "Trainer").mkdir()
    claim_artifacts(other, False)
    assert "bring mysql://mtl@db/runs back" in refusal(mine, True)


def test_a_folder_that_cannot_be_made(tmp_path: Path):
    (tmp_path / "file").touch()
    assert refusal(config(tmp_path, "mine", f"runtime.artifacts={tmp_path}/file/volume"), True) == (
        f"runtime.artifacts must be a folder that can be written, got {tmp_path}/file/volume (Not a directory). "
        "Choose another with --set runtime.artifacts=FOLDER."
    )


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ([], ""),
        (["runtime.artifacts=/volume"], "/volume"),
        (["runtime.metadata=mysql://mtl@db/runs"], "{}/mine/artifacts"),
    ],
)
def test_cached_artifacts_are_those_that_the_workers_see(tmp_path: Path, settings: list[str], expected: str):
    assert cache_place(config(tmp_path, "mine", *settings)) == expected.format(tmp_path)
