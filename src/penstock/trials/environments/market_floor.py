"""Several bare markets side by side, each with one agent: what both kinds of environment share."""

from __future__ import annotations

import hashlib

import numpy as np

from penstock._kernels import entry_of
from penstock.book import BOOK_META_DTYPE, MAX_LEVELS, NBBO_DTYPE
from penstock.domain import (
    NS_PER_MS,
    USD_MICROS_PER_TICK,
    InputError,
    Liquidity,
    Universe,
    fees_on,
    from_seconds,
    stream,
)
from penstock.sim import Hidden, Scenario, World
from penstock.sim.codes import NEED_ROOM
from penstock.sim.layout import WorldState
from penstock.sim.stacking import replaced, stack_of, with_more_room
from penstock.trials.day import mean_take_fee_ticks
from penstock.trials.environments.config import MarketTask, check_task
from penstock.trials.environments.extra import gymnasium
from penstock.trials.environments.market_kernels import (
    BAD_ACTION,
    begin,
    pause,
    step_alone,
    step_worlds,
)
from penstock.trials.environments.market_layout import (
    ACTION_IN_WORDS,
    AGENT_DTYPE,
    LOTS,
    N_BESIDES,
    N_PER_VENUE,
    N_SLOTS,
    N_VERBS,
    SLOT_DTYPE,
    Desk,
)
from penstock.trials.environments.refusals import action_error

_LOOK_AGAIN_NS = 100 * NS_PER_MS  # while there is no quote, in a call or a halt


class MarketFloor:
    """
    `n_worlds` markets of one scenario, one agent in each.

    A seed is a day. A day holds as many parents as it has time for, one after another; the market
    goes on between them. Sizes and sides come from a stream of the day's own, so no action moves
    them. The same seeds and actions give the same observations and rewards, to the bit.

    Attributes:
        desk: actions to be carried out, and what came of them; see `Desk`.
    """

    def __init__(self, scenario: Scenario, task: MarketTask, n_worlds: int) -> None:
        check_task(task)
        self.scenario = scenario
        self.task = task
        universe = World(scenario, 0).universe
        self.n_venues = len(universe.venues)
        self.n_numbers = self.n_venues * N_PER_VENUE + N_BESIDES
        self.desk = _desk_of(scenario, task, universe, n_worlds)
        self._worlds = [World(scenario, 0) for _ in range(n_worlds)]
        self._stack = stack_of(self._worlds)
        self._days = [stream(0, "parents of an environment") for _ in range(n_worlds)]
        self._enter()

    def _enter(self) -> None:
        # One entry for these very arrays; they are replaced only where it is made anew.
        self._step = entry_of(step_worlds, self._stack, self.desk, 0)
        self._step_alone = entry_of(step_alone, self._stack, self.desk, 0, 0, 0)

    @property
    def stack(self) -> WorldState:
        """The worlds' arrays; read only."""
        return self._stack

    @property
    def action_counts(self) -> list[int]:
        """How many verbs, venues and sizes there are."""
        return [N_VERBS, self.n_venues, len(LOTS)]

    def world(self, w: int) -> World:
        """One of the markets; it must not be advanced but by `step`."""
        return self._worlds[w]

    def hidden(self, w: int) -> Hidden:
        """What no agent may know of market `w`: for insiders and for training."""
        return self._worlds[w].hidden()

    def open_day(self, w: int, seed: int) -> None:
        """Start a new day in place `w`, with no parent yet."""
        fresh = World(self.scenario, seed)
        stack = replaced(self._stack, self._worlds, w, fresh)
        self._worlds[w] = fresh
        if stack is not self._stack:
            self._stack = stack
            self._enter()
        self._days[w] = stream(seed, "parents of an environment")
        desk = self.desk
        for rows in (desk.slots, desk.filled_shares, desk.levels, desk.meta, desk.nbbo):
            rows[w] = np.zeros((), rows.dtype)
        agent = desk.agents[w]
        for name in ("n_posted", "first_child_id", "bid_ticks", "ask_ticks"):
            agent[name] = 0
        agent["is_over"] = 1

    def next_parent(self, w: int, side: int | None = None, size_shares: int | None = None) -> bool:
        """
        Give agent `w` the next parent of its day; False when the day has no time for one.

        Waits for `pause_s`, and on until there is an NBBO. Draws a side and a size, then takes
        those that are given instead.
        """
        drawn_side, drawn_shares = self._draw(w)
        pause_ns = from_seconds(self.task.pause_s)
        end_ns, world = self.scenario.end_ns, self._worlds[w]
        until_ns = world.now_ns + pause_ns
        while until_ns < end_ns:
            while pause(self._stack, self.desk, w, until_ns) == NEED_ROOM:
                self._make_room()
            if self.desk.nbbo[w, 0]["is_valid"]:
                break
            until_ns = world.now_ns + max(pause_ns, _LOOK_AGAIN_NS)
        else:
            return False
        begin(self._stack, self.desk, w, side or drawn_side, size_shares or drawn_shares)
        return True

    def start(
        self, w: int, seed: int, side: int | None = None, size_shares: int | None = None
    ) -> None:
        """
        A new day and its first parent.

        Raises:
            InputError: the scenario's day has no moment with a quote on both sides.
        """
        self.open_day(w, seed)
        if not self.next_parent(w, side, size_shares):
            raise InputError.one(
                where=f"{self.scenario.scenario.name}, seed {seed}",
                expected=f"a quote on both sides, with more than {self.task.pause_s:g} s to go",
                found=f"none in {self.scenario.scenario.duration_s:g} s",
                fix="use a longer day, a shorter pause_s, or a market that trades",
            )

    def step(self) -> None:
        """
        Carry out `desk.actions`; observations, rewards and ends are in the desk.

        Raises:
            ActionError: an action is outside its space; nothing has happened.
        """
        n_done = self._step(self._stack, self.desk, 0)
        if n_done < len(self._worlds):
            self._go_on(n_done)

    def step_alone(self, verb: int, venue_idx: int, size: int) -> None:
        """`step` for the agent of the only world."""
        n_done = self._step_alone(self._stack, self.desk, verb, venue_idx, size)
        if n_done < 1:
            self._go_on(n_done)

    def state_hash(self, w: int) -> str:
        """Content of market and agent `w`: equal for equal histories."""
        digest = hashlib.sha256(self._worlds[w].state_hash().encode())
        digest.update(self._worlds[w].state.children[:N_SLOTS].tobytes())
        for rows in self.desk[:-3]:
            digest.update(rows[w].tobytes())
        return digest.hexdigest()

    def _draw(self, w: int) -> tuple[int, int]:
        wish, stock = self.scenario.parents, self.scenario.instrument
        generator = self._days[w]
        low, high = np.log(wish.size_min_adv_frac), np.log(wish.size_max_adv_frac)
        wanted_shares = stock.adv_shares * float(np.exp(generator.uniform(low, high)))
        lot = stock.round_lot_shares
        side = 1 if generator.random() < wish.buy_frac else -1
        return side, max(lot, lot * round(wanted_shares / lot))

    def _go_on(self, n_done: int) -> None:
        if n_done == BAD_ACTION:
            actions, space = self.desk.actions, gymnasium.spaces.MultiDiscrete(self.action_counts)
            wrong = actions[((actions < 0) | (actions >= space.nvec)).any(axis=1)]
            found = wrong.tolist()[0] if len(self._worlds) == 1 else wrong.tolist()
            raise action_error(space, ACTION_IN_WORDS, found)
        while n_done < len(self._worlds):
            self._make_room()
            n_done = self._step(self._stack, self.desk, n_done)

    def _make_room(self) -> None:
        self._stack = with_more_room(self._stack, self._worlds)
        self._enter()


