import numpy as np
import pyarrow as pa
import pytest

from components.example_gen.splitting import splits

FRACTIONS = (0.64, 0.16, 0.2)


def text_hashes(texts, start=0):
    array = pa.array(texts, pa.string())
    _, offsets, data = array.buffers()
    ends = np.frombuffer(offsets, np.int32)[: len(texts) + 1].astype(np.int64)
    missing = np.array([text is None for text in texts])
    return splits.hash_text(np.frombuffer(data or b"", np.uint8), ends, missing)


def reference_hash(text):
    """The definition in plain Python integers."""
    keep, golden = (1 << 64) - 1, 0x9E3779B97F4A7C15

    def mix(z):
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & keep
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB & keep
        return z ^ (z >> 31)

    data = text.encode()
    state = mix(len(data) + golden & keep)
    for position in range(0, len(data), 8):
        word = int.from_bytes(data[position : position + 8], "little")
        state = mix((state ^ word) + golden & keep)
    return state


def test_text_hash_follows_its_definition():
    texts = ["", "a", "12345678", "123456789", "größe", "x" * 100]
    assert text_hashes(texts).tolist() == [reference_hash(text) for text in texts]


def test_splitmix64_known_answers():
    # First outputs of SplitMix64 seeded with 0: the finaliser of multiples of the golden ratio.
    state = np.array([0x9E3779B97F4A7C15, 0x3C6EF372FE94F82A], np.uint64)
    assert [hex(value) for value in splits.mix(state).tolist()] == [
        "0xe220a8397b1dcdaf",
        "0x6e789e6aa1b965f4",
    ]


def test_equal_numbers_have_equal_hashes_whatever_their_type():
    none = np.zeros(3, bool)
    whole = splits.hash_numbers(np.array([1, 0, 2**53 - 1]), none)
    np.testing.assert_array_equal(whole, splits.hash_numbers(np.array([1.0, -0.0, 2.0**53 - 1]), none))
    wide = np.array([0.1, 1e-9, 123.456])
    narrow = wide.astype(np.float32).astype(np.float64)
    np.testing.assert_array_equal(splits.hash_numbers(wide, none), splits.hash_numbers(narrow, none))
    assert len(set(splits.hash_numbers(np.arange(100_000), np.zeros(100_000, bool)).tolist())) == 100_000


def test_a_missing_cell_differs_from_every_value():
    missing = np.array([True, False])
    numbers = splits.hash_numbers(np.array([0, 0]), missing)
    texts = text_hashes([None, ""])
    assert numbers[0] == texts[0]
    assert numbers[0] != numbers[1]
    assert texts[0] != texts[1]


def test_lists_are_told_apart_by_order_and_length():
    values = np.array([1.0, 2.0, 2.0, 1.0, 1.0, 2.0])
    hashes = splits.hash_lists(values, np.array([2, 2, -1, 1, 1]))
    assert len(set(hashes.tolist())) == 5
    np.testing.assert_array_equal(splits.hash_lists(values[:2], np.array([2])), hashes[:1])
    none = splits.hash_lists(np.array([np.nan, np.nan, 1.0, np.nan]), np.array([-1, 2, 2]))
    assert (none[0] == none[1], none[1] == none[2]) == (True, False), "ClickHouse 26.9 writes no other missing list"


def test_row_hash_ignores_the_order_of_columns_but_not_their_names():
    a, b = text_hashes(["x", "y"]), text_hashes(["y", "x"])
    rows = splits.hash_rows({"a": a, "b": b})
    np.testing.assert_array_equal(rows, splits.hash_rows({"b": b, "a": a}))
    assert not np.any(rows == splits.hash_rows({"a": b, "b": a}))


@pytest.mark.parametrize("fractions", [FRACTIONS, (0.8, 0.1, 0.1)])
def test_shares_come_out_as_asked_and_salts_are_independent(fractions):
    rows = 200_000
    hashes = splits.hash_numbers(np.arange(rows), np.zeros(rows, bool))
    first = splits.split_by_hash(hashes, fractions)
    second = splits.split_by_hash(hashes, fractions, "other")
    shares = np.bincount(first, minlength=3) / rows
    np.testing.assert_allclose(shares, fractions, atol=5 * np.sqrt(0.25 / rows))
    joint = np.histogram2d(first, second, bins=3)[0] / rows
    np.testing.assert_allclose(joint, np.outer(fractions, fractions), atol=5 * np.sqrt(0.25 / rows))


def test_dividing_the_last_split_leaves_the_rows_of_the_others():
    hashes = splits.hash_numbers(np.arange(100_000), np.zeros(100_000, bool))
    three, four = splits.split_by_hash(hashes, FRACTIONS), splits.split_by_hash(hashes, (0.64, 0.16, 0.08, 0.12))
    np.testing.assert_array_equal(three, np.minimum(four, 2))
    assert np.bincount(four)[2] / np.bincount(three)[2] == pytest.approx(0.4, abs=0.02)


def test_the_split_of_a_row_is_fixed_for_ever():
    hashes = splits.hash_rows(
        {"a": splits.hash_numbers(np.arange(20), np.zeros(20, bool)), "b": text_hashes(["t"] * 20)}
    )
    assert splits.split_by_hash(hashes, FRACTIONS, "s").tolist() == [
        1,
        0,
        0,
        0,
        1,
        0,
        0,
        2,
        0,
        0,
        0,
        0,
        1,
        2,
        2,
        2,
        0,
        0,
        0,
        2,
    ]


def test_time_cuts_keep_order_and_ties_together():
    times = np.repeat(np.arange(50.0), 4)
    cuts = splits.time_cuts(np.random.default_rng(0).permutation(times), (0.5, 0.25, 0.25))
    assigned = splits.split_by_time(times, cuts)
    assert np.all(np.diff(assigned) >= 0)
    assert len(set(zip(times, assigned.tolist(), strict=True))) == 50
    np.testing.assert_array_equal(np.bincount(assigned), [100, 48, 52])
    finer = splits.split_by_time(times, splits.time_cuts(times, (0.5, 0.25, 0.1, 0.15)))
    np.testing.assert_array_equal(np.minimum(finer, 2), assigned)
    np.testing.assert_array_equal(np.bincount(finer), [100, 48, 20, 32])
