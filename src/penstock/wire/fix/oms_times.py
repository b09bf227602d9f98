"""When an order was given, until when it is good, and how long the router may take."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from penstock.domain import NS_PER_MS, NS_PER_S, Ns, ParentOrder, ParentTif, seconds
from penstock.wire.fix import tags
from penstock.wire.fix.oms_rules import ClientRules
from penstock.wire.fix.reading import FieldReader
from penstock.wire.fix.values import time_ns, time_text, whole

MAX_HORIZON_NS: Final = Ns(24 * 3_600 * NS_PER_S)  # orders are for a day
IOC_HORIZON_NS: Final = Ns(5 * NS_PER_S)  # until then venues have answered immediate orders

_TIFS: Final[Mapping[str, ParentTif]] = MappingProxyType(
    {
        tags.DAY: ParentTif.DAY,
        tags.IOC: ParentTif.IOC,
        tags.GOOD_TILL_DATE: ParentTif.GTD,
    }
)
TIF_TEXT: Final[Mapping[ParentTif, str]] = MappingProxyType(
    {tif: text for text, tif in _TIFS.items()}
)
"""59 TimeInForce of an order, as it was asked for."""

_OTHER_TIFS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "1": "orders are for a day: send it again tomorrow",
        "2": "auctions are not supported",
        "4": "all at once cannot be promised over several venues; 3 takes what is there",
        "5": "orders across sessions are not supported",
        "7": "auctions are not supported",
    }
)
_UNCHANGED: Final = "only quantity and price can be replaced; for more, cancel and send a new order"


def check_age(reader: FieldReader, rules: ClientRules, recv_ns: Ns) -> None:
    """An order may not be older than agreed, by any of its stamps, nor come from the future."""
    for tag in (tags.SENDING_TIME, tags.TRANSACT_TIME, tags.ORIG_SENDING_TIME):
        if reader.raw(tag) is None:
            continue
        at_ns = reader.time(tag)
        if at_ns is None or -rules.max_age_ns <= at_ns - recv_ns <= rules.max_ahead_ns:
            continue
        expected = (
            f"a time from {seconds(rules.max_age_ns):g} s before {time_text(recv_ns)} "
            f"to {seconds(rules.max_ahead_ns):g} s after it"
        )
        fix = "it is too old to be traded at today's price: send a new order"
        if at_ns > recv_ns:
            fix = "times are UTC; check the clock of the sender"
        reader.complain(tag, expected, fix)


def read_tif(reader: FieldReader) -> ParentTif | None:
    """59 TimeInForce, and the times that it needs or excludes; None if it cannot be honoured."""
    text = reader.raw(tags.TIME_IN_FORCE)
    tif = ParentTif.DAY if text is None else _TIFS.get(text)
    if reader.raw(tags.EXPIRE_DATE) is not None:
        reader.complain(tags.EXPIRE_DATE, "nothing", "use 126 ExpireTime or 9001 HorizonMs")
    if tif is None:
        fix = _OTHER_TIFS.get(text or "", "leave it out for a day order")
        expected = "0 (day), 3 (immediate or cancel) or 6 (good till 126 ExpireTime)"
        reader.complain(tags.TIME_IN_FORCE, expected, fix)
    has_expiry = reader.raw(tags.EXPIRE_TIME) is not None
    if tif is ParentTif.GTD and not has_expiry:
        reader.complain(
            tags.EXPIRE_TIME, "a UTC time, because 59 TimeInForce is 6", "say until when"
        )
    elif tif is ParentTif.IOC and has_expiry:
        expected = "nothing, because 59 TimeInForce is 3"
        reader.complain(tags.EXPIRE_TIME, expected, "leave it out, or send 59=6")
    return tif


def read_horizon(reader: FieldReader, tif: ParentTif | None, arrival_ns: Ns, default_ns: Ns) -> int:
    """How long the router may take: 9001 HorizonMs, else 126 ExpireTime, else the default."""
    horizon_ns = min(default_ns, IOC_HORIZON_NS) if tif is ParentTif.IOC else default_ns
    if reader.raw(tags.EXPIRE_TIME) is not None and tif is not ParentTif.IOC:
        horizon_ns = _until_expiry(reader, arrival_ns) or horizon_ns
    if reader.raw(tags.HORIZON_MS) is not None:
        most_ms = MAX_HORIZON_NS // NS_PER_MS
        fix = "say how long the router may take"
        value = reader.number(tags.HORIZON_MS, 1, most_ms, "milliseconds", fix)
        horizon_ns = horizon_ns if value is None else Ns(value * NS_PER_MS)
    return horizon_ns


def check_same_times(reader: FieldReader, order: ParentOrder) -> None:
    """A replace may repeat the times of its order, as many systems do, not change them."""
    tif_text = reader.raw(tags.TIME_IN_FORCE)
    if tif_text is not None and tif_text != TIF_TEXT[order.tif]:
        expected = f"nothing, or {TIF_TEXT[order.tif]} as on the order"
        reader.complain(tags.TIME_IN_FORCE, expected, _UNCHANGED)
    if reader.raw(tags.EXPIRE_DATE) is not None:
        reader.complain(tags.EXPIRE_DATE, "nothing", _UNCHANGED)
    horizon_text, expire_text = reader.raw(tags.HORIZON_MS), reader.raw(tags.EXPIRE_TIME)
    if horizon_text is not None:
        horizon_ms = order.horizon_ns // NS_PER_MS
        if whole(horizon_text) != horizon_ms:
            expected = f"nothing, or {horizon_ms} as on the order"
            reader.complain(tags.HORIZON_MS, expected, _UNCHANGED)
    elif expire_text is not None and time_ns(expire_text) != order.deadline_ns:
        expected = f"nothing, or {time_text(order.deadline_ns)} as on the order"
        reader.complain(tags.EXPIRE_TIME, expected, _UNCHANGED)


def _until_expiry(reader: FieldReader, arrival_ns: Ns) -> Ns | None:
    expire_ns = reader.time(tags.EXPIRE_TIME)
    if expire_ns is None:
        return None
    if arrival_ns < expire_ns <= arrival_ns + MAX_HORIZON_NS:
        return Ns(expire_ns - arrival_ns)
    reader.complain(
        tags.EXPIRE_TIME,
        f"a time in the 24 hours after {time_text(arrival_ns)}",
        "times are UTC; check the clock of the sender",
    )
    return None
