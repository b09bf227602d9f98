"""What makes routing skill worth something: each mechanism shows, with a figure."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from penstock.domain import ChildFill, Event, Ns, Side, Tif
from penstock.sim import Scenario, World
from tests.support.worlds import Client, plain_day

PINT, PDRK, PECN, PNYA, PNYB = range(5)
LITS = (PNYB, PECN, PNYA)
NBBO = 10  # first of its two rows in `touches`


def shares_of_the_touch(scenario: Scenario, seed: int, pause_s: float) -> NDArray[np.float64]:
    """
    Every 20 s, take all that is displayed at the best price, venue by venue, pausing in between.

    Returns for each time how much of it was bought; hidden orders can make that more than all.
    """
    client = Client(World(scenario, seed))
    bought: list[float] = []
    child_id = 0
    while client.world.now_ns + 25 * 10**9 < scenario.end_ns:
        client.wait(20.0)
        side = Side.BUY if len(bought) % 2 else Side.SELL
        column = int(side is Side.BUY)
        rows = client.world._state.touches[column::2].copy()
        best = int(rows[NBBO // 2]["ticks"])
        events: list[Event] = []
        for venue_idx in LITS:
            if rows[venue_idx]["ticks"] == best:
                child_id += 1
                client.take(child_id, venue_idx, side, int(rows[venue_idx]["shares"]), best)
                events += client.wait(pause_s) if pause_s else []
        events += client.wait(0.1)
        filled = sum(event.size_shares for event in events if isinstance(event, ChildFill))
        bought.append(filled / int(rows[NBBO // 2]["shares"]))
    return np.array(bought)


def test_going_venue_by_venue_finds_less_than_going_at_once() -> None:
    """
    Makers pull their quotes elsewhere half a millisecond after a print clears a touch. Takes that
    arrive within that time get all of the best price; takes two milliseconds apart lose a tenth
    and more of it. Without fading the pause costs next to nothing.
    """
    day = plain_day(1_300.0)
    steadfast = msgspec.structs.replace(
        day, makers=msgspec.structs.replace(day.makers, fade_prob=0.0)
    )
    at_once, one_by_one, unafraid = (
        np.concatenate([shares_of_the_touch(scenario, seed, pause_s) for seed in (1, 2)])
        for scenario, pause_s in ((day, 0.0), (day, 0.002), (steadfast, 0.002))
    )
    lost = at_once - one_by_one

    assert at_once.mean() > 0.98
    assert unafraid.mean() > 0.97
    assert lost.mean() - 3.0 * lost.std() / np.sqrt(len(lost)) > 0.05


def test_a_leaking_pool_moves_the_price_against_us_and_the_internal_one_does_not() -> None:
    """1 to 2 bps in three of ten moments with fills, once each, in the direction of our order."""
    day = plain_day(7_200.0)
    client = Client(World(day, 3))
    child_id = 0
    while client.world.now_ns < day.end_ns:
        touch = client.world._state.touches["ticks"]
        for pool in (PINT, PDRK):
            for side, limit in ((Side.BUY, int(touch[NBBO + 1])), (Side.SELL, int(touch[NBBO]))):
                child_id += 1
                client.peg(child_id, pool, side, 500, limit, tif=Tif.IOC)
        client.wait(10.0)
    audit = client.world.audit()
    moves_bps = audit["permanent_ticks"] * audit["side"] / 85.0
    outside = audit["venue_idx"] == PDRK
    moments, first = np.unique(audit["time_ns"][outside], return_index=True)
    leaked = moves_bps[outside][first]
    later_in_a_moment = np.delete(moves_bps[outside], first)

    assert np.count_nonzero(~outside) > 50
    assert (moves_bps[~outside] == 0.0).all()
    assert len(moments) > 100
    assert np.mean(leaked > 0.0) == pytest.approx(0.30, abs=0.12)
    assert (leaked[leaked > 0.0] >= 1.0).all()
    assert (leaked <= 2.0).all()
    assert len(later_in_a_moment) > 10
    assert (later_in_a_moment == 0.0).all()


def test_hidden_interest_lasts() -> None:
    """
    Spells of 3 to 10 minutes: where there is interest now, a minute later there mostly still is;
    a router that remembers its fills can know that.
    """
    day = plain_day(7_200.0)
    now, later = [], []
    for seed in range(4):
        world = World(day, seed)
        seen = []
        while world.now_ns < day.end_ns:
            world.advance(Ns(world.now_ns + 60 * 10**9))
            seen.append((world.hidden().pool_shares[: PDRK + 1] > 0).ravel())
        now.append(np.array(seen[:-1]))
        later.append(np.array(seen[1:]))
    before, after = np.concatenate(now).ravel(), np.concatenate(later).ravel()

    assert 0.1 < before.mean() < 0.4
    assert after[before].mean() > 2.0 * after[~before].mean()


def test_what_a_trade_does_for_a_while_wears_off() -> None:
    """Transient impact falls by 1/e in 30 s, seen where nobody else has a reason to trade."""
    change = msgspec.structs.replace
    day = plain_day(200.0)
    day = change(
        day,
        price=change(
            day.price, noise_bps_per_sqrt_s=0.0, drift_sd_bps_per_s=0.0, jump_interval_s=0.0
        ),
        flow=change(day.flow, informed_per_s=0.0),
        venues=tuple(
            change(venue, lit=change(venue.lit, market_per_s=0.0)) if venue.lit else venue
            for venue in day.venues
        ),
    )
    client = Client(World(day, 5))
    assert abs(client.world.hidden().transient_ticks) < 0.1
    ask = int(client.world._state.touches["ticks"][NBBO + 1])
    client.take(1, PNYA, Side.BUY, 600, ask)
    client.wait(0.05)
    before = client.world.hidden().transient_ticks
    client.wait(30.0)
    after = client.world.hidden().transient_ticks

    assert before == pytest.approx(client.world.audit()["transient_ticks"].sum(), rel=0.05)
    assert before > 3.0
    assert after / before == pytest.approx(np.exp(-1.0), abs=0.1)
