"""A pool of Beam workers in this environment: processes that a runner on the same machine asks for.

    python -m pipeline.workers.worker_pool --service_port=50000

Beam's own pool, where no boot program is named, starts its workers without the options of the job. These know them, so
they import what the job's `--beam_plugin` names before anything else of it, and reach the files that its options allow.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import grpc
from apache_beam.portability.api import beam_fn_api_pb2, beam_provision_api_pb2, beam_provision_api_pb2_grpc
from apache_beam.runners.worker.worker_pool_main import BeamFnExternalWorkerPoolServicer
from google.protobuf import json_format, text_format

from components.shared.process_isolation import isolate_children

_WORKER = [sys.executable, "-P", "-m", "apache_beam.runners.worker.sdk_worker_main"]
_PATIENCE = 60.0


class WorkerPool(BeamFnExternalWorkerPoolServicer):
    """Starts and stops workers, each a process of its own."""

    def StartWorker(
        self, request: beam_fn_api_pb2.StartWorkerRequest, context: Any
    ) -> beam_fn_api_pb2.StartWorkerResponse:
        """Starts one worker; the answer holds the traceback where that fails."""
        del context
        try:
            variables = _variables(request, _provision(request))
            self._worker_processes[request.worker_id] = subprocess.Popen(_WORKER, env=os.environ | variables)
        except Exception:
            return beam_fn_api_pb2.StartWorkerResponse(error=traceback.format_exc())
        return beam_fn_api_pb2.StartWorkerResponse()


def _provision(request: beam_fn_api_pb2.StartWorkerRequest) -> beam_provision_api_pb2.ProvisionInfo:
    """Asks the runner what the worker is to know."""
    with grpc.insecure_channel(request.provision_endpoint.url) as channel:
        stub = beam_provision_api_pb2_grpc.ProvisionServiceStub(channel)
        named = (("worker_id", request.worker_id),)
        return stub.GetProvisionInfo(
            beam_provision_api_pb2.GetProvisionInfoRequest(), metadata=named, timeout=_PATIENCE
        ).info


def _variables(
    request: beam_fn_api_pb2.StartWorkerRequest, info: beam_provision_api_pb2.ProvisionInfo
) -> dict[str, str]:
    """Returns what Beam's boot program hands a worker; what the runner provides wins over what it asked with."""
    endpoints = {
        "CONTROL": info.control_endpoint if info.control_endpoint.url else request.control_endpoint,
        "LOGGING": info.logging_endpoint if info.logging_endpoint.url else request.logging_endpoint,
        "STATUS": info.status_endpoint,
    }
    return {
        "WORKER_ID": request.worker_id,
        "PIPELINE_OPTIONS": json_format.MessageToJson(info.pipeline_options),
        "RUNNER_CAPABILITIES": " ".join(info.runner_capabilities),
    } | {
        f"{name}_API_SERVICE_DESCRIPTOR": text_format.MessageToString(endpoint)
        for name, endpoint in endpoints.items()
        if endpoint.url
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Serves until the process is told to end, and then ends its workers."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--service_port", type=int, default=50000)
    port = parser.parse_args(arguments).service_port
    isolate_children()
    # As the first process of a container it would not get the signal without a handler, and its workers would stay.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    address, server = WorkerPool.start(use_process=True, port=port)
    print(f"Beam workers are started for who asks at {address}.", flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
