"""The errors a step may raise on purpose; each leaves the program as one sentence and an exit code.

    MtlError
    ├── InputError       the user's data, config or environment must change (exit 2)
    └── Rejected         rejected by a gate; nothing is broken (exit 3)

Every message follows one pattern: "`what` must be `constraint`, got `value`. `What to do`."
Anything else that escapes a step is a bug (exit 1) and keeps its traceback in the log.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from components.shared.column_names import other_letters


class MtlError(Exception):
    """Base of all errors raised on purpose; `except MtlError` catches every one of them."""

    exit_code = 1


class InputError(MtlError):
    """The user's input cannot be used as it is."""

    exit_code = 2


class Rejected(MtlError):
    """A gate refused the data or the model.

    Args:
        problems: one sentence for each thing that is wrong, most important first.
    """

    exit_code = 3

    def __init__(self, problems: Sequence[str]):
        super().__init__(" ".join(problems))
        self.problems = list(problems)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Returns ` Did you mean "x"?` for the closest known name, or an empty string.

    Where the two look the same, it says which letter differs.
    """
    lowered = {candidate.lower(): candidate for candidate in known}
    close = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    if not close:
        return ""
    meant = lowered[close[0]]
    return f' Did you mean "{meant}"?{other_letters(name, meant)}'
