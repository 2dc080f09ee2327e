"""Loss balancing: how two losses share one network (`training.balancing`)."""

from components.trainer.balancing.balancer import Balancer
from components.trainer.balancing.dwa import DynamicWeightAveraging
from components.trainer.balancing.famo import Famo
from components.trainer.balancing.gradnorm import GradNorm
from components.trainer.balancing.pcgrad import PCGrad
from components.trainer.balancing.uncertainty import Uncertainty

BALANCERS: dict[str, type[Balancer]] = {
    "uncertainty": Uncertainty,
    "dwa": DynamicWeightAveraging,
    "gradnorm": GradNorm,
    "pcgrad": PCGrad,
    "famo": Famo,
}
"""Name in the configuration -> balancer; `fixed` needs none."""
