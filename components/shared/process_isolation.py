"""Where a Python process that is started here finds its modules: never in the folder somebody happens to stand in.

Python looks in the current folder first, for `python -m MODULE` as for an empty entry of PYTHONPATH: a `random.py` or
`components/` beside the data would be run in the place of the one that is meant.
"""

from __future__ import annotations

import os
import site
from collections.abc import Mapping
from pathlib import Path

import components

_ROOT = Path(components.__file__).resolve().parents[1]


def isolated(environment: Mapping[str, str]) -> dict[str, str]:
    """Returns an environment for Python processes that find this installation, and nothing by the current folder.

    Args:
        environment: the variables to begin with. Of PYTHONPATH, entries that stand for the current folder are left
            out (a folder that is named by its whole path stays), and this checkout is put before them if it is one.
    """
    here = os.getcwd()
    named = [entry for entry in environment.get("PYTHONPATH", "").split(os.pathsep) if entry]
    paths = [os.path.abspath(entry) for entry in named if os.path.isabs(entry) or os.path.abspath(entry) != here]
    if _ROOT not in {Path(folder).resolve() for folder in site.getsitepackages()}:
        paths.insert(0, str(_ROOT))
    # Python takes an empty PYTHONPATH for none.
    return {**environment, "PYTHONSAFEPATH": "1", "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}


def isolate_children() -> None:
    """Gives every process that this one starts from now on, by whatever library, the `isolated` environment."""
    os.environ.update(isolated(os.environ))
