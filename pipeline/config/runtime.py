"""The section `runtime`: where the steps run, and what runs their Beam jobs."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from components.objects.place import is_remote
from pipeline.config.base import Section
from pipeline.config.metadata_address import checked_address

LOCAL: Final = "local"
PORTABLE: Final = "portable"
FLINK: Final = "flink"
DATAFLOW: Final = "dataflow"

_HERE = ("localhost", "127.0.0.1", "[::1]")
_ENVIRONMENT = re.compile(r"--environment_(type|config|options?)\b")


def _address(text: str) -> str:
    if not re.fullmatch(r"[\w.-]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5}", text):
        raise ValueError(f'must be host:port, got "{text}"')
    return text


def _bucket(text: str) -> str:
    if not re.fullmatch(r"gs://[^/]+/.+", text):
        raise ValueError(f'must be a folder such as gs://bucket/temporary, got "{text}"')
    return text


class Runtime(Section):
    """Where and how the steps run."""

    output: str | None = None
    """Folder of metadata, artifacts and logs; left out: `runs/<name>` in the current folder."""
    artifacts: str | None = None
    """Folder of the artifacts, which every worker must see at the same place, as on a volume that machines share; left
    out: `artifacts` in the output folder."""
    metadata: Annotated[str, AfterValidator(checked_address)] | None = None
    """Database of ML Metadata: `mysql://user@host/database` or `postgresql://user@host/database`, the password in the
    environment variable `MTL_METADATA_PASSWORD`; left out: SQLite, `metadata.db` in the output folder."""
    engine: Literal["local", "portable", "flink", "dataflow"] = LOCAL
    """What runs the Apache Beam steps (ExampleGen, StatisticsGen, DataValidator, Transform, Evaluator). `local`: this
    machine; `portable`: a Beam job server, Spark's for instance; `flink`: Apache Flink; `dataflow`: Google Cloud
    Dataflow. See pipeline/workers/README.md."""
    workers: Annotated[int, Field(ge=1)] = 1
    """How many workers: processes of `local`, processes on each node of `portable`, the parallelism of `flink`, the
    virtual machines of `dataflow`."""
    endpoint: Annotated[str, AfterValidator(_address)] | None = None
    """`host:port` of the job server of `portable`, or of the Flink cluster's REST interface; left out for `flink`: a
    Flink on this machine, for this job alone."""
    pool: Annotated[str, AfterValidator(_address)] | None = None
    """`host:port` of a worker pool, as the nodes of `portable` or `flink` reach it."""
    image: str | None = None
    """Container image of the workers, for `portable`, `flink` and `dataflow`."""
    jar: str | None = None
    """Beam's job server for `flink`, a file or URL; left out: Beam fetches its own from Maven."""
    project: str | None = None
    """Google Cloud project of `dataflow`."""
    region: str | None = None
    """Region of `dataflow`, for instance `europe-west1`."""
    temp_location: Annotated[str, AfterValidator(_bucket)] | None = None
    """Folder at `gs://` for the temporary files of `dataflow`."""
    beam_args: list[str] = []
    """Further arguments of Apache Beam; they win over those that the engine stands for."""

    @field_validator("output")
    @classmethod
    def _local(cls, output: str | None) -> str | None:
        if output is not None and "://" in output:
            raise ValueError(f"must be a local folder, got {output}. push.destination may be remote")
        return output

    @field_validator("artifacts")
    @classmethod
    def _seen_as_files(cls, artifacts: str | None) -> str | None:
        if artifacts is None or not ("://" in artifacts or is_remote(artifacts)):
            return artifacts
        reason = "TensorFlow 2.21 has no such file system"
        if artifacts.startswith("gs://"):
            reason = "The steps read and write artifacts as files of a folder"
        raise ValueError(
            f"must be a folder that all workers see, got {artifacts}. {reason}; name a volume that they share, or a "
            "folder where the bucket is mounted"
        )

    @model_validator(mode="after")
    def _fits_the_engine(self) -> Runtime:
        for key in _NEEDED[self.engine]:
            if getattr(self, key) is None:
                raise ValueError(f"{key} must be given for the engine {self.engine}, got nothing. Set runtime.{key}")
        for key, engines in _MEANT_FOR.items():
            value = getattr(self, key)
            if value is not None and self.engine not in engines:
                engine = " or ".join(engines)
                raise ValueError(
                    f'{key} must be left out for the engine {self.engine}, got "{value}". '
                    f"Remove it, or set runtime.engine to {engine}"
                )
        return self

    @model_validator(mode="after")
    def _workers_have_one_place(self) -> Runtime:
        if self.pool is not None and self.image is not None:
            raise ValueError(
                f'pool must be left out beside runtime.image, got "{self.pool}" and "{self.image}". Remove one of both'
            )
        if self.engine not in (PORTABLE, FLINK) or not self.in_this_process:
            return self
        if self.workers > 1:
            raise ValueError(
                f"workers must be 1 without runtime.pool and runtime.image, got {self.workers}. "
                "The one worker is then the process of the step; set one of both"
            )
        if self.endpoint is not None and self.endpoint.rpartition(":")[0] not in _HERE:
            raise ValueError(
                f'endpoint must be on localhost without runtime.pool and runtime.image, got "{self.endpoint}". '
                "The worker is then the process of the step, which other machines do not reach; set one of both"
            )
        return self

    @property
    def in_this_process(self) -> bool:
        """Whether a job server has the process that submits the job as its worker, as nothing says otherwise."""
        said = any(_ENVIRONMENT.match(argument) for argument in self.beam_args)
        return self.pool is None and self.image is None and not said


_NEEDED: dict[str, tuple[str, ...]] = {
    LOCAL: (),
    PORTABLE: ("endpoint",),
    FLINK: (),
    DATAFLOW: ("project", "region", "temp_location", "image"),
}
_MEANT_FOR: dict[str, tuple[str, ...]] = {
    "endpoint": (PORTABLE, FLINK),
    "pool": (PORTABLE, FLINK),
    "image": (PORTABLE, FLINK, DATAFLOW),
    "jar": (FLINK,),
    "project": (DATAFLOW,),
    "region": (DATAFLOW,),
    "temp_location": (DATAFLOW,),
}
