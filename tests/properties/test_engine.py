"""Laws of the engine, after every event of random and faulty schedules."""

from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.domain import (
    Alert,
    CancelChild,
    ChildBust,
    Control,
    ControlAction,
    Ns,
    ParentState,
    ReplaceParent,
    ReportParent,
    SendChild,
    Universe,
    VenueDown,
    VenueUp,
)
from penstock.engine import Engine, EngineConfig
from penstock.journal import JournaledEngine, JournalWriter, replay
from penstock.routing import Policy, RoutingConfig, SweepPolicy
from tests.support.engines import NeedyPolicy, small_engine, small_universe, static_policy
from tests.support.faulty_schedules import Schedule, Step

N_STEPS = 150
SEEDS = st.integers(0, 2**32)


def engine_of(seed: int, universe: Universe) -> Engine:
    """One of three policies, with features or without, midpoint orders resting or not."""
    policies: list[Policy] = [static_policy(universe), SweepPolicy(), NeedyPolicy()]
    routing = RoutingConfig(mid_rest_ns=Ns(0 if seed % 2 else 2_000_000_000))
    # These laws are read off every order there ever was: tests/properties/test_forgetting.py.
    config = EngineConfig(forget_after_ns=Ns(0))
    return small_engine(universe, policies[seed % 3], routing=routing, config=config)


def universe_of(seed: int) -> Universe:
    """Two to five venues, two instruments."""
    return small_universe(2 + seed % 4)


class Laws:
    """Watches a schedule and holds the engine to its promises after each event."""

    def __init__(self, seed: int, *, is_honest: bool) -> None:
        universe = universe_of(seed)
        self.engine = engine_of(seed, universe)
        self.schedule = Schedule(
            seed,
            universe,
            self.engine,
            is_honest=is_honest,
            before=self._look,
            watcher=self._check,
        )
        self._is_honest = is_honest
        self._hash_before = ""
        self._now_before = Ns(0)
        self._states_before: dict[int, ParentState] = {}
        self._peak_shares: dict[int, int] = {}
        self._is_killed = False
        self._is_up = [False] * len(universe.venues)
        self._off_venues: dict[int, bool] = {}
        self._restricted: dict[int, bool] = {}
        self._killed_symbols: dict[int, bool] = {}
        self._killed_clients: dict[str, bool] = {}

    def _look(self) -> None:
        self._hash_before = self.engine.state_hash()
        self._now_before = self.engine.now_ns
        self._states_before = {i: p.state for i, p in self.engine.parents.items()}

    def _check(self, step: Step) -> None:
        self._note(step)
        self._check_totals()
        self._check_live()
        self._check_sent(step)
        self._check_reports(step)
        self._check_states(step)
        if step.is_idle:
            self._check_idle(step)

    def _note(self, step: Step) -> None:
        event = step.event
        if isinstance(event, VenueUp | VenueDown):
            self._is_up[event.venue_idx] = isinstance(event, VenueUp)
        elif isinstance(event, Control):
            action, target = event.action, -1 if event.target_idx is None else event.target_idx
            if action in (ControlAction.KILL, ControlAction.DRAIN, ControlAction.RESUME):
                self._is_killed = action is not ControlAction.RESUME
            elif action in (ControlAction.VENUE_OFF, ControlAction.VENUE_ON):
                self._off_venues[target] = action is ControlAction.VENUE_OFF
            elif action in (ControlAction.RESTRICT, ControlAction.UNRESTRICT):
                self._restricted[target] = action is ControlAction.RESTRICT
            elif action in (ControlAction.KILL_SYMBOL, ControlAction.RESUME_SYMBOL):
                self._killed_symbols[target] = action is ControlAction.KILL_SYMBOL
            elif action in (ControlAction.KILL_CLIENT, ControlAction.RESUME_CLIENT):
                self._killed_clients[event.client] = action is ControlAction.KILL_CLIENT
        for parent_id, parent in self.engine.parents.items():
            peak = max(self._peak_shares.get(parent_id, 0), parent.size_shares)
            if isinstance(event, ReplaceParent) and event.parent_id == parent_id:
                peak = max(peak, event.size_shares)
            self._peak_shares[parent_id] = peak

    def _check_totals(self) -> None:
        """parent == sum of children == sum of unique executions, busts and corrections applied."""
        ledger = self.schedule.ledger
        for parent_id, parent in self.engine.parents.items():
            ours = [self.engine.children[c.order.child_id] for c in ledger.of_parent(parent_id)]
            executions = [x for c in ledger.of_parent(parent_id) for x in c.executions.values()]
            assert parent.filled_shares == sum(child.filled_shares for child in ours)
            assert parent.filled_shares == sum(x.shares for x in executions)
            assert parent.paid_ticks_shares == sum(x.shares * x.price_ticks for x in executions)
            assert parent.fees_usd_micros == sum(x.fee_usd_micros for x in executions)
            excess_shares = ledger.excess_shares.get(parent_id, 0)
            assert parent.filled_shares <= self._peak_shares[parent_id] + excess_shares
            if self._is_honest:
                assert excess_shares == 0

    def _check_live(self) -> None:
        """Every child that was sent has ended or is live, with what the venue could still fill."""
        ledger = self.schedule.ledger
        assert list(ledger.children) == list(self.engine.children)
        for child_id, child in ledger.children.items():
            assert child.left_shares == self.engine.children[child_id].leaves_shares
            assert child.has_ended == self.engine.children[child_id].state.is_terminal
            assert child.doubt_shares == self.engine.children[child_id].doubt_shares
        for parent_id, parent in self.engine.parents.items():
            live = [c.order.child_id for c in ledger.of_parent(parent_id) if not c.has_ended]
            assert live == sorted(parent.live_children)
            doubtful = [
                c.order.child_id
                for c in ledger.of_parent(parent_id)
                if c.has_ended and c.doubt_shares
            ]
            assert doubtful == sorted(parent.doubtful_children)
        open_value = sum(
            max(c.left_shares, c.doubt_shares) * c.limit_ticks for c in ledger.children.values()
        )
        assert open_value == self.engine._core.risk.open_value

    def _check_sent(self, step: Step) -> None:
        for command in step.commands:
            if isinstance(command, CancelChild):
                assert not self.schedule.ledger.children[command.child_id].has_ended
            if not isinstance(command, SendChild):
                continue
            order = command.order
            parent = self.engine.parents[order.parent_id]
            live_shares = self.schedule.ledger.live_shares(order.parent_id)
            assert parent.state is ParentState.WORKING
            assert parent.filled_shares + live_shares <= parent.wanted_shares
            assert not self._is_killed
            assert self._is_up[order.venue_idx]
            assert not self._off_venues.get(order.venue_idx, False)
            assert not self._restricted.get(order.instrument_idx, False)
            assert not self._killed_symbols.get(order.instrument_idx, False)
            assert not self._killed_clients.get(parent.order.client, False)

    def _check_reports(self, step: Step) -> None:
        """The last report to the OMS is how things stand; no change goes unreported."""
        last = {c.parent_id: c for c in step.commands if isinstance(c, ReportParent)}
        for parent_id, parent in self.engine.parents.items():
            if parent.state is not self._states_before.get(parent_id):
                assert parent_id in last
            if parent_id in last:
                report = last[parent_id]
                assert report.state is parent.state
                assert report.filled_shares == parent.filled_shares
                assert report.leaves_shares == parent.open_shares
                if not parent.state.is_terminal:
                    assert report.leaves_shares == max(0, report.size_shares - report.filled_shares)
                assert report.paid_ticks_shares == parent.paid_ticks_shares
                assert report.fees_usd_micros == parent.fees_usd_micros

    def _check_states(self, step: Step) -> None:
        for parent_id, before in self._states_before.items():
            parent = self.engine.parents[parent_id]
            if before.is_terminal and not isinstance(step.event, ChildBust):
                assert parent.state is before
            if parent.state is ParentState.FILLED:
                assert parent.is_complete
            if isinstance(step.event, Control) and step.event.action is ControlAction.KILL:
                assert parent.state is not ParentState.WORKING
            if parent.state is ParentState.CANCELLED:
                assert parent.is_idle

    def _check_idle(self, step: Step) -> None:
        """A duplicate or a stranger changes nothing but, for a timer or a report, `now_ns`."""
        assert all(isinstance(command, Alert) for command in step.commands)
        if self.engine.now_ns == self._now_before:
            assert self._hash_before == self.engine.state_hash()


