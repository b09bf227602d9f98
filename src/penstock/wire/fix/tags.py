"""FIX 4.4 tags and values that the house uses, under the names of the standard."""

from __future__ import annotations

from typing import Final

from penstock.wire.fix import tag_names

NAMES: Final = tag_names.NAMES
"""What a tag is called in a refusal."""

ACCOUNT: Final = 1
AVG_PX: Final = 6
CL_ORD_ID: Final = 11
CUM_QTY: Final = 14
CURRENCY: Final = 15
EXEC_ID: Final = 17
EXEC_INST: Final = 18
EXEC_REF_ID: Final = 19
HANDL_INST: Final = 21
SECURITY_ID_SOURCE: Final = 22
LAST_MKT: Final = 30
LAST_PX: Final = 31
LAST_QTY: Final = 32
ORDER_ID: Final = 37
ORDER_QTY: Final = 38
ORD_STATUS: Final = 39
ORD_TYPE: Final = 40
ORIG_CL_ORD_ID: Final = 41
POSS_DUP_FLAG: Final = 43
PRICE: Final = 44
REF_SEQ_NUM: Final = 45
SECURITY_ID: Final = 48
SENDER_SUB_ID: Final = 50
SENDING_TIME: Final = 52
SIDE: Final = 54
SYMBOL: Final = 55
TARGET_SUB_ID: Final = 57
TEXT: Final = 58
TIME_IN_FORCE: Final = 59
TRANSACT_TIME: Final = 60
SETTL_TYPE: Final = 63
TRADE_DATE: Final = 75
PROCESS_CODE: Final = 81
POSS_RESEND: Final = 97
EX_DESTINATION: Final = 100
CXL_REJ_REASON: Final = 102
ORD_REJ_REASON: Final = 103
MIN_QTY: Final = 110
ON_BEHALF_OF_COMP_ID: Final = 115
ON_BEHALF_OF_SUB_ID: Final = 116
SETTL_CURRENCY: Final = 120
FOREX_REQ: Final = 121
ORIG_SENDING_TIME: Final = 122
EXPIRE_TIME: Final = 126
DK_REASON: Final = 127
DELIVER_TO_COMP_ID: Final = 128
DELIVER_TO_SUB_ID: Final = 129
NO_MISC_FEES: Final = 136
MISC_FEE_AMT: Final = 137
MISC_FEE_CURR: Final = 138
MISC_FEE_TYPE: Final = 139
EXEC_TYPE: Final = 150
LEAVES_QTY: Final = 151
SECURITY_TYPE: Final = 167
SECONDARY_ORDER_ID: Final = 198
REF_MSG_TYPE: Final = 372
BUSINESS_REJECT_REF_ID: Final = 379
BUSINESS_REJECT_REASON: Final = 380
PRICE_TYPE: Final = 423
EXPIRE_DATE: Final = 432
CXL_REJ_RESPONSE_TO: Final = 434
PARTY_ID_SOURCE: Final = 447
PARTY_ID: Final = 448
PARTY_ROLE: Final = 452
NO_PARTY_IDS: Final = 453
PRODUCT: Final = 460
CFI_CODE: Final = 461
SECONDARY_EXEC_ID: Final = 527
ORDER_CAPACITY: Final = 528
MASS_CANCEL_REQUEST_TYPE: Final = 530
MASS_CANCEL_RESPONSE: Final = 531
MASS_CANCEL_REJECT_REASON: Final = 532
TOTAL_AFFECTED_ORDERS: Final = 533
CASH_MARGIN: Final = 544
ACCOUNT_TYPE: Final = 581
CUST_ORDER_CAPACITY: Final = 582
MASS_STATUS_REQ_ID: Final = 584
MASS_STATUS_REQ_TYPE: Final = 585
BOOKING_TYPE: Final = 775
ORD_STATUS_REQ_ID: Final = 790
COPY_MSG_INDICATOR: Final = 797
LAST_LIQUIDITY_IND: Final = 851
QTY_TYPE: Final = 854
TOT_NUM_REPORTS: Final = 911
LAST_RPT_REQUESTED: Final = 912
HORIZON_MS: Final = 9001  # 9001 to 9004 are our own
URGENCY: Final = 9002
OBJECTIVE: Final = 9003
LIQUIDITY: Final = 9004


