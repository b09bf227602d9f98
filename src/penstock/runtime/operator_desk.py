"""The operators' side of the router: requests of the control socket, done or refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from threading import Thread
from typing import Any, Final

import msgspec

from penstock.domain import (
    TICKS_PER_USD,
    AlertLevel,
    BookChild,
    CloseChild,
    DoubtChild,
)
from penstock.runtime.control import Answer, Do, Request, refusal
from penstock.runtime.inbox import Asked, Side
from penstock.runtime.kill_watch import KillWatch
from penstock.runtime.operating import Ordered, event_of, operator_of, scope_of
from penstock.runtime.order_list import OrderList, Scope
from penstock.runtime.parts import RouterParts, draft_stamps
from penstock.runtime.status import RouterStatus
from penstock.runtime.stepping import Stepper
from penstock.runtime.venue_links import LinkState

_MAX_REASON: Final = 500
_OPEN_SHOWN: Final = 1_000  # children that an unconfirmed kill lists
_FRESH_NS: Final = 20_000_000  # an answer to a question serves for so long,
_SHARE: Final = 20  # and for so many times what it took: questions never take more of the engine


def _aside(work: Callable[[], None]) -> None:
    """Do something that waits on a thread of its own."""
    Thread(target=work, name="operator", daemon=True).start()


class OperatorDesk:
    """
    Answers operators' requests on the engine thread.

    Promises:
        whatever acts is an event in the journal, with operator and reason, before it is answered;
        a request that cannot be done is refused with the reason and the fix, and changes nothing;
        questions are answered from one that was answered a moment ago, so a script that asks all
            the time takes a few per cent of the engine's time.
    """

    def __init__(
        self,
        parts: RouterParts,
        stepper: Stepper,
        status: Callable[[], RouterStatus],
        force_up: Callable[[int], None],
        *,
        reset_session: Callable[[Side, str], bool],
        aside: Callable[[Callable[[], None]], None] = _aside,
    ) -> None:
        self._parts, self._stepper = parts, stepper
        self._status, self._force_up, self._aside = status, force_up, aside
        self._reset_fix = reset_session
        self._orders = OrderList(parts.engine, parts.universe)
        self._kills = KillWatch()
        self._said: dict[Request, tuple[int, Answer]] = {}  # until when an answer serves
        self._questions: Mapping[Do, Callable[[Request], Answer]] = {
            Do.STATUS: lambda _request: {"ok": True, "status": self._status()},
            Do.ORDERS: self._list_orders,
            Do.LIMITS: self._limits,
            Do.KILL_PROGRESS: self._kill_progress,
        }

    def answer(self, item: Asked, *, is_closing: bool) -> None:
        """Do what is asked, and answer."""
        request = item.request
        if request.do in self._questions:
            item.answer(self._question(request))
        elif request.do is Do.KILL or not is_closing:
            self._act(item)
        else:
            item.answer(refusal("the router is closing. Fix: wait for its next start"))

    def _question(self, request: Request) -> Answer:
        key = msgspec.structs.replace(request, operator="")
        started_ns = self._parts.clock()
        valid_until_ns, said = self._said.get(key, (0, {}))
        if started_ns < valid_until_ns:
            return dict(said)
        answer = self._questions[request.do](request)
        ended_ns = self._parts.clock()
        if len(self._said) > 100:
            self._said.clear()
        serves_ns = max(_FRESH_NS, _SHARE * (ended_ns - started_ns))
        self._said[key] = (ended_ns + serves_ns, answer)
        return dict(answer)

    def _act(self, item: Asked) -> None:
        self._said.clear()  # whoever acts sees what has become of it
        match item.request.do:
            case Do.VENUE_FORCE_UP:
                item.answer(self._force_venue_up(item.request))
            case Do.SESSION_RESET:
                self._reset_session(item)
            case _:
                item.answer(self._operate(item))

    def _operate(self, item: Asked) -> Answer:
        parts, request = self._parts, item.request
        ordered = event_of(item, parts.universe, parts.conf.client_ids, parts.clock())
        if isinstance(ordered, str):
            return refusal(ordered)
        if isinstance(ordered.event, BookChild | CloseChild):
            why_not = parts.engine.refusal(ordered.event)
            if why_not is not None:
                return refusal(why_not)
        if item.policy is not None:
            parts.models[item.policy.model_sha256] = item.policy
        self._stepper.step(ordered.event)
        if item.policy is not None:  # the event itself has no room for who it was
            self._notice("use_model", request, ordered.text)
        if request.do is Do.KILL:
            return self._killed(ordered)
        return {"ok": True, "text": ordered.text}

    def _killed(self, ordered: Ordered) -> Answer:
        """From here on nothing new leaves; which venues have confirmed it is asked for later."""
        kill = self._kills.start(self._orders.live(ordered.scope))
        return {"ok": True, "text": ordered.text, "kill": kill, **self._progress(kill)}

    def _kill_progress(self, request: Request) -> Answer:
        if request.kill is None or request.kill not in self._kills:
            return refusal("no such kill since the router was started. Fix: kill again")
        return {"ok": True, "kill": request.kill, **self._progress(request.kill)}

    def _progress(self, kill: int) -> dict[str, Any]:
        progress = self._kills.progress(kill, self._parts.engine.children)
        return {
            "cancels": progress.cancels,
            "acknowledged": progress.acknowledged,
            "in_doubt": progress.in_doubt,
            "is_confirmed": progress.is_confirmed,
            "open": self._orders.rows_of(progress.open_children[:_OPEN_SHOWN]),
        }

    def _list_orders(self, request: Request) -> Answer:
        scope = self._scope(request)
        if isinstance(scope, str):
            return refusal(scope)
        children, parents = self._orders.rows(scope)
        return {"ok": True, "orders": children, "parents": parents}

    def _limits(self, request: Request) -> Answer:
        scope = self._scope(request)
        if isinstance(scope, str):
            return refusal(scope)
        conf, risk = self._parts.conf, self._parts.engine.risk
        own = {limits.client: limits for limits in conf.limits.clients}
        clients = {
            client: {
                "used_usd": risk.client_value(client) / TICKS_PER_USD,
                "allowed_usd": min(
                    conf.risk.client_day_usd,
                    (own[client].day_usd if client in own else None) or conf.risk.client_day_usd,
                ),
            }
            for client in ([scope.client] if scope.client else conf.client_ids)
        }
        open_usd = {
            "used_usd": risk.open_value / TICKS_PER_USD,
            "allowed_usd": conf.risk.open_usd,
        }
        return {"ok": True, "clients": clients, "open": open_usd}

    def _force_venue_up(self, request: Request) -> Answer:
        """A person takes the venue as reconciled; what it did not account for stays a question."""
        scope = self._scope(request)
        if isinstance(scope, str):
            return refusal(scope)
        if scope.venue_idx is None:
            return refusal("`venue_force_up` needs a venue. Fix: name one")
        link = self._parts.links[scope.venue_idx]
        if link.state is not LinkState.RECONCILING:
            fix = {
                LinkState.DOWN: "wait for the session, or call the venue",
                LinkState.UP: "nothing is to be done",
            }[link.state]
            return refusal(f"{request.venue} is {link.state}, not reconciling. Fix: {fix}")
        left = list(link.unanswered)
        self._notice("force_up", request, f"{request.venue} is up, children {left} unaccounted for")
        reason = f"{operator_of(request)} forced {request.venue} up: {request.reason}"[:_MAX_REASON]
        for child_id in left:
            draft = DoubtChild(
                **draft_stamps(self._parts.clock()),
                child_id=child_id,
                venue_idx=scope.venue_idx,
                reason=reason,
            )
            self._stepper.step(draft)
        self._force_up(scope.venue_idx)
        text = f"{request.venue} is up; {len(left)} children are not accounted for"
        return {"ok": True, "text": text, "children": left}

    def _reset_session(self, item: Asked) -> None:
        """Start a session's numbers at 1; it waits for the FIX engine, so not on this thread."""
        parts, request = self._parts, item.request
        mics = [venue.mic for venue in parts.universe.venues]
        side = Side.VENUE if request.session in mics else Side.OMS
        if side is Side.OMS and request.session not in parts.conf.oms_sessions:
            known = ", ".join([*parts.conf.oms_sessions, *mics][:20])
            item.answer(refusal(f"unknown session {request.session!r}. Fix: name one of {known}"))
            return
        text = f"the session with {request.session} starts again at 1"
        self._notice("session_reset", request, text)
        self._aside(partial(self._reset, side, request.session, text, item.answer))

    def _reset(
        self, side: Side, counterparty: str, text: str, answer: Callable[[Answer], None]
    ) -> None:
        if self._reset_fix(side, counterparty):
            answer({"ok": True, "text": text})
        else:
            answer(refusal("the FIX engine did not do it in time. Fix: try again"))

    def _scope(self, request: Request) -> Scope | str:
        return scope_of(request, self._parts.universe, self._parts.conf.client_ids)

    def _notice(self, code: str, request: Request, text: str) -> None:
        why = f" ({request.reason})" if request.reason else ""
        line = f"{operator_of(request)}: {text}{why}"
        self._stepper.notice(AlertLevel.WARNING, code, line)
