"""The deterministic core: events in, commands out; and the port behind which markets stand."""

from penstock.engine.assembly import EngineParts, build_engine
from penstock.engine.child import Child
from penstock.engine.config import EngineConfig
from penstock.engine.engine import Engine
from penstock.engine.parent import Parent
from penstock.engine.port import MarketSlice, Sequencer, VenuePort

__all__ = [
    "Child",
    "Engine",
    "EngineConfig",
    "EngineParts",
    "MarketSlice",
    "Parent",
    "Sequencer",
    "VenuePort",
    "build_engine",
]
