"""Rolling windows: what enters them, what leaves them, and when."""

from __future__ import annotations

import math

import numpy as np
import pytest

from penstock.domain import ROW_DTYPE, SITUATION_DTYPE, TapeFlag, TapeKind
from penstock.features import FEATURE_NAMES, N_FEATURES, MarketView, Scorecards, fill_features
from penstock.features.windows import GRID_NS, MOVE_X2_MAX
from tests.support.naive_features import ASK, BID, Message, tape_of, universe_of

START_NS = 1_000_000 * GRID_NS  # a slot's very beginning
SECOND_NS = 1_000_000_000


def quote(at_ns: int, bid: int, ask: int, *, old: tuple[int, int] | None = None) -> list[Message]:
    """Messages of one venue that make its touch 100 at `bid` by 100 at `ask`."""
    gone = []
    if old is not None:
        gone = [
            Message(at_ns, TapeKind.LEVEL, side=BID, price_ticks=old[0]),
            Message(at_ns, TapeKind.LEVEL, side=ASK, price_ticks=old[1]),
        ]
    return [
        *gone,
        Message(at_ns, TapeKind.LEVEL, side=BID, price_ticks=bid, shares=100),
        Message(at_ns, TapeKind.LEVEL, side=ASK, price_ticks=ask, shares=100),
    ]


def trade(at_ns: int, shares: int, side: int = BID, flags: int = 0) -> Message:
    """A print; BID is buyer-initiated."""
    return Message(at_ns, TapeKind.TRADE, side=side, price_ticks=10_000, shares=shares, flags=flags)


def features(messages: list[Message], now_ns: int, side: int = 1) -> dict[str, float]:
    """Row 0 of a decision at `now_ns` about an instrument with an ADV of 2,000,000 shares."""
    view = MarketView(universe_of(1, 1))
    view.apply(tape_of(messages), 0, len(messages))
    situation, rows = np.zeros(1, SITUATION_DTYPE), np.zeros(1, ROW_DTYPE)
    situation["now_ns"], situation["side"], situation["adv_shares"] = now_ns, side, 2_000_000
    out = np.full((1, N_FEATURES), math.nan)
    fill_features(view, Scorecards(1), situation, rows, out)
    return dict(zip(FEATURE_NAMES, out[0].tolist(), strict=True))


MOVED = [
    *quote(START_NS, 9_900, 10_100),
    *quote(START_NS + SECOND_NS, 9_930, 10_130, old=(9_900, 10_100)),
    *quote(START_NS + SECOND_NS + GRID_NS, 9_970, 10_170, old=(9_930, 10_130)),
]


def test_realised_volatility_is_the_root_of_the_sum_of_squared_moves() -> None:
    """Moves of 30 and 40 ticks, in two slots: 50 ticks of 10,070."""
    seen = features(MOVED, START_NS + 2 * SECOND_NS)

    assert 1e4 * 50 / 10_070 == pytest.approx(seen["rv_10s_bps"])
    assert 1e4 * 50 / 10_070 == pytest.approx(seen["rv_60s_bps"])
    assert 1e4 * 50 / 10_070 == pytest.approx(seen["rv_300s_bps"])


def test_moves_within_one_slot_count_as_one() -> None:
    """Flicker inside 100 ms is bounce, not volatility: only where the slot ends counts."""
    there_and_back = [
        *quote(START_NS, 9_900, 10_100),
        *quote(START_NS + SECOND_NS, 9_930, 10_130, old=(9_900, 10_100)),
        *quote(START_NS + SECOND_NS + 1, 9_900, 10_100, old=(9_930, 10_130)),
    ]

    assert 0.0 == features(there_and_back, START_NS + 2 * SECOND_NS)["rv_10s_bps"]


