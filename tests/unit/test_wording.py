import pytest

from components.evaluator.analysis.wording import estimate, figure
from components.formats.estimates import Interval


@pytest.mark.parametrize(
    ("value", "low", "high", "text"),
    [
        (0.3123, 0.2411, 0.4019, "0.31 [0.24, 0.40]"),
        (-0.3712, -0.4811, -0.2612, "−0.37 [−0.48, −0.26]"),
        (0.95121, 0.95081, 0.9516, "0.95121 [0.95081, 0.95160]"),
        (36244.4, 35010.0, 37512.0, "36,244 [35,010, 37,512]"),
        (0.0, 0.0, 0.0, "0.00 [0.00, 0.00]"),
        (0.5, 0.5, 0.5, "0.500 [0.500, 0.500]"),
        (-0.00001, -0.2, 0.2, "0.00 [−0.20, 0.20]"),
        (12.3456, None, None, "12.3"),
        (None, None, None, "undefined"),
        (0.22314355, 0.22314355, 0.22314355 + 1e-16, "0.223 [0.223, 0.223]"),
    ],
)
def test_an_estimate_shows_what_its_interval_supports(value, low, high, text):
    assert estimate(Interval(value, low, high, 0.95, 500, 0)) == text


def test_a_missing_figure_is_undefined():
    assert figure(None, 2) == "undefined"
