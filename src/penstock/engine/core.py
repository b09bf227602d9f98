"""The state that all handlers of the engine share, and the ways to say something."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from penstock.domain import (
    Alert,
    AlertLevel,
    ChildFill,
    Command,
    Ns,
    ReportKind,
    ReportParent,
    SetTimer,
    Shares,
    Universe,
    UsdFemtos,
    UsdMicros,
)
from penstock.engine.config import EngineConfig
from penstock.engine.deciding import Decider
from penstock.engine.forgetting import Past
from penstock.engine.ledger import Ledger
from penstock.engine.parent import Parent
from penstock.engine.timers import Purpose, Timers
from penstock.features import Footprint, MarketView, Scorecards
from penstock.risk import RiskGate
from penstock.routing import Policy


@dataclass(slots=True)
class Core:
    """One engine's parts and its outbox; handlers are functions over it."""

    config: EngineConfig
    universe: Universe
    view: MarketView
    scorecards: Scorecards
    footprint: Footprint
    risk: RiskGate
    decider: Decider
    ledger: Ledger
    models: Mapping[str, Policy]  # by content hash: what a ModelSwap may name
    timers: Timers = field(default_factory=Timers)
    past: Past = field(default_factory=Past)
    now_ns: Ns = Ns(0)
    n_slow_decisions: int = 0
    is_reachable: list[bool] = field(default_factory=list)  # by venue: messages can be sent there
    answers_status: list[bool] = field(default_factory=list)  # by venue: it takes questions
    exec_owners: dict[tuple[int, str], int] = field(default_factory=dict)  # see `claim_exec_id`
    out: list[Command] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.is_reachable = [False] * len(self.universe.venues)
        self.answers_status = [venue.answers_status for venue in self.universe.venues]

    def mic(self, venue_idx: int) -> str:
        """A venue as people call it."""
        return self.universe.venues[venue_idx].mic

    def claim_exec_id(self, fill: ChildFill) -> bool:
        """
        Give an ExecID to the child of its first execution; False if another child has it.

        Only at venues where an ExecID is unique beyond its order (`exec_id_scope`).
        """
        if self.universe.venues[fill.venue_idx].exec_id_scope != "venue":
            return True
        key = (fill.venue_idx, fill.exec_id)
        return self.exec_owners.setdefault(key, fill.child_id) == fill.child_id

    def alert(self, level: AlertLevel, code: str, text: str) -> None:
        """Tell a person."""
        self.out.append(Alert(at_ns=self.now_ns, level=level, code=code, text=text))

    def set_timer(self, purpose: Purpose, target_id: int, due_ns: int) -> None:
        """Ask to be woken at `due_ns`, or as soon as possible if that has passed."""
        timer_id = self.timers.set(purpose, target_id)
        due = Ns(max(due_ns, self.now_ns))
        self.out.append(SetTimer(at_ns=self.now_ns, timer_id=timer_id, due_ns=due))

    def report(
        self, parent: Parent, kind: ReportKind, text: str, fill: ChildFill | None = None
    ) -> None:
        """Tell the OMS where its order stands."""
        self.risk.on_parent(parent.order, is_open=not parent.state.is_terminal)
        self.out.append(
            ReportParent(
                at_ns=self.now_ns,
                parent_id=parent.order.parent_id,
                kind=kind,
                state=parent.state,
                size_shares=parent.size_shares,
                limit_ticks=parent.confirmed_limit_ticks,
                filled_shares=parent.filled_shares,
                leaves_shares=parent.open_shares,
                paid_ticks_shares=parent.paid_ticks_shares,
                fees_usd_micros=parent.fees_usd_micros,
                last_shares=Shares(0) if fill is None else fill.size_shares,
                last_price_ticks=None if fill is None else fill.price_ticks,
                last_venue_idx=None if fill is None else fill.venue_idx,
                last_child_id=None if fill is None else fill.child_id,
                last_exec_id=None if fill is None else fill.exec_id,
                last_liquidity=None if fill is None else fill.liquidity,
                last_fee_usd_micros=UsdMicros(0) if fill is None else fill.fee_usd_micros,
                text=text,
                paid_rest_femtos=UsdFemtos(parent.paid_rest_femtos),
                last_price_rest_femtos=UsdFemtos(0) if fill is None else fill.price_rest_femtos,
            )
        )
