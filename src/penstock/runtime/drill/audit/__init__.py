"""The auditor of a drill, apart from all that it judges: only the standard library is imported."""

from penstock.runtime.drill.audit.auditor import Auditor
from penstock.runtime.drill.audit.wires import Law, Violation, Way, Wire

__all__ = ["Auditor", "Law", "Violation", "Way", "Wire"]
