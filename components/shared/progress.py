"""How far a step is: said by the step, shown by whoever runs it.

What is said here holds until the next thing is said or the step ends; a terminal shows the newest of it in the step's
line, and a log has a line for each.
"""

from __future__ import annotations

import logging

LOGGER = logging.getLogger("mtl.progress")


def say(words: str) -> None:
    """Says how far the step that is running has come, for instance `epoch 12 of at most 200`."""
    LOGGER.info("%s", words)
