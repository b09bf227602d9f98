"""
The data dictionary that a counterparty loads: FIX 4.4 as this router speaks it.

It names the messages that the router sends to clients and venues and that it takes from them, with
the fields of each, our own 9001 to 9004 among them. It lists no codes: those are in docs/fix.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from penstock.wire.fix.oms_tags import HARMLESS, HONOURED, ONLY
from penstock.wire.fix.structure import HEADER

_FIELDS: Final = """
1 Account STRING, 6 AvgPx PRICE, 7 BeginSeqNo SEQNUM, 8 BeginString STRING, 9 BodyLength LENGTH,
10 CheckSum STRING, 11 ClOrdID STRING, 14 CumQty QTY, 15 Currency CURRENCY, 16 EndSeqNo SEQNUM,
17 ExecID STRING, 18 ExecInst MULTIPLEVALUESTRING, 19 ExecRefID STRING, 21 HandlInst CHAR,
22 SecurityIDSource STRING, 30 LastMkt EXCHANGE, 31 LastPx PRICE, 32 LastQty QTY,
34 MsgSeqNum SEQNUM, 35 MsgType STRING, 36 NewSeqNo SEQNUM, 37 OrderID STRING, 38 OrderQty QTY,
39 OrdStatus CHAR, 40 OrdType CHAR, 41 OrigClOrdID STRING, 43 PossDupFlag BOOLEAN, 44 Price PRICE,
45 RefSeqNum SEQNUM, 48 SecurityID STRING, 49 SenderCompID STRING, 50 SenderSubID STRING,
52 SendingTime UTCTIMESTAMP, 54 Side CHAR, 55 Symbol STRING, 56 TargetCompID STRING,
57 TargetSubID STRING, 58 Text STRING, 59 TimeInForce CHAR, 60 TransactTime UTCTIMESTAMP,
63 SettlType CHAR, 75 TradeDate LOCALMKTDATE, 81 ProcessCode CHAR, 97 PossResend BOOLEAN,
98 EncryptMethod INT, 100 ExDestination EXCHANGE, 102 CxlRejReason INT, 103 OrdRejReason INT,
106 Issuer STRING, 107 SecurityDesc STRING, 108 HeartBtInt INT, 110 MinQty QTY,
112 TestReqID STRING, 115 OnBehalfOfCompID STRING, 116 OnBehalfOfSubID STRING,
120 SettlCurrency CURRENCY, 121 ForexReq BOOLEAN, 122 OrigSendingTime UTCTIMESTAMP,
123 GapFillFlag BOOLEAN, 126 ExpireTime UTCTIMESTAMP, 127 DKReason CHAR,
128 DeliverToCompID STRING, 129 DeliverToSubID STRING, 136 NoMiscFees NUMINGROUP,
137 MiscFeeAmt AMT, 138 MiscFeeCurr CURRENCY, 139 MiscFeeType STRING, 141 ResetSeqNumFlag BOOLEAN,
150 ExecType CHAR, 151 LeavesQty QTY, 167 SecurityType STRING, 198 SecondaryOrderID STRING,
348 EncodedIssuerLen LENGTH, 349 EncodedIssuer DATA, 350 EncodedSecurityDescLen LENGTH,
351 EncodedSecurityDesc DATA, 354 EncodedTextLen LENGTH, 355 EncodedText DATA, 371 RefTagID INT,
372 RefMsgType STRING, 373 SessionRejectReason INT, 376 ComplianceID STRING,
377 SolicitedFlag BOOLEAN, 378 ExecRestatementReason INT, 379 BusinessRejectRefID STRING,
380 BusinessRejectReason INT, 423 PriceType INT, 432 ExpireDate LOCALMKTDATE,
434 CxlRejResponseTo CHAR, 447 PartyIDSource CHAR, 448 PartyID STRING, 452 PartyRole INT,
453 NoPartyIDs NUMINGROUP, 460 Product INT, 461 CFICode STRING, 526 SecondaryClOrdID STRING,
527 SecondaryExecID STRING, 528 OrderCapacity CHAR, 530 MassCancelRequestType CHAR,
531 MassCancelResponse CHAR, 532 MassCancelRejectReason STRING, 533 TotalAffectedOrders INT,
544 CashMargin CHAR, 581 AccountType INT, 582 CustOrderCapacity INT, 584 MassStatusReqID STRING,
585 MassStatusReqType INT, 586 OrigOrdModTime UTCTIMESTAMP, 775 BookingType INT,
790 OrdStatusReqID STRING, 797 CopyMsgIndicator BOOLEAN, 851 LastLiquidityInd INT,
854 QtyType INT, 911 TotNumReports INT, 912 LastRptRequested BOOLEAN, 9001 HorizonMs INT,
9002 Urgency FLOAT, 9003 Objective STRING, 9004 Liquidity STRING
"""
_ENTRIES: Final[Mapping[int, tuple[int, ...]]] = MappingProxyType(
    {136: (137, 138, 139), 453: (448, 447, 452)}
)
_HEADER: Final = (8, 9, 35, 34, 43, 49, 50, 52, 56, 57, 97, 115, 116, 122, 128, 129)
_REQUIRED_IN_HEADER: Final = frozenset({8, 9, 35, 34, 49, 52, 56})

_IDENTITY: Final = frozenset({1, 528, 581, 582, 453})
_TAKEN: Final = (HONOURED | HARMLESS | ONLY.keys()) - HEADER
_TO_VENUES: Final = frozenset({18, 21, 40, 44, 59, 60, 100, 110})
_OF_NO_NEW_ORDER: Final = frozenset({37, 41, 586, 790})
_NEW_ORDER: Final = (_TAKEN - _OF_NO_NEW_ORDER) | _TO_VENUES
_REPORT: Final = _IDENTITY | {
    6, 11, 14, 15, 17, 19, 30, 31, 32, 37, 38, 39, 40, 41, 44, 54, 55, 58, 59, 60, 75, 103, 126,
    136, 150, 151, 198, 378, 432, 526, 527, 584, 585, 790, 797, 851, 911, 912, 9004,
}  # fmt: skip


class _Message(NamedTuple):
    msg_type: str
    name: str
    required: frozenset[int]
    others: frozenset[int] = frozenset()


_NO_TAGS: Final[frozenset[int]] = frozenset()
_MESSAGES: Final = (
    _Message("A", "Logon", frozenset({98, 108}), frozenset({141, 58})),
    _Message("0", "Heartbeat", _NO_TAGS, frozenset({112})),
    _Message("1", "TestRequest", frozenset({112})),
    _Message("2", "ResendRequest", frozenset({7, 16})),
    _Message("3", "Reject", frozenset({45}), frozenset({58, 371, 372, 373})),
    _Message("4", "SequenceReset", frozenset({36}), frozenset({123})),
    _Message("5", "Logout", _NO_TAGS, frozenset({58})),
    _Message("D", "NewOrderSingle", frozenset({11, 38, 40, 54, 55}), _NEW_ORDER),
    _Message(
        "G",
        "OrderCancelReplaceRequest",
        frozenset({11, 38, 40, 41, 54, 55}),
        _TAKEN | _TO_VENUES,
    ),
    _Message("F", "OrderCancelRequest", frozenset({11, 41, 54, 55}), _TAKEN - {790} | {60}),
    _Message("H", "OrderStatusRequest", frozenset({11}), _IDENTITY | {37, 54, 55, 526, 790}),
    _Message("AF", "OrderMassStatusRequest", frozenset({584, 585}), _IDENTITY | {54, 55}),
    _Message("q", "OrderMassCancelRequest", frozenset({11, 530}), frozenset({1, 54, 55, 58, 60})),
    _Message("Q", "DontKnowTrade", frozenset({17, 37, 127}), frozenset({31, 32, 38, 54, 55, 58})),
    _Message(
        "8", "ExecutionReport", frozenset({6, 14, 17, 37, 39, 54, 55, 150, 151}), _REPORT
    ),
    _Message(
        "9", "OrderCancelReject", frozenset({11, 37, 39, 41, 434}), _IDENTITY | {58, 60, 102, 797}
    ),
    _Message(
        "r",
        "OrderMassCancelReport",
        frozenset({37, 530, 531}),
        frozenset({1, 11, 54, 55, 58, 60, 532, 533}),
    ),
    _Message("j", "BusinessMessageReject", frozenset({372, 380}), frozenset({45, 58, 379})),
)  # fmt: skip
_ADMIN: Final = frozenset("0A12345")


def data_dictionary() -> str:
    """The dictionary as the XML that QuickFIX, QuickFIX/J and QuickFIX/n read."""
    lines = [
        '<fix type="FIX" major="4" minor="4">',
        " <header>",
        *_lines(_HEADER, _REQUIRED_IN_HEADER),
        " </header>",
        " <trailer>",
        *_lines((10,), frozenset({10})),
        " </trailer>",
        " <messages>",
        *(line for message in _MESSAGES for line in _message(message)),
        " </messages>",
        " <components/>",
        " <fields>",
        *(_definition(tag) for tag in sorted(_used())),
        " </fields>",
        "</fix>",
    ]
    return "\n".join(lines) + "\n"


def _read(listed: str) -> dict[int, tuple[str, str]]:
    items = [item.split() for item in listed.replace("\n", " ").split(",")]
    return {int(tag): (name, kind) for tag, name, kind in items}


_NAMED: Final[Mapping[int, tuple[str, str]]] = MappingProxyType(_read(_FIELDS))


def _used() -> set[int]:
    in_messages = {tag for message in _MESSAGES for tag in message.required | message.others}
    inside = {tag for count in in_messages & _ENTRIES.keys() for tag in _ENTRIES[count]}
    return in_messages | inside | set(_HEADER) | {10}


def _message(message: _Message) -> list[str]:
    category = "admin" if message.msg_type in _ADMIN else "app"
    return [
        f'  <message name="{message.name}" msgtype="{message.msg_type}" msgcat="{category}">',
        *_lines(sorted(message.required | message.others), message.required),
        "  </message>",
    ]


def _lines(tags: Iterable[int], required: frozenset[int]) -> list[str]:
    lines: list[str] = []
    for tag in tags:
        name, is_required = _NAMED[tag][0], "Y" if tag in required else "N"
        if tag in _ENTRIES:
            lines.append(f'   <group name="{name}" required="{is_required}">')
            lines += [f" {line}" for line in _lines(_ENTRIES[tag], frozenset())]
            lines.append("   </group>")
        else:
            lines.append(f'   <field name="{name}" required="{is_required}"/>')
    return lines


def _definition(tag: int) -> str:
    name, kind = _NAMED[tag]
    return f'  <field number="{tag}" name="{name}" type="{kind}"/>'
