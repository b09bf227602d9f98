"""Fault-simulated trading days of the live router, held by an independent auditor."""

from penstock.runtime.drill.acts import Act, Plan, Script
from penstock.runtime.drill.day import DayResult, play
from penstock.runtime.drill.many import Broken, DrillFigures, drill
from penstock.runtime.drill.schedule import draw_day, fault_verbs
from penstock.runtime.drill.shrink import shrink
from penstock.runtime.drill.traces import Trace, TraceError, read_trace, write_trace

__all__ = [
    "Act",
    "Broken",
    "DayResult",
    "DrillFigures",
    "Plan",
    "Script",
    "Trace",
    "TraceError",
    "draw_day",
    "drill",
    "fault_verbs",
    "play",
    "read_trace",
    "shrink",
    "write_trace",
]
