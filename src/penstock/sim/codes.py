"""The numbers that kernels of the world use for names: sources, kinds, states, reasons, tables."""

from __future__ import annotations

from enum import IntEnum
from typing import Final, cast

import numpy as np


def int64(value: int) -> int:
    """
    A constant that kernels pass to other kernels.

    numba compiles a callee once for each literal argument it meets; an `np.int64` is no literal, so
    one version serves all. To mypy it stays an `int`, which is how it behaves.
    """
    return cast("int", np.int64(value))


# Sources of events, by their row in `clocks`. Ties go to the lower row. From FIRST_FLOW on: a row
# for each venue, one for each market maker, and two for its reactions to prints, bid and ask.
GRID: Final = int64(0)  # the efficient price takes a step
ACTIVITY: Final = int64(1)  # background traders get busy or calm
INFORMED: Final = int64(2)  # informed traders look at the market
MAIL: Final = int64(3)  # a command of ours reaches its venue
SCRIPT: Final = int64(4)  # the next scripted command
FIRST_FLOW: Final = 5

# No row: the moment at which a lit venue hears of another NBBO, see `references`.
HEARSAY: Final = int64(-1)

FAR: Final = 2**62  # a time that never comes

# What an intent asks of a book.
ENTER: Final = int64(0)
WITHDRAW: Final = int64(1)
AMEND: Final = int64(2)
RETRY: Final = int64(3)  # a peg looks for trades again

# Our commands on their way.
SEND: Final = int64(0)
CANCEL: Final = int64(1)
REPLACE: Final = int64(2)

# Owners inside the matching kernel: 0 is nobody in particular, makers start at FIRST_MAKER_OWNER.
OURS: Final = 1
FIRST_MAKER_OWNER: Final = 2

NOBODY: Final = int64(-1)  # reference of an order that nothing more needs to be known about

# Rows of `tables`: quantiles, 1,024 equally likely values each, one block of rows per venue.
N_QUANTILES: Final = 1024
ADD_SHARES: Final = 0  # limit orders; hidden interest in a pool
MARKET_SHARES: Final = 1  # market orders
DISTANCE: Final = 2  # increments from the best price a limit order could have
ORDER_IN_NS: Final = int64(3)
ACK_NS: Final = int64(4)
MARKET_DATA_NS: Final = int64(5)
CLASS_SHARES: Final = 6  # contra orders of a pool's first class; the other classes follow
N_CLASSES: Final = 4
N_TABLES: Final = CLASS_SHARES + N_CLASSES

POOL_DEPTH: Final = 32  # hidden orders on one side of one pool; cancels draw one of these places
# The last of them are kept free of background interest, so that it cannot shut us out.
BACKGROUND_DEPTH: Final = POOL_DEPTH - 8
N_OTHERS: Final = 32  # other people's parents that can be at work at once
NBBO_HISTORY: Final = 4096  # changes remembered for the delayed views of the pools

# What the market is doing, in `is_halted`.
TRADING: Final = 0
STOPPED: Final = 1  # orders may be taken back, no more
CALLING: Final = 2  # orders rest at the listing exchange until its auction

# Why `advance` stopped.
REACHED: Final = 0  # the time asked for, or the first report
NEED_ROOM: Final = 1  # a buffer might not take the next event

# States of a child at its venue.
ON_ITS_WAY: Final = 0
LIVE: Final = 1
DONE: Final = 2


class ReportKind(IntEnum):
    """What a venue says about a child."""

    ACK = 0
    REJECT = 1
    FILL = 2
    CANCELLED = 3
    CANCEL_REJECT = 4
    REPLACED = 5


# The same for kernels, which cannot read an enum's member.
ACK: Final = int64(ReportKind.ACK)
REJECT: Final = int64(ReportKind.REJECT)
FILL: Final = int64(ReportKind.FILL)
CANCELLED: Final = int64(ReportKind.CANCELLED)
CANCEL_REJECT: Final = int64(ReportKind.CANCEL_REJECT)
REPLACED: Final = int64(ReportKind.REPLACED)


class Reason(IntEnum):
    """Why a venue says no. Codes from 16 up are `matching.memory.Outcome`."""

    NONE = 0
    DUPLICATE = 1
    NOT_OFFERED = 2
    BELOW_MIN_SIZE = 3
    TOO_LATE = 4
    NEVER_SEEN = 5
    POOL_FULL = 6
    SIZE_FILLED = 7
    HALTED = 8


NO_REASON: Final = int64(Reason.NONE)
NOT_OFFERED: Final = int64(Reason.NOT_OFFERED)
BELOW_MIN_SIZE: Final = int64(Reason.BELOW_MIN_SIZE)
TOO_LATE: Final = int64(Reason.TOO_LATE)
NEVER_SEEN: Final = int64(Reason.NEVER_SEEN)
POOL_FULL: Final = int64(Reason.POOL_FULL)
SIZE_FILLED: Final = int64(Reason.SIZE_FILLED)
HALTED: Final = int64(Reason.HALTED)
