"""Parent and child orders: what a client wants, and what we send to get it."""

from __future__ import annotations

from enum import IntEnum, StrEnum

import msgspec

from penstock.domain.errors import OrderError, Problem
from penstock.domain.units import Ns, Shares, Ticks

MAX_ORDER_SHARES = 100_000_000  # no US listing trades this much in a day: larger is a typing error


class Side(IntEnum):
    """Direction; the value is the sign that turns a price move into a cost."""

    BUY = 1
    SELL = -1

    @property
    def opposite(self) -> Side:
        """The side that this one trades with."""
        return Side.SELL if self is Side.BUY else Side.BUY


class Tactic(IntEnum):
    """How a row of the decision would trade at its venue."""

    TAKE = 0  # marketable limit, immediate or cancel
    MID = 1  # midpoint peg, resting for a while or immediate
    POST = 2  # passive limit at the near touch


class Tif(IntEnum):
    """Time in force of a child."""

    DAY = 0
    IOC = 1


class ParentTif(StrEnum):
    """Time in force of a client's order."""

    DAY = "day"
    IOC = "ioc"  # each venue and tactic is tried at most once, then the rest is cancelled
    GTD = "gtd"  # until the time that the client named


class PegKind(IntEnum):
    """What the price of a child follows."""

    NONE = 0
    MIDPOINT = 1


class Party(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One party to an order: its identifier, who gave that, and the party's role (FIX 4.4)."""

    party_id: str  # 448
    source: str | None = None  # 447
    role: str | None = None  # 452


class Identity(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    On whose behalf an order is given, as the client wrote it; None where it did not.

    Nothing is decided by it but limits by account. It goes on to the venues and back to the client
    as both are configured.
    """

    account: str | None = None  # 1
    capacity: str | None = None  # 528
    on_behalf_of: str | None = None  # 115
    on_behalf_of_sub: str | None = None  # 116
    sender_sub: str | None = None  # 50
    target_sub: str | None = None  # 57
    account_type: str | None = None  # 581
    customer_capacity: str | None = None  # 582
    parties: tuple[Party, ...] = ()  # 453


class ParentOrder(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    What the OMS asked for. The router may use all of `horizon_ns`, and must be done at its end.

    `urgency_frac` in [0, 1]: 0 is as patient as the horizon allows, 1 is now.
    `limit_ticks` None is a market order. Weights of the objective come from `objective`, a preset
    name, when the client gave one. `client_order_id` is the client's own name for it (FIX
    ClOrdID): nothing is decided by it, but it must survive a restart.
    """

    parent_id: int
    client: str
    instrument_idx: int
    side: Side
    size_shares: Shares
    limit_ticks: Ticks | None
    arrival_ns: Ns
    horizon_ns: Ns
    urgency_frac: float = 0.5
    objective: str | None = None
    client_order_id: str = ""
    tif: ParentTif = ParentTif.DAY
    identity: Identity = Identity()

    @property
    def deadline_ns(self) -> Ns:
        """When the order must be complete."""
        return Ns(self.arrival_ns + self.horizon_ns)


class ChildOrder(msgspec.Struct, frozen=True, kw_only=True):
    """
    One order to one venue. `limit_ticks` is the worst price we accept, for a peg too.

    `min_shares`: the smallest execution we take (0 = any).
    """

    child_id: int
    parent_id: int
    venue_idx: int
    instrument_idx: int
    side: Side
    size_shares: Shares
    limit_ticks: Ticks
    tactic: Tactic
    tif: Tif
    peg: PegKind
    min_shares: Shares


class ParentState(StrEnum):
    """Life of a parent; the last three are terminal."""

    WORKING = "working"
    CANCELLING = "cancelling"  # cancel or expiry asked for; children may still fill
    FILLED = "filled"
    CANCELLED = (
        "cancelled"  # done with shares unfilled: by the client, the kill switch or the horizon
    )
    REJECTED = "rejected"

    @property
    def is_terminal(self) -> bool:
        """True once nothing more can happen, busts aside."""
        return self in (ParentState.FILLED, ParentState.CANCELLED, ParentState.REJECTED)


class ChildState(StrEnum):
    """Life of a child, from the moment its command is journalled; the last three are terminal."""

    SENT = "sent"
    LIVE = "live"
    CANCELLING = "cancelling"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"

    @property
    def is_terminal(self) -> bool:
        """True once the venue can no longer fill it."""
        return self in (ChildState.FILLED, ChildState.CANCELLED, ChildState.REJECTED)


def check_parent(order: ParentOrder, *, n_instruments: int) -> None:
    """
    Refuse a parent that no market could take.

    Raises:
        OrderError: size not in 1..MAX_ORDER_SHARES, limit not positive, horizon not positive,
            urgency outside [0, 1], unknown instrument; all problems at once.
    """
    where = f"parent {order.parent_id}"
    rules = (
        (1 <= order.size_shares <= MAX_ORDER_SHARES, "size_shares",
         f"a whole number of shares from 1 to {MAX_ORDER_SHARES:,}", order.size_shares,
         "send the quantity in shares, not in lots or dollars"),
        (order.limit_ticks is None or order.limit_ticks > 0, "limit_ticks",
         "a positive price in 1e-4 USD, or none for a market order", order.limit_ticks,
         "correct the limit price"),
        (order.horizon_ns > 0, "horizon_ns", "a positive duration", order.horizon_ns,
         "give the router time to work, or an urgency of 1"),
        (0.0 <= order.urgency_frac <= 1.0, "urgency_frac", "a number in [0, 1]",
         order.urgency_frac, "0 is patient, 1 is now"),
        (0 <= order.instrument_idx < n_instruments, "instrument_idx",
         f"one of 0..{n_instruments - 1}", order.instrument_idx,
         "add the instrument to the configuration"),
    )  # fmt: skip
    problems = [
        Problem(where=f"{where}: {field}", expected=expected, found=repr(found), fix=fix)
        for holds, field, expected, found, fix in rules
        if not holds
    ]
    if problems:
        raise OrderError(problems)
