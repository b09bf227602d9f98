"""A random and faulty schedule at the port, from one seed: everything that venues and people do."""

import heapq
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec
import numpy as np

from penstock.domain import (
    CancelChild,
    CancelParent,
    ChildAck,
    ChildBust,
    ChildCancelled,
    ChildCancelReject,
    ChildFill,
    ChildReject,
    ChildReplaced,
    ChildStatus,
    Command,
    Control,
    ControlAction,
    Event,
    FeedGap,
    FeedRecovered,
    FeedStale,
    LatencyObserved,
    Liquidity,
    ModelSwap,
    NewParent,
    Ns,
    ParentOrder,
    ReplaceParent,
    SendChild,
    SetTimer,
    Shares,
    Side,
    TapeArray,
    Ticks,
    Timer,
    Universe,
    VenueDown,
    VenueUp,
    stream,
)
from tests.support.engines import ASK, BID, START, opening, quote
from tests.support.naive_ledger import NaiveChild, NaiveLedger
from tests.support.tapes import tape

RESET = ControlAction.RESET_LIMITS


class EngineLike(Protocol):
    """What a schedule drives: an engine, or a journalled one."""

    def on_market(self, tape: TapeArray, lo: int, hi: int) -> None: ...

    def on_event(self, event: Event) -> list[Command]: ...


class Step(NamedTuple):
    """One event, what it caused, and whether it may change anything at all."""

    event: Event
    commands: list[Command]
    is_idle: bool  # a duplicate or a stranger: alerts at most


Watcher = Callable[[Step], None]


