"""The market-data feed on the wire: a publisher and a receiver, each a state machine over bytes."""

from penstock.wire.feed.framing import MAX_DATAGRAM_BYTES
from penstock.wire.feed.output import FeedCounters, FeedOutput
from penstock.wire.feed.publisher import FeedPublisher
from penstock.wire.feed.receiver import FeedReceiver

__all__ = [
    "MAX_DATAGRAM_BYTES",
    "FeedCounters",
    "FeedOutput",
    "FeedPublisher",
    "FeedReceiver",
]
