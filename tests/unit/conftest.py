"""What several modules start from: the command, and the folder of a configuration file."""

import sys
from pathlib import Path

import pytest
from command import Said

from pipeline.cli import main


@pytest.fixture
def mtl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Runs `mtl` with arguments in an empty folder, in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "400")

    def call(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["mtl", *arguments])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code
        captured = capsys.readouterr()
        return Said(code, captured.out, captured.err)

    return call


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a configuration file; the current folder is another one."""
    (tmp_path / "here").mkdir()
    (tmp_path / "conf").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "conf"
