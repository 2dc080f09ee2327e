"""Rows in the order of their fingerprints, however they are divided among files, and wherever they are held."""

import numpy as np
import pytest

from components.shared.mapped_arrays import is_mapped
from components.shared.tensor_names import FINGERPRINT
from components.trainer import ordered_rows
from components.trainer.ordered_rows import read_ordered
from components.transform.tensor_files import write_tensors


def table(rows, seed=0):
    random = np.random.default_rng(seed)
    return {
        "numeric": random.normal(size=(rows, 3)).astype("float32"),
        "label": random.integers(0, 9, rows),
        FINGERPRINT: random.integers(0, 2**63 - 1, rows),
    }


def write(folder, rows, cuts, batch):
    """Files of some rows, in batches of so many."""
    folder.mkdir()
    files = []
    for part, (first, last) in enumerate(zip([0, *cuts], [*cuts, len(rows[FINGERPRINT])], strict=True)):
        files.append(str(folder / f"{part}.parquet"))
        starts = range(first, last, batch) if last > first else [first]
        write_tensors(({name: v[s : min(s + batch, last)] for name, v in rows.items()} for s in starts), files[-1])
    return files


def kept(batch):
    return {"numeric": batch["numeric"], "twice": 2 * batch["label"]}


@pytest.mark.parametrize("budget", [10**9, 0])
@pytest.mark.parametrize("piece", [32 << 20, 2000, 1])
def test_the_order_is_that_of_the_fingerprints(tmp_path, monkeypatch, budget, piece):
    monkeypatch.setattr(ordered_rows, "_PIECE_BYTES", piece)
    rows = table(3000)
    order = np.argsort(rows[FINGERPRINT])
    found = read_ordered(write(tmp_path / "one", rows, [100, 100, 2500], 64), kept, budget)
    assert sorted(found) == ["numeric", "twice"]
    np.testing.assert_array_equal(found["numeric"], rows["numeric"][order])
    np.testing.assert_array_equal(found["twice"], 2 * rows["label"][order])
    assert {is_mapped(values) for values in found.values()} == {budget == 0}


@pytest.mark.parametrize("budget", [10**9, 0])
def test_files_and_their_order_do_not_matter(tmp_path, monkeypatch, budget):
    """Among them rows that are there twice, and fingerprints with the same first bits."""
    monkeypatch.setattr(ordered_rows, "_PIECE_BYTES", 500)
    rows = table(400)
    rows[FINGERPRINT][:50] = (2**62) + np.arange(50)
    rows = {name: np.concatenate([values, values[:120]]) for name, values in rows.items()}
    other = np.random.default_rng(1).permutation(520)
    shuffled = {name: values[other] for name, values in rows.items()}
    first = read_ordered(write(tmp_path / "one", rows, [], 100), kept, budget)
    files = write(tmp_path / "other", shuffled, [7, 300], 33)
    for found in (read_ordered(files, kept, budget), read_ordered(files[::-1], kept, budget)):
        for name, values in first.items():
            np.testing.assert_array_equal(found[name], values)


def test_rows_are_held_as_the_budget_says_to_a_byte(tmp_path):
    files = write(tmp_path / "one", table(100), [], 100)
    held, spilt = (read_ordered(files, kept, 100 * (3 * 4 + 8) - less) for less in (0, 1))
    assert not is_mapped(held["numeric"])
    assert is_mapped(spilt["numeric"])
