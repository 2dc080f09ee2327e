import pytest

from components.formats.estimates import Estimate
from components.report.page import number_format


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0, "0"),
        (-0.0, "0"),
        (1234567, "1,234,567"),
        (-12.0, "−12"),
        (0.123456, "0.1235"),
        (-1234.5678, "−1,235"),
        (12.3456, "12.35"),
        (0.000012345, "1.234e−5"),
        (1.5e12 + 0.5, "1.500e12"),
        (17_031_010_100, "1.703e10"),
        (999_999_999, "999,999,999"),
    ],
)
def test_number(value: float | None, text: str):
    assert number_format.number(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(None, "–"), (0, "0 %"), (1, "100 %"), (0.0001, "<0.1 %"), (0.9999, "99.9 %"), (0.123, "12.3 %")],
)
def test_percent_is_whole_only_where_it_is_exact(share: float | None, text: str):
    assert number_format.percent(share) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (0.04, "0.0 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 00 s"),
        (3599.7, "1 h 00 min"),
        (7865, "2 h 11 min"),
    ],
)
def test_duration(seconds: float | None, text: str):
    assert number_format.duration(seconds) == text


@pytest.mark.parametrize(("mebibytes", "text"), [(None, "–"), (830.4, "830 MiB"), (2150.4, "2.1 GiB")])
def test_memory(mebibytes: float | None, text: str):
    assert number_format.memory(mebibytes) == text


def test_estimate_has_the_digits_its_interval_supports():
    assert number_format.estimate(Estimate(0.31234, 0.24, 0.4)) == "0.31 [0.24, 0.40]"
    assert number_format.estimate(Estimate(0.31234)) == "0.312"
    assert number_format.estimate(Estimate(None)) == number_format.estimate(None) == "–"


def test_moment():
    assert number_format.moment("2026-11-22T15:16:21+00:00") == "2026-11-22 15:16:21 UTC"
