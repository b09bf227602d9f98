"""What is said of a venue in the router's file must agree with itself."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.domain import Problem
from penstock.runtime.config import RouterConf


def problems_of_venues(conf: RouterConf, file: str) -> Iterator[Problem]:
    """Capabilities that contradict each other, or what the venue is."""
    for position, venue in enumerate(conf.venues):
        where = f"{file}: venues[{position}] ({venue.mic}).has_feed"
        if venue.has_feed:
            continue
        if venue.protected:
            yield Problem(
                where=where,
                expected="market data of a venue whose quotes count in the protected NBBO",
                found="has_feed = false and protected = true",
                fix="set protected = false, or has_feed = true and connect its feed",
            )
        elif venue.kind in ("ecn", "exchange"):
            yield Problem(
                where=where,
                expected=f"market data of a venue of kind {venue.kind}: nothing is taken or joined "
                "where no quote is seen",
                found="has_feed = false",
                fix="connect its feed; a pool without market data is of kind dark or internal",
            )
    if conf.venues and not any(venue.has_feed for venue in conf.venues):
        yield Problem(
            where=f"{file}: venues",
            expected="at least one with market data: without a price nothing is sent",
            found="has_feed = false for all",
            fix="connect a feed",
        )
