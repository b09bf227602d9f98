"""Short ways to enter orders and read answers in tests of the matching engine."""

from __future__ import annotations

from typing import Any

from penstock.domain import Shares, Side
from penstock.sim.matching.engine import Answer, MatchingEngine
from penstock.sim.matching.memory import Outcome

NO_SHARES = Shares(0)
NOTHING = Answer(Outcome.ACCEPTED, 0, NO_SHARES, NO_SHARES, NO_SHARES, ())
GOOD: dict[str, Any] = {"side": Side.BUY, "shares": 10, "ticks": 1000}


def an_engine(**settings: int) -> MatchingEngine:
    """An empty market whose price step is one tick, so that prices read as they are."""
    return MatchingEngine(**{"increment_ticks": 1, "capacity": 64, "band_levels": 16, **settings})


def rest(engine: MatchingEngine, side: Side, shares: int, at: int, **terms: Any) -> int:
    """Enter an order that must come to rest whole; returns its handle."""
    answer = engine.submit(side=side, shares=shares, ticks=at, **terms)
    assert shares == answer.resting_shares, answer
    return answer.handle


def buy(engine: MatchingEngine, shares: int, at: int, **terms: Any) -> Answer:
    """Enter a buy order."""
    return engine.submit(side=Side.BUY, shares=shares, ticks=at, **terms)


def fills_of(answer: Answer) -> list[tuple[int, int, int]]:
    """(handle, ticks, shares) of each fill."""
    return [(fill.handle, fill.ticks, fill.shares) for fill in answer.fills]
