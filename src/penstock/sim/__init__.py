"""A market in miniature: several venues, their traders, latency both ways, one port."""

from penstock.sim.hidden import Hidden
from penstock.sim.layout import AUDIT_DTYPE
from penstock.sim.matching.engine import MatchingEngine
from penstock.sim.replay.day import CompiledReplay, ReplayReport, compile_replay
from penstock.sim.scenario.checks import check_scenario
from penstock.sim.scenario.tables import Scenario
from penstock.sim.script import SCRIPT_DTYPE, ScriptArray, ScriptOp, check_script, empty_script
from penstock.sim.world import MAX_BATCH, World

__all__ = [
    "AUDIT_DTYPE",
    "MAX_BATCH",
    "SCRIPT_DTYPE",
    "CompiledReplay",
    "Hidden",
    "MatchingEngine",
    "ReplayReport",
    "Scenario",
    "ScriptArray",
    "ScriptOp",
    "World",
    "check_scenario",
    "check_script",
    "compile_replay",
    "empty_script",
]
