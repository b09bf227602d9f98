"""docs/scenarios.md is what a user writes a scenario from: it must know every key and default."""

from __future__ import annotations

import re

import msgspec
import pytest

from penstock.sim.scenario.phases import Auctions, Bands
from penstock.sim.scenario.table import Table
from penstock.sim.scenario.tables import (
    About,
    Fees,
    Halt,
    InstrumentTable,
    Latency,
    Regime,
    Replay,
    VenueChange,
    VenueSpells,
    VenueTable,
)
from penstock.sim.scenario.traders import (
    Dark,
    Flow,
    Impact,
    LitFlow,
    Makers,
    Others,
    Parents,
    PoolClass,
    PoolFlow,
    Price,
)
from tests.tidy.rules import ROOT

TABLES: dict[str, type[Table]] = {
    "[scenario]": About,
    "[instrument]": InstrumentTable,
    "[[venues]]": VenueTable,
    "fees": Fees,
    "latency": Latency,
    "[venues.lit]": LitFlow,
    "[venues.pool]": PoolFlow,
    "[[venues.pool.classes]]": PoolClass,
    "[price]": Price,
    "[impact]": Impact,
    "[flow]": Flow,
    "[makers]": Makers,
    "[others]": Others,
    "[dark]": Dark,
    "[[regimes]]": Regime,
    "[[venues.changes]]": VenueChange,
    "[venues.spells]": VenueSpells,
    "[[halts]]": Halt,
    "[auctions]": Auctions,
    "[bands]": Bands,
    "[parents]": Parents,
    "[replay]": Replay,
}


def documented(heading: str) -> dict[str, str]:
    """Keys and defaults of one section of the page."""
    text = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")
    section = re.search(rf"^#+ `{re.escape(heading)}`.*?(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    assert section, f"docs/scenarios.md has no section `{heading}`"
    rows = re.findall(r"^\| `(\w+)` \| ([^|]*) \|", section[0], re.MULTILINE)
    return {key: default.strip() for key, default in rows}


@pytest.mark.parametrize("heading", TABLES)
def test_every_key_and_default_is_on_the_page(heading: str) -> None:
    """A default is written once, in the struct; the page repeats it, and this compares them."""
    expected = {}
    for field in msgspec.structs.fields(TABLES[heading]):
        if field.required:
            expected[field.name] = "required"
        elif field.default is None or field.default_factory is not msgspec.NODEFAULT:
            expected[field.name] = "none"
        else:
            default = field.default
            if isinstance(default, tuple):
                default = list(default) or None
            shown = "none" if default is None else f"`{default}`"
            expected[field.name] = shown.replace("True", "true").replace("False", "false")

    assert expected == documented(heading)
