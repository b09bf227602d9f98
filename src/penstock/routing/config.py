"""Settings of routing: how rows are made, what waiting costs, and the static waterfall."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from penstock.domain import NS_PER_MS, NS_PER_S, Bps, ConfigError, Ns, Problem
from penstock.routing.steps import BaselineConfig, Step, baseline_problems

MAX_TAKE_LEVELS: Final = 10


class RoutingConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    How candidate rows are made, what their parts are worth, and the static waterfall.

    Shares of the order are of the parent's size. An empty `waterfall` stands for
    `penstock.routing.default_waterfall`.
    """

    max_take_levels: int = 1  # price levels of one venue that a TAKE may reach
    cool_down_ns: Ns = Ns(5 * NS_PER_MS)  # until what we see reflects what we did
    mid_rest_ns: Ns = Ns(2 * NS_PER_S)  # 0 is immediate or cancel
    mid_share_frac: float = 0.5  # of the order, at most, at one pool
    post_rest_ns: Ns = Ns(5 * NS_PER_S)
    post_share_frac: float = 0.25  # of the order, at most, at one lit venue
    post_improves: bool = False  # one increment ahead of the touch where the spread allows it
    wait_bps_per_s: Bps = Bps(0.01)  # a second of waiting at urgency 0.5 and speed weight 1
    miss_bps: Bps = Bps(0.5)  # what is sent and not filled, at certainty weight 1
    clean_up_bps: Bps = Bps(0.5)  # what the rest costs beyond half the spread and the fee
    patience_s: float = 0.0  # before the deadline what is left becomes that dear; 0 is always
    patient_bps: Bps = Bps(0.0)  # what it costs long before
    margin_bps: Bps = Bps(0.05)  # predicted gain that makes a learned plan worth departing for
    waterfall: tuple[Step, ...] = ()
    baseline: BaselineConfig = BaselineConfig()


def without_patience(config: RoutingConfig) -> RoutingConfig:
    """The same settings, but for a policy that never waits for a better price."""
    baseline = config.baseline
    pace = msgspec.structs.replace(baseline.pace, patience_s=0.0)
    return msgspec.structs.replace(
        config, patience_s=0.0, baseline=msgspec.structs.replace(baseline, pace=pace)
    )


def check_routing(config: RoutingConfig, *, where: str = "routing") -> None:
    """
    Refuse settings that no router could follow.

    Args:
        where: what the settings are called in their file.
    Raises:
        ConfigError: a number out of range; all problems at once.
    """
    problems = list(_problems(config, where))
    if problems:
        raise ConfigError(problems)


def _problems(config: RoutingConfig, where: str) -> Iterator[Problem]:
    a_share = "a fraction of the order in (0, 1]"
    a_cost = "a cost of 0 bps or more"
    rules = (
        ("max_take_levels", 1 <= config.max_take_levels <= MAX_TAKE_LEVELS,
         f"a number of price levels from 1 to {MAX_TAKE_LEVELS}", "1 stays at the touch"),
        ("cool_down_ns", config.cool_down_ns >= 0,
         "a duration of 0 ns or more", "5000000 is 5 ms"),
        ("mid_rest_ns", config.mid_rest_ns >= 0,
         "a duration of 0 ns or more", "0 is immediate or cancel"),
        ("post_rest_ns", config.post_rest_ns > 0,
         "a positive duration in ns", "a posted order must rest; 5000000000 is 5 s"),
        ("mid_share_frac", 0.0 < config.mid_share_frac <= 1.0, a_share, "0.5 is half of it"),
        ("post_share_frac", 0.0 < config.post_share_frac <= 1.0, a_share, "0.25 is a quarter"),
        ("wait_bps_per_s", 0.0 <= config.wait_bps_per_s < 1e4, a_cost, "0 makes waiting free"),
        ("miss_bps", 0.0 <= config.miss_bps < 1e4, a_cost, "0 ignores certainty"),
        ("clean_up_bps", 0.0 <= config.clean_up_bps < 1e4, a_cost, "try 0.5"),
        ("patience_s", 0.0 <= config.patience_s < 1e6, "a duration of 0 s or more", "0 is off"),
        ("patient_bps", -1e4 < config.patient_bps < 1e4, "a cost within 10000 bps", "try 0"),
        ("margin_bps", 0.0 <= config.margin_bps < 1e4, a_cost, "0 trusts the model blindly"),
    )  # fmt: skip
    for key, holds, expected, fix in rules:
        if not holds:
            found = repr(getattr(config, key))
            yield Problem(where=f"{where}.{key}", expected=expected, found=found, fix=fix)
    yield from baseline_problems(config.baseline, f"{where}.baseline")
