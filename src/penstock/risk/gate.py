"""The gate: masks rows before a decision, and has the last word before each order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from penstock.domain import (
    TICKS_PER_USD,
    ChildBust,
    ChildFill,
    ChildOrder,
    Control,
    ControlAction,
    Ns,
    ParentOrder,
    RowArray,
    Shares,
    Side,
    SituationArray,
    Ticks,
    Universe,
)
from penstock.features import Touch
from penstock.risk.clients import Clients
from penstock.risk.collar import NOTHING_ABOVE, NOTHING_BELOW, collar_ticks, is_beyond, tighter
from penstock.risk.denial import DenialReason, RiskDenial, over
from penstock.risk.exposure import Exposure, Live, Owner
from penstock.risk.limits import RiskLimits
from penstock.risk.switches import Switches
from penstock.risk.throttle import Throttle


class RiskGate:
    """
    Limits, throttles, restricted list, kill switch; a "no" is a value with a reason.

    Promises:
        after KILL nothing passes until RESUME; after VENUE_OFF nothing passes to the venue until
            VENUE_ON; a throttle that has latched stays so until VENUE_ON;
        a child passes once: `child_id` grows from each order sent to the next;
        an amount is checked against what has traded plus everything live, so two orders that pass
            cannot together exceed a limit that neither exceeds alone. What has traded counts at
            its price, which for a sell can be better than its limit;
        amounts are integers, ticks times shares: no rounding decides, and they are back at zero
            when nothing is live.

    The engine calls `admit` for each new order, `take_message` and `deny_parent` for each replace,
    `on_parent` at each change of an order's state, `deny` before each send and `on_sent` right
    after a None. Cancels never pass through here. One gate lives for one trading day.

    Raises:
        ConfigError: a restricted instrument that the universe does not have.
    """

    def __init__(self, limits: RiskLimits, universe: Universe) -> None:
        n_venues = len(universe.venues)
        self._limits = limits
        self._switches = Switches(universe, limits.restricted)
        self._exposure = Exposure()
        self._clients = Clients(limits.clients, universe)
        self._throttle = Throttle(n_venues, limits.messages_per_s)
        self._last_child_id = 0

    def mask(self, rows: RowArray, situation: SituationArray, now_ns: Ns) -> None:  # noqa: ARG002 - limits by time of day come
        """Write this gate's reasons into `excluded`; a reason that is there already stays."""
        self._switches.mask(situation, rows)

    def worst_ticks(self, side: Side, limit_ticks: Ticks | None, touch: Touch) -> Ticks:
        """
        The worst price that may be sent: the client's limit or the collar, whichever is tighter.

        Without a protected midpoint there is no collar, and an order without a limit gets a price
        that nothing meets: it waits.
        """
        if touch.is_valid:
            return tighter(side, limit_ticks, collar_ticks(side, touch, self._limits.collar_bps))
        if limit_ticks is not None:
            return limit_ticks
        return NOTHING_ABOVE if side is Side.BUY else NOTHING_BELOW

    def largest_order_shares(self, limit_ticks: Ticks) -> Shares:
        """The most that one order at this limit may carry; more has to be sent as several."""
        affordable_shares = self._limits.order_usd * TICKS_PER_USD // max(1, limit_ticks)
        return Shares(min(self._limits.order_shares, affordable_shares))

    def take_message(self, client: str, now_ns: Ns) -> RiskDenial | None:
        """Count one order or replace of a client; why it comes too fast, if it does."""
        return self._clients.take_message(client, now_ns)

    def admit(self, order: ParentOrder, touch: Touch, now_ns: Ns) -> RiskDenial | None:
        """Why a new order is not accepted; None if it is. It counts as a message of its client."""
        return (
            self.take_message(order.client, now_ns)
            or self.deny_parent(order, touch)
            or self._clients.deny_another(order, _worth(order, touch), self._exposure)
        )

    def deny_parent(self, order: ParentOrder, touch: Touch) -> RiskDenial | None:
        """
        Why an order of these terms is not accepted at all; None if it is.

        It is worth its limit; without one, the midpoint; a sell is worth at least the midpoint. If
        there is neither, its worth is not known, and limits of value are held at each send alone.
        """
        value = _worth(order, touch)
        return (
            self._switches.deny_client(order.client)
            or self._switches.deny_instrument(order.instrument_idx)
            or self._clients.deny_terms(order, touch, value)
            or over(DenialReason.PARENT_NOTIONAL, value, self._limits.parent_usd)
        )

    def on_parent(self, order: ParentOrder, *, is_open: bool) -> None:
        """An order is open, or is not any more."""
        self._clients.on_order(order, is_open=is_open)

    def deny(self, order: ChildOrder, client: str, touch: Touch, now_ns: Ns) -> RiskDenial | None:
        """
        Why this child may not be sent; None if it may.

        The first rule that says no answers. The last is the message rate: an order that only
        comes too fast latches the throttle of its venue.
        """
        return (
            self._switches.deny_client(client)
            or self._switches.deny_instrument(order.instrument_idx)
            or self._switches.deny_venue(order.venue_idx)
            or self._deny_repeat(order.child_id)
            or self._deny_price(order, touch)
            or self._deny_size(order, client)
            or self._deny_rate(order.venue_idx, now_ns)
        )

    def on_sent(self, order: ChildOrder, client: str, now_ns: Ns) -> None:
        """The child leaves: it counts from here on."""
        owner = self._owner(client, order)
        self._exposure.open(order.child_id, Live(owner, order.limit_ticks, order.size_shares))
        self._throttle.note(order.venue_idx, now_ns)
        self._last_child_id = order.child_id

    def on_fill(self, fill: ChildFill, order: ChildOrder, client: str) -> None:
        """An execution turns live value into traded value."""
        owner = self._owner(client, order)
        self._exposure.on_trade(order.child_id, owner, _whole_ticks(fill), fill.size_shares)

    def on_bust(self, busted: ChildFill, bust: ChildBust, order: ChildOrder, client: str) -> None:
        """An execution is taken back, and what replaces it counts instead; nothing becomes live."""
        owner = self._owner(client, order)
        self._exposure.take_back(owner, _whole_ticks(busted), busted.size_shares)
        corrected_ticks = bust.corrected_price_ticks + (bust.corrected_price_rest_femtos > 0)
        self._exposure.take_back(owner, corrected_ticks, -bust.corrected_shares)

    def on_resized(self, order: ChildOrder, leaves_shares: Shares) -> None:
        """A venue confirmed another size or limit; `order` carries the new limit."""
        self._exposure.resize(order.child_id, order.limit_ticks, leaves_shares)

    def on_reopened(self, order: ChildOrder, client: str, leaves_shares: Shares) -> None:
        """A child that had ended is open at its venue after all."""
        owner = self._owner(client, order)
        self._exposure.close(order.child_id)
        self._exposure.open(order.child_id, Live(owner, order.limit_ticks, leaves_shares))

    def on_ended(self, order: ChildOrder) -> None:
        """The child is terminal: nothing of it is live."""
        self._exposure.close(order.child_id)

    def on_control(self, event: Control) -> bool:
        """Take an operator's order; False if it names no venue or instrument of ours."""
        is_known = self._switches.on_control(event)
        if event.action is ControlAction.RESET_LIMITS:
            self._exposure.reset(event.client)
        if is_known and event.target_idx is not None and event.action is ControlAction.VENUE_ON:
            self._throttle.start_anew(event.target_idx)
        return is_known

    def client_value(self, client: str) -> int:
        """What a client has traded today plus what of it is live, ticks times shares."""
        return self._exposure.client_value(client)

    def traded(self) -> list[tuple[str, str, int, int]]:
        """What has traded today, for the day's next journal; see `Exposure.traded`."""
        return self._exposure.traded()

    def carry(self, traded: Iterable[tuple[str, str, int, int]]) -> None:
        """Begin with what has traded earlier in the day."""
        self._exposure.carry(traded)

    @property
    def throttled(self) -> list[bool]:
        """Which venues are throttled until a person switches them on."""
        return self._switches.throttled

    def throttle(self, venue_idx: int) -> None:
        """A venue's throttle had latched earlier in the day."""
        self._switches.throttle(venue_idx)

    @property
    def open_value(self) -> int:
        """Everything live, ticks times shares."""
        return self._exposure.open_value

    def state_hash(self) -> str:
        """Hash of everything that a later answer depends on."""
        facts = (
            self._limits,
            self._switches.facts(),
            self._exposure.facts(),
            self._throttle.facts(),
            self._clients.facts(),
            self._last_child_id,
        )
        return hashlib.sha256(repr(facts).encode()).hexdigest()

    def _deny_repeat(self, child_id: int) -> RiskDenial | None:
        if child_id > self._last_child_id:
            return None
        return RiskDenial(
            reason=DenialReason.DUPLICATE,
            text=f"child {child_id} comes after child {self._last_child_id}, which was sent",
        )

    def _deny_price(self, order: ChildOrder, touch: Touch) -> RiskDenial | None:
        if not touch.is_valid:
            return RiskDenial(
                reason=DenialReason.NO_REFERENCE,
                text="no protected midpoint to hold the price against",
            )
        worst_ticks = collar_ticks(order.side, touch, self._limits.collar_bps)
        if order.limit_ticks > 0 and not is_beyond(order.side, order.limit_ticks, worst_ticks):
            return None
        return RiskDenial(
            reason=DenialReason.COLLAR,
            text=f"limit {order.limit_ticks / TICKS_PER_USD:.4f} is beyond "
            f"{worst_ticks / TICKS_PER_USD:.4f}, {self._limits.collar_bps:g} bps from the midpoint",
        )

    def _deny_size(self, order: ChildOrder, client: str) -> RiskDenial | None:
        limits, exposure = self._limits, self._exposure
        if not 0 < order.size_shares <= limits.order_shares:
            return RiskDenial(
                reason=DenialReason.ORDER_SHARES,
                text=f"{order.size_shares:,} shares, allowed 1 to {limits.order_shares:,}",
            )
        value = order.limit_ticks * order.size_shares
        of_parent = exposure.parent_value(order.parent_id) + value
        of_client = exposure.client_value(client) + value
        return (
            over(DenialReason.ORDER_NOTIONAL, value, limits.order_usd)
            or over(DenialReason.PARENT_NOTIONAL, of_parent, limits.parent_usd)
            or over(DenialReason.CLIENT_DAY, of_client, limits.client_day_usd)
            or self._clients.deny_value(client, order.parent_id, value, exposure)
            or over(DenialReason.OPEN_NOTIONAL, exposure.open_value + value, limits.open_usd)
        )

    def _deny_rate(self, venue_idx: int, now_ns: Ns) -> RiskDenial | None:
        if not self._throttle.would_exceed(venue_idx, now_ns):
            return None
        self._switches.throttle(venue_idx)
        return RiskDenial(
            reason=DenialReason.THROTTLE,
            text=f"more than {self._limits.messages_per_s:,} orders in a second to "
            f"{self._switches.mic(venue_idx)}, which is throttled until a person switches it on",
        )

    def _owner(self, client: str, order: ChildOrder) -> Owner:
        account = self._clients.account_of(order.parent_id)
        return Owner(client, order.parent_id, account)


def _worth(order: ParentOrder, touch: Touch) -> int:
    """What an order counts for before anything of it is sent, ticks times shares."""
    mid_ticks = (touch.mid_ticks_x2 + 1) // 2 if touch.is_valid else 0
    price_ticks = mid_ticks if order.limit_ticks is None else order.limit_ticks
    if order.side is Side.SELL:
        price_ticks = max(price_ticks, mid_ticks)
    return price_ticks * order.size_shares


def _whole_ticks(fill: ChildFill) -> int:
    """Its price, a part of a tick counted as a whole one."""
    return fill.price_ticks + (fill.price_rest_femtos > 0)
