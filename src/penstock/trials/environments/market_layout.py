"""What an agent in the bare market knows and is told: the row layouts that its kernels share."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from penstock.book import LevelArray, MetaArray, NbboArray
from penstock.sim.codes import int64

# What an action says first. The order of the words is the order of the numbers.
WAIT: Final = 0
TAKE: Final = 1
POST: Final = 2
CANCEL: Final = 3
N_VERBS: Final = 4

LOTS: Final = (1, 2, 5, 10, 20)
"""Sizes that an action may name, in round lots."""

ACTION_IN_WORDS: Final = "three whole numbers (verb, venue, size)"

N_SLOTS: Final = 32
"""Orders that may be open at a time; each has a row of the world's `children` to itself."""

N_PER_VENUE: Final = 7
N_BESIDES: Final = 10
"""Numbers of an observation: for each venue, then for the order and the market as a whole."""

FAR_AWAY: Final = 100.0
"""No number of an observation is further from 0."""

IDLE: Final = int64(0)  # a slot that may be used
OPEN: Final = int64(1)  # its order has not ended, as far as we have heard

AGENT_DTYPE: Final = np.dtype(
    [
        # The task.
        ("events_per_step", np.int64),  # 0: time decides
        ("step_ns", np.int64),
        ("n_steps", np.int64),
        ("end_ns", np.int64),  # of the day
        ("lot_shares", np.int64),
        ("take_fee_ticks", np.float64),  # of a lit venue on average: what completing costs
        # The parent.
        ("side", np.int64),
        ("size_shares", np.int64),
        ("arrival_mid_x2", np.int64),
        ("first_child_id", np.int64),  # executions of earlier ones are somebody else's
        # Where it stands.
        ("step", np.int64),
        ("left_shares", np.int64),  # by the reports that have arrived
        ("live_shares", np.int64),  # of them in open orders
        ("owed_shares", np.int64),  # left by the truth at the venues
        ("audit_i", np.int64),  # executions up to here are accounted for
        ("n_posted", np.int64),  # since the day began
        ("n_orders", np.int64),  # of this parent
        ("n_refused", np.int64),  # actions that could not be carried out
        ("cost_ticks", np.float64),  # against the reference price, all shares together
        ("is_over", np.int64),
        # The market as last seen whole.
        ("bid_ticks", np.int64),
        ("ask_ticks", np.int64),
        ("bought_shares", np.int64),  # prints of this step, by aggressor
        ("sold_shares", np.int64),
        # A step that waits for room in a buffer.
        ("is_midway", np.int64),
        ("until_ns", np.int64),
        ("last_event", np.int64),
    ],
    align=True,
)
"""One agent: its task, its parent, and where that stands."""

SLOT_DTYPE: Final = np.dtype(
    [
        ("state", np.int64),  # IDLE or OPEN
        ("child_id", np.int64),
        ("venue_idx", np.int64),
        ("limit_ticks", np.int64),
        ("open_shares", np.int64),
        ("rests", np.int64),  # 1: stays until it is cancelled
        ("cancel_due_ns", np.int64),  # when our cancel reaches the venue; 0 if none was sent
    ],
    align=True,
)
"""One order of the agent."""

Rows = NDArray[Any]


class Desk(NamedTuple):
    """
    Everything that the kernels of the bare market read and write besides the worlds.

    Row w of each array but the last two belongs to world w.
    """

    agents: Rows  # (n,) AGENT_DTYPE
    slots: Rows  # (n, N_SLOTS) SLOT_DTYPE
    filled_shares: NDArray[np.int64]  # (n, n_venues) of this parent
    levels: LevelArray  # (n, n_venues, 2, MAX_LEVELS, 2): the books as received
    meta: MetaArray  # (n, n_venues)
    nbbo: NbboArray  # (n, 1)
    actions: NDArray[np.int64]  # (n, 3): verb, venue, place in LOTS
    observations: NDArray[np.float32]  # (n, n_numbers)
    rewards: NDArray[np.float64]  # (n,) bps
    ends: NDArray[np.bool_]  # (n, 2): terminated, truncated
    is_protected: NDArray[np.bool_]  # (n_venues,)
    fee_ticks: NDArray[np.float64]  # (n_venues, 3) per share, by Liquidity
