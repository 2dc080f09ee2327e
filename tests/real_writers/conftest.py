"""The source table, what each writer made of it, and one model to predict with."""

import pytest

from tests.real_writers import environment, source
from tests.real_writers.reading import Reader


@pytest.fixture(scope="session")
def table():
    return source.make()


@pytest.fixture(scope="session")
def source_file(table, tmp_path_factory):
    path = tmp_path_factory.mktemp("source") / "source.json"
    source.save(table, path)
    return path


@pytest.fixture(scope="session")
def reader(table, tmp_path_factory):
    return Reader(table, tmp_path_factory.mktemp("reference"))


@pytest.fixture(scope="session", params=environment.WRITERS)
def written(request, source_file, tmp_path_factory):
    """The tables of one writer; skipped with its reason where the writer cannot be had."""
    try:
        return environment.write(request.param, source_file, tmp_path_factory.mktemp("written"))
    except environment.LackingError as lacking:
        pytest.skip(str(lacking))
