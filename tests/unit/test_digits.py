"""What the ingest says of digits that get lost, and which columns it writes with all of theirs."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.example_gen.profiling.profile import Profile, profile
from components.example_gen.roles import assign_roles
from components.example_gen.spec import IngestSpec
from components.example_gen.tables.opening import open_table
from components.shared.errors import InputError

ROWS = 400
RNG = np.random.default_rng(9)
NEAR = RNG.normal(0, 20, ROWS)


def profiled(folder: Path, **columns: np.ndarray) -> Profile:
    path = folder / "table.csv"
    pd.DataFrame({"x": NEAR, "y": NEAR, "k": np.where(NEAR > 0, "a", "b")} | columns).to_csv(path, index=False)
    vectors = {"v": "v*"} if any(name.startswith("v") for name in columns) else {}
    spec = IngestSpec((str(path),), "y", "k", vectors=vectors)
    table = open_table(spec.paths, spec.dialect)
    return profile(table, spec, assign_roles(spec, table.columns))


def test_what_32_bits_hold_stays_as_it_is(tmp_path):
    found = profiled(tmp_path, whole=1_700_000_000 + np.arange(ROWS))
    assert (found.wide, found.warnings) == (frozenset(), ())


def test_label_and_features_with_an_offset_are_written_with_64_bits(tmp_path):
    found = profiled(tmp_path, y=1.7e9 + NEAR, x=1.7e9 + NEAR, label=np.arange(ROWS) + 1.7e9)
    assert found.wide == {"x", "y", "label"}
    assert found.warnings == ()


def test_a_label_of_whole_numbers_with_an_offset_is_too(tmp_path):
    found = profiled(tmp_path, y=1_700_000_000 + np.arange(ROWS))
    assert found.wide == {"y"}


def test_what_64_bits_or_a_vector_do_not_hold_is_said(tmp_path):
    found = profiled(tmp_path, y=1_700_000_000_000_000_000 + np.arange(ROWS), v1=1.7e9 + NEAR, v2=NEAR)
    assert found.warnings == (
        "y: 64 bits hold its values to ±128 only. Subtract a constant from them.",
        "v: 32 bits hold its values to ±64 only. Subtract a constant from them.",
    )
    assert "v1" not in found.wide


def test_a_name_that_is_kept_for_digits_is_refused(tmp_path):
    with pytest.raises(InputError, match='must not end in "#float64", got "x#float64"'):
        profiled(tmp_path, **{"x#float64": NEAR})
