"""What every worker is told of the evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from components.evaluator.analysis.tally import Terms


@dataclass(frozen=True)
class Plan:
    """What is to be read and asked.

    Args:
        examples: root of the Examples artifact.
        schema: the serialized schema in force.
        labels: regression and classification label column.
        entries: the columns of each entry of the slices.
        candidate: folder of the new model.
        rival: folder of the production model; None where it is not asked.
        silence: a clause that says why not, where there is one; None where there is none.
        terms: what rows are counted by.
        strata: the rows that samples are drawn of -> how many are drawn.
        seen: file of a bit for each eval row, in the order of the files: whether the production model has seen it; None
            where nobody knows, and all count as new.
        result: file for what comes out.
    """

    examples: str
    schema: bytes
    labels: tuple[str, str]
    entries: tuple[tuple[str, ...], ...]
    candidate: str
    rival: str | None
    silence: str | None
    terms: Terms
    strata: Mapping[str, int]
    seen: str | None
    result: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns to slice by, each once."""
        return tuple(dict.fromkeys(name for entry in self.entries for name in entry))
