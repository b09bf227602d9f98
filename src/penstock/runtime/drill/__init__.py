"""Fault-simulated trading days of the live router, held by an independent auditor."""

from penstock.runtime.drill.acts import Act, Plan, Script
from penstock.runtime.drill.day import DayResult, play
from penstock.runtime.drill.schedule import draw_day, fault_verbs

__all__ = ["Act", "DayResult", "Plan", "Script", "draw_day", "fault_verbs", "play"]
