"""Which numbers 32 bits hold, against NumPy's rounding, and the bits of the others against Python's struct."""

import struct

import numpy as np
import pytest

from components.shared.exact_numbers import (
    bits,
    companion,
    is_companion,
    loses_digits,
    needs_64_bits,
    of_bits,
    rounding,
)

RNG = np.random.default_rng(8)


@pytest.mark.parametrize("value", [0.0, -0.1, 1.7e9 + 0.25, 2.0**53 - 1, 1e-310, np.finfo(np.float64).max])
def test_bits_are_those_of_the_number(value: float):
    whole = bits(np.array([value]))
    assert whole.tolist() == [struct.unpack("<q", struct.pack("<d", value))[0]]
    assert of_bits(whole).tolist() == [value]


@pytest.mark.parametrize(("value", "error"), [(1.7e9, 64.0), (1.0, 2.0**-24), (1e38, 2.0**102)])
def test_rounding_is_half_of_the_distance_to_the_next_number(value: float, error: float):
    assert rounding(np.array([value])) == error


@pytest.mark.parametrize(
    ("values", "wide"),
    [
        (1.7e9 + RNG.normal(0, 8_000, 500), True),  # seconds since 1970, over some hours
        (1.7e9 + RNG.normal(0, 3e8, 500), False),  # over years, 64 seconds are nothing
        (RNG.normal(0, 1, 500), False),
        (RNG.normal(300, 10, 500), False),  # kelvins
        (RNG.normal(1e6, 1, 500), True),
        (1e6 + RNG.integers(0, 9, 500), False),  # whole, and exact in 32 bits
        (np.where(np.arange(500) % 10 == 0, 0.0, 1.7e9 + RNG.normal(0, 8_000, 500)), True),  # 0 for no time
        (np.append(1.7e9 + RNG.normal(0, 8_000, 500), 1e38), True),
        (np.full(500, 0.1), False),
        (np.exp(RNG.normal(0, 3, 500)), False),
        (np.array([]), False),
    ],
)
def test_numbers_need_64_bits_where_32_round_away_what_tells_them_apart(values: np.ndarray, wide: bool):
    assert needs_64_bits(values) == wide
    if wide:
        low, high = np.quantile(values, [0.25, 0.75])
        assert np.median(np.abs(values.astype(np.float32) - values)) > 1e-6 * (high - low)


def test_64_bits_are_too_few_for_nanoseconds_near_each_other():
    assert loses_digits(1.7e18 + RNG.normal(0, 1e6, 500), np.float64)
    assert not loses_digits(1.7e9 + RNG.normal(0, 8_000, 500), np.float64)


def test_companions_are_told_by_their_name():
    assert is_companion(companion("arrival"))
    assert not is_companion("arrival (64 bits)")
