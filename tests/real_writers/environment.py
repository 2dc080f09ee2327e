"""The writers' own environments, made once and kept in pytest's cache folder, apart from the one under test."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from components.shared.file_lock import locked

ROOT = Path(__file__).parents[2]
REQUIREMENTS = Path(__file__).parent / "requirements"
CACHE = ROOT / ".pytest_cache" / "d" / "real_writers"
JAVA = 17
"""The oldest Java that Spark 4 runs on."""

WRITERS = {
    "arrow": "newest",
    "clickhouse": "newest",
    "delta": "newest",
    "duckdb": "newest",
    "iceberg": "newest",
    "pandas 3": "newest",
    "polars": "newest",
    "pandas 2": "spark",
    "spark": "spark",
}
"""Writer -> the file of its requirements. A module may serve two versions: its name is the first word."""


class LackingError(Exception):
    """What a writer needs is not here and cannot be made."""


def write(writer, source, folder):
    """Lets a writer write the source table.

    Args:
        writer: a key of `WRITERS`.
        source: the source table as JSON.
        folder: where its files go.

    Returns:
        One dictionary for each table: writer, version, what, path and columns.

    Raises:
        LackingError: the writer's environment cannot be made, or Java is missing.
    """
    if writer == "spark" and (found := _java()) < JAVA:
        raise LackingError(f"Spark needs Java {JAVA} or newer, got {found or 'none'}")
    command = [_python(WRITERS[writer]), "-m", f"tests.real_writers.writers.{writer.split()[0]}", source, folder]
    done = subprocess.run(command, cwd=ROOT, env=_clean(), capture_output=True, text=True, timeout=600)
    if done.returncode:
        raise RuntimeError(f"{writer} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def _python(name):
    """Returns the Python of an environment, which is made if it is not there yet."""
    requirements = REQUIREMENTS / f"{name}.txt"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    stamp = hashlib.sha256(requirements.read_bytes() + version.encode()).hexdigest()[:12]
    folder = CACHE / f"{name}-{stamp}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with locked(CACHE / f"{name}.lock"):  # tests in other processes may want the same environment
        if not folder.is_dir():
            making = CACHE / f"{name}-{stamp}.making"
            shutil.rmtree(making, ignore_errors=True)  # of a process that was killed
            try:
                _make(making, requirements)
            except LackingError:
                shutil.rmtree(making)
                raise
            making.rename(folder)
    return folder / "bin" / "python"


def _make(folder, requirements):
    python = folder / "bin" / "python"
    uv = shutil.which("uv") or shutil.which("uv", path=ROOT / ".uv" / "bin")
    if uv:
        steps = [
            [uv, "venv", "--quiet", "--python", sys.executable, folder],
            # Not with this project's own pins, which its configuration would bring in.
            [uv, "pip", "install", "--no-config", "--quiet", "--python", python, "-r", requirements],
        ]
    else:
        steps = [
            [sys.executable, "-m", "venv", folder],
            [python, "-m", "pip", "install", "--quiet", "--no-input", "-r", requirements],
        ]
    for step in steps:
        done = subprocess.run(step, env=_clean() | {"UV_SYSTEM_CERTS": "1"}, capture_output=True, text=True)
        if done.returncode:
            raise LackingError(f"{requirements.name} cannot be installed here: {' '.join(done.stderr.split())[-400:]}")


def _java():
    """Returns the major version of the Java that Spark would take, 0 where there is none."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=Path(home, "bin") if home else None)
    if java is None:
        return 0
    said = subprocess.run([java, "-version"], capture_output=True, text=True).stderr
    found = re.search(r'version "(\d+)', said)
    return int(found[1]) if found else 0


def _clean():
    """The environment variables without those that would lead into the environment under test."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
