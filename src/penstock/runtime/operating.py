"""Operators' requests: which event each one is, and what is wrong with those that are none."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal, InvalidOperation
from typing import Final, NamedTuple

from penstock.domain import (
    FEMTOS_PER_TICK,
    TICKS_PER_USD,
    BookChild,
    CloseChild,
    Control,
    ControlAction,
    Event,
    ModelSwap,
    Ns,
    Shares,
    Ticks,
    Universe,
    UsdFemtos,
)
from penstock.runtime.control import Do, Request
from penstock.runtime.inbox import Asked
from penstock.runtime.order_list import Scope
from penstock.runtime.parts import draft_stamps

_EVERYTHING: Final = {Do.KILL: ControlAction.KILL, Do.RESUME: ControlAction.RESUME}
_ON_VENUE: Final = {
    Do.VENUE_ON: ControlAction.VENUE_ON,
    Do.VENUE_OFF: ControlAction.VENUE_OFF,
    Do.KILL: ControlAction.VENUE_OFF,
    Do.RESUME: ControlAction.VENUE_ON,
}
_ON_SYMBOL: Final = {
    Do.RESTRICT: ControlAction.RESTRICT,
    Do.UNRESTRICT: ControlAction.UNRESTRICT,
    Do.KILL: ControlAction.KILL_SYMBOL,
    Do.RESUME: ControlAction.RESUME_SYMBOL,
}
_ON_CLIENT: Final = {
    Do.KILL: ControlAction.KILL_CLIENT,
    Do.RESUME: ControlAction.RESUME_CLIENT,
    Do.RESET_LIMITS: ControlAction.RESET_LIMITS,
}
_MAX_OPERATOR: Final = 100
_MAX_REASON: Final = 500
_MAX_PRICE_USD: Final = Decimal(10) ** 9
_FEMTOS_PER_USD: Final = TICKS_PER_USD * FEMTOS_PER_TICK


class Ordered(NamedTuple):
    """A request understood: the event to journal, what to answer, and which orders it is about."""

    event: Event
    text: str
    scope: Scope = Scope()


def operator_of(request: Request) -> str:
    """The name for the journal."""
    return request.operator[:_MAX_OPERATOR] or "someone on the control socket"


def scope_of(request: Request, universe: Universe, clients: Collection[str]) -> Scope | str:
    """The client, venue and symbol that a request names, or what is wrong with them."""
    mics = [venue.mic for venue in universe.venues]
    symbols = [instrument.symbol for instrument in universe.instruments]
    for what, name, known in (
        ("venue", request.venue, mics),
        ("symbol", request.symbol, symbols),
        ("client", request.client, clients),
    ):
        if name and name not in known:
            shown = ", ".join(list(known)[:20])
            return f"unknown {what} {name!r}. Fix: name one of {shown}"
    return Scope(
        client=request.client,
        venue_idx=mics.index(request.venue) if request.venue else None,
        instrument_idx=symbols.index(request.symbol) if request.symbol else None,
    )


def event_of(
    asked: Asked, universe: Universe, clients: Collection[str], now_ns: Ns
) -> Ordered | str:
    """The event that a request stands for, or why it stands for none."""
    request = asked.request
    if request.do is Do.USE_MODEL:
        if asked.policy is None:
            return "no model came with the request"
        sha256 = asked.policy.model_sha256
        event = ModelSwap(**draft_stamps(now_ns), model_sha256=sha256)
        return Ordered(event, f"decides with {asked.policy.name} {sha256[:12]}".rstrip())
    if request.do in (Do.CHILD_BOOK, Do.CHILD_CLOSE):
        return _by_hand(request, now_ns)
    scope = scope_of(request, universe, clients)
    if isinstance(scope, str):
        return scope
    found = _action(request, scope)
    if isinstance(found, str):
        return found
    action, target_idx = found
    control = Control(
        **draft_stamps(now_ns),
        action=action,
        target_idx=target_idx,
        operator=operator_of(request),
        client=request.client,
        reason=request.reason[:_MAX_REASON],
    )
    target = request.venue or request.symbol or request.client
    return Ordered(control, f"{action} {target}".rstrip(), scope)


def _action(request: Request, scope: Scope) -> tuple[ControlAction, int | None] | str:
    named = [name for name in (request.venue, request.symbol, request.client) if name]
    if len(named) > 1:
        return "one request has one scope. Fix: name a client, a venue or a symbol"
    if scope.venue_idx is not None and request.do in _ON_VENUE:
        return _ON_VENUE[request.do], scope.venue_idx
    if scope.instrument_idx is not None and request.do in _ON_SYMBOL:
        return _ON_SYMBOL[request.do], scope.instrument_idx
    if (
        request.do in _ON_CLIENT
        and (scope.client or request.do is Do.RESET_LIMITS)
        and (not named or scope.client)
    ):
        return _ON_CLIENT[request.do], None
    if not named and request.do in _EVERYTHING:
        return _EVERYTHING[request.do], None
    wanted = "a venue" if request.do in (Do.VENUE_ON, Do.VENUE_OFF) else "a symbol"
    return f"`{request.do}` needs {wanted}. Fix: name one"


def _by_hand(request: Request, now_ns: Ns) -> Ordered | str:
    if request.child is None or request.shares is None:
        return "the child and its shares are missing. Fix: give both"
    if not request.reason.strip():
        return "a reason is missing. Fix: state why, with --reason"
    stamps, operator, reason = draft_stamps(now_ns), operator_of(request), request.reason.strip()
    reason = reason[:_MAX_REASON]
    if request.do is Do.CHILD_CLOSE:
        close = CloseChild(
            **stamps,
            child_id=request.child,
            filled_shares=Shares(request.shares),
            operator=operator,
            reason=reason,
        )
        return Ordered(close, f"child {request.child} is closed, {request.shares} shares filled")
    price = _price(request.price)
    if isinstance(price, str):
        return price
    price_ticks, rest_femtos = price
    book = BookChild(
        **stamps,
        child_id=request.child,
        size_shares=Shares(request.shares),
        price_ticks=price_ticks,
        price_rest_femtos=rest_femtos,
        operator=operator,
        reason=reason,
    )
    return Ordered(
        book, f"{request.shares} shares of child {request.child} are booked at {request.price}"
    )


def _price(text: str) -> tuple[Ticks, UsdFemtos] | str:
    """Whole ticks and the rest, exactly; or what is wrong."""
    problem = f"{text!r} is no price in USD with at most 15 decimals. Fix: give one, such as 84.975"
    try:
        usd = Decimal(text)
    except InvalidOperation:
        return problem
    if not usd.is_finite() or not 0 < usd < _MAX_PRICE_USD:
        return problem
    femtos = usd * _FEMTOS_PER_USD
    if femtos != int(femtos):
        return problem
    ticks, rest = divmod(int(femtos), FEMTOS_PER_TICK)
    return Ticks(ticks), UsdFemtos(rest)
