"""The feed's messages taken apart field by field: what the kernels are held against."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from penstock.domain import TapeKind

_MESSAGE = struct.Struct(">q8sqqHBb")
_QUOTES = (TapeKind.LEVEL, TapeKind.NBBO)

Row = dict[str, int]


def naive_messages(blocks: bytes, symbols: Sequence[str], venue_idx: int) -> list[Row] | None:
    """Rows of some message blocks, by field; None if one of them is bad."""
    rows = []
    while blocks:
        n_bytes = int.from_bytes(blocks[:2], "big")
        if n_bytes != _MESSAGE.size:
            return None
        event_ns, symbol, ticks, shares, flags, kind, side = _MESSAGE.unpack(
            blocks[2 : 2 + n_bytes]
        )
        name = symbol.rstrip(b" ").decode("latin-1")
        row = {
            "event_ns": event_ns,
            "recv_ns": 0,
            "seq": 0,
            "order_ref": 0,
            "price_ticks": ticks,
            "shares": shares,
            "venue_idx": venue_idx,
            "instrument_idx": symbols.index(name) if name in symbols else -1,
            "kind": kind,
            "side": side,
            "flags": flags,
        }
        if not _is_sound(row):
            return None
        rows.append(row)
        blocks = blocks[2 + n_bytes :]
    return rows


def naive_hand_over(rows: Sequence[Row], recv_ns: int, last_seq: dict[int, int]) -> list[Row]:
    """The rows of known instruments, stamped and numbered."""
    handed = []
    for row in rows:
        instrument_idx = row["instrument_idx"]
        if instrument_idx >= 0:
            last_seq[instrument_idx] = last_seq.get(instrument_idx, 0) + 1
            handed.append({**row, "recv_ns": recv_ns, "seq": last_seq[instrument_idx]})
    return handed


def _is_sound(row: Row) -> bool:
    if row["kind"] not in set(TapeKind) or row["side"] not in {-1, 0, 1} or row["event_ns"] < 0:
        return False
    if not (0 <= row["price_ticks"] < 2**48 and 0 <= row["shares"] < 2**48):
        return False
    kind = TapeKind(row["kind"])
    if kind in _QUOTES and row["side"] == 0:
        return False
    says_a_price = kind is TapeKind.NBBO and row["shares"] > 0
    if says_a_price or kind in {TapeKind.LEVEL, TapeKind.TRADE}:
        return row["price_ticks"] > 0
    return True
