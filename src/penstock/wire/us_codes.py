"""What the letters and bits of the US consolidated tape mean."""

from __future__ import annotations

from typing import Final

import msgspec


class TapeVenue(msgspec.Struct, frozen=True, kw_only=True):
    """Who a letter on the tape stands for. Its place in a table is the tape's `venue_idx`."""

    code: str
    mic: str  # ISO 10383; where a letter stands for several places, their operator's
    name: str


OFF_EXCHANGE_CODE: Final = "D"

US_VENUES: Final = tuple(
    TapeVenue(code=code, mic=mic, name=name)
    for code, mic, name in (
        ("N", "XNYS", "New York Stock Exchange"),
        ("Q", "XNAS", "Nasdaq"),
        ("P", "ARCX", "NYSE Arca"),
        ("Z", "BATS", "BATS BZX"),
        ("K", "EDGX", "Direct Edge EDGX"),
        ("J", "EDGA", "Direct Edge EDGA"),
        ("Y", "BATY", "BATS BYX"),
        ("B", "XBOS", "Nasdaq BX"),
        ("X", "XPSX", "Nasdaq PSX"),
        ("C", "XCIS", "National Stock Exchange"),
        ("W", "CBSX", "CBOE Stock Exchange"),
        ("M", "XCHI", "Chicago Stock Exchange"),
        # Trade reporting facilities: dark pools and wholesalers, not told apart.
        (OFF_EXCHANGE_CODE, "FINR", "FINRA: off exchange"),
        # Seen on tapes of other stocks.
        ("A", "XASE", "NYSE MKT"),
        ("I", "XISX", "International Securities Exchange"),
        ("T", "XNAS", "Nasdaq, its own listings"),
        ("S", "CTS", "Consolidated tape system"),
    )
)
"""
The first thirteen are those of the 2013 tapes of NYSE-listed stocks.

Source: exchange codes in the data documentation of the open-source engine LEAN
(Data/equity/readme.md), which are those of the CTA and UTP plans; MICs from ISO 10383.
"""

TRADE_CONDITIONS: Final = (
    "regular", "cash", "next_day", "seller", "yellow_flag", "intermarket_sweep", "opening_print",
    "closing_print", "reopening_print", "derivatively_priced", "form_t", "sold_last", "stopped",
    "extended_hours", "out_of_sequence", "split", "acquisition", "bunched", "stock_option",
    "distribution", "average_price", "cross", "price_variation", "rule_155", "official_close",
    "prior_reference_price", "official_open", "cap_election", "auto_execution",
    "trade_through_exempt", "undocumented", "odd_lot",
)  # fmt: skip
"""
Name of each bit of a trade's condition, lowest first.

Source: TradeConditionFlags and the tick file format in the documentation of LEAN.
"""

QUOTE_CONDITIONS: Final = (
    "regular", "slow", "gap", "closing", "news_dissemination", "news_pending",
    "trading_range_indication", "order_imbalance", "closed_market_maker",
    "volatility_trading_pause", "non_firm_quote", "opening_quote", "due_to_related_security",
    "resume", "in_view_of_common", "equipment_changeover", "sub_penny_trading",
    "no_open_no_resume", "limit_up_limit_down_band", "limit_up_limit_down_band_again", "manual",
    "fast_trading", "order_influx",
)  # fmt: skip
"""
Name of each bit of a quote's condition, lowest first.

Source: QuoteConditionFlags and the tick file format in the documentation of LEAN.
"""


def bits(table: tuple[str, ...], *names: str) -> int:
    """The mask that has the bits of these names."""
    return sum(1 << table.index(name) for name in names)


NOT_A_MARKET_PRICE: Final = bits(
    TRADE_CONDITIONS, "cash", "next_day", "seller", "derivatively_priced", "form_t", "sold_last",
    "extended_hours", "out_of_sequence", "acquisition", "stock_option", "distribution",
    "average_price", "price_variation", "official_close", "prior_reference_price",
    "official_open",
)  # fmt: skip
"""
Prints whose price was agreed elsewhere, earlier, on other terms, or for no trade at all.

They are kept and flagged SUSPICIOUS: volume, but not a price of this moment. Follows the last-sale
eligibility of the CTA and UTP plans, a little more strictly: conditions that are eligible "only if
first" (such as prior reference price) are never used here.
"""

AUCTION: Final = bits(
    TRADE_CONDITIONS, "opening_print", "closing_print", "reopening_print", "cross"
)
"""Single-price crosses: no order of a continuous book was hit."""

ODD_LOT: Final = bits(TRADE_CONDITIONS, "odd_lot")

NOT_A_FIRM_QUOTE: Final = bits(
    QUOTE_CONDITIONS, "gap", "closing", "news_dissemination", "news_pending",
    "trading_range_indication", "order_imbalance", "closed_market_maker",
    "volatility_trading_pause", "non_firm_quote", "due_to_related_security", "in_view_of_common",
    "equipment_changeover", "sub_penny_trading", "no_open_no_resume", "limit_up_limit_down_band",
    "limit_up_limit_down_band_again", "order_influx",
)  # fmt: skip
"""Quotes that nobody had to honour. They are kept and flagged SUSPICIOUS."""
