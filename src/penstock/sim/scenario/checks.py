"""What the values of a scenario must agree on; types and single limits are the parser's."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from penstock.domain import MAX_ORDER_SHARES, TICKS_PER_USD, ConfigError, Problem
from penstock.sim.build_crowd import n_live_parents
from penstock.sim.codes import N_OTHERS
from penstock.sim.phase_params import BEFORE_THE_END_S
from penstock.sim.scenario.checks_venues import Complaint, complaints_of_venue, wrong_order
from penstock.sim.scenario.tables import Scenario, is_date

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_SYMBOL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
_DAY_S = 86_400.0
MAX_RESTING = 1_000_000  # background orders, on average, in all books: half a gigabyte
YEARS = range(1970, 2262)  # nanoseconds since 1970 fit into 63 bits
MAX_VENUES = 64  # lit and dark together; books are numbered in eight bits, two to a venue


def check_scenario(scenario: Scenario, file: str) -> None:
    """
    Refuse a scenario whose parts contradict each other.

    Args:
        file: name for the messages; nothing is opened.
    Raises:
        ConfigError: all problems at once: fewer than two venues, no protected lit venue, a mic used
            twice, a venue without the table of its kind, an increment that prices cannot have,
            limits the wrong way round, a day that is none, parents that do not fit in it.
    """
    parts = (_day, _instrument, _venues, _resting, _traders, _schedule, _phases, _parents, _mode)
    problems = [
        Problem(
            where=f"{file}: {_with_mic(key, scenario)}",
            expected=expected,
            found=str(found),
            fix=fix,
        )
        for part in parts
        for key, expected, found, fix in part(scenario)
    ]
    if problems:
        raise ConfigError(problems)


def _with_mic(key: str, scenario: Scenario) -> str:
    """A key with the name of its venue behind the number, as the parser writes it."""
    of_venue = re.match(r"venues\[(\d+)\]", key)
    if of_venue is None:
        return key
    return f"{of_venue[0]} ({scenario.venues[int(of_venue[1])].mic}){key[of_venue.end() :]}"


def _day(scenario: Scenario) -> Iterator[Complaint]:
    about = scenario.scenario
    if not _NAME.fullmatch(about.name):
        yield (
            "scenario.name",
            "1 to 64 of a-z, 0-9, '_', '.', '-', a letter or digit first",
            repr(about.name),
            "choose a name like 'reference-day': models and journals are named after it",
        )
    if not is_date(about.day) or about.day // 10_000 not in YEARS:
        known = f"a date as YYYYMMDD, from {YEARS[0]} to {YEARS[-1]}"
        yield "scenario.day", known, about.day, "2 March 2026 is 20260302"
    if about.start_s >= _DAY_S:
        yield (
            "scenario.start_s",
            f"a second of the day, less than {_DAY_S:,.0f}",
            about.start_s,
            "it is in seconds after midnight: 09:30 is 34_200",
        )
    elif about.start_s + about.duration_s > _DAY_S:
        yield (
            "scenario.duration_s",
            f"an end before midnight, at most {_DAY_S - about.start_s:g} s after the start",
            about.duration_s,
            "shorten the session or start earlier; both are in seconds",
        )


def _instrument(scenario: Scenario) -> Iterator[Complaint]:
    stock = scenario.instrument
    if not _SYMBOL.fullmatch(stock.symbol):
        yield (
            "instrument.symbol",
            "1 to 32 letters, digits, '.', '-' and '_', a letter or digit first",
            repr(stock.symbol),
            "write it without blanks: a share class as in BRK.B",
        )
    increment = stock.increment_usd * TICKS_PER_USD
    # Midpoints must be whole ticks, so the increment is an even number of them.
    if abs(increment - round(increment)) > 1e-6 or round(increment) % 2 or increment < 1.0:
        yield (
            "instrument.increment_usd",
            "a multiple of 0.0002 USD, so that midpoints are whole ticks of 0.0001 USD",
            stock.increment_usd,
            "US stocks above a dollar quote in steps of 0.01",
        )
    if not 50.0 * stock.increment_usd <= stock.price_usd <= 100_000.0:
        yield (
            "instrument.price_usd",
            f"50 increments ({50 * stock.increment_usd:g} USD) to 100,000 USD",
            stock.price_usd,
            "correct the price, or use a finer increment",
        )


def _venues(scenario: Scenario) -> Iterator[Complaint]:
    venues = scenario.venues
    if not 2 <= len(venues) <= MAX_VENUES:
        yield (
            "venues",
            f"2 to {MAX_VENUES} venues: with one there is nothing to route",
            f"{len(venues)} venue" + "s" * (len(venues) != 1),
            "add a [[venues]] table for each venue",
        )
    if not any(venue.is_lit and venue.protected for venue in venues):
        yield (
            "venues",
            "a lit venue (kind ecn or exchange) with protected = true: it makes the NBBO",
            "none",
            "add one, or set protected = true",
        )
    counts = Counter(venue.mic for venue in venues)
    for venue_idx, venue in enumerate(venues):
        if counts[venue.mic] > 1 and venue.mic in {v.mic for v in venues[:venue_idx]}:
            yield (
                f"venues[{venue_idx}].mic",
                "a code that no other venue has",
                venue.mic,
                "give each venue its own mic",
            )
        for key, expected, found, fix in complaints_of_venue(scenario, venue):
            yield f"venues[{venue_idx}].{key}", expected, found, fix


def _resting(scenario: Scenario) -> Iterator[Complaint]:
    resting = [
        0.0 if venue.lit is None else venue.lit.add_per_s * venue.lit.order_life_s
        for venue in scenario.venues
    ]
    if sum(resting) > MAX_RESTING:
        most_idx = resting.index(max(resting))
        yield (
            f"venues[{most_idx}].lit.order_life_s",
            f"at most {MAX_RESTING:,} orders at rest: add_per_s times order_life_s, summed up",
            f"{sum(resting):,.0f}",
            "shorten order_life_s; it is in seconds",
        )


def _traders(scenario: Scenario) -> Iterator[Complaint]:
    price, makers, dark = scenario.price, scenario.makers, scenario.dark
    if price.jump_min_bps > price.jump_max_bps:
        yield from wrong_order("price.jump_min_bps", "jump_max_bps", price.jump_min_bps)
    if 0.0 < price.jump_interval_s < price.grid_ms / 1_000.0:
        yield (
            "price.jump_interval_s",
            f"0 for never, or at least one step of the grid, {price.grid_ms / 1_000.0:g} s",
            price.jump_interval_s,
            "make jumps rarer, or grid_ms smaller",
        )
    if makers.refill_min_s > makers.refill_max_s:
        yield from wrong_order("makers.refill_min_s", "refill_max_s", makers.refill_min_s)
    if len(makers.half_spread_increments) > 16:
        yield (
            "makers.half_spread_increments",
            "at most 16 market makers",
            len(makers.half_spread_increments),
            "each entry is one maker; shares are set by maker_shares of each venue",
        )
    live = n_live_parents(scenario)
    if live > N_OTHERS / 2:
        yield (
            "others.parents_per_hour",
            f"at most {N_OTHERS // 2} parents at work on average: there is room for {N_OTHERS}",
            f"{live:.1f}",
            "fewer or smaller parents, larger slices, or shorter gaps between them",
        )
    if dark.spell_min_s > dark.spell_max_s:
        yield from wrong_order("dark.spell_min_s", "spell_max_s", dark.spell_min_s)


def _schedule(scenario: Scenario) -> Iterator[Complaint]:
    length_s, mode = scenario.scenario.duration_s, scenario.scenario.mode
    dated = [(f"regimes[{k}]", one.at_s) for k, one in enumerate(scenario.regimes)]
    dated += [(f"halts[{k}]", one.at_s) for k, one in enumerate(scenario.halts)]
    for idx, venue in enumerate(scenario.venues):
        dated += [(f"venues[{idx}].changes[{k}]", one.at_s) for k, one in enumerate(venue.changes)]
        if venue.changes and venue.is_lit:
            yield f"venues[{idx}].changes", "none at a lit venue", "some", "they are for pools"
    if dated and mode == "replay":
        yield dated[0][0], "none in a replay: the recorded day is as it was", "one", "remove it"
    for k, regime in enumerate(scenario.regimes):
        if regime.at_s in [earlier.at_s for earlier in scenario.regimes[:k]]:
            yield (
                f"regimes[{k}].at_s",
                "a time at which no other regime begins",
                f"{regime.at_s:g} twice",
                "say which of the two applies: remove one",
            )
    for key, at_s in dated:
        if at_s >= length_s:
            yield f"{key}.at_s", f"less than the session's {length_s:g} s", at_s, "make it earlier"
    ends_s = 0.0
    for k, halt in enumerate(scenario.halts):
        if halt.at_s < ends_s:
            yield (
                f"halts[{k}].at_s",
                f"after the halt before it, {ends_s:g}",
                halt.at_s,
                "sort them",
            )
        ends_s = halt.at_s + halt.duration_s


def _phases(scenario: Scenario) -> Iterator[Complaint]:
    auctions, length_s = scenario.auctions, scenario.scenario.duration_s
    calls_s = auctions.opening_s + auctions.closing_s
    longest_call_s = max(auctions.opening_s, auctions.closing_s)
    has_call = calls_s + auctions.reopening_s > 0.0
    if (has_call or scenario.bands.width_frac > 0.0) and scenario.scenario.mode == "replay":
        where = "auctions" if has_call else "bands"
        yield where, "none in a replay: the recorded day is as it was", "one", "remove it"
    lit = [venue.mic for venue in scenario.venues if venue.is_lit]
    if (has_call and auctions.venue is None) or auctions.venue not in (None, *lit):
        yield (
            "auctions.venue",
            f"the mic of the listing exchange, one of {', '.join(lit)}",
            auctions.venue or "none",
            "say at which lit venue the auctions are",
        )
    if calls_s > 0.0 and calls_s + BEFORE_THE_END_S >= length_s:
        yield (
            "auctions.opening_s",
            f"calls that leave time to trade in a session of {length_s:g} s",
            f"{calls_s:g} s of calls",
            "shorten opening_s or closing_s, or lengthen the session",
        )
    elif longest_call_s > scenario.parents.lead_in_s:
        yield (
            "parents.lead_in_s",
            "as long as the longer call: a parent that arrives in one finds no quotes",
            f"{scenario.parents.lead_in_s:g} s, and a call of {longest_call_s:g} s",
            "lengthen lead_in_s, or shorten opening_s and closing_s",
        )


def _parents(scenario: Scenario) -> Iterator[Complaint]:
    wish = scenario.parents
    if wish.size_min_adv_frac > wish.size_max_adv_frac:
        yield from wrong_order(
            "parents.size_min_adv_frac", "size_max_adv_frac", wish.size_min_adv_frac
        )
    largest = wish.size_max_adv_frac * scenario.instrument.adv_shares
    if largest > MAX_ORDER_SHARES:
        yield (
            "parents.size_max_adv_frac",
            f"at most {MAX_ORDER_SHARES:,} shares",
            f"{wish.size_max_adv_frac}, {largest:,.0f} shares",
            "it is a fraction: 0.001 is a tenth of a percent",
        )
    for key, values in (("horizon_s", wish.horizon_s), ("urgency_frac", wish.urgency_frac)):
        if not values:
            yield f"parents.{key}", "at least one value", "none", "list what a parent may have"
    longest_s = max(wish.horizon_s, default=0.0)
    needed_s = 2.0 * wish.lead_in_s + longest_s
    if needed_s > scenario.scenario.duration_s:
        yield (
            "parents.horizon_s",
            f"a session of {needed_s:g} s or more: the longest horizon, lead_in_s before and after",
            f"duration_s = {scenario.scenario.duration_s:g}",
            "lengthen the session, or shorten the horizons",
        )


def _mode(scenario: Scenario) -> Iterator[Complaint]:
    mode = scenario.scenario.mode
    if mode == "replay" and scenario.replay is None:
        yield "replay", "a table, since the mode is replay", "none", "say which tape it replays"
    if mode == "generated" and scenario.replay is not None:
        yield "replay", "no such table, since the mode is generated", "one", 'set mode = "replay"'
