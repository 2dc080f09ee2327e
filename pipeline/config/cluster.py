"""The `kubeflow:` section: what the pods of the steps get from the cluster."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from pipeline.config.base import Section


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?", text):
        raise ValueError(f'must be a name of Kubernetes (lower-case letters, digits, hyphens, dots), got "{text}"')
    return text


def _quantity(text: str) -> str:
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?", text):
        raise ValueError(f'must be a quantity of Kubernetes such as 500m, 2 or 4Gi, got "{text}"')
    return text


def _mount(text: str) -> str:
    if not re.fullmatch(r"/[^:]+", text):
        raise ValueError(f'must be an absolute folder below /, got "{text}"')
    return text


Name = Annotated[str, AfterValidator(_name)]
Quantity = Annotated[str, Field(coerce_numbers_to_str=True), AfterValidator(_quantity)]
MountPath = Annotated[str, AfterValidator(_mount)]


class Toleration(Section):
    """A taint that the pods tolerate."""

    key: str = ""
    """Key of the taint; empty with `operator: Exists` tolerates every taint."""
    operator: Literal["Equal", "Exists"] = "Exists"
    """`Equal` compares `value`, `Exists` does not."""
    value: str = ""
    """Value of the taint."""
    effect: Literal["", "NoSchedule", "PreferNoSchedule", "NoExecute"] = ""
    """Effect of the taint; empty for all."""


class Secret(Section):
    """A secret of the namespace, as environment variables, as files, or both."""

    name: Name
    """Name of the secret."""
    env: dict[str, str] = {}
    """Environment variable: key of the secret."""
    path: MountPath | None = None
    """Folder where its keys appear as files."""


class Volume(Section):
    """A persistent volume claim of the namespace."""

    claim: Name
    """Name of the claim."""
    path: MountPath
    """Folder where it appears."""


class StepResources(Section):
    """What one step gets; what is left out is as for all steps."""

    cpu: Quantity | None = None
    """CPU request and limit, for instance `2` or `500m`."""
    memory: Quantity | None = None
    """Memory request and limit, for instance `4Gi`."""
    gpu: Annotated[int, Field(ge=0)] = 0
    """Number of GPUs (`nvidia.com/gpu`)."""
    retries: Annotated[int, Field(ge=0, le=100)] | None = None
    """How often a failed pod is started again."""
    cache: bool | None = None
    """Whether KFP may reuse an earlier result."""
    node_selector: dict[str, str] = {}
    """Labels a node must have, besides those for all steps."""
    tolerations: list[Toleration] = []
    """Taints to tolerate, besides those for all steps."""


class Kubeflow(Section):
    """What the pods of the steps get on Kubeflow Pipelines; `mtl run` does not read it."""

    cpu: Quantity | None = None
    """CPU request and limit of every step, for instance `2` or `500m`."""
    memory: Quantity | None = None
    """Memory request and limit of every step, for instance `4Gi`."""
    retries: Annotated[int, Field(ge=0, le=100)] = 2
    """How often a failed pod is started again; a step whose failure is a verdict is not."""
    cache: bool | None = None
    """Whether KFP may reuse earlier results; left out: only if the image is pinned by its digest, because KFP
    knows an image by its name."""
    env: dict[str, str] = {}
    """Environment variables of every step."""
    secrets: list[Secret] = []
    """Secrets of the namespace for every step: `name`, `env` (variable: key) and `path` (folder)."""
    volumes: list[Volume] = []
    """Persistent volume claims of every step: `claim` and `path`."""
    node_selector: dict[str, str] = {}
    """Labels the nodes must have."""
    tolerations: list[Toleration] = []
    """Taints the pods tolerate: `key`, `operator`, `value` and `effect`."""
    pull_secrets: list[Name] = []
    """Secrets that the image is pulled with."""
    steps: dict[str, StepResources] = {}
    """Per step, by its name (`Trainer: {gpu: 1}`): `cpu`, `memory`, `gpu`, `retries`, `cache`, `node_selector`
    and `tolerations`."""

    def of(self, step: str) -> StepResources:
        """Returns everything that holds for one step, its own settings before those for all."""
        own = self.steps.get(step, StepResources())
        return own.model_copy(
            update={
                "cpu": own.cpu or self.cpu,
                "memory": own.memory or self.memory,
                "retries": self.retries if own.retries is None else own.retries,
                "cache": self.cache if own.cache is None else own.cache,
                "node_selector": self.node_selector | own.node_selector,
                "tolerations": self.tolerations + own.tolerations,
            }
        )
