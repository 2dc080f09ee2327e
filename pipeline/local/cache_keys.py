"""TFX's cache keys of the Beam steps, without what says where their work is done."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from tfx.orchestration.portable import cache_utils
from tfx.proto.orchestration import executable_spec_pb2


@contextlib.contextmanager
def without_engine() -> Iterator[None]:
    """Leaves the arguments of Beam out of the cache keys while the block lasts.

    A step gives the same on every engine, and TFX has no other way to keep its arguments out of its key.
    """
    with_engine = cache_utils.get_cache_context

    def get_cache_context(*arguments: Any, executor_spec: Any = None, **named: Any) -> Any:
        if isinstance(executor_spec, executable_spec_pb2.BeamExecutableSpec):
            copied = executable_spec_pb2.BeamExecutableSpec()
            copied.CopyFrom(executor_spec)
            copied.ClearField("beam_pipeline_args")
            copied.ClearField("beam_pipeline_args_placeholders")
            executor_spec = copied
        return with_engine(*arguments, executor_spec=executor_spec, **named)

    cache_utils.get_cache_context = get_cache_context
    try:
        yield
    finally:
        cache_utils.get_cache_context = with_engine