class MsgType:
    """35 MsgType."""

    REJECT: Final = "3"
    EXECUTION_REPORT: Final = "8"
    ORDER_CANCEL_REJECT: Final = "9"
    NEW_ORDER_SINGLE: Final = "D"
    ORDER_CANCEL_REQUEST: Final = "F"
    ORDER_CANCEL_REPLACE_REQUEST: Final = "G"
    ORDER_STATUS_REQUEST: Final = "H"
    DONT_KNOW_TRADE: Final = "Q"
    ORDER_MASS_STATUS_REQUEST: Final = "AF"
    BUSINESS_MESSAGE_REJECT: Final = "j"
    ORDER_MASS_CANCEL_REQUEST: Final = "q"
    ORDER_MASS_CANCEL_REPORT: Final = "r"


class ExecType:
    """150 ExecType: what an execution report is about."""

    NEW: Final = "0"
    PARTIAL_FILL: Final = "1"  # of FIX 4.2, and of venues that still write it
    FILL: Final = "2"
    DONE_FOR_DAY: Final = "3"
    CANCELED: Final = "4"
    REPLACED: Final = "5"
    PENDING_CANCEL: Final = "6"
    STOPPED: Final = "7"
    REJECTED: Final = "8"
    SUSPENDED: Final = "9"
    PENDING_NEW: Final = "A"
    CALCULATED: Final = "B"
    EXPIRED: Final = "C"
    RESTATED: Final = "D"
    PENDING_REPLACE: Final = "E"
    TRADE: Final = "F"
    TRADE_CORRECT: Final = "G"
    TRADE_CANCEL: Final = "H"
    ORDER_STATUS: Final = "I"


class OrdStatus:
    """39 OrdStatus: where an order stands."""

    NEW: Final = "0"
    PARTIALLY_FILLED: Final = "1"
    FILLED: Final = "2"
    DONE_FOR_DAY: Final = "3"
    CANCELED: Final = "4"
    PENDING_CANCEL: Final = "6"
    REJECTED: Final = "8"
    PENDING_NEW: Final = "A"
    EXPIRED: Final = "C"
    PENDING_REPLACE: Final = "E"


class OrdRejReason:
    """103 OrdRejReason."""

    UNKNOWN_SYMBOL: Final = "1"
    UNKNOWN_ORDER: Final = "5"
    DUPLICATE_ORDER: Final = "6"
    UNSUPPORTED: Final = "11"
    INCORRECT_QUANTITY: Final = "13"
    OTHER: Final = "99"


class CxlRejReason:
    """102 CxlRejReason."""

    TOO_LATE: Final = "0"
    UNKNOWN_ORDER: Final = "1"
    ALREADY_PENDING: Final = "3"
    DUPLICATE_CL_ORD_ID: Final = "6"
    OTHER: Final = "99"


class BusinessRejectReason:
    """380 BusinessRejectReason."""

    UNKNOWN_ID: Final = "1"
    UNSUPPORTED_MESSAGE_TYPE: Final = "3"
    FIELD_MISSING: Final = "5"
    NOT_AUTHORIZED: Final = "6"


BUY: Final = "1"  # 54 Side
SELL: Final = "2"
MARKET: Final = "1"  # 40 OrdType
LIMIT: Final = "2"
PEGGED: Final = "P"
UNDISCLOSED: Final = "7"  # 54 in a refusal of an order that names no side
ALL_ORDERS: Final = "7"  # 530 MassCancelRequestType, 585 MassStatusReqType
ONE_SECURITY: Final = "1"
NO_SYMBOL: Final = "[N/A]"  # 55 where a message is about no one symbol
DAY: Final = "0"  # 59 TimeInForce
IOC: Final = "3"
GOOD_TILL_DATE: Final = "6"
AUTOMATED: Final = "1"  # 21 HandlInst: no person in between
NOT_HELD: Final = "1"  # 18 ExecInst: price and time are at our discretion
MIDPOINT_PEG: Final = "M"
MADE: Final = "1"  # 851 LastLiquidityInd
TOOK: Final = "2"
TO_CANCEL: Final = "1"  # 434 CxlRejResponseTo
TO_REPLACE: Final = "2"
EXCHANGE_FEE: Final = "4"  # 139 MiscFeeType
NO_ORDER: Final = "NONE"  # 37 OrderID, 41 OrigClOrdID where there is none to name
