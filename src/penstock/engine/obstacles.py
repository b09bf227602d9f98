"""Why an order was not filled, in words for the client: the last obstacle that the router met."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from penstock.domain import Exclusion, RowArray, SituationArray
from penstock.engine.parent import Parent

_WORDS: Final[dict[Exclusion, str]] = {
    Exclusion.VENUE_DOWN: "no session",
    Exclusion.VENUE_OFF: "switched off",
    Exclusion.FEED_STALE: "market data late or broken",
    Exclusion.OUTSIDE_LIMIT: "beyond the limit",
    Exclusion.WOULD_TRADE_THROUGH: "a better protected quote elsewhere",
    Exclusion.BELOW_MIN_SIZE: "too few shares",
    Exclusion.KILL: "kill switch",
    Exclusion.THROTTLE: "throttled",
    Exclusion.RESTRICTED: "restricted",
    Exclusion.HALTED: "halted",
    Exclusion.NO_QUOTE: "nothing to take",
    Exclusion.COOLING_DOWN: "just tried",
    Exclusion.LIMIT_BREACH: "a risk limit",
}
"""What a client reads; a row that a venue does not offer, or that is in use, is no obstacle."""

MAX_VENUES: Final = 8  # named for one reason; more are counted
MAX_REJECT_CHARACTERS: Final = 200


def of_decision(
    situation: SituationArray, rows: RowArray, mics: Sequence[str], *, is_any_up: bool
) -> str:
    """The obstacles of a decision that could send nothing."""
    if not is_any_up:
        return "no venue has a session"
    if not situation["has_nbbo"][0]:
        return "no valid NBBO: missing, locked or crossed"
    venues_of: dict[Exclusion, list[str]] = {}
    for row in rows:
        reason = Exclusion(int(row["excluded"]))
        mic = mics[int(row["venue_idx"])]
        if reason in _WORDS and mic not in venues_of.setdefault(reason, []):
            venues_of[reason].append(mic)
    listed = [f"{_WORDS[reason]}: {_in_words(venues_of[reason])}" for reason in sorted(venues_of)]
    return "; ".join(listed) or "no order was worth sending yet"


def of_reject(mic: str, reason: str) -> str:
    """A venue's reject, in its own words."""
    return f"{mic} rejected: {reason[:MAX_REJECT_CHARACTERS]}"


def ending(text: str, parent: Parent) -> str:
    """Why an order ends with shares unfilled: `text`, what was done, and what stood in the way."""
    n_sent = int(parent.attempts["n_sent"].sum())
    done = (
        f"{parent.filled_shares:,} of {parent.wanted_shares:,} shares filled, "
        f"{n_sent:,} child order{'' if n_sent == 1 else 's'} sent"
    )
    return "; ".join(part for part in (text, done, parent.obstacle, parent.last_reject) if part)


def _in_words(mics: list[str]) -> str:
    more = len(mics) - MAX_VENUES
    return ", ".join(mics[:MAX_VENUES]) + (f" and {more} more" if more > 0 else "")
