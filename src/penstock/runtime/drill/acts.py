"""One act of a drill day: who does what, when; a day is a plan and a list of these."""

from __future__ import annotations

from typing import Final

import msgspec

from penstock.domain import NS_PER_S, Ns

START_NS: Final = Ns(1_772_460_000 * NS_PER_S)  # 2026-03-02 14:00 UTC, a Monday in session
DAY: Final = 20_260_302


class Act(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    One act. `verb` is a key of the fault table or an ordinary deed.

    `pick` chooses among what exists at the act's time, so an act still means something when others
    are dropped from the day. `n` and `more` are the verb's own.
    """

    at_ms: int
    verb: str
    who: str = ""
    pick: int = 0
    n: int = 0
    more: str = ""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a day is played with: venues, links and the orders' patience."""

    n_venues: int
    n_clients: int
    latency_us: tuple[int, ...]  # of each venue's link, then of each client's
    length_ms: int
    settings: str = ""  # more of the router's configuration, TOML


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """A whole day: what is needed to play it again, to the bit."""

    seed: int
    day: int
    plan: Plan
    acts: tuple[Act, ...]