@settings(max_examples=60)
@given(SEEDS)
def test_honest_venues_never_fill_more_than_was_asked_for(seed: int) -> None:
    """Races, refusals, repeats, switches and late timers: the totals hold to the share."""
    Laws(seed, is_honest=True).schedule.run(N_STEPS)


@settings(max_examples=60)
@given(SEEDS)
def test_what_wild_venues_report_is_booked_to_the_share(seed: int) -> None:
    """Late fills, overfills, sizes raised, corrections upward: booked, said, never multiplied."""
    Laws(seed, is_honest=False).schedule.run(N_STEPS)


@settings(max_examples=20)
@given(SEEDS)
def test_every_parent_ends_once_venues_have_answered(seed: int) -> None:
    """Horizons pass and cancels are answered: nothing stays open, nothing stays owed."""
    laws = Laws(seed, is_honest=False)
    laws.schedule.run(N_STEPS)
    laws.schedule.drain()

    assert all(parent.state.is_terminal for parent in laws.engine.parents.values())
    assert laws.engine._core.risk.open_value == 0


@settings(max_examples=15)
@given(SEEDS)
def test_one_schedule_gives_the_same_commands_and_hash_twice(seed: int) -> None:
    """Bit for bit, decisions with their features included."""
    runs = []
    for _ in range(2):
        universe = universe_of(seed)
        engine = engine_of(seed, universe)
        schedule = Schedule(seed, universe, engine)
        schedule.run(N_STEPS)
        runs.append((msgspec.msgpack.encode(schedule.commands), engine.state_hash()))

    assert runs[0] == runs[1]


@settings(max_examples=15)
@given(SEEDS)
def test_the_journal_of_a_faulty_run_replays_without_a_difference(seed: int) -> None:
    """What was written down is enough to run it again."""
    universe = universe_of(seed)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "day.journal"
        engine = engine_of(seed, universe)
        with JournalWriter.create(path, {"seed": seed}) as writer:
            Schedule(seed, universe, JournaledEngine(engine, writer)).run(N_STEPS)
        report = replay(path, engine_of(seed, universe))

    assert report.difference is None
    assert report.state_hash == engine.state_hash()
    assert report.n_commands > 0
