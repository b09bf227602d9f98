"""Everything that is known about a market before a scenario is made of it."""

from __future__ import annotations

from typing import NamedTuple

from penstock.trials.calibration.impact import Aggressors, aggressors
from penstock.trials.calibration.order_figures import OrderFigures
from penstock.trials.calibration.sample import Sample
from penstock.wire import (
    AtsShares,
    ExchangeShares,
)
from penstock.wire.rule605 import Rule605


class Evidence(NamedTuple):
    """
    A sample of the market itself, and what other sources add.

    `orders_borrowed_from` names the stock whose orders `order_figures` describe where it is
    another one.
    """

    sample: Sample
    taken: Aggressors
    adv_shares: int
    order_figures: OrderFigures | None = None
    orders_borrowed_from: str | None = None
    exchange_shares: ExchangeShares | None = None
    ats_shares: AtsShares | None = None
    ats_part: float | None = None  # of off-exchange volume
    rule605: Rule605 | None = None

    @property
    def traded_per_s(self) -> float:
        """Orders that take on exchanges, per second."""
        return len(self.taken.shares) / self.sample.duration_s


def evidence_of(
    sample: Sample,
    adv_shares: int,
    *,
    order_figures: OrderFigures | None = None,
    orders_borrowed_from: str | None = None,
    exchange_shares: ExchangeShares | None = None,
    ats_shares: AtsShares | None = None,
    ats_part: float | None = None,
    rule605: Rule605 | None = None,
) -> Evidence:
    """The same, with the orders that took found in the sample."""
    return Evidence(
        sample, aggressors(sample), adv_shares, order_figures, orders_borrowed_from,
        exchange_shares, ats_shares, ats_part, rule605,
    )  # fmt: skip
