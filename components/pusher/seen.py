"""The rows a pushed model has seen, kept with its version in few bytes.

Of each distinct row that trained, stopped or calibrated the model its fingerprint is kept, 16 bytes: 16 MB for a
million rows. It tells rows apart when some of the columns are gone, too. Above `MAX_ROWS` rows only 4 bytes of each
are kept, which takes all columns and calls at most 1 of 200 new rows seen up to 20 million rows.
"""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np

from components.artifact_files import SEEN
from components.example_gen.identity import BYTES, Identity, fold
from components.example_gen.row_files import RECALLED, read_fingerprints
from components.example_gen.summary import read_summary
from components.outputs import EVAL
from components.trainer.manifest import EXTRA

MAX_ROWS = 2_000_000
_ALL = np.ones(BYTES, bool)


def remember(examples: str, max_rows: int = MAX_ROWS) -> bytes:
    """Returns the record of all rows but those of eval.

    Args:
        examples: root of the Examples artifact.
        max_rows: up to how many distinct rows whole fingerprints are kept.
    """
    summary = read_summary(examples)
    splits = [read_fingerprints(examples, split) for split in summary.splits if split != EVAL]
    together = np.concatenate(splits)
    # Rows are told apart by their folded words, which is faster than by sixteen columns.
    rows = together[np.unique(fold(together, _ALL), return_index=True)[1]]
    if len(rows) > max_rows:
        rows = np.unique(_short(fold(rows, _ALL)))
    content = io.BytesIO()
    np.savez(content, rows=rows, identity=np.array(json.dumps(summary.identity)))
    return content.getvalue()


def seen(model_dir: Path, examples: str) -> np.ndarray | None:
    """Returns which eval rows a pushed model has seen, bool `[n]`, None where nobody can tell.

    Args:
        model_dir: folder of the version.
        examples: root of the Examples artifact.
    """
    path = model_dir / EXTRA / SEEN
    if not path.exists():
        return None
    with np.load(path) as record:
        rows, columns = record["rows"], json.loads(str(record["identity"]))
    summary = read_summary(examples)
    if columns == summary.identity:
        now, usable = read_fingerprints(examples, EVAL), _ALL
    elif columns == summary.recalled:
        now, usable = read_fingerprints(examples, RECALLED), Identity.from_dict(columns).usable(summary.gone)
    else:
        return None
    if rows.ndim == 1:
        return np.isin(_short(fold(now, usable)), rows) if usable.all() else None
    # The labels alone do not tell rows apart.
    return np.isin(fold(now, usable), fold(rows, usable)) if usable.sum() > BYTES // 2 else None


def _short(folded: np.ndarray) -> np.ndarray:
    return (folded >> np.uint64(32)).astype(np.uint32)