def test_a_move_leaves_its_window_with_its_slot() -> None:
    """The window is 100 whole slots and the current one; the slot of the move is the 101st."""
    moved_slot_ns = START_NS + SECOND_NS
    messages = MOVED[:6]
    last_in_ns = moved_slot_ns + 101 * GRID_NS - 1

    assert 0.0 < features(messages, last_in_ns)["rv_10s_bps"]
    assert 0.0 == features(messages, last_in_ns + 1)["rv_10s_bps"]
    assert 0.0 < features(messages, last_in_ns + 1)["rv_60s_bps"]


@pytest.mark.parametrize("silence_slots", [2_999, 3_000, 3_001, 3_002, 10**9])
def test_a_long_silence_empties_every_window(silence_slots: int) -> None:
    """Advancing slot by slot and forgetting everything at once must be the same thing."""
    at_ns = START_NS + silence_slots * GRID_NS
    seen = features([*quote(START_NS, 9_900, 10_100), trade(START_NS, 500)], at_ns)
    moved = features(MOVED[:6], START_NS + SECOND_NS + silence_slots * GRID_NS)

    assert 0.0 == seen["volume_60s_frac"] == seen["flow_10s_frac"] == seen["return_10s_bps"]
    assert (silence_slots <= 3_000) == (moved["rv_300s_bps"] > 0.0)


def test_returns_look_back_to_a_slot_start() -> None:
    """70 ticks in 1.0 s, seen by a buyer as a cost and by a seller as a gift."""
    now_ns = START_NS + 2 * SECOND_NS
    bought, sold = features(MOVED, now_ns), features(MOVED, now_ns, side=-1)

    assert 1e4 * 70 / 10_070 == pytest.approx(bought["return_1s_bps"])
    assert bought["return_1s_bps"] == pytest.approx(-sold["return_1s_bps"])
    assert 0.0 == bought["return_10s_bps"], "there was no market ten seconds ago"


def test_a_message_on_the_grid_belongs_to_the_slot_it_opens() -> None:
    """The slot's starting midpoint is what stood just before: a move on the grid is inside."""
    on_grid = [*quote(START_NS, 9_900, 10_100), *quote(START_NS + 10 * GRID_NS, 9_950, 10_150)]

    assert 0.0 < features(on_grid, START_NS + 20 * GRID_NS)["return_1s_bps"]
    assert 0.0 == features(on_grid, START_NS + 21 * GRID_NS)["return_1s_bps"]


def test_volume_is_a_multiple_of_the_average_pace() -> None:
    """ADV 2,000,000 over 390 minutes is 5,128 a minute."""
    messages = [trade(START_NS, 3_000), trade(START_NS + SECOND_NS, 1_000, side=ASK)]

    seen = features(messages, START_NS + 2 * SECOND_NS)

    assert 4_000 / (2_000_000 / 390) == pytest.approx(seen["volume_60s_frac"])
    assert 0.5 == pytest.approx(seen["flow_10s_frac"])


@pytest.mark.parametrize("flag", [TapeFlag.AUCTION, TapeFlag.SUSPICIOUS])
def test_auctions_and_doubtful_prints_are_not_pace(flag: TapeFlag) -> None:
    """A closing cross of a million shares says nothing about the next ten seconds."""
    seen = features([trade(START_NS, 10**6, flags=flag)], START_NS)

    assert 0.0 == seen["volume_60s_frac"] == seen["flow_10s_frac"]


def test_a_print_without_an_aggressor_has_volume_but_no_sign() -> None:
    """Off-exchange prints carry no side; guessing one would be worse."""
    seen = features([trade(START_NS, 100), trade(START_NS, 300, side=0)], START_NS)

    assert 0.25 == seen["flow_10s_frac"]


def test_an_absurd_move_is_clamped() -> None:
    """One wild quote must not overflow the sum of the next five minutes."""
    wild = [
        *quote(START_NS, 100, 200),
        *quote(START_NS + SECOND_NS, 10**15, 10**15 + 100, old=(100, 200)),
    ]

    seen = features(wild, START_NS + SECOND_NS)

    assert 1e4 * MOVE_X2_MAX / (2 * 10**15 + 100) == pytest.approx(seen["rv_10s_bps"])
