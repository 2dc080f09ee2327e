"""`push.json`: what the Pusher did, for the terminal and the report."""

from __future__ import annotations

from dataclasses import dataclass, field

from components.formats.json_file import JsonFile


@dataclass(frozen=True)
class Push(JsonFile, file="push.json"):
    """What a push did; of a model that was rejected only `pushed` is known.

    Args:
        pushed: whether the model was published, or was there already.
        version: the version that is current now.
        path: its folder; a URI in an object store.
        unchanged: the very same model was current already; nothing was written.
        previous: the version that was current before, None at the first push.
        pruned: the versions removed because only the newest are kept.
        smoke: figures of the model's last check, see `components.pusher.smoke_test.smoke`.
    """

    pushed: bool
    version: int | None = None
    path: str | None = None
    unchanged: bool = False
    previous: int | None = None
    pruned: tuple[int, ...] = ()
    smoke: dict[str, int | float] = field(default_factory=dict)
