"""Laws of the risk gate over random schedules of sends, reports and operators' orders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from penstock.domain import ChildOrder, ControlAction, Ns, Side, Ticks
from penstock.risk import RiskGate, RiskLimits
from tests.support.gates import (
    N_VENUES,
    TEN_USD,
    child,
    control,
    fill,
    gate,
    rows,
    situation,
    touch,
)

CLIENTS = ("acme", "brook")
LIMITS = RiskLimits(
    order_shares=400,
    order_usd=4_000,
    parent_usd=15_000,
    client_day_usd=25_000,
    open_usd=12_000,
    messages_per_s=4,
)
PRICES = st.integers(TEN_USD - 300, TEN_USD + 300)

sends = st.tuples(
    st.just("send"),
    st.builds(
        child,
        side=st.sampled_from(Side),
        shares=st.integers(1, 450),
        at=PRICES,
        venue=st.integers(0, N_VENUES - 1),
        instrument=st.integers(0, 1),
        of=st.integers(1, 4),
    ),
    st.sampled_from([0, 1_000_000, 300_000_000, 2_000_000_000]),
)
reports = st.tuples(
    st.sampled_from(["fill", "fill", "end", "resize"]),
    st.integers(0, 9),
    st.integers(1, 450),
    PRICES,
)
orders_of_people = st.tuples(
    st.just("control"), st.sampled_from(list(ControlAction)), st.integers(0, N_VENUES - 1)
)
schedules = st.lists(st.one_of(sends, sends, reports, reports, orders_of_people), max_size=80)
Step = tuple[str, ...]


@dataclass
class Desk:
    """Everything that a schedule did to a gate, remembered plainly."""

    risk: RiskGate = field(default_factory=lambda: gate(LIMITS))
    now_ns: int = 0
    n_orders: int = 0
    live: dict[int, tuple[ChildOrder, int, int]] = field(default_factory=dict)  # price, leaves
    traded: Counter[str] = field(default_factory=Counter)
    sent: list[tuple[int, int]] = field(default_factory=list)  # venue, time
    is_killed: bool = False

    def client(self, order: ChildOrder) -> str:
        return CLIENTS[order.parent_id % len(CLIENTS)]

    def run(self, schedule: list[Step], check: Callable[[], None] = lambda: None) -> None:
        for kind, *arguments in schedule:
            getattr(self, f"_{kind}")(*arguments)
            check()

    def _send(self, order: ChildOrder, pause_ns: int) -> None:
        self.now_ns += pause_ns
        self.n_orders += 1
        order = child(
            self.n_orders,
            side=order.side,
            shares=order.size_shares,
            at=order.limit_ticks,
            venue=order.venue_idx,
            instrument=order.instrument_idx,
            of=order.parent_id,
        )
        client = self.client(order)
        before = self.risk.state_hash()
        denial = self.risk.deny(order, client, touch(), Ns(self.now_ns))
        if denial is None:
            assert before == self.risk.state_hash(), "asking is not sending"
            assert not self.is_killed, "an order passed after the kill switch"
            self.risk.on_sent(order, client, Ns(self.now_ns))
            self.live[order.child_id] = order, order.limit_ticks, order.size_shares
            self.sent.append((order.venue_idx, self.now_ns))

    def _pick(self, pick: int) -> int | None:
        return sorted(self.live)[pick % len(self.live)] if self.live else None

    def _fill(self, pick: int, shares: int, at: int) -> None:
        child_id = self._pick(pick)
        if child_id is None:
            return
        order, limit, leaves = self.live[child_id]
        shares = min(shares, leaves)
        price = min(at, limit) if order.side is Side.BUY else max(at, limit)
        self.risk.on_fill(fill(order, shares, price), order, self.client(order))
        self.traded[self.client(order)] += price * shares
        self.live[child_id] = order, limit, leaves - shares
        if leaves == shares:
            self._end(pick, 0, 0)

    def _end(self, pick: int, _shares: int, _at: int) -> None:
        child_id = self._pick(pick)
        if child_id is not None:
            self.risk.on_ended(self.live.pop(child_id)[0])

    def _resize(self, pick: int, shares: int, _at: int) -> None:
        child_id = self._pick(pick)
        if child_id is not None:
            order, limit, leaves = self.live[child_id]
            leaves = min(leaves, shares)  # a replace never adds without asking the gate
            self.live[child_id] = order, limit, leaves
            self.risk.on_resized(order, leaves)  # type: ignore[arg-type]

    def _control(self, action: ControlAction, target: int) -> None:
        self.risk.on_control(control(action, target))
        if action in {ControlAction.KILL, ControlAction.RESUME}:
            self.is_killed = action is ControlAction.KILL

    @property
    def live_value(self) -> int:
        return sum(limit * leaves for _, limit, leaves in self.live.values())


@given(schedules)
def test_open_value_is_what_is_live_and_zero_when_nothing_is(schedule: list[Step]) -> None:
    """Credit that leaks would stop the router by noon; credit invented would not stop it at all."""
    desk = Desk()

    def check() -> None:
        assert desk.live_value == desk.risk.open_value

    desk.run(schedule, check)
    for order, _, _ in list(desk.live.values()):
        desk.risk.on_ended(order)
    assert 0 == desk.risk.open_value


@given(schedules)
def test_no_limit_is_exceeded_by_what_passed(schedule: list[Step]) -> None:
    """
    However sends and fills interleave. A sell can trade above its limit, at most by what the
    prices of this test allow, so that a client's day may exceed its limit by that part of it.
    """
    desk = Desk()
    better_frac = 600 / (TEN_USD - 300)

    def check() -> None:
        assert desk.live_value <= LIMITS.open_usd * 10_000
        for client in CLIENTS:
            live = sum(p * n for o, p, n in desk.live.values() if desk.client(o) == client)
            most = LIMITS.client_day_usd * 10_000 * (1 + better_frac)
            assert desk.traded[client] + live <= most

    desk.run(schedule, check)


@given(schedules)
def test_no_venue_gets_more_than_the_rate_in_any_second(schedule: list[Step]) -> None:
    """Unless a person has looked and said go on, which starts the count anew."""
    no_releases = [step for step in schedule if ControlAction.VENUE_ON not in step]
    desk = Desk()
    desk.run(no_releases)

    for venue in range(N_VENUES):
        times_ns = [t for v, t in desk.sent if v == venue]
        for first_ns, fifth_ns in zip(times_ns, times_ns[LIMITS.messages_per_s :], strict=False):
            assert fifth_ns - first_ns >= 1_000_000_000


@given(schedules, schedules)
def test_after_kill_nothing_passes(before: list[Step], after: list[Step]) -> None:
    """Whatever else happens, but for RESUME."""
    desk = Desk()
    desk.run(before)
    desk.run([("control", ControlAction.KILL, 0)])  # type: ignore[list-item]
    n_sent = len(desk.sent)
    desk.run([step for step in after if ControlAction.RESUME not in step])

    masked = rows()
    desk.risk.mask(masked, situation(), Ns(desk.now_ns))
    assert n_sent == len(desk.sent)
    assert (masked["excluded"] != 0).all()


@given(schedules, st.integers(0, N_VENUES - 1), st.integers(0, 1))
def test_what_the_mask_excludes_is_what_would_be_denied(
    schedule: list[Step], venue: int, instrument: int
) -> None:
    """A small passive order at a price inside the collar: only switches can be in its way."""
    desk = Desk(risk=gate(RiskLimits(messages_per_s=4)))
    desk.run(schedule)
    order = child(10_000, shares=1, at=TEN_USD, venue=venue, instrument=instrument)
    much_later_ns = Ns(desk.now_ns + 10**10)

    masked = rows()
    desk.risk.mask(masked, situation(instrument), much_later_ns)
    denial = desk.risk.deny(order, "acme", touch(), much_later_ns)
    assert (masked["excluded"][venue * 3] == 0) == (denial is None)


@given(schedules)
def test_the_same_schedule_gives_the_same_hash(schedule: list[Step]) -> None:
    """A replay is held to it."""
    once, again = Desk(), Desk()
    once.run(schedule)
    again.run(schedule)

    assert once.risk.state_hash() == again.risk.state_hash()


@given(
    st.sampled_from(Side),
    st.one_of(st.none(), st.integers(1, 10**7)),
    st.integers(1, 10**7),
    st.integers(1, 10**5),
    st.floats(0.01, 5_000),
)
def test_what_worst_ticks_allows_the_collar_lets_pass(
    side: Side, limit: int | None, bid: int, spread: int, collar_bps: float
) -> None:
    """Plan and gate must agree, or a plan is refused order by order."""
    risk = gate(RiskLimits(collar_bps=collar_bps))
    nbbo = touch(bid, bid + spread)
    worst = risk.worst_ticks(side, None if limit is None else Ticks(limit), nbbo)

    assert worst <= 0 or risk.deny(child(side=side, shares=1, at=worst), "a", nbbo, Ns(0)) is None
