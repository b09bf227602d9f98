"""A market in miniature: several venues, their traders, latency both ways, one port."""

from penstock.sim.scenario import Scenario
from penstock.sim.script import (
    SCRIPT_DTYPE,
    ScriptArray,
    ScriptOp,
    check_script,
    empty_script,
)
from penstock.sim.world import Hidden, World

__all__ = [
    "SCRIPT_DTYPE",
    "Hidden",
    "Scenario",
    "ScriptArray",
    "ScriptOp",
    "World",
    "check_script",
    "empty_script",
]
