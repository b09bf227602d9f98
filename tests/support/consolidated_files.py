"""Small files in the format of the consolidated tape, made by the tests themselves."""

import gzip
import io
import zipfile
from collections.abc import Sequence

import numpy as np

from penstock.domain import TradingDay
from penstock.wire import IngestResult, NamedBytes, read_consolidated

DAY = TradingDay(20131008)
OPEN_MS = 34_200_000


def quote(
    ms: float, bid: int, ask: int, codes: str = "NN", bid_shares: int = 100, ask_shares: int = 100
) -> str:
    """One change of the NBBO as its two rows; prices in ticks, letters of the bid and the ask."""
    return (
        f"{ms},{bid},{bid_shares},0,0,{codes[0]},1,0\n{ms},0,0,{ask},{ask_shares},{codes[1]},1,0\n"
    )


def trade(
    ms: float, ticks: int, shares: int = 100, code: str = "N", condition: str = "1", mark: int = 0
) -> str:
    """One print."""
    return f"{ms},{ticks},{shares},{code},{condition},{mark}\n"


def quote_file(text: str, name: str = "quote.csv") -> NamedBytes:
    """A plain quote file."""
    return NamedBytes(name, text.encode())


def trade_file(text: str, name: str = "trade.csv") -> NamedBytes:
    """A plain trade file."""
    return NamedBytes(name, text.encode())


def zipped(file: NamedBytes, name: str | None = None, *members: NamedBytes) -> NamedBytes:
    """The file, and other members, in an archive."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in (file, *members):
            archive.writestr(member.name, member.data)
    return NamedBytes(name or f"{file.name.removesuffix('.csv')}.zip", stream.getvalue())


def gzipped(file: NamedBytes) -> NamedBytes:
    """The file, gzipped."""
    return NamedBytes(f"{file.name}.gz", gzip.compress(file.data, mtime=0))


def ingested(quotes: str, trades: str) -> IngestResult:
    """What becomes of two plain files."""
    return read_consolidated([quote_file(quotes), trade_file(trades)], "TEST", DAY)


def random_day(
    seed: int, n_changes: int = 400, codes: Sequence[str] = "NQPZK", mid: int = 1_800_000
) -> tuple[str, str]:
    """
    Texts of a quote file and a trade file: a random walk of the NBBO from just before the open, in
    whole cents, sometimes locked or crossed, with prints at, inside and outside it, some of them
    off exchange.
    """
    rng = np.random.default_rng(seed)
    quotes, trades = [], []
    ms = OPEN_MS - 1_000
    for _ in range(n_changes):
        ms += int(rng.integers(0, 400))
        mid += 100 * int(rng.integers(-1, 2))
        half = 100 * int(rng.choice([-1, 0, 1, 1, 1, 2, 2, 3]))  # crossed, locked, or neither
        sides = "".join(rng.choice(list(codes), 2))
        shares = 100 * rng.integers(1, 6, 2)
        quotes.append(quote(ms, mid - half, mid + half, sides, int(shares[0]), int(shares[1])))
        for _ in range(int(rng.integers(0, 3))):
            ms += int(rng.integers(0, 30))
            ticks = mid + 100 * int(rng.integers(-4, 5))
            code = "D" if rng.random() < 0.35 else str(rng.choice(list(codes)))
            trades.append(trade(ms, ticks, 100 * int(rng.integers(1, 5)), code))
    return "".join(quotes), "".join(trades)
