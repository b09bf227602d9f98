"""What the values of one venue of a scenario must agree on."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.sim.codes import BACKGROUND_DEPTH, N_CLASSES
from penstock.sim.scenario.tables import Fees, PoolTurn, Scenario, VenueSpells, VenueTable, is_date
from penstock.sim.scenario.traders import LitFlow, PoolFlow

Complaint = tuple[str, str, object, str]
"""Key, expected, found, fix."""


def wrong_order(key: str, other: str, found: float) -> Iterator[Complaint]:
    """A lower limit that is above the upper one."""
    yield key, f"at most {other}", f"{found:g}", "swap the two, or correct one"


def complaints_of_venue(scenario: Scenario, venue: VenueTable) -> Iterator[Complaint]:
    """Key within the venue, what was expected, found, and how to mend it, of each problem."""
    yield from _kind(venue)
    if scenario.scenario.mode == "generated":
        yield from _who_trades(venue)
    for name in ("order_in", "ack", "market_data"):
        mean = getattr(venue.latency, f"{name}_us")
        jitter = getattr(venue.latency, f"{name}_jitter_us")
        if jitter > mean:
            yield (
                f"latency.{name}_jitter_us",
                f"at most {name}_us, {mean:g}",
                jitter,
                "no message arrives before it left; raise the mean, or lower the jitter",
            )
    yield from _fees(scenario, venue)
    if venue.lit is not None:
        yield from _kinds_of_order(venue.lit)
    if venue.pool is not None:
        yield from _pool(venue.pool)
        yield from _leaks_of_turns(venue, venue.pool)
    if venue.spells is not None:
        yield from _spells(scenario, venue, venue.spells)


def _kind(venue: VenueTable) -> Iterator[Complaint]:
    """A venue with what only the other kinds have: that is wrong, or its kind is."""
    if venue.is_lit:
        kinds, has = "internal or dark", {"[venues.pool]": venue.pool is not None}
    else:
        kinds = "ecn or exchange"
        has = {"[venues.lit]": venue.lit is not None, "protected = true": venue.protected}
    alien = " and ".join(key for key, is_there in has.items() if is_there)
    if alien:
        yield (
            "kind",
            f"{kinds}, the only ones with {alien}",
            f"{venue.kind} with {alien}",
            f"change the kind, or remove {alien}",
        )


def _who_trades(venue: VenueTable) -> Iterator[Complaint]:
    lit, pool = venue.lit, venue.pool
    if venue.is_lit and pool is None and (lit is None or lit.add_per_s == 0.0):
        yield "lit", "a table with add_per_s above 0", "none", "say who trades there"
    if not venue.is_lit and lit is None and pool is None:
        yield "pool", "a table, since the market is generated", "none", "say who trades there"


def _fees(scenario: Scenario, venue: VenueTable) -> Iterator[Complaint]:
    tables = (venue.fees,) if isinstance(venue.fees, Fees) else venue.fees
    for table in tables:
        if not is_date(table.from_day):
            yield "fees.from_day", "a date as YYYYMMDD", table.from_day, "2 March 2026 is 20260302"
    tape, day = scenario.instrument.tape, scenario.scenario.day
    days = [table.from_day for table in venue.fees_of(tape)]
    if min(days, default=99_991_231) > day:
        yield (
            "fees",
            f"a table in force on {day} for tape {tape}",
            f"{len(tables)} for other days or tapes",
            "add the fees of that time, or leave from_day and tapes away",
        )
    if len(days) != len(set(days)):
        yield (
            "fees",
            f"at most one table from each day on for tape {tape}",
            f"from_day twice among {sorted(days)}",
            "nobody could say which of the two applies: remove one, or correct its tapes",
        )


def _kinds_of_order(lit: LitFlow) -> Iterator[Complaint]:
    fracs = (lit.hidden_frac, lit.midpoint_frac, lit.primary_frac, lit.iceberg_frac)
    if sum(fracs) > 1.0 + 1e-9:
        yield (
            "lit.hidden_frac",
            "at most 1 together with midpoint_frac, primary_frac and iceberg_frac",
            f"{sum(fracs):g}",
            "each limit order is of one kind at most; the rest is displayed whole",
        )


def _pool(pool: PoolFlow) -> Iterator[Complaint]:
    if pool.leak_min_bps > pool.leak_max_bps:
        yield from wrong_order("pool.leak_min_bps", "leak_max_bps", pool.leak_min_bps)
    resting = pool.interest_per_s * pool.interest_life_s
    if resting > BACKGROUND_DEPTH:
        yield (
            "pool.interest_per_s",
            f"at most {BACKGROUND_DEPTH} orders a side: interest_per_s times interest_life_s",
            f"{resting:g}",
            "fewer and larger ones: raise interest_shares instead",
        )
    if len(pool.classes) > N_CLASSES:
        yield (
            "pool.classes",
            f"at most {N_CLASSES} classes",
            len(pool.classes),
            "merge those that differ least",
        )
    total = sum(one.frac for one in pool.classes)
    if pool.classes and abs(total - 1.0) > 1e-6:
        yield (
            "pool.classes",
            "fractions that add up to 1",
            f"{total:g}",
            "every contra order is of one class: correct the values of frac",
        )


def _spells(scenario: Scenario, venue: VenueTable, spells: VenueSpells) -> Iterator[Complaint]:
    if venue.pool is None:
        yield "spells", "none where there is no pool", "one", "remove it, or add a pool table"
        return
    if venue.changes:
        yield "spells", "changes or spells", "both", "say when it turns, or leave it to chance"
    if scenario.scenario.mode == "replay":
        yield "spells", "none in a replay: the recorded day is as it was", "one", "remove it"
    if spells.min_s > spells.max_s:
        yield from wrong_order("spells.min_s", "max_s", spells.min_s)


def _leaks_of_turns(venue: VenueTable, pool: PoolFlow) -> Iterator[Complaint]:
    """Limits of a leak stay in order whatever the pool turns into, one change after the other."""
    low_bps, high_bps = pool.leak_min_bps, pool.leak_max_bps
    turns: list[tuple[str, PoolTurn]] = [
        (f"changes[{k}]", change)
        for k, change in sorted(enumerate(venue.changes), key=lambda numbered: numbered[1].at_s)
    ]
    if venue.spells is not None:
        turns.append(("spells", venue.spells))
    for key, turn in turns:
        low_bps = low_bps if turn.leak_min_bps is None else turn.leak_min_bps
        high_bps = high_bps if turn.leak_max_bps is None else turn.leak_max_bps
        if low_bps > high_bps:
            yield from wrong_order(f"{key}.leak_min_bps", "leak_max_bps", low_bps)
