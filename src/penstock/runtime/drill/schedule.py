"""The table of faults, and a day drawn from it and from its seed."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from penstock.domain import stream
from penstock.runtime.drill.acts import Act, Plan, Script
from penstock.runtime.drill.settings import N_SYMBOLS

Generator = np.random.Generator


class Kind(NamedTuple):
    """
    One kind of act: how often it is drawn, and the range of its `n`.

    `is_fault`: an ordinary day does not have it. `mores`: one of these is its `more`.
    """

    verb: str
    weight: int
    least: int = 0
    most: int = 0
    mores: tuple[str, ...] = ("",)
    is_fault: bool = True


KINDS: Final = (
    Kind("cancel", 30, is_fault=False),
    Kind("replace", 40, 300, 1_600, ("", "", "1", "-1", "-3", "4"), is_fault=False),
    Kind("ask", 6, is_fault=False),
    Kind("resend", 10),
    Kind("duplicate", 4),
    Kind("nonsense", 6),
    Kind("client_off", 10, 5, 2_000),
    Kind("quote", 60, 0, 99, ("move", "move", "move", "lock", "cross", "absent"), is_fault=False),
    Kind("feed_gap", 6, 50, 2_000),
    Kind("fill", 160, 100, 1_200, tuple("0000123456"), is_fault=False),
    Kind("overfill", 2, 1, 100),
    Kind("worse", 3),
    Kind("stray", 5, 0, 1),
    Kind("cancel_unasked", 12),
    Kind("expire", 8),
    Kind("restate", 6, 200, 1_500),
    Kind("forget", 8),
    Kind("garble", 8, mores=("shares", "price", "no_price", "sign", "total", "symbol", "type")),
    Kind("finish_ioc", 20, is_fault=False),
    Kind("bust", 12, 0, 1),
    Kind("correct", 8, 300, 1_000),
    Kind("venue_drop", 24, 2, 3_000, ("", "", "", "", "starts_over")),
    Kind("hold", 16, 2, 400),
    Kind("repeat_old", 10),
    Kind("release", 8, is_fault=False),
    Kind("kill", 30, 1, 40),
    Kind("machine_stop", 2, 1, 6_000),
    Kind("restart", 8, 50, 2_000),
    Kind("disk_full", 6, 1, 20_000),
    Kind("clock_step", 4, 0, 2_000),
    Kind("op_kill", 8),
    Kind("op_venue_off", 8),
    Kind("op_restrict", 4),
    Kind("totals_first", 12, 100, 1_400),
    Kind("same_exec_id", 5),
    Kind("lose", 8),
    Kind("reorder", 12),
    Kind("repeat", 12),
    Kind("repeat_97", 8),
    Kind("no_ack", 8),
    Kind("late_ioc", 24),
    Kind("silent", 6),
    Kind("reject", 10),
    Kind("business_reject", 4),
    Kind("deaf", 10),
    Kind("fill_first", 16),
    Kind("refuse_cancel", 8),
    Kind("pending", 8),
    Kind("no_answer", 8),
    Kind("reject_question", 4),
    Kind("forget_at_question", 5),
    Kind("wrong_total", 6),
    Kind("made", 6, is_fault=False),
    Kind("two_parties", 6),
    Kind("leap_second", 3),
    Kind("bad_date", 3),
    Kind("no_total", 5),
    Kind("spelling", 12, 0, 5),
    Kind("flawed", 6),
    Kind("data", 4),
    Kind("stall", 24, 1, 1_500),
)
"""Everything that can happen on a day."""

_RELEASES: Final = {
    "op_kill": "op_resume",
    "op_venue_off": "op_venue_on",
    "op_restrict": "op_unrestrict",
}


def draw_day(seed: int, day: int, *, without: tuple[str, ...] = ()) -> Script:
    """
    The plan and the acts of a day; the same for the same seed and day, always.

    Args:
        without: kinds that are left out; everything else is as it would have been.
    """
    rng = stream(seed, f"drill.day.{day}")
    plan = _plan(rng)
    acts = _orders(rng, plan)
    kinds = _kinds_of_day(rng)
    weights = np.array([kind.weight for kind in kinds], float)
    n_acts = int(rng.integers(20, 90))
    for idx in rng.choice(len(kinds), n_acts, p=weights / weights.sum()):
        acts += _acts_of(rng, plan, kinds[int(idx)])
    kept = sorted((act for act in acts if act.verb not in without), key=_when)
    return Script(seed=seed, day=day, plan=plan, acts=tuple(kept))


def _kinds_of_day(rng: Generator) -> list[Kind]:
    """A day has some kinds of faults and not others, so that each is met alone and in company."""
    share = float(rng.choice([0.15, 0.4, 1.0]))
    return [kind for kind in KINDS if not kind.is_fault or rng.random() < share]


def _plan(rng: Generator) -> Plan:
    n_venues, n_clients = int(rng.integers(2, 5)), int(rng.integers(1, 4))
    slow = rng.choice([200, 1_000, 8_000, 30_000], n_venues + n_clients)
    return Plan(
        n_venues=n_venues,
        n_clients=n_clients,
        latency_us=tuple(int(us) for us in slow),
        length_ms=int(rng.integers(4_000, 20_000)),
    )


def _orders(rng: Generator, plan: Plan) -> list[Act]:
    """Orders, nearly all with a symbol and side of their own; market orders, limits, sizes."""
    n = int(rng.integers(2, 12))
    slots = [int(slot) for slot in rng.permutation(2 * N_SYMBOLS)[:n]]
    if n > 2 and rng.random() < 0.15:
        slots[1] = slots[0]
    acts = []
    for slot in slots:
        off = int(rng.integers(-1, 8))
        horizon_ms = int(rng.choice([300, 1_500, 4_000, 9_000]))
        acts.append(
            Act(
                at_ms=int(rng.integers(0, plan.length_ms * 3 // 4)),
                verb="order",
                who=str(int(rng.integers(plan.n_clients))),
                n=int(rng.choice([1, 7, 100, 250, 600, 1_300])),
                more=f"{slot}:{off}:{horizon_ms}",
            )
        )
    return acts


def _acts_of(rng: Generator, plan: Plan, kind: Kind) -> list[Act]:
    at_ms = int(rng.integers(0, plan.length_ms))
    act = Act(
        at_ms=at_ms,
        verb=kind.verb,
        pick=int(rng.integers(10_000)),
        n=int(rng.integers(kind.least, kind.most + 1)),
        more=_more(rng, kind),
    )
    released = _RELEASES.get(kind.verb)
    if released is None or rng.random() < 0.1:
        return [act]
    wait_ms = int(rng.integers(1, 3_000))
    return [act, Act(at_ms=at_ms + wait_ms, verb=released, pick=act.pick)]


def _more(rng: Generator, kind: Kind) -> str:
    if kind.verb == "kill":
        torn = int(rng.choice([0, 0, int(rng.integers(1_001)), 1_000]))
        flags = rng.integers(2, size=2)
        return f"{torn}:{int(rng.integers(50, 3_000))}:{flags[0]}:{flags[1]}"
    return str(kind.mores[int(rng.integers(len(kind.mores)))])


def _when(act: Act) -> int:
    return act.at_ms


def fault_verbs() -> list[str]:
    """The kinds that are faults."""
    return [kind.verb for kind in KINDS if kind.is_fault]