def _desk_of(scenario: Scenario, task: MarketTask, universe: Universe, n_worlds: int) -> Desk:
    n_venues = len(universe.venues)
    agents = np.zeros(n_worlds, AGENT_DTYPE)
    agents["events_per_step"] = task.step_events
    agents["step_ns"] = round(task.step_ms * NS_PER_MS)
    agents["n_steps"] = task.n_steps
    agents["end_ns"] = scenario.end_ns
    agents["lot_shares"] = scenario.instrument.round_lot_shares
    agents["take_fee_ticks"] = mean_take_fee_ticks(universe)
    agents["is_over"] = 1
    fees = [fees_on(venue.fees, universe.day) for venue in universe.venues]
    return Desk(
        agents=agents,
        slots=np.zeros((n_worlds, N_SLOTS), SLOT_DTYPE),
        filled_shares=np.zeros((n_worlds, n_venues), np.int64),
        levels=np.zeros((n_worlds, n_venues, 2, MAX_LEVELS, 2), np.int64),
        meta=np.zeros((n_worlds, n_venues), BOOK_META_DTYPE),
        nbbo=np.zeros((n_worlds, 1), NBBO_DTYPE),
        actions=np.zeros((n_worlds, 3), np.int64),
        observations=np.zeros((n_worlds, n_venues * N_PER_VENUE + N_BESIDES), np.float32),
        rewards=np.zeros(n_worlds),
        ends=np.zeros((n_worlds, 2), np.bool_),
        is_protected=np.array([venue.is_protected for venue in universe.venues], np.bool_),
        fee_ticks=np.array(
            [
                [fee.per_share_usd_micros(kind) / USD_MICROS_PER_TICK for kind in Liquidity]
                for fee in fees
            ]
        ),
    )
