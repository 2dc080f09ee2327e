"""The wiring and the user's surface: configuration, graph, runner, command line."""

import os
import sys

# `python -m pipeline.cli.main` and an empty entry of PYTHONPATH let Python look in the current folder before its own: a
# `random.py` or `components/` beside the data would be run in the place of the one that is meant. Here is the first
# place to prevent that. A folder that is named by its whole path stays, and so does a checkout.
if sys.argv[:1] == ["-m"] or os.path.basename(sys.argv[0]) == "mtl":
    _kept = [os.path.dirname(os.path.dirname(os.path.abspath(__file__))), *os.environ.get("PYTHONPATH", "").split(":")]
    sys.path[:] = [folder for folder in sys.path if folder in _kept or folder not in ("", os.getcwd())]