class Schedule:
    """
    Draws what happens next from the seed and from what the engine has sent; never from its insides.

    Honest venues race, refuse and repeat themselves, but never report more than was asked for.
    """

    def __init__(
        self,
        seed: int,
        universe: Universe,
        engine: EngineLike,
        *,
        is_honest: bool = False,
        before: Callable[[], None] = lambda: None,
        watcher: Watcher = lambda step: None,
    ) -> None:
        self._rng = stream(seed, "faulty schedule")
        self._universe = universe
        self._engine = engine
        self._before = before
        self._watcher = watcher
        self.ledger = NaiveLedger()
        self.commands: list[Command] = []
        self.now = START
        self.orders: list[ParentOrder] = []
        self._n_events = 0
        self._fills: list[ChildFill] = []
        self._timers: list[tuple[int, int]] = []
        self._old_timers = [0]
        self._asked: dict[int, int] = {}  # child: cancels asked for and not answered
        self._actions = _actions(self, is_honest)

    def run(self, n_steps: int) -> None:
        """Open the market and let things happen."""
        rows = opening(self._universe)
        self._engine.on_market(rows, 0, len(rows))
        for venue in self._universe.venues:
            self._give(VenueUp, venue_idx=venue.venue_idx)
        weights = np.array([weight for weight, _ in self._actions], float)
        chosen = self._rng.choice(len(weights), n_steps, p=weights / weights.sum())
        for action_idx in chosen:
            self._actions[int(action_idx)][1]()

    def drain(self) -> None:
        """All timers come back and every venue answers, until nothing is out any more."""
        while self._timers or self._live() or self._doubtful():
            while self._timers:
                self.deliver_timer()
            for child in self._live():
                self._report(ChildCancelled, child)
            for child in self._doubtful():
                self._report(
                    ChildStatus,
                    child,
                    is_known=True,
                    filled_shares=child.filled_shares,
                    leaves_shares=0,
                )

    # What the market and the clock do.

    def pass_time(self) -> None:
        """A while; now and then a long one. The market moves."""
        self.now = Ns(self.now + int(self._rng.integers(1, 400_000_000)))
        self.move_market()

    def move_market(self) -> None:
        """Sizes change at a few prices; books are never crossed, sometimes empty."""
        lit = [v.venue_idx for v in self._universe.venues if v.kind.is_lit]
        messages = []
        for _ in range(int(self._rng.integers(1, 6))):
            side = Side.BUY if self._rng.random() < 0.5 else Side.SELL
            depth_ticks = 100 * int(self._rng.integers(0, 4))
            at = BID - depth_ticks if side is Side.BUY else ASK + depth_ticks
            shares = int(self._rng.choice([0, 100, 300, 1_000, 5_000]))
            instrument = int(self._rng.integers(len(self._universe.instruments)))
            venue = int(self._rng.choice(lit))
            messages.append(quote(venue, side, at, shares, instrument=instrument, now=self.now))
        rows = tape(messages)
        self._engine.on_market(rows, 0, len(rows))

    def deliver_timer(self) -> None:
        """The next timer, on time or late; some come twice."""
        if self._timers and self._rng.random() < 0.95:
            due_ns, timer_id = heapq.heappop(self._timers)
            late_ns = int(self._rng.choice([0, 0, 1_000, 3_000_000_000]))
            self.now = Ns(max(self.now, due_ns + late_ns))
            self._give(Timer, timer_id=timer_id)
            self._old_timers.append(timer_id)
        else:
            timer_id = int(self._rng.choice(self._old_timers))
            self._give(Timer, is_idle=True, timer_id=timer_id)

    # What the client does.

    def new_parent(self) -> None:
        """An order, or an old number again."""
        if self.orders and self._rng.random() < 0.1:
            order = self.orders[int(self._rng.integers(len(self.orders)))]
            self._give(NewParent, is_idle=True, order=order)
            return
        side = Side.BUY if self._rng.random() < 0.5 else Side.SELL
        limit = [None, BID, ASK, ASK + 300 * int(side)][int(self._rng.integers(4))]
        order = ParentOrder(
            parent_id=len(self.orders) + 1,
            client=("acme", "zenith")[int(self._rng.integers(2))],
            instrument_idx=int(self._rng.integers(len(self._universe.instruments))),
            side=side,
            size_shares=Shares(int(self._rng.choice([1, 99, 100, 1_000, 7_777]))),
            limit_ticks=None if limit is None else Ticks(limit),
            arrival_ns=self.now,
            horizon_ns=Ns(int(self._rng.choice([1, 3_000_000_000, 30_000_000_000]))),
        )
        self.orders.append(order)
        self._give(NewParent, order=order)

    def replace_parent(self) -> None:
        """Another size and limit, for a number that may be unknown."""
        limit = (None, BID, ASK)[int(self._rng.integers(3))]
        self._give(
            ReplaceParent,
            parent_id=self._some_parent(),
            size_shares=int(self._rng.choice([1, 50, 500, 2_000, 20_000])),
            limit_ticks=limit,
        )

    def cancel_parent(self) -> None:
        """The client wants an order back, perhaps one that we do not have."""
        self._give(CancelParent, parent_id=self._some_parent())

    # What venues do as they should.

    def ack(self) -> None:
        self._on_live(lambda child: self._report(ChildAck, child))

    def reject(self) -> None:
        self._on_live(lambda child: self._report(ChildReject, child, reason="no"))

    def fill_some(self) -> None:
        self._on_live(lambda child: self._fill(child, self._part_of(child.left_shares)))

    def fill_all(self) -> None:
        self._on_live(lambda child: self._fill(child, child.left_shares))

    def end(self) -> None:
        self._on_live(lambda child: self._report(ChildCancelled, child))

    def answer_cancel(self) -> None:
        """One of three: done, too late, or a fill that won the race and then either."""
        asked = [c for c in self._live() if self._asked.get(c.order.child_id)]
        if not asked:
            return
        child = asked[int(self._rng.integers(len(asked)))]
        self._asked[child.order.child_id] -= 1
        draw = self._rng.random()
        if draw < 0.3:
            self._fill(child, self._part_of(child.left_shares))
        if draw < 0.15 or child.has_ended:
            self._report(ChildCancelReject, child, reason="too late")
        else:
            self._report(ChildCancelled, child)

    def answer_status(self) -> None:
        """Where a live child stands: open, ended unseen, or never arrived."""
        self._on_live(self._tell_status)

    def _tell_status(self, child: NaiveChild) -> None:
        never_arrived = child.filled_shares == 0 and self._rng.random() < 0.3
        is_over = never_arrived or self._rng.random() < 0.4
        self._report(
            ChildStatus,
            child,
            is_known=not never_arrived,
            filled_shares=child.filled_shares,
            leaves_shares=0 if is_over else child.left_shares,
        )

    def shrink(self) -> None:
        """The venue takes down a size by itself, as for self-trade prevention."""
        self._on_live(lambda child: self._replace(child, self._part_of(child.left_shares) - 1))

    def repeat_fill(self) -> None:
        """The same execution once more, busted since or not."""
        if self._fills:
            fill = self._fills[int(self._rng.integers(len(self._fills)))]
            fields = msgspec.structs.asdict(fill)
            self._give(ChildFill, is_idle=True, **fields)

    def repeat_end(self) -> None:
        """A terminal report, or an acknowledgement, of something that has ended long ago."""
        ended = [c for c in self.ledger.children.values() if c.has_ended]
        if ended:
            child = ended[int(self._rng.integers(len(ended)))]
            kind = (ChildCancelled, ChildReject)[int(self._rng.integers(2))]
            extra = {"reason": "no"} if kind is ChildReject else {}
            self._give(
                kind,
                is_idle=True,
                child_id=child.order.child_id,
                venue_idx=child.order.venue_idx,
                **extra,
            )

    def bust(self) -> None:
        """An execution is taken back, or made smaller."""
        self._correct(lambda shares: int(self._rng.integers(0, shares)))

    # What venues must not do, and do.

    def fill_too_much(self) -> None:
        self._on_live(lambda child: self._fill(child, child.left_shares + 100))

    def misstate(self) -> None:
        """A total that is not ours: a person must look, and nothing is booked."""
        self._on_live(
            lambda child: self._report(
                ChildStatus,
                child,
                is_known=True,
                filled_shares=child.filled_shares + 7,
                leaves_shares=0,
            )
        )

    def fill_late(self) -> None:
        ended = [c for c in self.ledger.children.values() if c.has_ended]
        if ended:
            self._fill(ended[int(self._rng.integers(len(ended)))], 40)

    def grow(self) -> None:
        self._on_live(lambda child: self._replace(child, child.left_shares + 300))

    def correct_upward(self) -> None:
        self._correct(lambda shares: shares + 50)

    def report_stranger(self) -> None:
        """A report for a child, or a bust of an execution, that never was."""
        kinds: Sequence[tuple[Callable[..., Event], dict[str, Any]]] = (
            (ChildAck, {}),
            (ChildCancelled, {}),
            (ChildReject, {"reason": "no"}),
            (ChildCancelReject, {"reason": "unknown"}),
            (ChildReplaced, {"size_shares": 5, "limit_ticks": BID}),
            (ChildStatus, {"is_known": True, "filled_shares": 5, "leaves_shares": 5}),
            (ChildBust, {"exec_id": "?", "corrected_shares": 0, "corrected_price_ticks": 0}),
        )
        kind, extra = kinds[int(self._rng.integers(len(kinds)))]
        self._give(kind, is_idle=True, child_id=10**9, venue_idx=0, **extra)

    # What links and operators do.

    def touch_venue(self) -> None:
        venue_idx = int(self._rng.integers(len(self._universe.venues)))
        draw = self._rng.random()
        if draw < 0.2:
            self._give(VenueDown, venue_idx=venue_idx, reason="link lost")
        elif draw < 0.5:
            self._give(VenueUp, venue_idx=venue_idx)
        elif draw < 0.7:
            self._give((FeedGap, FeedStale)[int(draw * 100) % 2], venue_idx=venue_idx)
        else:
            self._give(FeedRecovered, venue_idx=venue_idx)

    def operate(self) -> None:
        """Switches go on as often as off; some name nothing that exists."""
        action = list(ControlAction)[int(self._rng.integers(len(ControlAction)))]
        stops = (ControlAction.KILL, ControlAction.DRAIN, ControlAction.KILL_CLIENT)
        of_clients = (ControlAction.KILL_CLIENT, ControlAction.RESUME_CLIENT)
        is_for_all = action in (*stops, *of_clients, ControlAction.RESUME, RESET)
        if action in stops and self._rng.random() < 0.7:
            return
        target = None if is_for_all else (0, 1, 0, 1, 99)[int(self._rng.integers(5))]
        fields = {"action": action, "target_idx": target, "operator": "desk"}
        client = self.orders[0].client if action in of_clients and self.orders else ""
        self._give(Control, is_idle=target == 99, client=client, **fields)

    def observe(self) -> None:
        """A decision time, or a model that nobody loaded."""
        if self._rng.random() < 0.9:
            self._give(LatencyObserved, decision_ns=int(self._rng.choice([50_000, 9_000_000])))
        else:
            self._give(ModelSwap, is_idle=True, model_sha256="0" * 64)

    # Insides.

    def _give(self, kind: Callable[..., Event], *, is_idle: bool = False, **fields: Any) -> Event:
        self._n_events += 1
        event = kind(**(fields | self._stamps()))
        self._before()
        commands = self._engine.on_event(event)
        self.ledger.take(event)
        for command in commands:
            if isinstance(command, SendChild):
                self.ledger.send(command.order)
            elif isinstance(command, SetTimer):
                heapq.heappush(self._timers, (command.due_ns, command.timer_id))
            elif isinstance(command, CancelChild):
                self._asked[command.child_id] = self._asked.get(command.child_id, 0) + 1
        self.commands += commands
        self._watcher(Step(event, commands, is_idle))
        return event

    def _stamps(self) -> dict[str, int]:
        return {"seq": self._n_events, "event_ns": self.now, "recv_ns": self.now}

    def _live(self) -> list[NaiveChild]:
        return [child for child in self.ledger.children.values() if not child.has_ended]

    def _doubtful(self) -> list[NaiveChild]:
        return [child for child in self.ledger.children.values() if child.doubt_shares]

    def _on_live(self, act: Callable[[NaiveChild], object]) -> None:
        live = self._live()
        if live:
            act(live[int(self._rng.integers(len(live)))])

    def _part_of(self, shares: int) -> int:
        return int(self._rng.integers(1, shares + 1))

    def _some_parent(self) -> int:
        return int(self._rng.integers(1, len(self.orders) + 2))

    def _report(self, kind: Callable[..., Event], child: NaiveChild, **fields: Any) -> Event:
        order = child.order
        return self._give(kind, child_id=order.child_id, venue_idx=order.venue_idx, **fields)

    def _replace(self, child: NaiveChild, left_shares: int) -> None:
        size_shares = child.filled_shares + left_shares
        self._report(
            ChildReplaced, child, size_shares=size_shares, limit_ticks=child.order.limit_ticks
        )

    def _fill(self, child: NaiveChild, shares: int) -> None:
        fill = self._report(
            ChildFill,
            child,
            exec_id=f"x{self._n_events}",
            price_ticks=child.order.limit_ticks,
            size_shares=shares,
            liquidity=Liquidity.TAKE,
            fee_usd_micros=int(self._rng.integers(-2_000, 3_001)) * shares,
        )
        assert isinstance(fill, ChildFill)
        self._fills.append(fill)

    def _correct(self, to_shares: Callable[[int], int]) -> None:
        known = [(c, x) for c in self.ledger.children.values() for x in c.executions]
        if not known:
            return
        child, exec_id = known[int(self._rng.integers(len(known)))]
        self._report(
            ChildBust,
            child,
            exec_id=exec_id,
            corrected_shares=to_shares(child.executions[exec_id].shares),
            corrected_price_ticks=child.order.limit_ticks - 1,
        )


def _actions(s: Schedule, is_honest: bool) -> list[tuple[float, Callable[[], None]]]:
    """What can happen, and how often."""
    honest: list[tuple[float, Callable[[], None]]] = [
        (10, s.pass_time), (8, s.deliver_timer),
        (4, s.new_parent), (1, s.replace_parent), (1, s.cancel_parent),
        (8, s.ack), (2, s.reject), (12, s.fill_some), (8, s.fill_all), (8, s.end),
        (8, s.answer_cancel), (1, s.shrink), (3, s.repeat_fill), (2, s.repeat_end), (2, s.bust),
        (2, s.answer_status),
        (2, s.report_stranger), (3, s.touch_venue), (2, s.operate), (2, s.observe),
    ]  # fmt: skip
    if is_honest:
        return honest
    return [*honest, (1, s.fill_too_much), (2, s.fill_late), (1, s.grow), (1, s.correct_upward),
            (1, s.misstate)]  # fmt: skip
