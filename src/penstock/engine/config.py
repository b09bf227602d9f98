"""Settings of the core: how long it waits, and how often it tries again."""

from __future__ import annotations

import msgspec

from penstock.domain import NS_PER_MS, NS_PER_S, Ns


class EngineConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Waiting and retrying, in nanoseconds.

    `completion_window_ns` before the deadline every policy stops resting orders and takes what is
    displayed: the duty to complete is the same for all.
    """

    retry_ns: Ns = Ns(250 * NS_PER_MS)  # nothing could be sent: look again after this
    patient_rounds: int = (
        5  # so many stages without a share: from then on wait `retry_ns` before each
    )
    completion_window_ns: Ns = Ns(2 * NS_PER_S)
    # From the end of a child that filled: the midpoint then is held against the decision's.
    markout_ns: Ns = Ns(5 * NS_PER_S)
    # After its end an order leaves memory, packed for the day: nothing waits for it. 0 is never.
    forget_after_ns: Ns = Ns(30 * NS_PER_S)
    ask_ns: Ns = Ns(2 * NS_PER_S)  # a venue is asked about a child again after this, then doubled
    latency_budget_ns: Ns = Ns(1 * NS_PER_MS)  # a decision slower than this is a strike
    latency_strikes: int = 3  # so many strikes in a row, and the fall-back policy takes over
