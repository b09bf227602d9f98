"""
The venues of `penstock bench load` as a process: they quote, and fill every order at once.

    python -m penstock.runtime.bench_load_venues ROUTER_CONF FIX_PORT SNAPSHOT_ADDRESS FOLDER
"""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

from penstock.runtime.bench_ends import Quotes, ScriptedVenues
from penstock.runtime.clock import AnchoredClock
from penstock.runtime.config_check import read_router_conf
from penstock.runtime.venues import SWITCH_INTERVAL_S
from penstock.runtime.venues_config import VenuesConf, VenuesFeedTable, VenuesTable


def main(router_conf: Path, fix_port: int, snapshot: str, folder: Path) -> None:
    """Serve until SIGTERM."""
    clock = AnchoredClock()
    conf = read_router_conf(router_conf).on_day(clock())
    feed = VenuesFeedTable(subscribers=(conf.feed.listen,), snapshot=snapshot)
    is_over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: is_over.set())
    venues = ScriptedVenues(conf, fix_port, folder, clock)
    venues.start()
    signal.signal(signal.SIGTERM, lambda *_: is_over.set())
    quotes = Quotes(
        conf.universe(), VenuesConf(venues=VenuesTable(scenario="none"), feed=feed), clock
    )
    is_over.wait()
    quotes.stop()
    venues.stop()


if __name__ == "__main__":
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
