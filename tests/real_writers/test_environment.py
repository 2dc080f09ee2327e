"""What cannot be had is told, and nothing half made is left to be taken for an environment."""

import pytest

from tests.real_writers import environment


def test_an_environment_that_cannot_be_made_is_told_with_its_reason(tmp_path, monkeypatch):
    (tmp_path / "newest.txt").write_text("polars @ file:///no/such/polars-1-py3-none-any.whl\n")
    monkeypatch.setattr(environment, "REQUIREMENTS", tmp_path)
    monkeypatch.setattr(environment, "CACHE", tmp_path / "cache")
    with pytest.raises(environment.LackingError, match=r"newest\.txt cannot be installed here: .*no/such/polars"):
        environment.write("polars", tmp_path / "source.json", tmp_path / "out")
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["newest.lock"]


def test_spark_without_a_java_that_is_new_enough_is_told(tmp_path, monkeypatch):
    (tmp_path / "java").write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
    (tmp_path / "java").chmod(0o755)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(environment.LackingError, match=r"^Spark needs Java 17 or newer, got 11$"):
        environment.write("spark", tmp_path / "source.json", tmp_path / "out")
    (tmp_path / "java").unlink()
    with pytest.raises(environment.LackingError, match=r"^Spark needs Java 17 or newer, got none$"):
        environment.write("spark", tmp_path / "source.json", tmp_path / "out")
