"""Names of the files that the steps leave in their artifacts, for those who write them and those who read them."""

from __future__ import annotations

SAVED_MODEL = "saved_model.pb"
"""The file that makes a folder a model, to the pushes and to TensorFlow Serving."""
EXTRA = "assets.extra"
"""What TensorFlow Serving ignores in a model's folder."""
VERSION_MANIFEST = f"{EXTRA}/mtl.json"
"""Where a pushed version came from, in its folder."""
SCHEMA = "schema.pbtxt"
"""A schema in text format, in its artifact and among the extra files of a model."""
ROWS = "rows"
"""Folder of the rows' fingerprints, beside the ingest's account, in the Examples."""
SEEN = "seen.npz"
"""The rows that a pushed version has seen, with the version."""
LOCK = ".lock"
"""Held by the run of an output folder, and by the pushes and rollbacks of a folder of versions."""
