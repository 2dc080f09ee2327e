"""From a registered choice to its code.

A module apart from the registries: the code of a step that imports this one can be any implementation that its
registries name, and its fingerprint covers all of them (`step_fingerprint`). Whoever only reads names and words
imports the registries alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from components.shared.registry import Choice


def implementation(choice: Choice) -> Any:
    """Returns the function or class that a choice stands for, None where it has none."""
    if not isinstance(choice.implementation, str):
        return choice.implementation
    module, _, name = choice.implementation.partition(":")
    return getattr(import_module(module), name)
