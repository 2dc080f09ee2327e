"""The report's part on relatedness: what sharing did to each head, the angle of the gradients, and the cost."""

from __future__ import annotations

from statistics import mean

from components.formats.estimates import Estimate
from components.formats.relatedness import Relatedness, Sharing
from components.formats.report import RelatednessPart, SeedCosine, SharedHead


def relatedness_part(found: Relatedness) -> RelatednessPart:
    """Returns what is known of it, as the report shows it."""
    cosines = [cosine for cosine in found.gradient_cosine if cosine is not None]
    return RelatednessPart(
        seeds=found.seeds,
        confidence=found.level,
        rule=found.rule,
        heads={head: _head(str(found.labels[head]), result) for head, result in found.heads.items()},
        gradient_cosine=SeedCosine(mean(cosines) if cosines else None, found.gradient_cosine),
        cost=found.cost,
    )


def _head(label: str, result: Sharing) -> SharedHead:
    return SharedHead(
        label=label,
        metric=result.metric,
        title=result.title,
        n=result.n,
        multi_task=result.multi_task,
        single_task=result.single_task,
        verdict=result.verdict,
        sentence=result.sentence,
        by_seed=result.by_seed,
        change=Estimate(result.change.value, result.change.low, result.change.high),
    )
