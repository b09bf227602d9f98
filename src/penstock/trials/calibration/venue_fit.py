"""Lit venues and pools of a scenario, from who printed what where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np

from penstock.sim.codes import BACKGROUND_DEPTH
from penstock.sim.scenario.tables import Fees, Latency, VenueTable
from penstock.sim.scenario.traders import (
    LitFlow,
    PoolFlow,
)
from penstock.trials.calibration.draft import ASSUMED
from penstock.trials.calibration.evidence import Evidence
from penstock.trials.calibration.tails import fit_tail
from penstock.wire import US_VENUES

# Below this part of the orders that take, a venue joins the small ones under one name.
_OWN_TABLE_FRAC: Final = 0.01
_SMALL_MIC: Final = "PSML"
_N_NAMED_POOLS: Final = 2
ATS_PART: Final = 0.4  # of off-exchange volume, where no file says it
_POOL_PER_LIT: Final = 0.2  # shares that pools trade per share on exchanges, where no tape says it
_ADDS_PER_CHANGE: Final = 4.0  # limit orders for each change of the best quote, to begin with
_LIFE_S: Final = 10.0
_INTEREST_LIFE_S: Final = 30.0
# How often hidden size trades says too much about how much of it there is: it stands inside.
_HIDDEN_AT_MOST: Final = 0.5
_TAIL_LIMITS: Final = (1.2, 8.0)  # what the size table of a scenario can show

# Of the kind that venues published, rounded: taker, maker, midpoint, in dollars a share.
_MAKER_TAKER = Fees(take_usd=0.0030, make_usd=-0.0020, midpoint_usd=0.0010)
_INVERTED = Fees(take_usd=-0.0005, make_usd=0.0010, midpoint_usd=0.0005)
_POOL_FEES = Fees(take_usd=0.0010, make_usd=0.0010, midpoint_usd=0.0010)
_INVERTED_MICS: Final = frozenset({"EDGA", "BATY", "XBOS"})

# Guesses of the order of a client in New Jersey.
_LIT_LATENCY = Latency(
    order_in_us=200.0, order_in_jitter_us=40.0, ack_us=200.0, ack_jitter_us=40.0,
    market_data_us=250.0, market_data_jitter_us=50.0,
)  # fmt: skip
_POOL_LATENCY = Latency(
    order_in_us=200.0, order_in_jitter_us=50.0, ack_us=200.0, ack_jitter_us=50.0,
    market_data_us=500.0, market_data_jitter_us=100.0,
)  # fmt: skip


class FittedVenue(NamedTuple):
    """A venue's table, whose letters of the tape it stands for, and the origins of its values."""

    table: VenueTable
    sample_idxs: tuple[int, ...]  # places in `Sample.venues`
    origins: Mapping[str, str]


def lit_venues(evidence: Evidence, mean_activity: float) -> list[FittedVenue]:
    """
    A table for each exchange with a percent of the orders that take; one for all others together.

    Args:
        mean_activity: mean rate over calm rate; a scenario states the calm one.
    """
    sample, taken = evidence.sample, evidence.taken
    n_taken = np.bincount(taken.venue_idx, minlength=len(sample.venues))
    by_mic: dict[str, list[int]] = {}
    names: dict[str, str] = {}
    for venue_idx in np.argsort(-n_taken, kind="stable").tolist():
        if n_taken[venue_idx] == 0:
            continue
        mic, name = _known(sample.venues[venue_idx])
        if n_taken[venue_idx] < _OWN_TABLE_FRAC * n_taken.sum():
            mic, name = _SMALL_MIC, "Exchanges with less than a percent of the orders, together"
        by_mic.setdefault(mic, []).append(venue_idx)
        names[mic] = name
    return [
        _lit_venue(evidence, mic, names[mic], tuple(idxs), mean_activity)
        for mic, idxs in by_mic.items()
    ]


