"""The image: what a container becomes, and that the Dockerfile says what pyproject.toml says."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

from components.shared.errors import InputError
from pipeline.workers.container import BOOT, command

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "arguments",
    [["run", "--data", "t.csv"], ["--help"], ["--version"], [], ["-h"], ["predict", "--id=1"], ["--identity"]],
)
def test_a_verb_is_for_mtl(arguments: list[str]):
    assert command(arguments) == ["mtl", *arguments]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--id=1-1", "--provision_endpoint=localhost:1", "--control_endpoint=localhost:2"],
        ["-id", "1-1", "-logging_endpoint", "localhost:1"],
        ["--worker_pool"],
        ["--semi_persist_dir=/var/opt"],
    ],
)
def test_the_flags_of_a_beam_runner_are_for_its_boot_program(tmp_path: Path, arguments: list[str]):
    boot = tmp_path / "boot"
    boot.touch()
    assert command(arguments, boot) == [str(boot), *arguments]


def test_without_a_boot_program_a_worker_pool_still_starts_and_a_worker_says_what_is_missing(tmp_path: Path):
    pool = command(["--worker_pool"], tmp_path / "none")
    assert pool == [sys.executable, "-P", "-m", "pipeline.workers.worker_pool", "--service_port=50000"]
    with pytest.raises(InputError) as caught:
        command(["--id=1"], tmp_path / "none")
    assert str(caught.value) == (
        f"The image of a Beam worker must hold Beam's boot program, got no {tmp_path / 'none'}. "
        f"Build it with --build-arg BEAM_SDK=docker.io/apache/beam_python3.11_sdk:{version('apache-beam')}."
    )


def test_the_entry_point_becomes_mtl_or_ends_with_a_sentence():
    def started(*arguments: str) -> subprocess.CompletedProcess[str]:
        path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
        line = [sys.executable, "-m", "pipeline.workers.container", *arguments]
        return subprocess.run(line, capture_output=True, text=True, cwd=ROOT, env={"PATH": path})

    assert started("--version").stdout == f"mtl-pipeline {PROJECT['project']['version']}\n"
    refused = started("--id=1")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("error: The image of a Beam worker must hold Beam's boot program, got no ")


def test_base_images_have_a_python_that_the_project_supports_and_the_beam_that_it_pins():
    low, high = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", PROJECT["project"]["requires-python"]).groups()
    minors = re.findall(r"FROM docker\.io/library/python:3\.(\d+)-slim", DOCKERFILE)
    assert len(minors) == 2
    assert len(set(minors)) == 1
    assert int(low) <= int(minors[0]) < int(high)
    [(python, beam)] = re.findall(r"apache/beam_python3\.(\d+)_sdk:([\d.]+)", DOCKERFILE)
    assert python == minors[0]
    pinned = next(line for line in PROJECT["project"]["dependencies"] if line.startswith("apache-beam=="))
    assert beam.startswith(pinned.removeprefix("apache-beam==").removesuffix("*"))
    assert beam == version("apache-beam")


def test_the_entry_points_exist():
    assert 'ENTRYPOINT ["python", "-m", "pipeline.workers.container"]' in DOCKERFILE
    assert PROJECT["project"]["scripts"] == {"mtl": "pipeline.cli.main:main"}
    assert f"COPY --from=beam {BOOT.parent} {BOOT.parent}" in DOCKERFILE


def test_the_environment_is_that_of_the_lock_with_hashes():
    assert "--require-hashes -r pyproject.toml -c requirements.lock" in DOCKERFILE
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    sources = {name for line in copied for name in line.split()}
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert sources == {line[1:] for line in ignored if line.startswith("!")}, "all that is copied is sent, and no more"
    assert "*" in ignored
    packages = {name.rstrip("*") for name in PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]}
    assert packages <= sources


def test_the_environment_has_pip_which_beams_boot_program_asks_for_the_packages():
    """Beam 2.73.0's boot program takes Apache Beam for not installed where `python -m pip show` cannot run."""
    assert '"$VIRTUAL_ENV/bin/python" -m ensurepip' in DOCKERFILE[: DOCKERFILE.rindex("\nFROM ")]


def test_the_image_has_a_user_without_rights_and_labels():
    final = DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]
    assert re.findall(r"^USER (\S+)$", final, re.MULTILINE) == ["1000:0"]
    labels = set(re.findall(r"org\.opencontainers\.image\.(\w+)=", final))
    assert labels == {"title", "description", "licenses", "version", "revision"}
    assert f'licenses="{PROJECT["project"]["license"]}"' in final
