"""Heavy imports: no collection within, everything alive left out of later rounds."""

import gc
import importlib

import pytest

from components.shared.heavy_imports import heavy_imports


@pytest.fixture(autouse=True)
def unfrozen():
    yield
    gc.unfreeze()


def test_the_collector_rests_within_and_works_after():
    with heavy_imports():
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 10_000
    cycle = []
    cycle.append(cycle)
    del cycle
    assert gc.collect() >= 1


def test_the_collector_works_again_after_an_import_that_fails():
    with pytest.raises(ModuleNotFoundError, match="no_such_module"), heavy_imports():
        importlib.import_module("no_such_module")
    assert gc.isenabled()
