"""Settings of routing: defaults pass, nonsense is refused with every problem at once."""

from pathlib import Path

import pytest

from penstock.domain import Bps, ConfigError, Ns
from penstock.routing import PRESETS, RoutingConfig, RowBuilder, check_routing
from tests.support.routing_frames import lit, pool, universe


def test_the_defaults_are_sound() -> None:
    """A file without a routing table must work."""
    check_routing(RoutingConfig())


def test_all_problems_are_told_at_once() -> None:
    """A user mends a file once, not four times."""
    config = RoutingConfig(
        max_take_levels=0,
        mid_share_frac=1.5,
        post_rest_ns=Ns(0),
        clean_up_bps=Bps(float("nan")),
    )

    with pytest.raises(ConfigError) as caught:
        check_routing(config, where="desk.toml: routing")

    assert [
        "desk.toml: routing.max_take_levels",
        "desk.toml: routing.post_rest_ns",
        "desk.toml: routing.mid_share_frac",
        "desk.toml: routing.clean_up_bps",
    ] == [problem.where for problem in caught.value.problems]


def test_a_row_builder_refuses_what_the_check_refuses() -> None:
    """Settings made in code do not pass through a file."""
    with pytest.raises(ConfigError):
        RowBuilder(universe(pool(0), lit(1)), RoutingConfig(post_share_frac=0.0))


def test_the_default_objective_is_the_expected_cost() -> None:
    """Weights of one, and no charge for uncertainty, change nothing."""
    weights = PRESETS["cost"]

    assert (1.0, 1.0, 0.0, 1.0) == (
        weights.slippage,
        weights.speed,
        weights.certainty,
        weights.leakage,
    )
    assert {"cost", "urgent", "stealth"} == set(PRESETS)


def test_every_setting_is_documented() -> None:
    """A key that nobody explains is a key that nobody dares to change."""
    page = (Path(__file__).parents[3] / "docs" / "routing.md").read_text(encoding="utf-8")
    undocumented = [
        name for name in RoutingConfig.__struct_fields__ if f"\n| `{name}` |" not in page
    ]

    assert [] == undocumented