def _lit_venue(
    evidence: Evidence, mic: str, name: str, idxs: tuple[int, ...], mean_activity: float
) -> FittedVenue:
    sample, taken, orders = evidence.sample, evidence.taken, evidence.order_figures
    is_mine = np.isin(taken.venue_idx, idxs)
    duration_s = sample.duration_s
    changes = float(sample.quote_sides[list(idxs)].sum())
    tail = fit_tail(taken.shares, 100)
    size_tail = 2.2 if tail is None else float(np.clip(tail.exponent, *_TAIL_LIMITS))
    market_shares = float(taken.shares[is_mine].mean())
    mean_touch = float((sample.quotes.bid_shares.mean() + sample.quotes.ask_shares.mean()) / 2)
    taken_from = f"{int(is_mine.sum()):,} orders that took at {mic}"
    origins = {
        "market_per_s": f"{taken_from} in {duration_s:,.0f} s, over mean activity",
        "market_shares": f"{taken_from}: prints of one stamp, venue and side taken together",
        "size_tail": "default: too few sizes for a tail"
        if tail is None
        else f"maximum likelihood {tail.exponent:.2f} ± {tail.error:.2f} from {tail.n:,} sizes "
        f"of {tail.above_shares:,.0f} and more, all exchanges",
        "maker_shares": "mean size at the best price, to begin with",
    }
    hidden_frac, hidden_origin = _hidden(evidence)
    if orders is None:
        values = {
            "add_per_s": _ADDS_PER_CHANGE * changes / duration_s / mean_activity,
            "order_life_s": _LIFE_S,
            "add_shares": market_shares,
            "depth_increments": 2.0,
        }
        origins |= {
            "add_per_s": f"{changes:,.0f} changes of the best quote that it made, to begin with",
            "order_life_s": ASSUMED,
            "add_shares": f"{ASSUMED}: as market_shares",
            "depth_increments": ASSUMED,
        }
    else:
        about = orders.source
        if evidence.orders_borrowed_from is not None:
            about = f"borrowed from {evidence.orders_borrowed_from}: {about}"
        weight = float(is_mine.mean())
        values = {
            # The data hold displayed orders only, the scenario's rate is that of all.
            "add_per_s": orders.add_per_s * weight / mean_activity / (1.0 - hidden_frac),
            "order_life_s": orders.order_life_s,
            "add_shares": orders.add_shares,
            "depth_increments": min(1_000.0, orders.depth_increments),
        }
        origins |= {
            "add_per_s": f"{orders.n_adds:,} displayed orders, by part of the takers; {about}",
            "order_life_s": f"censored exponential; {about}",
            "add_shares": f"mean; {about}",
            "depth_increments": f"geometric, cut at 20; {about}",
        }
    lit = LitFlow(
        add_per_s=max(0.001, values["add_per_s"]),
        market_per_s=float(is_mine.sum()) / duration_s / mean_activity,
        order_life_s=values["order_life_s"],
        add_shares=max(1.0, values["add_shares"]),
        market_shares=max(1.0, market_shares),
        size_tail=size_tail,
        depth_increments=values["depth_increments"],
        hidden_frac=hidden_frac,
        maker_shares=mean_touch,
    )
    table = VenueTable(
        mic=mic,
        name=name,
        kind="ecn" if mic in _INVERTED_MICS else "exchange",
        protected=True,
        fees=_INVERTED if mic in _INVERTED_MICS else _MAKER_TAKER,
        latency=_LIT_LATENCY,
        lit=lit,
    )
    found = {f"lit.{key}": origin for key, origin in origins.items()}
    return FittedVenue(table, idxs, found | {"lit.hidden_frac": hidden_origin})


def _known(code: str) -> tuple[str, str]:
    """MIC and name of a tape's letter; a name that is a MIC already stands for itself."""
    for venue in US_VENUES:
        if venue.code == code:
            return venue.mic, venue.name
    return (code if len(code) == 4 else f"V{code:>03}"[:4].upper()), code


