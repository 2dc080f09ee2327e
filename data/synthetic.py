"""Synthetic tables of any size whose best possible scores are known.

Number: Friedman's first function (Friedman 1991, "Multivariate Adaptive Regression Splines", Annals of
Statistics 19(1), section 4.3; scikit-learn's `make_friedman1` is the same),

    y = 10 sin(pi x1 x2) + 20 (x3 - 0.5)^2 + (10 x4 + 5 x5 + c1 + c2 + ...) + noise * N(0, 1)

with x1 ... x10 uniform on [0, 1]; x6 ... x10 and further noise columns have no effect. Class: `sine`, `bowl`
or `plane`, drawn from the softmax of the same three summands, each centred and divided by its standard
deviation, times `sharpness`. So both tasks depend on the same quantities: sharing a network should pay.

Each category column has the levels a ... e with the effects -2 ... 2 (c1, c2, ... above). Missing values are
put into category columns, where missing is one more level with the effect 3, and into the numeric columns
without effect, where they tell nothing. Hence the true mean and the true class probabilities of every row are
known exactly, and with them the scores that no model can beat but by luck.

A table is a function of the seed and the options alone: blocks of rows have random streams of their own, so
a longer table begins with the shorter one, and more columns do not change the others.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from scipy.special import sici

from components.shared.durable_files import replacing
from components.shared.errors import InputError

CLASSES = ("sine", "bowl", "plane")
LEVELS = ("a", "b", "c", "d", "e")
_EFFECTS = np.array([-2.0, -1.0, 0.0, 1.0, 2.0, 3.0])  # of the levels, then of a missing value
_BLOCK = 16_384
_FEATURES = 10
_DECIMALS = 6

# Mean and variance of the three summands, without category columns.
_SINE_MEAN = 10 * float(np.euler_gamma + math.log(math.pi) - sici(math.pi)[1]) / math.pi
_SINE_VARIANCE = 100 * (0.5 - float(sici(2 * math.pi)[0]) / (4 * math.pi)) - _SINE_MEAN**2
_MEANS = np.array([_SINE_MEAN, 20 / 12, 7.5])
_VARIANCES = np.array([_SINE_VARIANCE, 400 / 180, 125 / 12])


@dataclass(frozen=True)
class BestScores:
    """Scores of the true mean and the true class probabilities, in the units of the labels.

    The plain fields are those of the very rows written; `expected_*` are those of infinitely many rows
    (of the classes: averaged over the true probabilities of the rows written).

    Attributes:
        rows: how many rows.
        mae: mean absolute error of the true mean.
        rmse: root mean squared error of the true mean.
        r2: share of the variance of `y` that the true mean explains.
        accuracy: share of rows whose class is the most probable one.
        log_loss: mean of -ln(true probability of the row's class), in nats.
        majority_accuracy: share of the most frequent class, the least a classifier should reach.
        expected_mae: noise * sqrt(2 / pi).
        expected_rmse: noise.
        expected_r2: 1 - noise^2 / variance of `y`.
        expected_accuracy: mean of the highest true probability.
        expected_log_loss: mean entropy of the true probabilities.
    """

    rows: int
    mae: float
    rmse: float
    r2: float
    accuracy: float
    log_loss: float
    majority_accuracy: float
    expected_mae: float
    expected_rmse: float
    expected_r2: float
    expected_accuracy: float
    expected_log_loss: float


@dataclass(frozen=True)
class Synthetic:
    """A recipe for a table with the columns x1 ..., c1 ..., y and label.

    Args:
        seed: 0 or more.
        noise: standard deviation of the noise of `y`.
        sharpness: 0 makes the classes random, larger values make them clearer.
        noise_columns: how many numeric columns without effect beyond x6 ... x10.
        category_columns: how many category columns.
        missing: share of missing values in the category columns and in the numeric columns without effect.

    Raises:
        InputError: an option is out of range.
    """

    seed: int = 0
    noise: float = 1.0
    sharpness: float = 2.0
    noise_columns: int = 0
    category_columns: int = 0
    missing: float = 0.0

    def __post_init__(self) -> None:
        for name in ("seed", "noise", "sharpness", "noise_columns", "category_columns", "missing"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise InputError(f"`{name}` must be 0 or more, got {value}.")
        if self.missing >= 1:
            raise InputError(f"`missing` must be less than 1, got {self.missing}. Give a share, such as 0.1.")

    def blocks(self, rows: int) -> Iterator[Block]:
        """Yields the table in blocks of at most 16,384 rows."""
        for index, start in enumerate(range(0, rows, _BLOCK)):
            yield self._block(index, min(_BLOCK, rows - start))

    @property
    def variance(self) -> float:
        """The variance of `y` over infinitely many rows."""
        return float(_VARIANCES.sum()) + self._category_variance + self.noise**2

    @property
    def _category_variance(self) -> float:
        return self.category_columns * float(self._level_odds @ (_EFFECTS - self._level_odds @ _EFFECTS) ** 2)

    @property
    def _level_odds(self) -> np.ndarray:
        return np.array([(1 - self.missing) / len(LEVELS)] * len(LEVELS) + [self.missing])

    def _block(self, index: int, rows: int) -> Block:
        def stream(purpose: int, column: int = 0) -> np.random.Generator:
            return np.random.default_rng([self.seed, index, purpose, column])

        # Always a whole block is drawn, so that a table's last rows are those of a longer table.
        columns: dict[str, pa.Array] = {}
        numbers = []
        for i in range(_FEATURES + self.noise_columns):
            # Rounded before anything is computed from it: what is written is what the label depends on.
            x = stream(0, i).random(_BLOCK).round(_DECIMALS)[:rows]
            absent = stream(1, i).random(_BLOCK)[:rows] < (self.missing if i >= 5 else 0)
            numbers.append(x)
            columns[f"x{i + 1}"] = pa.array(x, mask=absent)
        effect = np.zeros(rows)
        for i in range(self.category_columns):
            drawn = stream(2, i).integers(len(LEVELS), size=_BLOCK)[:rows]
            absent = stream(3, i).random(_BLOCK)[:rows] < self.missing
            level = np.where(absent, len(LEVELS), drawn)
            effect += _EFFECTS[level]
            columns[f"c{i + 1}"] = pa.array(np.array([*LEVELS, ""])[level], mask=absent)

        x1, x2, x3, x4, x5 = numbers[:5]
        summands = np.stack([10 * np.sin(np.pi * x1 * x2), 20 * (x3 - 0.5) ** 2, 10 * x4 + 5 * x5 + effect], axis=1)
        mean = summands.sum(axis=1)
        y = (mean + self.noise * stream(4).standard_normal(_BLOCK)[:rows]).round(_DECIMALS)

        centres = _MEANS + np.array([0, 0, self.category_columns * float(self._level_odds @ _EFFECTS)])
        spreads = np.sqrt(_VARIANCES + np.array([0, 0, self._category_variance]))
        logits = self.sharpness * (summands - centres) / spreads
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities = odds / odds.sum(axis=1, keepdims=True)
        uniform = stream(5).random(_BLOCK)[:rows, np.newaxis]
        label = (uniform > probabilities.cumsum(axis=1)[:, :-1]).sum(axis=1)

        columns["y"] = pa.array(y)
        columns["label"] = pa.array(np.array(CLASSES)[label])
        return Block(pa.table(columns), y, mean, label, probabilities)


@dataclass(frozen=True)
class Block:
    """Some rows, with what is known about them.

    Attributes:
        table: the columns as written.
        y: the regression label, [n].
        mean: its true mean given the row, [n].
        label: the class label as an index into `CLASSES`, [n].
        probabilities: the true class probabilities given the row, [n, 3].
    """

    table: pa.Table
    y: np.ndarray
    mean: np.ndarray
    label: np.ndarray
    probabilities: np.ndarray


@dataclass
class _Sums:
    """Sums over blocks; the blocks are always the same, so the scores do not depend on the chunks written."""

    rows: int = 0
    absolute: float = 0.0
    squared: float = 0.0
    centre: float = 0.0
    y: float = 0.0
    y_squared: float = 0.0
    hits: int = 0
    loss: float = 0.0
    highest: float = 0.0
    entropy: float = 0.0
    counts: np.ndarray = field(default_factory=lambda: np.zeros(len(CLASSES), dtype=np.int64))

    def add(self, block: Block) -> None:
        if not self.rows:
            self.centre = float(block.y.mean())  # keeps the variance exact where the mean is large
        error, p = block.y - block.mean, block.probabilities
        tiny = np.finfo(np.float64).tiny
        self.rows += len(error)
        self.absolute += float(np.abs(error).sum())
        self.squared += float((error**2).sum())
        self.y += float((block.y - self.centre).sum())
        self.y_squared += float(((block.y - self.centre) ** 2).sum())
        self.hits += int((p.argmax(axis=1) == block.label).sum())
        self.loss -= float(np.log(np.maximum(p[np.arange(len(p)), block.label], tiny)).sum())
        self.highest += float(p.max(axis=1).sum())
        self.entropy -= float((p * np.log(np.maximum(p, tiny))).sum())
        self.counts += np.bincount(block.label, minlength=len(CLASSES))

    def scores(self, recipe: Synthetic) -> BestScores:
        n = self.rows
        total = self.y_squared - self.y**2 / n
        return BestScores(
            rows=n,
            mae=self.absolute / n,
            rmse=math.sqrt(self.squared / n),
            r2=1 - self.squared / total if total > 0 else math.nan,
            accuracy=self.hits / n,
            log_loss=self.loss / n,
            majority_accuracy=float(self.counts.max()) / n,
            expected_mae=recipe.noise * math.sqrt(2 / math.pi),
            expected_rmse=recipe.noise,
            expected_r2=1 - recipe.noise**2 / recipe.variance,
            expected_accuracy=self.highest / n,
            expected_log_loss=self.entropy / n,
        )


def write(
    path: str | os.PathLike[str],
    rows: int,
    *,
    seed: int = 0,
    noise: float = 1.0,
    sharpness: float = 2.0,
    noise_columns: int = 0,
    category_columns: int = 0,
    missing: float = 0.0,
    chunk_rows: int = 65_536,
) -> BestScores:
    """Writes a synthetic table as CSV or Parquet and returns the best possible scores of its rows.

    Memory is bounded by `chunk_rows`, which does not change the rows. The file appears when complete.

    Args:
        path: ends in .csv or .parquet; folders are made.
        rows: 1 or more.
        seed: see `Synthetic`, as for the other options.
        noise: standard deviation of the noise of `y`.
        sharpness: how clear the classes are.
        noise_columns: numeric columns without effect beyond x6 ... x10.
        category_columns: category columns c1, c2, ...
        missing: share of missing values.
        chunk_rows: rows written at a time; the row groups of a Parquet file.

    Raises:
        InputError: an option is out of range or the path cannot be written.
    """
    path = Path(path)
    recipe = Synthetic(seed, noise, sharpness, noise_columns, category_columns, missing)
    if path.suffix not in (".csv", ".parquet"):
        raise InputError(f"The output file must end in .csv or .parquet, got `{path}`.")
    for name, count in (("rows", rows), ("chunk_rows", chunk_rows)):
        if count < 1:
            raise InputError(f"`{name}` must be 1 or more, got {count}.")
    sums = _Sums()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as partial:
            _write_chunks(partial, path.suffix, recipe, rows, chunk_rows, sums)
    except OSError as error:
        raise InputError(f"The output file must be writable, got `{path}`: {error.strerror or error}.") from error
    return sums.scores(recipe)


def _write_chunks(file: Path, suffix: str, recipe: Synthetic, rows: int, chunk_rows: int, sums: _Sums) -> None:
    schema = next(recipe.blocks(1)).table.schema
    if suffix == ".csv":
        writer = pa.csv.CSVWriter(file, schema, write_options=pa.csv.WriteOptions(quoting_style="none"))
    else:
        writer = pa.parquet.ParquetWriter(file, schema)
    with writer:
        waiting = schema.empty_table()
        for block in recipe.blocks(rows):
            sums.add(block)
            waiting = pa.concat_tables([waiting, block.table])
            whole = waiting.num_rows - waiting.num_rows % chunk_rows
            for start in range(0, whole, chunk_rows):
                writer.write_table(waiting.slice(start, chunk_rows).combine_chunks())
            waiting = waiting.slice(whole)
        if waiting.num_rows:
            writer.write_table(waiting.combine_chunks())
