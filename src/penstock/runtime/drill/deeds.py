"""What each verb of a day does to the world: ordinary deeds and faults, one function each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from penstock.domain import NS_PER_MS
from penstock.runtime.control import Do, Request
from penstock.runtime.drill.acts import Act
from penstock.runtime.drill.clients import Ordered, ScriptedClient
from penstock.runtime.drill.links import Body
from penstock.runtime.drill.prices import SPELLINGS
from penstock.runtime.drill.settings import N_SYMBOLS, symbol_of
from penstock.runtime.drill.venue_orders import Trade, VenueOrder, report
from penstock.runtime.drill.venues import ScriptedVenue
from penstock.runtime.drill.world import World
from penstock.runtime.inbox import Asked

Deed = Callable[[World, Act], bool]
"""Returns whether there was anything that it could be done to."""


def _venue(world: World, act: Act) -> ScriptedVenue:
    venues = list(world.venues.values())
    return world.venues[act.who] if act.who in world.venues else venues[act.pick % len(venues)]


def _open_order(world: World, act: Act) -> tuple[ScriptedVenue, VenueOrder] | None:
    """An order that may trade: at the venue named, or at any."""
    found = [
        (venue, order)
        for mic, venue in world.venues.items()
        if act.who in ("", mic)
        for order in venue.open_orders()
    ]
    return found[act.pick % len(found)] if found else None


def _some_trade(world: World, act: Act) -> tuple[ScriptedVenue, VenueOrder, Trade] | None:
    found = [
        (venue, order, trade)
        for venue in world.venues.values()
        for order in venue.orders.values()
        for trade in order.trades
        if trade.shares > 0
    ]
    return found[act.pick % len(found)] if found else None


def _client(world: World, act: Act) -> ScriptedClient:
    clients = list(world.clients.values())
    return clients[int(act.who or "0") % len(clients)]


def _ordered(world: World, act: Act) -> tuple[ScriptedClient, Ordered] | None:
    """An order of any client, late ones more often: there is more to happen to them."""
    found = [(client, order) for client in world.clients.values() for order in client.orders]
    return found[-1 - act.pick % min(len(found), 6)] if found else None


# Clients.


def _order(world: World, act: Act) -> bool:
    slot, off, horizon = (int(part) for part in act.more.split(":"))
    k, side = slot // 2 % N_SYMBOLS, "12"[slot % 2]
    limit = None
    if off >= 0:
        step = world.market.increments[k]
        sign = 1 if side == "1" else -1
        limit = world.market.mids[k] + sign * (off - 2) * step
    _client(world, act).order(symbol_of(k), side, act.n, limit, horizon)
    return True


def _replace(world: World, act: Act) -> bool:
    found = _ordered(world, act)
    if found is None:
        return False
    client, order = found
    size = max(1, order.size * act.n // 1_000)
    limit = order.limit_ticks
    if limit is not None and act.more:
        k = ord(order.symbol[1]) - ord("A")
        limit = max(world.market.increments[k], limit + int(act.more) * world.market.increments[k])
    client.replace(order, size, limit)
    return True


def _on_order(do: Callable[[ScriptedClient, Ordered], None]) -> Deed:
    def deed(world: World, act: Act) -> bool:
        found = _ordered(world, act)
        if found is not None:
            do(*found)
        return found is not None

    return deed


def _nonsense(world: World, act: Act) -> bool:
    _client(world, act).nonsense(symbol_of(act.n % N_SYMBOLS), act.pick)
    return True


def _client_off(world: World, act: Act) -> bool:
    world.drop(_client(world, act).name, act.n)
    return True


# The market.


def _quote(world: World, act: Act) -> bool:
    tape = world.market.change(act.pick, act.n % N_SYMBOLS, act.more, act.n, world.agenda.now_ns)
    world.show(tape)
    return True


def _feed_gap(world: World, act: Act) -> bool:
    lit = world.market.lit
    if not lit:
        return False
    venue_idx = lit[act.pick % len(lit)]
    world.feed(venue_idx, is_whole=False)

    def restored() -> None:
        world.show(world.market.snapshot(world.agenda.now_ns))
        world.feed(venue_idx, is_whole=True)

    world.later(act.n, restored)
    return True


# Venues.


def _twist(name: str) -> Deed:
    def deed(world: World, act: Act) -> bool:
        _venue(world, act).arm(name, act.n)
        return False  # it counts when it is used up

    return deed


def _on_open(do: Callable[[ScriptedVenue, VenueOrder, Act], None]) -> Deed:
    def deed(world: World, act: Act) -> bool:
        found = _open_order(world, act)
        if found is not None:
            do(*found, act)
        return found is not None

    return deed


def _fill(venue: ScriptedVenue, order: VenueOrder, act: Act) -> None:
    venue.fill(order, act.n, SPELLINGS[int(act.more or "0") % len(SPELLINGS)])


def _overfill(venue: ScriptedVenue, order: VenueOrder, act: Act) -> None:
    venue.trade(order, order.leaves + 1 + act.n % 100)


def _worse(venue: ScriptedVenue, order: VenueOrder, _: Act) -> None:
    venue.trade(order, max(1, order.leaves // 2), off_ticks=-min(100, order.limit_ticks - 1))


def _stray(world: World, act: Act) -> bool:
    """A venue reports on an order that it does not have: another venue's, or nobody's."""
    venue = _venue(world, act)
    others = [
        order for other in world.venues.values() if other is not venue
        for order in other.orders.values()
    ]  # fmt: skip
    if not others:
        return False
    order = others[act.pick % len(others)]
    name = order.name if act.n % 2 else f"{order.name}9999"
    stray = VenueOrder(name, "stray", order.symbol, order.side, 100, order.limit_ticks, False)
    more: Body = ((31, "10.00"), (32, "100"))
    body = report(stray, f"stray{act.pick}", "F", status="2", at="20260302-15:00:00", more=more)
    venue.say(body)
    return True


def _end(exec_type: str) -> Deed:
    return _on_open(lambda venue, order, _: venue.end(order, exec_type))


def _finish_ioc(world: World, _: Act) -> bool:
    for venue in world.venues.values():
        for order in venue.open_orders():
            if order.is_busy:
                venue.finish_ioc(order)
    return True


def _bust(world: World, act: Act) -> bool:
    found = _some_trade(world, act)
    if found is not None:
        venue, order, trade = found
        venue.bust(order, trade, is_restored=bool(act.n))
    return found is not None


def _correct(world: World, act: Act) -> bool:
    found = _some_trade(world, act)
    if found is not None:
        venue, order, trade = found
        venue.correct(order, trade, act.n, SPELLINGS[act.pick % len(SPELLINGS)])
    return found is not None


def _link(deed: Callable[[World, str, Act], bool]) -> Deed:
    return lambda world, act: deed(world, _venue(world, act).mic, act)


def _drop(world: World, mic: str, act: Act) -> bool:
    is_up = world.links[mic].is_up
    world.drop(mic, act.n, starts_over=act.more == "starts_over")
    return is_up


def _hold(world: World, mic: str, act: Act) -> bool:
    world.links[mic].hold_ms(act.n)
    return True


def _repeat_old(world: World, mic: str, act: Act) -> bool:
    return world.links[mic].repeat(act.pick)


def _release(world: World, _: Act) -> bool:
    for venue in world.venues.values():
        venue.release_held()
    return True


# The router's process, its machine, its clock.


def _kill(world: World, act: Act) -> bool:
    """
    `more`: per mille of the journal's unseen end that is lost, downtime in ms, whether what is
    under way arrives, whether looks at the clock count.
    """
    torn, down_ms, is_delivered, *rest = (int(part) for part in act.more.split(":"))
    world.torn, world.down_ms, world.is_delivered = torn, down_ms, bool(is_delivered)
    world.arm_kill(act.n, is_for_seen=rest == [0])
    return False  # it counts when it happens


def _machine_stop(world: World, act: Act) -> bool:
    if world.process is None or world.process.router is None:
        return False
    world.kill(lost_bytes=act.n)
    world.later(400, world.start)
    return True


def _restart(world: World, act: Act) -> bool:
    if world.process is None or world.process.router is None:
        return False
    world.stop(act.n)
    return True


def _stall(world: World, act: Act) -> bool:
    """The engine thread is busy: what comes is sorted by rank when it goes on."""
    world.stall(act.n)
    return True


def _disk_full(world: World, act: Act) -> bool:
    world.fill_disk(act.n)
    return False  # it counts when it happens


def _clock_step(world: World, act: Act) -> bool:
    """A step of the wall clock: the router reads it at its next start."""
    world.wall_offset_ns += (act.n - 1_000) * 60 * NS_PER_MS
    return True


# Operators.


def _operate(do: Do, target: str = "") -> Deed:
    def deed(world: World, act: Act) -> bool:
        if target == "venue":
            return _ask(world, do, venue=_venue(world, act).mic)
        if target == "symbol":
            return _ask(world, do, symbol=symbol_of(act.pick % N_SYMBOLS))
        return _ask(world, do)

    return deed


def _ask(world: World, do: Do, *, venue: str = "", symbol: str = "") -> bool:
    if world.process is None or world.process.router is None:
        return False
    target = venue or symbol

    def answer(said: dict[str, object]) -> None:
        world.seen()
        if said.get("ok"):
            world.auditor.confirmed_to_operator(do, target, asked)

    asked = world.auditor.asked_by_operator(do, target)
    request = Request(do=do, venue=venue, symbol=symbol, operator="drill")
    world.give(Asked(request, answer))
    return True


_TWISTS: Final = (
    "totals_first", "same_exec_id", "lose", "reorder", "repeat", "repeat_97", "no_ack", "late_ioc",
    "silent", "reject", "business_reject", "deaf", "fill_first", "refuse_cancel", "pending",
    "no_answer", "reject_question", "forget_at_question", "wrong_total", "made", "two_parties",
    "leap_second", "bad_date", "no_total", "spelling", "flawed", "data",
)  # fmt: skip

DEEDS: Final[Mapping[str, Deed]] = {
    "order": _order,
    "replace": _replace,
    "cancel": _on_order(lambda client, order: client.cancel(order)),
    "resend": _on_order(lambda client, order: client.resend(order)),
    "duplicate": _on_order(lambda client, order: client.duplicate(order)),
    "ask": _on_order(lambda client, order: client.ask(order)),
    "nonsense": _nonsense,
    "client_off": _client_off,
    "quote": _quote,
    "feed_gap": _feed_gap,
    "fill": _on_open(_fill),
    "overfill": _on_open(_overfill),
    "worse": _on_open(_worse),
    "stray": _stray,
    "cancel_unasked": _end("4"),
    "expire": _end("C"),
    "restate": _on_open(lambda venue, order, act: venue.restate(order, act.n)),
    "forget": _on_open(lambda venue, order, _: venue.forget(order)),
    "garble": _on_open(lambda venue, order, act: venue.garble(order, act.more)),
    "finish_ioc": _finish_ioc,
    "bust": _bust,
    "correct": _correct,
    "venue_drop": _link(_drop),
    "hold": _link(_hold),
    "repeat_old": _link(_repeat_old),
    "release": _release,
    "kill": _kill,
    "machine_stop": _machine_stop,
    "restart": _restart,
    "disk_full": _disk_full,
    "stall": _stall,
    "clock_step": _clock_step,
    "op_kill": _operate(Do.KILL),
    "op_resume": _operate(Do.RESUME),
    "op_venue_off": _operate(Do.VENUE_OFF, "venue"),
    "op_venue_on": _operate(Do.VENUE_ON, "venue"),
    "op_restrict": _operate(Do.RESTRICT, "symbol"),
    "op_unrestrict": _operate(Do.UNRESTRICT, "symbol"),
    **{name: _twist(name) for name in _TWISTS},
}
"""Every verb."""
