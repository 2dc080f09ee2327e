"""Registries: the closed vocabularies of a configuration, each name with what it stands for.

A registry is the one place that lists its names. The configuration's types, the default search space, the report's
words and the reference tables read it whenever they are made, so that an entry added at run time is in all of them.
It imports no implementation: what a name stands for in code is loaded by `components.shared.implementations`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar


@dataclass(frozen=True)
class Entry:
    """One name of a vocabulary.

    Args:
        name: the name, as the configuration has it.
        words: what it is, for a reader of the report or of the reference; no full stop.
        citation: where it comes from, as `Author et al. year`; empty for nowhere in particular.
    """

    name: str
    words: str
    citation: str = ""

    @property
    def description(self) -> str:
        """The words, and the citation in brackets."""
        return f"{self.words} ({self.citation})" if self.citation else self.words


@dataclass(frozen=True)
class Choice(Entry):
    """One value that a setting can take, and its code.

    Args:
        name: the value, as the configuration has it.
        words: as of `Entry`.
        citation: as of `Entry`.
        implementation: the function or class, or its import path `package.module:name`, which leaves the module alone
            until the choice is made; None where there is nothing to call. A path must be one literal: the fingerprint
            of a step's code looks for them.
        searched: whether `mtl tune` tries it unless the space is given.
    """

    implementation: Callable[..., Any] | str | None = None
    searched: bool = False


E = TypeVar("E", bound=Entry)


class Registry(dict[str, E]):
    """Name -> entry, in the order of registration.

    Args:
        entries: the first entries.
    """

    def __init__(self, *entries: E) -> None:
        super().__init__()
        for entry in entries:
            self.add(entry)

    def add(self, entry: E) -> None:
        """Registers an entry.

        Raises:
            ValueError: its name is taken.
        """
        if entry.name in self:
            raise ValueError(f'An entry must have a name of its own, got "{entry.name}" twice. Choose another one.')
        self[entry.name] = entry

    def describe(self, name: str) -> str:
        """Returns an entry's description, or the name itself where a report is of code that had another registry."""
        return self[name].description if name in self else name


def searched(choices: Registry[Choice]) -> list[str]:
    """Returns the names that `mtl tune` tries unless the space is given."""
    return [choice.name for choice in choices.values() if choice.searched]
