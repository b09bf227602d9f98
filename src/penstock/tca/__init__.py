"""Transaction-cost analysis: measures of what executions cost."""

from penstock.tca.measures import Execution, Shortfall, markout_bps, shortfall

__all__ = ["Execution", "Shortfall", "markout_bps", "shortfall"]
