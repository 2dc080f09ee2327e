"""Which rows have a label, where a row without a number holds NaN and one without a class None."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def has_number(numbers: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Returns which of the rows, float [n], have a number: bool [n]."""
    return ~np.isnan(np.asarray(numbers, dtype=np.float64))


def has_class(classes: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Returns which of the rows, strings or object [n], have a class: bool [n]."""
    return np.array([label is not None for label in classes.tolist()], dtype=bool)