def _hidden(evidence: Evidence) -> tuple[float, str]:
    """Part of limit orders that are hidden, as far as executions tell."""
    sample, orders = evidence.sample, evidence.order_figures
    if orders is not None and evidence.orders_borrowed_from is None:
        return (
            min(_HIDDEN_AT_MOST, orders.hidden_frac),
            f"{orders.hidden_frac:.0%} of executed shares met no displayed order, at most a half",
        )
    lit = sample.lit
    places = sample.quotes.places_before(lit.time_ns)
    is_known = (places >= 0) & sample.quotes.is_whole[np.maximum(places, 0)]
    bid, ask = (ticks[places[is_known]] for ticks in sample.quotes[1:3])
    inside = (lit.ticks[is_known] > bid) & (lit.ticks[is_known] < ask)
    part = float(lit.shares[is_known][inside].sum() / max(1, lit.shares[is_known].sum()))
    return min(_HIDDEN_AT_MOST, part), "part of shares on exchanges that traded inside the spread"


def pools(evidence: Evidence) -> list[FittedVenue]:
    """
    Dark pools that together trade the ATSs' part of what was reported off exchange.

    The rest of it is dealers trading with retail orders, which the simulator has not. A tape does
    not tell the two apart, so all pools have the print sizes of both.
    """
    sample = evidence.sample
    off = sample.off_exchange
    part = ATS_PART if evidence.ats_part is None else evidence.ats_part
    if len(off.shares):
        rate, mean = part * len(off.shares) / sample.duration_s, float(off.shares.mean())
        origin = f"{part:.0%} of {len(off.shares):,} prints off exchange"
    else:
        rate = _POOL_PER_LIT * evidence.traded_per_s
        mean = float(evidence.taken.shares.mean())
        origin = f"{ASSUMED}: {_POOL_PER_LIT:g} of the rate and the size on exchanges"
    tail = fit_tail(off.shares, 100)
    shape = 1.8 if tail is None else float(np.clip(tail.exponent, *_TAIL_LIMITS))
    shape_origin = (
        f"{ASSUMED}: default" if tail is None
        else f"maximum likelihood {tail.exponent:.2f} ± {tail.error:.2f}, prints off exchange"
    )  # fmt: skip
    return [
        _pool(place, name, weight, rate, mean, shape, f"{origin}; {why}", shape_origin)
        for place, (name, weight, why) in enumerate(_pool_weights(evidence))
    ]


def _pool(
    place: int, name: str, weight: float, rate: float, mean: float, shape: float,
    origin: str, shape_origin: str,
) -> FittedVenue:  # fmt: skip
    flow = PoolFlow(
        nbbo_delay_us=300.0,
        interest_per_s=min(max(1e-6, rate * weight), BACKGROUND_DEPTH / _INTEREST_LIFE_S),
        interest_shares=max(1.0, 2.0 * mean),
        interest_life_s=_INTEREST_LIFE_S,
        contra_per_s=max(1e-6, rate * weight),
        contra_shares=max(1.0, mean),
        size_tail=shape,
    )
    table = VenueTable(
        mic=f"PDK{place + 1}", name=name, kind="dark", fees=_POOL_FEES, latency=_POOL_LATENCY,
        pool=flow,
    )  # fmt: skip
    origins = {
        "pool.contra_per_s": origin,
        "pool.contra_shares": "mean print off exchange",
        "pool.interest_per_s": f"{ASSUMED}: as contra_per_s",
        "pool.interest_shares": f"{ASSUMED}: twice contra_shares",
        "pool.size_tail": shape_origin,
    }
    return FittedVenue(table, (), origins)


def _pool_weights(evidence: Evidence) -> list[tuple[str, float, str]]:
    shares = evidence.ats_shares
    if shares is None or not len(evidence.sample.off_exchange.shares):
        return [("Dark pools behind one door", 1.0, "all in one pool")]
    largest = sorted(shares.frac.items(), key=lambda item: -item[1])[:_N_NAMED_POOLS]
    when = f"ATS shares of the week of {shares.week}, {shares.days_away:,} days away"
    found = [(f"ATS {name}", weight, when) for name, weight in largest]
    rest = max(0.0, 1.0 - sum(weight for _, weight in largest))
    return [*found, ("All other ATSs behind one door", rest, when)]
