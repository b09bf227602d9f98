"""What a market does to its clients, measured by simple ones: fades, toxic pools, queues."""

from penstock.trials.evidence.clients import pool_rests
from penstock.trials.evidence.findings import (
    TOXIC_FRAC,
    Finding,
    fading,
    findings,
    pings,
    pool_day,
    toxicity,
)
from penstock.trials.evidence.page import finding_figure, market_page, queue_figure, said
from penstock.trials.evidence.queue_place import QueuePlace, fill_prob, queue_places

__all__ = [
    "TOXIC_FRAC",
    "Finding",
    "QueuePlace",
    "fading",
    "fill_prob",
    "finding_figure",
    "findings",
    "market_page",
    "pings",
    "pool_day",
    "pool_rests",
    "queue_figure",
    "queue_places",
    "said",
    "toxicity",
]
