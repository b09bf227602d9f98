"""Warming up: kernels compiled and the core's paths walked once, before the first order."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Final

import msgspec

from penstock import __version__
from penstock._kernels import watched_compiling
from penstock.domain import (
    NS_PER_MS,
    NS_PER_S,
    ChildAck,
    ChildBust,
    ChildCancelled,
    ChildFill,
    ChildOrder,
    ChildReject,
    ChildReplaced,
    Command,
    Control,
    ControlAction,
    Event,
    FeedGap,
    FeedRecovered,
    Liquidity,
    NewParent,
    Ns,
    ParentOrder,
    SendChild,
    SetTimer,
    Shares,
    Side,
    TapeArray,
    TapeKind,
    Ticks,
    Timer,
    Universe,
    UsdMicros,
    VenueUp,
    empty_tape,
)
from penstock.engine import Engine, EngineParts, build_engine
from penstock.features import FEATURE_NAMES, FEATURES_VERSION
from penstock.models import dump_model, synthetic_model
from penstock.routing import Policy, RoutingConfig, make_policy, static_policy
from penstock.wire.feed import FeedPublisher, FeedReceiver

_START = Ns(1_800_000_000 * NS_PER_S)
_PRICE = 850_000
_N_PARENTS = 12
PROGRESS_S: Final = 2.0


def warm_up(
    universe: Universe, routing: RoutingConfig, policy_name: str, say: Callable[[str], None]
) -> None:
    """
    Run a few orders through engines that are thrown away, under what may decide from the start on.

    That is the configured policy and the static waterfall, its fall-back. A model that is swapped
    in later is warmed where it is loaded, outside the engine's thread (`warm_policy`).
    """
    model = _model()
    for name in dict.fromkeys(("static", policy_name)):
        rehearsal = _rehearse(universe, routing, make_policy(name, universe, routing, model))
    _rehearse_feed(universe, rehearsal.rows())
    say("warmed up")


def warm_policy(universe: Universe, routing: RoutingConfig, policy: Policy) -> None:
    """The same for one policy: call it before the engine gets that."""
    _rehearse(universe, routing, policy)


@contextmanager
def told_progress(
    say: Callable[[str], None], clock_s: Callable[[], float] = time.monotonic
) -> Iterator[None]:
    """
    Say what is being compiled, about every two seconds: nobody is left before a silent terminal.

    The machine code is kept on the disk: the first start after an update compiles for up to a
    minute, every later one for no time, and nothing is said.
    """
    started_s = said_s = clock_s()

    def tell(n_kernels: int, name: str) -> None:
        nonlocal said_s
        if n_kernels == 1 or clock_s() - said_s >= PROGRESS_S:
            said_s = clock_s()
            say(
                f"compiling kernel {n_kernels} ({name}), {said_s - started_s:.0f} s so far; "
                "only the first start after an update does"
            )

    with watched_compiling(tell):
        yield


def _rehearse(universe: Universe, routing: RoutingConfig, policy: Policy) -> _Rehearsal:
    for _ in range(2):  # the second run finds everything compiled and fills the caches
        rehearsal = _Rehearsal(universe, routing, policy)
        rehearsal.run()
    return rehearsal


def _model() -> bytes:
    return dump_model(
        synthetic_model(feature_names=FEATURE_NAMES, features_version=FEATURES_VERSION)
    )


def _rehearse_feed(universe: Universe, rows: TapeArray) -> None:
    """A snapshot, rows, a loss and its repair, from bytes to rows."""
    publisher = FeedPublisher(universe, started_ns=_START)
    receiver = FeedReceiver(universe, stale_after_ns=Ns(NS_PER_S))
    now = _START
    for is_lost in (False, True, False, False):
        now = Ns(now + NS_PER_S)
        datagrams = publisher.publish(rows, 0, len(rows))
        for datagram in [*datagrams[is_lost:], *publisher.heartbeat()]:
            receiver.receive(datagram, now)
        receiver.tick(now)
        for request in receiver.take().requests:
            for datagram in publisher.snapshot(request):
                receiver.receive(datagram, now)
        receiver.take()


class _Rehearsal:
    """One engine, its small market, and a venue that does a bit of everything."""

    def __init__(self, universe: Universe, routing: RoutingConfig, policy: Policy) -> None:
        self._universe = universe
        self._now = _START
        self._seqs = count(1)
        self._exec_ids = count(1)
        self._engine: Engine = build_engine(
            EngineParts(
                universe=universe,
                policy=policy,
                fallback=static_policy(universe, routing),
                code_version=__version__,
                routing=routing,
            )
        )
        self._encoder = msgspec.msgpack.Encoder()

    def run(self) -> None:
        """Open the market, work some parents, break and mend the feed, kill."""
        for venue in self._universe.venues:
            self._give(VenueUp, venue_idx=venue.venue_idx)
        self._show()
        for parent_id in range(1, _N_PARENTS + 1):
            self._answer(self._order(parent_id))
            self._show()
        self._give(FeedGap, venue_idx=0)
        self._give(FeedRecovered, venue_idx=0)
        self._give(Control, action=ControlAction.KILL, target_idx=None, operator="warm-up")
        self._engine.state_hash()

    def _order(self, parent_id: int) -> list[Command]:
        order = ParentOrder(
            parent_id=parent_id,
            client="warm-up",
            instrument_idx=parent_id % len(self._universe.instruments),
            side=Side.BUY if parent_id % 2 else Side.SELL,
            size_shares=Shares(1_000 * parent_id),
            limit_ticks=None,
            arrival_ns=self._now,
            horizon_ns=Ns(60 * NS_PER_S),
            urgency_frac=0.8,
        )
        return self._give(NewParent, order=order)

    def _answer(self, commands: list[Command], depth: int = 0) -> None:
        """Fill, cancel or reject the children in turn, let timers go off, follow what comes."""
        for command in commands:
            if isinstance(command, SendChild):
                for event, fields in self._fate(command.order):
                    answer = self._give(event, child_id=command.order.child_id, **fields)
                    if depth < 4:
                        self._answer(answer, depth + 1)
            elif isinstance(command, SetTimer) and depth < 2:
                self._give(Timer, timer_id=command.timer_id)

    def _fate(self, order: ChildOrder) -> Iterator[tuple[Callable[..., Event], dict[str, object]]]:
        where: dict[str, object] = {"venue_idx": order.venue_idx}
        if order.child_id % 7 == 0:
            yield ChildReject, {**where, "reason": "warm-up"}
            return
        yield ChildAck, where
        fill = {
            **where,
            "exec_id": f"W{next(self._exec_ids)}",
            "price_ticks": order.limit_ticks,
            "size_shares": Shares(max(1, order.size_shares // (1 + order.child_id % 2))),
            "liquidity": Liquidity.TAKE,
            "fee_usd_micros": UsdMicros(100),
        }
        yield ChildFill, fill
        if order.child_id % 5 == 0:
            bust = {"exec_id": fill["exec_id"], "corrected_shares": Shares(0)}
            yield ChildBust, {**where, **bust, "corrected_price_ticks": Ticks(0)}
        if order.child_id % 3 == 0:
            size = {"size_shares": order.size_shares, "limit_ticks": order.limit_ticks}
            yield ChildReplaced, {**where, **size}
        yield ChildCancelled, where

    def _show(self) -> None:
        """A fresh snapshot of every book, and a print."""
        tape = self.rows()
        self._engine.on_market(tape, 0, len(tape))

    def rows(self) -> TapeArray:
        """The rows of that."""
        rows = [
            row
            for venue in self._universe.venues
            for instrument in self._universe.instruments
            for row in self._book(venue.venue_idx, instrument.instrument_idx)
        ]
        tape: TapeArray = empty_tape(len(rows))
        for k, (venue_idx, instrument_idx, kind, side, price, shares) in enumerate(rows):
            row = tape[k]
            row["event_ns"] = row["recv_ns"] = self._now
            row["venue_idx"], row["instrument_idx"] = venue_idx, instrument_idx
            row["kind"], row["side"] = kind, side
            row["price_ticks"], row["shares"] = price, shares
        return tape

    def _book(
        self, venue_idx: int, instrument_idx: int
    ) -> Iterator[tuple[int, int, TapeKind, int, int, int]]:
        instrument = self._universe.instruments[instrument_idx]
        step = int(instrument.increment_ticks)
        price = max(_PRICE // step, 10) * step
        if not self._universe.venues[venue_idx].kind.is_lit:
            return
        yield venue_idx, instrument_idx, TapeKind.CLEAR, 0, 0, 0
        for k in range(1, 4):
            yield venue_idx, instrument_idx, TapeKind.LEVEL, 1, price - k * step, 500 * k
            yield venue_idx, instrument_idx, TapeKind.LEVEL, -1, price + k * step, 500 * k
        yield venue_idx, instrument_idx, TapeKind.SNAPSHOT_END, 0, 0, 0
        yield venue_idx, instrument_idx, TapeKind.TRADE, 1, price + step, 100

    def _give(self, kind: Callable[..., Event], **fields: object) -> list[Command]:
        self._now = Ns(self._now + 10 * NS_PER_MS)
        stamps = {"seq": next(self._seqs), "event_ns": self._now, "recv_ns": self._now}
        event = kind(**stamps, **fields)
        self._encoder.encode(event)
        commands = self._engine.on_event(event)
        self._encoder.encode(commands)
        return commands
