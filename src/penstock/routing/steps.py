"""What a static plan is made of: its steps, the pace of its takes, and lists per regime."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec

from penstock.domain import Bps, Ns, Problem

TacticName = Literal["take", "mid", "post"]
TACTIC_ORDER: tuple[TacticName, ...] = ("mid", "post", "take")

NotNegative = Annotated[float, msgspec.Meta(ge=0)]


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One step of a static waterfall: a tactic at a venue, named by its MIC."""

    venue: str
    tactic: TacticName


class Pace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    What waits within the horizon; the default takes all that is displayed, at once.

    Takes go in waves, and with patience no step is taken that is dearer than what the time left
    asks for (`dearest_bps`).

    The duty to complete at the end of the horizon is not paced.
    """

    take_share_frac: float = 1.0  # of the order, at most, in one wave of takes
    take_gap_ns: Ns = Ns(0)  # from one wave to the next
    take_after_frac: float = 0.0  # of the horizon, that must be over before the first wave
    patience_s: float = 0.0  # of the horizon's end in which any price will do; 0 is all of it
    patient_bps: Bps = Bps(0.0)  # the dearest step long before, price and fee against the midpoint


class Regime(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    A static plan for one state of the market.

    Holds while the realised volatility of the last 60 s (feature `rv_60s_bps`) is below
    `below_rv_bps`; of several, the first that holds. An empty `waterfall` is the default list of
    `tactics`.
    """

    below_rv_bps: NotNegative = 1e9  # the last regime holds always
    pace: Pace = Pace()
    tactics: tuple[TacticName, ...] = TACTIC_ORDER
    waterfall: tuple[Step, ...] = ()


class BaselineConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    What the searched baselines have beyond the settings of every policy.

    `tactics` are those of the default list, from top to bottom; a `waterfall` in the settings
    overrides it. `static` and `supervised` walk down the same list, at the same pace.
    """

    tactics: tuple[TacticName, ...] = TACTIC_ORDER
    pace: Pace = Pace()
    regimes: tuple[Regime, ...] = ()  # of `regime_static`; empty: one, of the keys above


def pace_problems(pace: Pace, where: str) -> Iterator[Problem]:
    """What is wrong with a pace."""
    rules = (
        ("take_share_frac", 0.0 < pace.take_share_frac <= 1.0,
         "a fraction of the order in (0, 1]", "1 takes all that is displayed"),
        ("take_gap_ns", pace.take_gap_ns >= 0, "a duration of 0 ns or more", "0 does not wait"),
        ("take_after_frac", 0.0 <= pace.take_after_frac <= 1.0,
         "a fraction of the horizon in [0, 1]", "0 takes from the start"),
        ("patience_s", 0.0 <= pace.patience_s < 1e6, "a duration of 0 s or more", "0 is off"),
        ("patient_bps", -1e4 < pace.patient_bps < 1e4, "a cost within 10000 bps", "try 0"),
    )  # fmt: skip
    for key, holds, expected, fix in rules:
        if not holds:
            found = repr(getattr(pace, key))
            yield Problem(where=f"{where}.{key}", expected=expected, found=found, fix=fix)


def baseline_problems(config: BaselineConfig, where: str) -> Iterator[Problem]:
    """What is wrong with the settings of the searched baselines."""
    yield from pace_problems(config.pace, f"{where}.pace")
    plans: tuple[BaselineConfig | Regime, ...] = (config, *config.regimes)
    for i, plan in enumerate(plans):
        here = where if i == 0 else f"{where}.regimes[{i - 1}]"
        if i > 0:
            yield from pace_problems(plan.pace, f"{here}.pace")
        if not plan.tactics or len(set(plan.tactics)) < len(plan.tactics):
            yield Problem(
                where=f"{here}.tactics",
                expected="each tactic once, at least one",
                found=", ".join(plan.tactics) or "nothing",
                fix=f"try {list(TACTIC_ORDER)}",
            )
