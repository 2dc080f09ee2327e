"""What is made of mapped arrays, block by block, is what NumPy makes of arrays in memory."""

import errno

import numpy as np
import pytest

from components.shared import mapped_arrays
from components.shared.errors import InputError
from components.shared.mapped_arrays import (
    blocks,
    count,
    derived,
    empty,
    is_mapped,
    mean,
    median,
    order_statistic,
    selected,
)


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch):
    monkeypatch.setattr(mapped_arrays, "_BLOCK_BYTES", 1000)


def mapped(values):
    found = empty(values.shape, values.dtype, mapped=True)
    found[...] = values
    return found


def test_a_mapped_array_has_no_file_that_could_be_left_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    found = empty((7, 3), np.float32, mapped=True)
    assert (is_mapped(found), found.shape, found.dtype) == (True, (7, 3), np.float32)
    assert list(tmp_path.iterdir()) == []
    assert not is_mapped(empty((7, 3), np.float32, mapped=False))
    assert not is_mapped(empty((0, 3), np.float32, mapped=True)), "no file can be mapped that holds nothing"


def test_a_folder_without_room_is_refused_before_a_row_is_written(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full)
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 3 << 29}))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(InputError) as raised:
        empty((1 << 28, 3), np.float32, mapped=True)
    assert str(raised.value) == (
        f"The folder of temporary files must have room for 3.0 GiB of rows, got 1.5 GiB in {tmp_path}. "
        "Set TMPDIR to a larger one."
    )


def test_blocks_are_bounded_by_the_bytes_of_all_arrays():
    wide, narrow = np.zeros((100, 20), np.float32), np.zeros(100, np.float64)
    parts = list(blocks(wide, narrow))
    assert [part.stop - part.start for part in parts] == [11] * 9 + [1]
    assert list(blocks(np.zeros(0))) == [slice(0, 0)]
    assert list(blocks(np.zeros((2, 9999)))) == [slice(0, 1), slice(1, 2)], "a row at least"


def test_what_is_made_of_rows_is_mapped_where_they_are():
    random = np.random.default_rng(0)
    left, right = random.normal(size=(500, 3)).astype("float32"), random.integers(0, 9, 500)

    def compute(a, b):
        return {"sum": a.sum(axis=1) + b, "twice": 2 * a}

    expected = compute(left, right)
    for arrays in ((left, right), (mapped(left), right), (left, mapped(right))):
        found = derived(compute, *arrays)
        for name, values in expected.items():
            assert is_mapped(found[name]) == (arrays[0] is not left or arrays[1] is not right)
            assert found[name].dtype == values.dtype
            np.testing.assert_array_equal(found[name], values)


def test_of_one_row_for_all_one_is_computed():
    asked = []
    found = derived(lambda rows: asked.append(len(rows)) or {"": rows / 4}, np.broadcast_to(np.float32(1), 10**12))
    assert asked == [1]
    assert (found[""].shape, found[""][10**11]) == ((10**12,), 0.25)


def test_masks_choose_the_rows_that_numpy_chooses():
    random = np.random.default_rng(1)
    values, chosen = random.normal(size=(999, 2)), random.random(999) < 0.3
    for rows in (values, mapped(values)):
        found = selected(rows, chosen)
        assert is_mapped(found) == is_mapped(rows)
        np.testing.assert_array_equal(found, values[chosen])
    np.testing.assert_array_equal(selected(mapped(values), np.broadcast_to(np.True_, 999)), values)
    assert len(selected(mapped(values), np.broadcast_to(np.False_, 999))) == 0
    assert count(chosen) == chosen.sum()


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("rows", [1, 2, 1000, 1001])
def test_statistics_are_those_of_numpy(kind, rows):
    random = np.random.default_rng(rows)
    values = (random.normal(size=rows) * 10.0 ** random.integers(-30, 30, rows)).astype(kind)
    values[::7] = 0
    values[1::11] = np.round(values[1::11])
    for array in (values, mapped(values)):
        assert mean(array) == pytest.approx(values.mean(dtype=np.float64), rel=1e-12)
        assert median(array) == np.median(values.astype(np.float64))
        for rank in {0, rows // 3, rows - 1}:
            assert order_statistic(array, rank) == np.sort(values)[rank]


def test_infinite_numbers_have_their_places():
    values = mapped(np.array([np.inf, -1.0, -np.inf, 0.0, -0.0, 2.0]))
    assert [order_statistic(values, rank) for rank in range(6)] == [-np.inf, -1, 0, 0, 2, np.inf]
