"""What a day's listeners remember: parents to the end, children with their features and fills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from penstock.domain import (
    N_TACTICS,
    ChildFill,
    ChildOrder,
    Command,
    DecisionRecord,
    Event,
    NewParent,
    Ns,
    ParentOrder,
    Record,
    ReportParent,
    SendChild,
    Side,
)
from penstock.engine import Engine
from penstock.features import Touch
from penstock.tca import Execution


@dataclass(slots=True)
class ParentDiary:
    """One parent from arrival to end."""

    order: ParentOrder
    arrival_mid_ticks_x2: int
    n_children: int = 0
    n_decisions: int = 0
    execution: Execution | None = None
    end_reference_ticks: float = float("nan")


class ParentRecorder:
    """
    Follows every parent and measures it when it ends.

    Args:
        take_fee_ticks: what taking a share costs on average, charged on what was left unfilled.
        reference_ticks: the market's own reference price now, NaN where it has none.
    """

    def __init__(self, engine: Engine, take_fee_ticks: float, market: Any) -> None:
        self._engine = engine
        self._take_fee_ticks = take_fee_ticks
        self._market = market
        self._touch: Touch | None = None  # the last one that could be believed
        self.diaries: dict[int, ParentDiary] = {}
        self.parent_of_child: dict[int, int] = {}

    def on_step(self, event: Event, commands: Sequence[Command]) -> None:
        """Note arrivals, decisions, children and ends."""
        touch = self._engine.view.touch(0)
        if touch.is_valid:
            self._touch = touch
        if isinstance(event, NewParent):
            mid_ticks_x2 = 0 if self._touch is None else self._touch.mid_ticks_x2
            self.diaries[event.order.parent_id] = ParentDiary(event.order, mid_ticks_x2)
        for command in commands:
            if isinstance(command, SendChild):
                self.diaries[command.order.parent_id].n_children += 1
                self.parent_of_child[command.order.child_id] = command.order.parent_id
            elif isinstance(command, Record):
                self.diaries[command.decision.parent_id].n_decisions += 1
            elif isinstance(command, ReportParent) and command.state.is_terminal:
                self._end(command)

    def _end(self, report: ReportParent) -> None:
        diary = self.diaries[report.parent_id]
        order = diary.order
        touch = self._touch
        if touch is None:
            return  # a market that never opened has no price to measure against
        far_ticks = touch.ask_ticks if order.side is Side.BUY else touch.bid_ticks
        diary.end_reference_ticks = self._market.reference_price_ticks()
        diary.execution = Execution(
            parent_id=order.parent_id,
            side=order.side,
            size_shares=order.size_shares,
            filled_shares=report.filled_shares,
            paid_ticks_shares=report.paid_ticks_shares,
            fees_usd_micros=report.fees_usd_micros,
            arrival_mid_ticks_x2=diary.arrival_mid_ticks_x2,
            clean_up_ticks=far_ticks + int(order.side) * self._take_fee_ticks,
            arrival_ns=order.arrival_ns,
            end_ns=report.at_ns,
            n_children=diary.n_children,
            n_decisions=diary.n_decisions,
        )


@dataclass(slots=True)
class ChildDiary:
    """One child: what was known when it was sent, and its executions."""

    order: ChildOrder
    sent_ns: Ns
    mid_ticks_x2: int
    leaves_shares: int  # of the parent, when it was sent
    n_decisions: int  # of the parent, before this one
    features: NDArray[np.float64]
    fills: list[ChildFill] = field(default_factory=list)


class ChildRecorder:
    """Follows every child whose decision had a feature matrix; what training learns from."""

    def __init__(self, n_features: int) -> None:
        self._n_features = n_features
        self._decision: DecisionRecord | None = None
        self._matrix: NDArray[np.float64] = np.zeros((0, n_features))
        self.diaries: dict[int, ChildDiary] = {}

    def on_step(self, event: Event, commands: Sequence[Command]) -> None:
        """Join children to their decision, and fills to their child."""
        if isinstance(event, ChildFill) and event.child_id in self.diaries:
            self.diaries[event.child_id].fills.append(event)
        for command in commands:
            if isinstance(command, Record):
                self._decision = command.decision
                if command.decision.features:
                    self._matrix = command.decision.feature_matrix(self._n_features)
            elif isinstance(command, SendChild):
                self._open(command)

    def _open(self, command: SendChild) -> None:
        decision, order = self._decision, command.order
        assert decision is not None, "a child without a decision"
        if not decision.features:
            return
        situation = decision.situation_array()[0]
        row_idx = order.venue_idx * N_TACTICS + int(order.tactic)
        self.diaries[order.child_id] = ChildDiary(
            order=order,
            sent_ns=command.at_ns,
            mid_ticks_x2=int(situation["mid_ticks_x2"]),
            leaves_shares=int(situation["leaves_shares"]),
            n_decisions=int(situation["n_decisions"]),
            features=self._matrix[row_idx].copy(),
        )
