import math
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import dblquad
from scipy.special import softmax
from sklearn import metrics

from components.shared.errors import InputError
from data.synthetic import CLASSES, BestScores, Synthetic, write

EFFECTS = {"a": -2.0, "b": -1.0, "c": 0.0, "d": 1.0, "e": 2.0, "": 3.0}


def summands(frame: pd.DataFrame) -> np.ndarray:
    """The three parts of the true mean, from the written columns alone, [n, 3]."""
    effect = sum(frame[name].fillna("").map(EFFECTS) for name in frame if name.startswith("c"))
    return np.stack(
        [
            10 * np.sin(np.pi * frame.x1 * frame.x2),
            20 * (frame.x3 - 0.5) ** 2,
            10 * frame.x4 + 5 * frame.x5 + effect,
        ],
        axis=1,
    )


def moments(missing: float, category_columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Means and variances of the three parts, by quadrature and by counting levels."""

    def integral(power: int) -> float:
        return dblquad(lambda b, a: (10 * math.sin(math.pi * a * b)) ** power, 0, 1, 0, 1)[0]

    odds = np.array([(1 - missing) / 5] * 5 + [missing])
    effects = np.array(list(EFFECTS.values()))
    effect = odds @ effects
    means = np.array([integral(1), 20 / 12, 7.5 + category_columns * effect])
    spread = category_columns * odds @ (effects - effect) ** 2
    return means, np.array([integral(2) - means[0] ** 2, 400 * (1 / 80 - 1 / 144), 100 / 12 + 25 / 12 + spread])


@pytest.mark.parametrize("options", [{}, {"noise": 0.5, "sharpness": 3.0, "category_columns": 2, "missing": 0.2}])
def test_scores_are_those_of_the_rows_written(options: dict[str, float], tmp_path: Path):
    best = write(tmp_path / "t.parquet", 20_000, seed=3, **options)
    frame = pd.read_parquet(tmp_path / "t.parquet")
    parts = summands(frame)
    mean = parts.sum(axis=1)
    means, variances = moments(options.get("missing", 0.0), options.get("category_columns", 0))
    odds = softmax(options.get("sharpness", 2.0) * (parts - means) / np.sqrt(variances), axis=1)
    label = frame.label.map(CLASSES.index)
    noise = options.get("noise", 1.0)
    expected = BestScores(
        rows=20_000,
        mae=metrics.mean_absolute_error(frame.y, mean),
        rmse=metrics.root_mean_squared_error(frame.y, mean),
        r2=metrics.r2_score(frame.y, mean),
        accuracy=metrics.accuracy_score(label, odds.argmax(axis=1)),
        log_loss=metrics.log_loss(label, odds),
        majority_accuracy=label.value_counts().max() / 20_000,
        expected_mae=noise * math.sqrt(2 / math.pi),
        expected_rmse=noise,
        expected_r2=1 - noise**2 / (variances.sum() + noise**2),
        expected_accuracy=odds.max(axis=1).mean(),
        expected_log_loss=-(odds * np.log(odds)).sum(axis=1).mean(),
    )
    assert asdict(best) == pytest.approx(asdict(expected), rel=1e-9)
    # The rows follow the stated laws: within four standard errors.
    assert best.rmse == pytest.approx(best.expected_rmse, abs=4 * noise / math.sqrt(2 * 20_000))
    assert best.accuracy == pytest.approx(best.expected_accuracy, abs=4 * 0.5 / math.sqrt(20_000))
    assert np.var(mean) == pytest.approx(variances.sum(), rel=0.04)
    for k, name in enumerate(CLASSES):
        assert (frame.label == name).mean() == pytest.approx(odds[:, k].mean(), abs=4 * 0.5 / math.sqrt(20_000))


def test_noise_is_normal_and_tells_nothing_about_the_class(tmp_path: Path):
    write(tmp_path / "t.parquet", 50_000, noise=2.0)
    frame = pd.read_parquet(tmp_path / "t.parquet")
    noise = (frame.y - summands(frame).sum(axis=1)) / 2
    assert abs(noise.mean()) < 4 / math.sqrt(50_000)
    assert (noise**4).mean() == pytest.approx(3, abs=4 * math.sqrt(96 / 50_000)), "kurtosis of a normal variable"
    assert noise.groupby(frame.label).mean().abs().max() < 4 / math.sqrt(50_000 / 4)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_chunks_do_not_change_a_byte_of_the_rows(suffix: str, tmp_path: Path):
    options = {"rows": 40_000, "seed": 1, "category_columns": 1, "missing": 0.1}
    whole = write(tmp_path / f"whole.{suffix}", chunk_rows=100_000, **options)
    parts = write(tmp_path / f"parts.{suffix}", chunk_rows=7_001, **options)
    assert parts == whole
    if suffix == "csv":
        assert (tmp_path / "parts.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    frames = [getattr(pd, f"read_{suffix}")(tmp_path / f"{name}.{suffix}") for name in ("whole", "parts")]
    pd.testing.assert_frame_equal(*frames)
    assert len(frames[0]) == 40_000
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"parts.{suffix}", f"whole.{suffix}"]


def test_csv_and_parquet_hold_the_same_table(tmp_path: Path):
    for suffix in ("csv", "parquet"):
        write(tmp_path / f"t.{suffix}", 3000, category_columns=2, missing=0.3)
    csv = pd.read_csv(tmp_path / "t.csv", float_precision="round_trip")
    parquet = pd.read_parquet(tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(csv, parquet.fillna({"c1": np.nan, "c2": np.nan}))


def frame(recipe: Synthetic, rows: int) -> pd.DataFrame:
    return pd.concat([block.table.to_pandas() for block in recipe.blocks(rows)], ignore_index=True)


def test_longer_and_wider_tables_extend_the_same_one():
    recipe = Synthetic(seed=5)
    short = frame(recipe, 20_000)
    pd.testing.assert_frame_equal(short, frame(recipe, 40_000)[:20_000])
    wide = frame(replace(recipe, noise_columns=3), 20_000)
    assert list(wide) == [f"x{i}" for i in range(1, 14)] + ["y", "label"]
    pd.testing.assert_frame_equal(short, wide[list(short)])
    assert not short.y.equals(frame(replace(recipe, seed=6), 20_000).y)
    assert short.y[:3000].tolist() != short.y[16_384:19_384].tolist(), "blocks differ"


def test_missing_values_are_where_they_cost_nothing():
    missing = frame(Synthetic(missing=0.25, category_columns=2, noise_columns=1), 30_000).isna().mean()
    complete = [f"x{i}" for i in range(1, 6)] + ["y", "label"]
    assert (missing[complete] == 0).all()
    gappy = missing.drop(complete)
    assert list(gappy.index) == [*(f"x{i}" for i in range(6, 12)), "c1", "c2"]
    assert gappy.to_numpy() == pytest.approx(0.25, abs=0.01)


def test_classes_are_random_without_sharpness(tmp_path: Path):
    best = write(tmp_path / "t.csv", 9000, sharpness=0)
    assert (best.expected_accuracy, best.expected_log_loss) == (
        pytest.approx(1 / 3),
        pytest.approx(math.log(3)),
    )


def test_noiseless_number_has_perfect_best_scores(tmp_path: Path):
    best = write(tmp_path / "t.csv", 1, noise=0)
    assert (best.rows, best.expected_mae, best.expected_r2) == (1, 0, 1)
    assert best.mae < 1e-6, "labels are written with six decimals"
    assert math.isnan(best.r2), "one row has no variance"


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("t.txt", {}, r"The output file must end in \.csv or \.parquet, got `.*t\.txt`\."),
        ("t.csv", {"rows": 0}, r"`rows` must be 1 or more, got 0\."),
        ("t.csv", {"chunk_rows": 0}, r"`chunk_rows` must be 1 or more, got 0\."),
        ("t.csv", {"noise": -1}, r"`noise` must be 0 or more, got -1\."),
        ("t.csv", {"noise": math.nan}, r"`noise` must be 0 or more, got nan\."),
        ("t.csv", {"missing": 1}, r"`missing` must be less than 1, got 1\. Give a share, such as 0\.1\."),
    ],
)
def test_wrong_options_are_named(name: str, options: dict[str, float], message: str, tmp_path: Path):
    with pytest.raises(InputError, match=message):
        write(tmp_path / name, **{"rows": 10, **options})
    assert not list(tmp_path.iterdir())


def test_unwritable_output(tmp_path: Path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match=r"The output file must be writable, got `.*t\.csv`: "):
        write(tmp_path / "file" / "t.csv", 10)
