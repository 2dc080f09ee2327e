"""TFX's cache keys: without what says where the work of the Beam steps is done, with where the artifacts must lie."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from tfx.orchestration.portable import cache_utils
from tfx.proto.orchestration import executable_spec_pb2


@contextlib.contextmanager
def cache_keys(place: str) -> Iterator[None]:
    """Leaves the arguments of Beam out of the cache keys, and puts a place in, while the block lasts.

    A step gives the same on every engine, and TFX has no other way to keep its arguments out of its key.

    Args:
        place: what tells artifacts that can be used from others; empty for none.
    """
    with_engine = cache_utils.get_cache_context

    def get_cache_context(*arguments: Any, executor_spec: Any = None, parameters: Any = None, **named: Any) -> Any:
        if place:
            parameters = {**(parameters or {}), "artifacts": place}
        if isinstance(executor_spec, executable_spec_pb2.BeamExecutableSpec):
            copied = executable_spec_pb2.BeamExecutableSpec()
            copied.CopyFrom(executor_spec)
            copied.ClearField("beam_pipeline_args")
            copied.ClearField("beam_pipeline_args_placeholders")
            executor_spec = copied
        return with_engine(*arguments, executor_spec=executor_spec, parameters=parameters, **named)

    cache_utils.get_cache_context = get_cache_context
    try:
        yield
    finally:
        cache_utils.get_cache_context = with_engine
