"""FIX 4.4 as pure translation: messages to events, commands to messages; no session, no socket."""

from penstock.wire.fix.client_reports import ClientReport, ClientReportKind, read_report
from penstock.wire.fix.client_requests import (
    cancel_order,
    mass_cancel,
    mass_status,
    new_order,
    replace_order,
    status_request,
)
from penstock.wire.fix.dictionary import data_dictionary
from penstock.wire.fix.exchange_desk import ExchangeAnswer, ExchangeDesk
from penstock.wire.fix.exchange_orders import ExchangeOrder
from penstock.wire.fix.exchange_reports import VenueReply
from penstock.wire.fix.messages import FixMessage, Incoming, Outgoing
from penstock.wire.fix.oms_desk import OmsDesk
from penstock.wire.fix.oms_identity import body_of, header_of
from penstock.wire.fix.oms_refusals import DeskAnswer
from penstock.wire.fix.oms_requests import OrderDefaults
from penstock.wire.fix.oms_rules import USUAL_IDENTITY, ClientRules, DeskRules, IdentityPart
from penstock.wire.fix.oms_tags import may_be_ignored
from penstock.wire.fix.oms_times import MAX_HORIZON_NS
from penstock.wire.fix.reports import possible_resend
from penstock.wire.fix.splitting import SOH, Split, flat, split
from penstock.wire.fix.tags import MsgType
from penstock.wire.fix.venue_desk import VenueDesk
from penstock.wire.fix.venue_reading import VenueAnswer

__all__ = [
    "MAX_HORIZON_NS",
    "USUAL_IDENTITY",
    "SOH",
    "ClientReport",
    "ClientReportKind",
    "ClientRules",
    "DeskAnswer",
    "DeskRules",
    "ExchangeAnswer",
    "ExchangeDesk",
    "ExchangeOrder",
    "FixMessage",
    "IdentityPart",
    "Incoming",
    "MsgType",
    "OmsDesk",
    "OrderDefaults",
    "Outgoing",
    "Split",
    "VenueAnswer",
    "VenueDesk",
    "VenueReply",
    "body_of",
    "cancel_order",
    "header_of",
    "mass_cancel",
    "mass_status",
    "may_be_ignored",
    "data_dictionary",
    "flat",
    "new_order",
    "possible_resend",
    "read_report",
    "replace_order",
    "split",
    "status_request",
]
