"""The live programs: the router, and the venues and clients that it is tried out with."""

from penstock.runtime.building import engine_of_journal
from penstock.runtime.config import FeedTable, OmsTable, RouterConf, RouterTable, StoreTable
from penstock.runtime.config import FeeTable as RouterFeeTable
from penstock.runtime.config import InstrumentTable as RouterInstrumentTable
from penstock.runtime.config import VenueTable as RouterVenueTable
from penstock.runtime.config_check import parse_router_conf, read_router_conf
from penstock.runtime.control import RouterRefusedError, RouterUnreachableError, ask_router
from penstock.runtime.integrity import Integrity, check_integrity
from penstock.runtime.lines_log import read_lines
from penstock.runtime.local import LocalDesk
from penstock.runtime.oms import run_oms
from penstock.runtime.oms_config import OmsConf, read_oms_conf
from penstock.runtime.operator_log import operator_log
from penstock.runtime.program import run_router
from penstock.runtime.status import RouterStatus
from penstock.runtime.venues import run_venues
from penstock.runtime.venues_config import VenuesConf, read_venues_conf, scenario_of

__all__ = [
    "FeedTable",
    "Integrity",
    "LocalDesk",
    "OmsConf",
    "OmsTable",
    "RouterConf",
    "RouterFeeTable",
    "RouterInstrumentTable",
    "RouterRefusedError",
    "RouterStatus",
    "RouterTable",
    "RouterUnreachableError",
    "RouterVenueTable",
    "StoreTable",
    "VenuesConf",
    "ask_router",
    "check_integrity",
    "engine_of_journal",
    "operator_log",
    "parse_router_conf",
    "read_lines",
    "read_oms_conf",
    "read_router_conf",
    "read_venues_conf",
    "scenario_of",
    "run_oms",
    "run_venues",
    "run_router",
]
