"""A simulated day written as a consolidated tape: data for calibration whose truth is known."""

from __future__ import annotations

import msgspec
import numpy as np

from penstock.domain import Ns, TapeFlag, TapeKind, TradingDay, empty_tape
from penstock.sim import Scenario
from penstock.trials import read_scenario
from penstock.trials.calibration import Sample, simulated_sample
from penstock.wire import US_VENUES, TapeContext, TapeFile
from tests.support.worlds import PLAIN_DAY

_LETTERS = {"PECN": "K", "PNYA": "N", "PNYB": "Q"}
_CODES = [venue.code for venue in US_VENUES]


def short_day(duration_s: float = 1_500.0) -> Scenario:
    """The plain day, shorter."""
    scenario = read_scenario(PLAIN_DAY)
    about = msgspec.structs.replace(scenario.scenario, duration_s=duration_s + 120.0)
    return msgspec.structs.replace(scenario, scenario=about)


def tape_of(sample: Sample, symbol: str = "PNSK") -> TapeFile:
    """
    The sample as a tape: prints before the quotes of their millisecond, as a real tape is ingested.

    The session of the tape is five minutes longer at both ends than the sample, because that much
    is left out when it is read again.
    """
    quotes, prints = sample.quotes, sample.prints
    n_quotes, n_prints = len(quotes.time_ns), len(prints.time_ns)
    tape = empty_tape(2 * n_quotes + n_prints)
    bids, asks, trades = tape[:n_quotes], tape[n_quotes : 2 * n_quotes], tape[2 * n_quotes :]
    for rows, side in ((bids, 1), (asks, -1)):
        rows["event_ns"], rows["kind"], rows["side"] = quotes.time_ns, TapeKind.NBBO, side
        rows["price_ticks"] = quotes.bid_ticks if side == 1 else quotes.ask_ticks
        rows["shares"] = quotes.bid_shares if side == 1 else quotes.ask_shares
        # Who set the quote is not in a sample: each lit venue in turn.
        rows["venue_idx"] = [_CODES.index("NQK"[place % 3]) for place in range(n_quotes)]
    trades["event_ns"], trades["kind"], trades["side"] = prints.time_ns, TapeKind.TRADE, prints.side
    trades["price_ticks"], trades["shares"] = prints.ticks, prints.shares
    letters = [_LETTERS.get(venue, "D") for venue in sample.venues]
    places = np.array([_CODES.index(letter) for letter in letters])
    trades["venue_idx"] = places[prints.venue_idx]
    trades["flags"] = np.where(prints.is_off_exchange, int(TapeFlag.OFF_EXCHANGE), 0)
    tape["recv_ns"] = tape["event_ns"]
    tape = tape[np.lexsort((tape["kind"] != TapeKind.TRADE, tape["event_ns"]))]
    margin_ns = 300 * 10**9
    context = TapeContext(
        symbol=symbol,
        day=TradingDay(sample.day),
        venues=US_VENUES,
        session_start_ns=Ns(sample.start_ns - margin_ns),
        session_end_ns=Ns(sample.end_ns + margin_ns),
        sources=(),
        clock="simulated, milliseconds",
        counts={},
        cleaning=(),
    )
    return TapeFile(tape, context)


def recorded_day(seed: int = 1, duration_s: float = 1_500.0) -> tuple[Scenario, TapeFile]:
    """A short reference day and its tape."""
    scenario = short_day(duration_s)
    return scenario, tape_of(simulated_sample(scenario, seed, duration_s=duration_s))
