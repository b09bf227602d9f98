"""Operators' requests: which event each one is, and what is wrong with those that are none."""

from __future__ import annotations

from typing import Final, NamedTuple

from penstock.domain import Control, ControlAction, Event, ModelSwap, Ns, Universe
from penstock.runtime.control import Do, Request
from penstock.runtime.inbox import Asked
from penstock.runtime.parts import draft_stamps

_PLAIN: Final = {Do.KILL: ControlAction.KILL, Do.RESUME: ControlAction.RESUME}
_ON_VENUE: Final = {
    Do.VENUE_ON: ControlAction.VENUE_ON,
    Do.VENUE_OFF: ControlAction.VENUE_OFF,
}
_ON_SYMBOL: Final = {
    Do.RESTRICT: ControlAction.RESTRICT,
    Do.UNRESTRICT: ControlAction.UNRESTRICT,
}
_MAX_OPERATOR: Final = 100


class Ordered(NamedTuple):
    """A request understood: the event to journal, and what to tell the operator."""

    event: Event
    text: str


def event_of(asked: Asked, universe: Universe, now_ns: Ns) -> Ordered | str:
    """The event that a request stands for, or why it stands for none."""
    request = asked.request
    operator = request.operator[:_MAX_OPERATOR] or "someone on the control socket"
    if request.do is Do.USE_MODEL:
        if asked.policy is None:
            return "no model came with the request"
        sha256 = asked.policy.model_sha256
        event = ModelSwap(**draft_stamps(now_ns), model_sha256=sha256)
        return Ordered(event, f"decides with {asked.policy.name} {sha256[:12]}".rstrip())
    found = _target(request, universe)
    if isinstance(found, str):
        return found
    action, target_idx, what = found
    stamps = draft_stamps(now_ns)
    control = Control(**stamps, action=action, target_idx=target_idx, operator=operator)
    return Ordered(control, f"{action} {what}".rstrip())


def _target(request: Request, universe: Universe) -> tuple[ControlAction, int | None, str] | str:
    if request.do in _PLAIN:
        return _PLAIN[request.do], None, ""
    if request.do in _ON_VENUE:
        mics = [venue.mic for venue in universe.venues]
        if request.venue not in mics:
            return f"unknown venue {request.venue!r}; known: {', '.join(mics)}"
        return _ON_VENUE[request.do], mics.index(request.venue), request.venue
    symbols = [instrument.symbol for instrument in universe.instruments]
    if request.symbol not in symbols:
        return f"unknown symbol {request.symbol!r}; known: {', '.join(symbols)}"
    return _ON_SYMBOL[request.do], symbols.index(request.symbol), request.symbol
