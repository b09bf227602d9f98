"""Risk: limits, throttles, the kill switch; a "no" is an event with a reason."""

from penstock.risk.denial import DenialReason, RiskDenial
from penstock.risk.gate import RiskGate
from penstock.risk.limits import AccountLimits, ClientLimits, RiskLimits

__all__ = ["AccountLimits", "ClientLimits", "DenialReason", "RiskDenial", "RiskGate", "RiskLimits"]
