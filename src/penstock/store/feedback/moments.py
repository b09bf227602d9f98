"""The life of a child out of its rows in the log, in order of time. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from penstock.domain import BPS_PER_UNIT, USD_MICROS_PER_TICK, seconds
from penstock.store.feedback.story import Moment, Outcome

Rows = Sequence[Mapping[str, Any]]


def moments_of(
    child: Mapping[str, Any],
    requests: Rows,
    reports: Rows,
    fills: Rows,
    busts: Rows,
    by_hand: Rows = (),
) -> list[Moment]:
    """Everything that happened to a child, in the order in which it became known."""
    told: list[tuple[int, int, Moment]] = [
        (child["seq"], 0, Moment(at_ns=child["sent_ns"], venue_ns=None, kind="sent"))
    ]
    told += [(row["seq"], 1, _report(row)) for row in reports]
    told += [(row["seq"], 1, _hand(row)) for row in by_hand]
    told += [(row["seq"], 2, _fill(child, row)) for row in fills]
    told += [(row["seq"], 3, moment) for row, moment in _busts(busts, fills)]
    told += [(row["seq"], 4, _request(row)) for row in requests]
    return [moment for _, _, moment in sorted(told, key=lambda item: item[:2])]


def outcome_of(child: Mapping[str, Any], sums: Mapping[str, Any], moments: list[Moment]) -> Outcome:
    """
    How it ended.

    Args:
        sums: its row of the view `child_outcomes`.
    """
    filled_shares = int(sums["filled_shares"])
    state, ended_ns = _end(child, moments)
    first_fill_ns = sums["first_fill_ns"]
    slippage_bps = sums["slippage_bps"]
    return Outcome(
        state=state,
        filled_shares=filled_shares,
        n_fills=int(sums["n_fills"]),
        average_ticks=float(sums["paid_ticks_shares"]) / filled_shares if filled_shares else None,
        fees_usd_micros=int(sums["fees_usd_micros"]),
        slippage_bps=None if slippage_bps is None else float(slippage_bps),
        time_to_fill_s=seconds(int(first_fill_ns) - child["sent_ns"]) if first_fill_ns else None,
        ended_ns=ended_ns,
    )


def slippage_bps(
    side: str, mid_ticks_x2: int | None, price_ticks: int, shares: int, fee_usd_micros: int
) -> float | None:
    """
    What a fill cost against a midpoint, fee included; None without a midpoint.

        side * (price - mid) / mid + fee / (shares * mid), bps
    """
    if not mid_ticks_x2 or shares <= 0:
        return None
    sign = 1 if side == "buy" else -1
    mid_ticks = mid_ticks_x2 / 2
    fee_ticks = fee_usd_micros / USD_MICROS_PER_TICK / shares
    return BPS_PER_UNIT * (sign * (price_ticks - mid_ticks) + fee_ticks) / mid_ticks


def _report(row: Mapping[str, Any]) -> Moment:
    kind = {"fill": "repeated_fill", "bust": "repeated_bust"}.get(row["kind"], row["kind"])
    text = row["reason"] or ""
    if kind == "status" and not text:
        text = f"{row['filled_shares']:,} filled, {row['leaves_shares']:,} open"
    return Moment(
        at_ns=row["recv_ns"],
        venue_ns=row["event_ns"],
        kind=kind,
        text=text,
        exec_id=row["exec_id"],
        shares=row["size_shares"],
        price_ticks=row["price_ticks"],
    )


def _hand(row: Mapping[str, Any]) -> Moment:
    """What a person did: the alert names the operator and the reason."""
    kind = "closed_by_hand" if "CloseChild" in row["text"] else "booked_by_hand"
    return Moment(at_ns=row["at_ns"], venue_ns=None, kind=kind, text=row["text"])


def _fill(child: Mapping[str, Any], row: Mapping[str, Any]) -> Moment:
    fee = row["fee_usd_micros"]
    facts = (child["side"], child["mid_ticks_x2"], row["price_ticks"], row["size_shares"], fee)
    return Moment(
        at_ns=row["recv_ns"],
        venue_ns=row["event_ns"],
        kind="late_fill" if row["is_late"] else "fill",
        exec_id=row["exec_id"],
        shares=row["size_shares"],
        price_ticks=row["price_ticks"],
        liquidity=row["liquidity"],
        fee_usd_micros=fee,
        slippage_bps=slippage_bps(*facts),
    )


def _busts(busts: Rows, fills: Rows) -> Iterator[tuple[Mapping[str, Any], Moment]]:
    filled = {row["exec_id"]: row for row in fills}
    for row in busts:
        is_bust = row["corrected_shares"] == 0
        fill = filled[row["exec_id"]]
        yield (
            row,
            Moment(
                at_ns=row["at_ns"],
                venue_ns=None,
                kind="bust" if is_bust else "correction",
                exec_id=row["exec_id"],
                shares=fill["size_shares"] if is_bust else row["corrected_shares"],
                price_ticks=fill["price_ticks"] if is_bust else row["corrected_price_ticks"],
                fee_usd_micros=None if is_bust else row["corrected_fee_usd_micros"],
            ),
        )


def _request(row: Mapping[str, Any]) -> Moment:
    return Moment(
        at_ns=row["at_ns"],
        venue_ns=None,
        kind=f"{row['kind']}_asked",
        shares=row["size_shares"],
        price_ticks=row["limit_ticks"],
    )


def _end(child: Mapping[str, Any], moments: list[Moment]) -> tuple[str, int | None]:
    """The first thing that ended it; a bust does not bring it back."""
    size_shares, filled_shares = child["size_shares"], 0
    for moment in moments:
        if moment.kind == "reject" or (moment.kind == "status" and moment.text.startswith("unk")):
            return "rejected", moment.at_ns
        if moment.kind in ("cancelled", "closed_by_hand"):
            return "cancelled", moment.at_ns
        if moment.kind == "status" and moment.text.endswith(" 0 open"):
            return "cancelled", moment.at_ns
        if moment.kind == "replaced":
            size_shares = size_shares if moment.shares is None else moment.shares
        elif moment.kind in ("fill", "late_fill"):
            filled_shares += moment.shares or 0
        elif moment.kind == "bust":
            size_shares -= moment.shares or 0  # these do not come back to the venue's book
            filled_shares -= moment.shares or 0
        if moment.kind in ("fill", "late_fill", "replaced") and filled_shares >= size_shares:
            return "filled", moment.at_ns
    return "open", None
