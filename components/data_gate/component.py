"""The DataGate step: stops the run where the validation found something that must not be trained on.

Judging and stopping are two steps, so that a report of the data exists for a run that was stopped too.
Everything that learns from the data comes after this step.
"""

from tfx.dsl.component.experimental.annotations import InputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types.standard_artifacts import ExampleAnomalies

from components.formats.findings import Findings
from components.shared.errors import Rejected


@component
def DataGate(anomalies: InputArtifact[ExampleAnomalies], code: Parameter[str]) -> None:
    """Lets the run go on, or stops it.

    Args:
        anomalies: what the DataValidator found.
        code: fingerprint of this step's code, part of the cache key.

    Raises:
        Rejected: an anomaly has level `fail`.
    """
    del code
    if problems := Findings.read(anomalies.uri).problems:
        raise Rejected(problems)
