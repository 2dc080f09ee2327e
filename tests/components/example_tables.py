"""Tables to ingest, and the examples made of them as plain values."""

from pathlib import Path

import numpy as np
import pandas as pd
import tensorflow as tf
from tfx_bsl.cc.tfx_bsl_extension.coders import ExampleToNumpyDict

from components.example_gen.spec import SPLITS, IngestSpec

ROWS = 400


def frame(rows=ROWS, seed=0):
    """Rows with each kind of column and gaps in all of them but the labels."""
    draw = np.random.default_rng(seed)
    data = pd.DataFrame(
        {
            "price": draw.normal(size=rows).round(4),
            "grade": draw.choice(["low", "mid", "high, or so"], rows),
            "count": pd.array(draw.integers(0, 9, rows), "Int64"),
            "size (mm)": draw.normal(size=rows).round(3),
            "town": draw.choice(["Ulm", "Köln"], rows),
            "p_1": draw.normal(size=rows).round(2),
            "p_2": draw.normal(size=rows).round(2),
        }
    )
    for place, name in enumerate(data.columns[2:]):
        data.loc[place::17, name] = None
    return data


def spec(path, **fields):
    return IngestSpec((str(path),), **({"regression": "price", "classification": "grade"} | fields))


def csv_file(tmp_path, data, name="t.csv", **options):
    data.to_csv(tmp_path / name, index=False, **options)
    return tmp_path / name


def read(folder, split):
    """The rows of a split as plain Python values, in file order."""
    files = sorted(str(path) for path in Path(folder, f"Split-{split}").iterdir())
    rows = []
    for record in tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator():
        row = {name: None if value is None else value.tolist() for name, value in ExampleToNumpyDict(record).items()}
        rows.append({name: value if value is None or len(value) > 1 else value[0] for name, value in row.items()})
    return rows


def contents(folder):
    """All rows with their split, sorted: equal for equal data whatever the order of the rows."""
    return sorted(repr((split, sorted(row.items()))) for split in SPLITS for row in read(folder, split))
