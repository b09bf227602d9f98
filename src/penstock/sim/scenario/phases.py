"""What a scenario file says of auctions and of price bands; both are off unless it does."""

from __future__ import annotations

from penstock.sim.scenario.table import Amount, Frac, Multiplier, PositiveAmount, Table


class Auctions(Table, frozen=True, kw_only=True):
    """
    Calls that end with an auction at the listing exchange; a length of 0 is none.

    The other venues stand still meanwhile and open at the same moment.
    """

    venue: str | None = None  # mic of the listing exchange
    opening_s: Amount = 0.0  # length of the call that the session begins with
    closing_s: Amount = 0.0  # of the one that it ends with
    reopening_s: Amount = 0.0  # of the one after each halt and each pause


class Bands(Table, frozen=True, kw_only=True):
    """
    Prices outside which nothing trades, as under the LULD Plan; a width of 0 is none.

    The multipliers hold from 09:30 to 09:45 and from 15:35 to 16:00, wall time at the exchange.
    """

    width_frac: Frac = 0.0  # of the reference price, up and down; 0.05 for a large stock
    open_multiplier: Multiplier = 1.0  # 2 before Amendment 18 of February 2020
    close_multiplier: Multiplier = 2.0
    limit_state_s: PositiveAmount = 15.0  # how long the quote may stand at a band
    pause_s: PositiveAmount = 300.0  # what follows then
