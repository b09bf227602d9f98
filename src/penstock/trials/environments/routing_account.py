"""What came of the decisions of a day, as it comes: each parent's cost in pieces."""

from __future__ import annotations

from collections.abc import Sequence

from penstock.domain import (
    BPS_PER_UNIT,
    USD_MICROS_PER_TICK,
    ChildFill,
    Command,
    Event,
    ReportParent,
)
from penstock.sim import World
from penstock.trials.recording import ParentDiary, ParentRecorder


class RunningCost:
    """
    Costs against M* since the last look, each in bps of its own parent's value.

    The pieces of a parent that ended add up to its `reference_bps` of `penstock.trials.run_day`:
    executions against M* just before them, what they did to M* times what was still owed, fees when
    they are reported, and at the end the unfilled rest. Comes after its `parents` as a listener.
    """

    def __init__(self, world: World, parents: ParentRecorder) -> None:
        self._world = world
        self._parents = parents
        self._owed_shares: dict[int, int] = {}
        self._n_seen = 0
        self._bps = 0.0

    def on_step(self, event: Event, commands: Sequence[Command]) -> None:
        """Note fees, and parents that end."""
        if isinstance(event, ChildFill):
            parent_id = self._parents.parent_of_child.get(event.child_id)
            if parent_id is not None:
                self._add(parent_id, event.fee_usd_micros / USD_MICROS_PER_TICK)
        for command in commands:
            if isinstance(command, ReportParent) and command.state.is_terminal:
                self._close(command.parent_id)

    def take(self) -> float:
        """Bps since the last call."""
        self._read_audit()
        bps, self._bps = self._bps, 0.0
        return bps

    def _read_audit(self) -> None:
        state = self._world.state
        n = int(state.world[0]["audit_n"])
        for row in state.audit[self._n_seen : n]:
            parent_id = self._parents.parent_of_child[int(row["child_id"])]
            side, shares = int(row["side"]), int(row["size_shares"])
            diary = self._parents.diaries[parent_id]
            owed = self._owed_shares.get(parent_id, int(diary.order.size_shares)) - shares
            self._owed_shares[parent_id] = owed
            paid_ticks = side * (float(row["price_ticks"]) - float(row["reference_ticks"]))
            caused_ticks = side * float(row["permanent_ticks"]) * max(0, owed)
            self._add(parent_id, shares * paid_ticks + caused_ticks)
        self._n_seen = n

    def _close(self, parent_id: int) -> None:
        self._read_audit()
        diary = self._parents.diaries[parent_id]
        execution = diary.execution
        if execution is not None:
            left_shares = execution.size_shares - execution.filled_shares
            away_ticks = execution.clean_up_ticks - diary.end_reference_ticks
            self._add(parent_id, left_shares * int(execution.side) * away_ticks)

    def _add(self, parent_id: int, ticks: float) -> None:
        diary: ParentDiary = self._parents.diaries[parent_id]
        value_ticks = diary.order.size_shares * diary.arrival_mid_ticks_x2 / 2
        if value_ticks > 0:  # else the parent came when there was no price, and is not measured
            self._bps += BPS_PER_UNIT * ticks / value_ticks
