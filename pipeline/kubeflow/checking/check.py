"""`mtl kubeflow check`: reads a compiled pipeline, of this project or of another, and says what KFP will not do."""

from __future__ import annotations

from pathlib import Path

import yaml

from pipeline.errors import InputError
from pipeline.kubeflow.checking.compiled_pipeline import Compiled, Finding
from pipeline.kubeflow.checking.rules import RULES


def findings_of(pipeline: Compiled) -> list[Finding]:
    """Returns what KFP refuses, ignores or gets wrong, in the order of the rules."""
    return [finding for rule in RULES.values() for finding in rule(pipeline)]


def read(path: Path) -> Compiled:
    """Reads a compiled pipeline: YAML or JSON, a PipelineSpec or a PipelineJob, with or without a platform document.

    Raises:
        InputError: the file cannot be read or is no pipeline.
    """
    try:
        documents = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise InputError(f"The pipeline must be a readable file, got {path} ({error.strerror}).") from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"{path} must be YAML or JSON, got: {str(error).splitlines()[0]}.") from None
    first = documents[0] if documents and isinstance(documents[0], dict) else {}
    job = first if "pipelineSpec" in first else {}
    spec = job.get("pipelineSpec", first)
    if "root" not in spec or "deploymentSpec" not in spec:
        raise InputError(
            f"{path} must be a compiled pipeline with root and deploymentSpec, got neither. "
            "Compile one with mtl kubeflow compile."
        )
    return Compiled(spec, job, documents[1] if len(documents) > 1 and documents[1] else {})
