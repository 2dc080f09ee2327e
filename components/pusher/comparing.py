"""What a model answers for n rows and K classes, held against the contract, and two ways of asking against each other.

regression_output      float32 [n, 1]   in the user's units; float64, as its bounds, where 32 bits are too few
classification_output  float32 [n, K]   probabilities
predicted_class        string  [n]
class_probability      float32 [n]      of the predicted class
regression_lower       float32 [n, 1]   bounds of the prediction interval: both or neither
regression_upper       float32 [n, 1]
"""

from __future__ import annotations

import numpy as np

from components.pusher.unservable import Unservable

TOLERANCE = 1e-5
"""Largest difference between two ways of asking, relative to the largest value of that output over all rows."""

_OUTPUTS = ("regression_output", "classification_output", "predicted_class", "class_probability")
_BOUNDS = ("regression_lower", "regression_upper")

Outputs = dict[str, np.ndarray]
"""Output of a signature, by its name -> one value or row of values for each row asked for."""


def bounds_in(*answers: Outputs) -> tuple[str, ...]:
    """Returns the names of the bounds that every answer must have: both if any has one."""
    return _BOUNDS if any(name in answer for answer in answers for name in _BOUNDS) else ()


def check_outputs(signature: str, outputs: Outputs, rows: int, bounds: tuple[str, ...]) -> None:
    """Holds the outputs of one signature against the contract.

    Args:
        signature: its name.
        outputs: what it answered.
        rows: for how many rows it was asked.
        bounds: the names of the bounds that it must answer: both or none.

    Raises:
        Unservable: with the first thing that is wrong.
    """

    def must(holds: bool, what: str, constraint: str, got: object) -> None:
        if not holds:
            raise Unservable([f"{what} of `{signature}` must be {constraint}, got {got}."])

    for name in (*_OUTPUTS, *bounds):
        must(name in outputs, f"`{name}`", "among the outputs", ", ".join(sorted(outputs)))
    classes = outputs["classification_output"].shape[-1]
    shapes = dict(zip(_OUTPUTS, [(rows, 1), (rows, classes), (rows,), (rows,)], strict=True))
    shapes |= dict.fromkeys(bounds, (rows, 1))
    for name, shape in shapes.items():
        must(outputs[name].shape == shape, f"`{name}`", f"shaped {list(shape)}", list(outputs[name].shape))
        if name != "predicted_class":
            values = outputs[name]
            must(bool(np.isfinite(values).all()), f"`{name}`", "finite", values[~np.isfinite(values)][:1])
    if bounds:
        lower, upper = (outputs[name] for name in bounds)
        crossed = lower > upper
        got = f"{lower[crossed][:1]} above {upper[crossed][:1]}"
        must(not crossed.any(), "`regression_lower`", "at most `regression_upper`", got)
    probabilities = outputs["classification_output"].astype(np.float64)
    low, high = probabilities.min(), probabilities.max()
    must(low >= 0 and high <= 1 + TOLERANCE, "The probabilities", "from 0 to 1", f"{low:g} to {high:g}")
    sums = probabilities.sum(axis=1)
    worst = sums[np.argmax(np.abs(sums - 1))]
    must(abs(worst - 1) <= 1e-4, "The probabilities of a row", "summing to 1", f"{worst:g}")
    gap = np.abs(outputs["class_probability"] - probabilities.max(axis=1)).max()
    must(gap <= TOLERANCE, "`class_probability`", "the highest probability", f"one that differs by {gap:g}")


def largest_difference(ways: str, one: Outputs, all_rows: Outputs) -> float:
    """Returns the largest difference of two answers to the same first rows, relative to the largest of all values.

    Args:
        ways: the two ways of asking, for the message.
        one: the answer for the first rows.
        all_rows: the answer for all rows.

    Raises:
        Unservable: it is above `TOLERANCE`, or the classes differ.
    """
    largest = 0.0
    other = {name: values[: len(one[name])] for name, values in all_rows.items()}
    for name in ("regression_output", "classification_output", *(name for name in _BOUNDS if name in all_rows)):
        difference = np.abs(one[name].astype(np.float64) - other[name])
        # One row's own value may be near zero by chance, where rounding is as large as elsewhere.
        largest = max(largest, float(difference.max() / max(float(np.abs(all_rows[name]).max()), 1e-30)))
        if largest > TOLERANCE:
            row = int(difference.max(axis=1).argmax())
            raise Unservable(
                [
                    f"{ways} must agree within {TOLERANCE:g} in `{name}`, "
                    f"got {one[name][row].tolist()} and {other[name][row].tolist()} for row {row}."
                ]
            )
    top = np.sort(other["classification_output"], axis=1)
    clear = top[:, -1] - top[:, -2:-1].max(axis=1, initial=0) > 2 * TOLERANCE  # a tie may fall either way
    if (unequal := clear & (one["predicted_class"] != other["predicted_class"])).any():
        row = int(unequal.argmax())
        pair = f"{one['predicted_class'][row]!r} and {other['predicted_class'][row]!r}"
        raise Unservable([f"{ways} must agree in `predicted_class`, got {pair} for row {row}."])
    return largest
