"""Random command streams for the matching engine: friendly, hostile, far-flung."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from penstock.sim.matching.memory import (
    CANCEL,
    DAY,
    FOK,
    HIDDEN,
    IOC,
    MARKET,
    MIDPOINT,
    POST_ONLY,
    PRIMARY,
    REFERENCE,
    REPLACE,
    RETRY,
    SUBMIT,
    CommandArray,
    empty_commands,
)

INCREMENT_TICKS = 100


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """What a random stream is like. Prices are in increments."""

    n_commands: int
    seed: int
    n_venues: int = 1
    mid: int = 1_000
    spread_of_prices: float = 8.0  # standard deviation around `mid`
    drift: float = 0.0  # how far `mid` walks, standard deviation a command
    outlier_frac: float = 0.0  # prices anywhere from 1 to 20 million increments
    hostile_frac: float = 0.0  # fields that no order may have
    submit_frac: float = 0.55
    replace_frac: float = 0.08
    n_owners: int = 4  # 0 is anonymous
    max_shares: int = 12
    iceberg_frac: float = 0.0  # of the new orders, some with terms that an iceberg cannot have
    peg_frac: float = 0.0  # of the new orders, most with a limit that reaches the reference
    reference_frac: float = 0.0  # of the commands; as many again let a peg try once more


def random_stream(stream: Stream) -> CommandArray:
    """Commands in every mix of terms; targets are recent rows, so that many of them still rest."""
    rng = np.random.default_rng(stream.seed)
    n = stream.n_commands
    commands = empty_commands(n)
    kind = rng.random(n)
    is_submit = kind < stream.submit_frac
    is_replace = ~is_submit & (kind < stream.submit_frac + stream.replace_frac)
    commands["kind"] = np.where(is_submit, SUBMIT, np.where(is_replace, REPLACE, CANCEL))
    commands["side"] = rng.choice((1, -1), n)
    commands["venue_idx"] = rng.integers(0, stream.n_venues, n)
    mid = stream.mid + np.cumsum(rng.normal(0.0, stream.drift, n))
    price = np.rint(mid + rng.normal(0.0, stream.spread_of_prices, n))
    is_outlier = rng.random(n) < stream.outlier_frac
    price[is_outlier] = np.rint(np.exp(rng.uniform(0.0, np.log(2e7), is_outlier.sum())))
    commands["ticks"] = np.maximum(price, 1).astype(np.int64) * INCREMENT_TICKS
    commands["shares"] = rng.integers(1, stream.max_shares + 1, n)
    commands["tif"] = rng.choice((DAY, IOC, FOK), n, p=(0.8, 0.12, 0.08))
    flags = rng.choice((0, MARKET, HIDDEN, POST_ONLY), n, p=(0.7, 0.04, 0.16, 0.10))
    # Most orders get terms that go together; the others exercise the refusals.
    contradictory = (flags == POST_ONLY) & (commands["tif"] != DAY) & (rng.random(n) < 0.9)
    commands["flags"] = np.where(contradictory, 0, flags)
    commands["min_shares"] = np.where(
        (commands["tif"] == IOC) & (rng.random(n) < 0.4), rng.integers(0, commands["shares"]), 0
    )
    owner = rng.integers(0, stream.n_owners, n)
    if stream.iceberg_frac > 0.0:
        _show_less(commands, rng, stream.iceberg_frac)
    if stream.peg_frac > 0.0:
        _peg(commands, rng, stream.peg_frac)
    rows = np.arange(n)
    commands["target"] = np.maximum(rows - 1 - rng.geometric(1 / 30, n), -1)
    # Three in four ask for an order of their own, the venue for any, the rest for somebody's.
    asks = rng.random(n)
    of_target = owner[np.maximum(commands["target"], 0)]
    owner_of_request = np.where(asks < 0.75, of_target, np.where(asks < 0.9, -1, owner))
    commands["owner"] = np.where(is_submit, owner, owner_of_request)
    if stream.reference_frac > 0.0:
        _refer(commands, rng, stream, np.rint(mid))
    _spoil(commands, rng, stream.hostile_frac)
    return commands


def _show_less(commands: CommandArray, rng: np.random.Generator, frac: float) -> None:
    """Make icebergs; one in ten keeps terms that do not go with it, and is refused."""
    n = len(commands)
    is_iceberg = rng.random(n) < frac
    commands["display_shares"] = np.where(is_iceberg, rng.integers(1, 8, n), 0)
    mended = is_iceberg & (rng.random(n) < 0.9)
    commands["tif"][mended] = DAY
    commands["min_shares"][mended] = 0
    commands["flags"][mended & ((commands["flags"] & (MARKET | HIDDEN)) != 0)] = 0


def _peg(commands: CommandArray, rng: np.random.Generator, frac: float) -> None:
    """Make pegs, half of them with a minimum; one in ten keeps terms that do not go with it."""
    n = len(commands)
    is_peg = rng.random(n) < frac
    commands["flags"][is_peg] = rng.choice((MIDPOINT, PRIMARY), is_peg.sum(), p=(0.7, 0.3))
    has_minimum = is_peg & (rng.random(n) < 0.5)
    commands["min_shares"][has_minimum] = rng.integers(0, commands["shares"][has_minimum] + 1)
    commands["display_shares"][is_peg & (rng.random(n) < 0.9)] = 0
    # Limits that do not bind, as most are.
    is_free = is_peg & (rng.random(n) < 0.6)
    away = 40 * INCREMENT_TICKS * commands["side"][is_free].astype(np.int64)
    commands["ticks"][is_free] = np.maximum(commands["ticks"][is_free] + away, INCREMENT_TICKS)


def _refer(
    commands: CommandArray, rng: np.random.Generator, stream: Stream, mid: NDArray[np.float64]
) -> None:
    """Tell references around the walking mid, one in six locked, crossed or one-sided; retry."""
    n = len(commands)
    kind = rng.random(n)
    tells = kind < stream.reference_frac
    bid = np.maximum(mid + np.rint(rng.normal(-1.0, 2.0, n)), 0.0)
    ask = np.maximum(bid + rng.choice((-1, 0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7), n), 0.0)
    bid[rng.random(n) < 0.03] = 0.0
    commands["kind"][tells] = REFERENCE
    commands["ticks"][tells] = (bid[tells] * INCREMENT_TICKS).astype(np.int64)
    commands["target"][tells] = (ask[tells] * INCREMENT_TICKS).astype(np.int64)
    retries = (kind > 1.0 - stream.reference_frac) & ~tells
    commands["kind"][retries] = RETRY


def _spoil(commands: CommandArray, rng: np.random.Generator, frac: float) -> None:
    """Overwrite one field of a share of the commands with something that no order may have."""
    n = len(commands)
    absurd: dict[str, NDArray[Any]] = {
        "ticks": np.array([0, -100, 2**31, 2**40, -(2**62), 150, 2**31 - 1, 2**63 - 1]),
        "shares": np.array([0, -1, 100_000_001, 2**31, 2**40, -(2**62), 2**63 - 1, 100_000_000]),
        "min_shares": np.array([-1, 1, 13, 2**40, -(2**62), 2**63 - 1]),
        "display_shares": np.array([-1, 1, 2**31, 2**40, -(2**62), 2**63 - 1]),
        "target": np.array([-1, -(2**40), 2**40, 2**63 - 1, 10**7]),
        "venue_idx": np.array([-1, 127, 128, 32_767, -32_768]),
        "owner": np.array([-1, -2, -32_768, 32_767]),
        "side": np.array([0, 2, -2, 127, -128]),
        "tif": np.array([3, 255]),
        "flags": np.array([3, 5, 6, 7, 8, 9, 12, 16, 24, 128, 255]),
        "kind": np.array([5, 255]),
    }
    spoiled = rng.random(n) < frac
    which = rng.integers(0, len(absurd), n)
    for number, (name, values) in enumerate(absurd.items()):
        here = spoiled & (which == number)
        commands[name][here] = rng.choice(values, int(here.sum()))
