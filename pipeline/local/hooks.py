"""Watches LocalDagRunner: tells before and after each node, and whether its outputs came from the cache."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Protocol

from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration.portable import launcher


class Observer(Protocol):
    """What wants to know about nodes."""

    def started(self, node: str) -> None:
        """A node is about to run."""

    def finished(self, node: str, cached: bool, artifacts: dict[str, str]) -> None:
        """A node has its outputs: output name -> folder."""

    def failed(self, node: str, error: BaseException) -> None:
        """A node raised."""


@contextlib.contextmanager
def observed(observer: Observer) -> Iterator[None]:
    """Calls the observer around every node launched inside the `with` block.

    LocalDagRunner has no hooks, so its launcher is wrapped while the block lasts.
    """
    launch = launcher.Launcher.launch

    def watched(self: Any) -> Any:
        node = self._pipeline_node.node_info.id
        observer.started(node)
        try:
            info = launch(self)
        except BaseException as error:
            observer.failed(node, error)
            raise
        with self._mlmd_connection as handle:
            store = handle.store
            [execution] = store.get_executions_by_id([info.execution_id])
            events = store.get_events_by_execution_ids([info.execution_id])
            outputs = {
                event.artifact_id: event.path.steps[0].key
                for event in events
                if event.type == metadata_store_pb2.Event.OUTPUT
            }
            found = store.get_artifacts_by_id(list(outputs))
        cached = execution.last_known_state == metadata_store_pb2.Execution.CACHED
        observer.finished(node, cached, {outputs[artifact.id]: artifact.uri for artifact in found})
        return info

    launcher.Launcher.launch = watched
    try:
        yield
    finally:
        launcher.Launcher.launch = launch
