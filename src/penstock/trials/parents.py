"""The parents of a day: who wants what, when; the same for every policy."""

from __future__ import annotations

import numpy as np

from penstock.domain import (
    Ns,
    ParentOrder,
    Shares,
    Side,
    check_parent,
    from_seconds,
    stream,
)
from penstock.sim import Scenario


def parents_of_day(scenario: Scenario, seed: int) -> list[ParentOrder]:
    """
    The day's parent orders, in order of arrival.

    They have their own random stream, so that neither the market nor the policy moves them.
    Arrivals are uniform between the lead-in and the last moment that leaves the longest horizon.
    Sizes are log-uniform in shares of the average daily volume, in whole round lots.

    Raises:
        OrderError: the scenario asks for an order that no market could take.
    """
    wish = scenario.parents
    generator = stream(seed, "parents")
    longest_ns = from_seconds(max(wish.horizon_s))
    first_ns = scenario.start_ns + from_seconds(wish.lead_in_s)
    last_ns = max(first_ns, scenario.end_ns - longest_ns - from_seconds(wish.lead_in_s))
    arrivals_ns = np.sort(generator.integers(first_ns, last_ns + 1, size=wish.n_per_day))
    orders = [
        _one(scenario, generator, idx + 1, Ns(int(arrival_ns)))
        for idx, arrival_ns in enumerate(arrivals_ns)
    ]
    for order in orders:
        check_parent(order, n_instruments=1)
    return orders


def _one(
    scenario: Scenario, generator: np.random.Generator, parent_id: int, arrival_ns: Ns
) -> ParentOrder:
    wish = scenario.parents
    adv_shares = scenario.instrument.adv_shares
    low, high = np.log(wish.size_min_adv_frac), np.log(wish.size_max_adv_frac)
    wanted = adv_shares * float(np.exp(generator.uniform(low, high)))
    lot = scenario.instrument.round_lot_shares
    return ParentOrder(
        parent_id=parent_id,
        client=wish.client,
        instrument_idx=0,
        side=Side.BUY if generator.random() < wish.buy_frac else Side.SELL,
        size_shares=Shares(max(lot, lot * round(wanted / lot))),
        limit_ticks=None,
        arrival_ns=arrival_ns,
        horizon_ns=from_seconds(float(generator.choice(wish.horizon_s))),
        urgency_frac=float(generator.choice(wish.urgency_frac)),
    )
