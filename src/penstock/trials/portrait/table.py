"""A day of a market as tables for a terminal."""

from __future__ import annotations

from rich.table import Table

from penstock.trials.calibration.table import UNKNOWN, number
from penstock.trials.portrait.measures import Portrait
from penstock.trials.table import plain_table


def portrait_tables(found: Portrait) -> list[Table]:
    """The day, then its venues."""
    return [_day_table(found), _venue_table(found)]


def facts(found: Portrait) -> list[tuple[str, str]]:
    """What there is to say about the day as a whole, name and value."""
    move_bps = 1e4 * (found.last_usd / found.open_usd - 1.0)
    prices = f"{found.open_usd:.2f} to {found.last_usd:.2f} USD ({move_bps:+.0f} bps)"
    spread = f"{found.spread_bps:.2f} bps, {found.spread_increments:.2f} increments"
    traded = f"{found.n_prints:,} of {found.n_shares:,} shares"
    hidden = UNKNOWN if found.hidden_frac is None else f"{found.hidden_frac:.1%}"
    parts = f"{found.off_exchange_frac:.1%} off exchange, {hidden} against hidden"
    day = f"{found.volume_adv_pct:.1f} % of adv_shares ({found.adv_shares:,})"
    return [
        ("price", f"{prices}, between {found.low_usd:.2f} and {found.high_usd:.2f}"),
        ("volatility", f"{found.volatility_bps_per_sqrt_s:.2f} bps per √s"),
        ("spread", f"{spread}, mean over time"),
        ("no quote", f"{found.no_quote_frac:.2%} of the time: empty, locked or halted"),
        ("best price", f"{found.best_shares:,.0f} shares at the largest venue"),
        ("quotes", f"{found.n_quotes:,} states of the best bid and offer"),
        ("prints", f"{traded}, {parts} size"),
        ("volume", f"{day}, at {found.pace_adv_ratio:.1f} times its pace over 6.5 h"),
    ]


def _day_table(found: Portrait) -> Table:
    about = f"{found.market} · seed {found.seed} · {found.symbol} {found.day}"
    table = plain_table(f"{about} · {found.duration_s:,.0f} s without an order of ours")
    table.title_justify = "left"
    table.show_header = False
    for name, value in facts(found):
        table.add_row(name, value)
    return table


VENUE_COLUMNS = (
    ("venue", ""), ("kind", ""), ("volume", "%"), ("prints", ""), ("quoted", "bps"),
    ("effective", "bps"), ("quotes", "%"), ("touch", "shares"), ("best five", "shares"),
)  # fmt: skip


def venue_caption(found: Portrait) -> str:
    """What the columns are."""
    return (
        f"Volume: of shares printed{under_whom(found)}. Quoted and effective spread: full, at the "
        "venue's prints. Quotes: of changes of the best price or its size. Touch, best five "
        "prices: shown on a side, mean over seconds."
    )


def under_whom(found: Portrait) -> str:
    """Where off-exchange prints are counted, for the end of a sentence; nothing without any."""
    names = ", ".join(found.off_exchange_venues)
    return f"; those off exchange stand under {names}, wherever they traded" if names else ""


def venue_rows(found: Portrait) -> list[tuple[str, ...]]:
    """A row for each venue, columns as VENUE_COLUMNS."""
    return [
        (
            one.venue, one.kind, f"{100 * one.share_frac:.1f}", f"{one.n_prints:,}",
            number(one.quoted_bps, 2), number(one.effective_bps, 2),
            f"{100 * one.quote_frac:.1f}",
            number(one.depth_shares[0], 0) if one.depth_shares else UNKNOWN,
            number(sum(one.depth_shares), 0) if one.depth_shares else UNKNOWN,
        )
        for one in found.venues
    ]  # fmt: skip


def _venue_table(found: Portrait) -> Table:
    table = plain_table("venues", venue_caption(found))
    table.title_justify = table.caption_justify = "left"
    for name, unit in VENUE_COLUMNS:
        is_text = name in {"venue", "kind"}
        heading = f"{name}\n{unit}" if unit else name
        table.add_column(heading, justify="left" if is_text else "right", no_wrap=True)
    for row in venue_rows(found):
        table.add_row(*row)
    return table
