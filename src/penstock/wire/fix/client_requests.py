"""An OMS's requests to the router, made."""

from __future__ import annotations

from penstock.domain import NS_PER_MS, Ns, ParentTif, Shares, Side, Ticks
from penstock.wire.fix import tags
from penstock.wire.fix.messages import FixMessage
from penstock.wire.fix.oms_times import TIF_TEXT
from penstock.wire.fix.reports import Fields
from penstock.wire.fix.tags import MsgType
from penstock.wire.fix.values import SIDE_TEXT, price_text, time_text


def new_order(
    *, cl_ord_id: str, symbol: str, side: Side, size_shares: Shares, now_ns: Ns,
    limit_ticks: Ticks | None = None, horizon_ns: Ns | None = None,
    urgency_frac: float | None = None, objective: str | None = None,
    tif: ParentTif = ParentTif.DAY, account: str = "",
) -> FixMessage:  # fmt: skip
    """
    35=D. What is None is left to the router's defaults; the horizon is cut to milliseconds.

    An order that is good till a time needs a horizon: it names the time (126).
    """
    assert tif is not ParentTif.GTD or horizon_ns is not None, "good till when?"
    horizon = "" if horizon_ns is None else str(horizon_ns // NS_PER_MS)
    expiry = "" if tif is not ParentTif.GTD else time_text(now_ns + (horizon_ns or 0))
    urgency = "" if urgency_frac is None else f"{urgency_frac:.6f}"
    fields = (
        (tags.CL_ORD_ID, cl_ord_id),
        (tags.ACCOUNT, account),
        *_terms(symbol, side, size_shares, limit_ticks),
        (tags.TIME_IN_FORCE, TIF_TEXT[tif]),
        (tags.EXPIRE_TIME, expiry),
        (tags.HORIZON_MS, "" if expiry else horizon),
        (tags.URGENCY, urgency),
        (tags.OBJECTIVE, objective or ""),
        (tags.TRANSACT_TIME, time_text(now_ns)),
    )
    return _message(MsgType.NEW_ORDER_SINGLE, fields)


def replace_order(
    *, cl_ord_id: str, orig_cl_ord_id: str, symbol: str, side: Side, size_shares: Shares,
    now_ns: Ns, limit_ticks: Ticks | None = None,
) -> FixMessage:  # fmt: skip
    """35=G: a new total size, fills included, and a new limit."""
    fields = (
        (tags.CL_ORD_ID, cl_ord_id),
        (tags.ORIG_CL_ORD_ID, orig_cl_ord_id),
        *_terms(symbol, side, size_shares, limit_ticks),
        (tags.TRANSACT_TIME, time_text(now_ns)),
    )
    return _message(MsgType.ORDER_CANCEL_REPLACE_REQUEST, fields)


def cancel_order(
    *, cl_ord_id: str, orig_cl_ord_id: str, symbol: str, side: Side, now_ns: Ns
) -> FixMessage:
    """35=F."""
    fields = (
        (tags.CL_ORD_ID, cl_ord_id),
        (tags.ORIG_CL_ORD_ID, orig_cl_ord_id),
        (tags.SYMBOL, symbol),
        (tags.SIDE, SIDE_TEXT[side]),
        (tags.TRANSACT_TIME, time_text(now_ns)),
    )
    return _message(MsgType.ORDER_CANCEL_REQUEST, fields)


def mass_cancel(*, cl_ord_id: str, now_ns: Ns, symbol: str = "") -> FixMessage:
    """35=q: all of our orders, or those in a symbol."""
    fields = (
        (tags.CL_ORD_ID, cl_ord_id),
        (tags.MASS_CANCEL_REQUEST_TYPE, tags.ONE_SECURITY if symbol else tags.ALL_ORDERS),
        (tags.SYMBOL, symbol),
        (tags.TRANSACT_TIME, time_text(now_ns)),
    )
    return _message(MsgType.ORDER_MASS_CANCEL_REQUEST, fields)


def mass_status(*, name: str) -> FixMessage:
    """35=AF: where do all of our open orders stand?"""
    fields = ((tags.MASS_STATUS_REQ_ID, name), (tags.MASS_STATUS_REQ_TYPE, tags.ALL_ORDERS))
    return _message(MsgType.ORDER_MASS_STATUS_REQUEST, fields)


def status_request(*, cl_ord_id: str, symbol: str, side: Side, now_ns: Ns) -> FixMessage:
    """35=H: where does this order stand?"""
    fields = (
        (tags.CL_ORD_ID, cl_ord_id),
        (tags.ORD_STATUS_REQ_ID, f"q{now_ns}"),
        (tags.SYMBOL, symbol),
        (tags.SIDE, SIDE_TEXT[side]),
    )
    return _message(MsgType.ORDER_STATUS_REQUEST, fields)


def _terms(symbol: str, side: Side, size_shares: Shares, limit_ticks: Ticks | None) -> Fields:
    return (
        (tags.SYMBOL, symbol),
        (tags.SIDE, SIDE_TEXT[side]),
        (tags.ORDER_QTY, str(int(size_shares))),
        (tags.ORD_TYPE, tags.MARKET if limit_ticks is None else tags.LIMIT),
        (tags.PRICE, "" if limit_ticks is None else price_text(limit_ticks)),
    )


def _message(msg_type: str, fields: Fields) -> FixMessage:
    return FixMessage(msg_type, tuple(field for field in fields if field[1]))
