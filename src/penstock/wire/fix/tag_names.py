"""What FIX 4.4 calls the tags that a client's message may hold, for refusals by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_LISTED: Final = """
1 Account, 6 AvgPx, 11 ClOrdID, 12 Commission, 13 CommType, 14 CumQty, 15 Currency, 17 ExecID,
18 ExecInst, 19 ExecRefID, 21 HandlInst, 22 SecurityIDSource, 23 IOIID, 30 LastMkt, 31 LastPx,
32 LastQty, 37 OrderID, 38 OrderQty, 39 OrdStatus, 40 OrdType, 41 OrigClOrdID, 44 Price,
48 SecurityID, 50 SenderSubID, 52 SendingTime, 54 Side, 55 Symbol, 57 TargetSubID, 58 Text,
59 TimeInForce, 60 TransactTime, 63 SettlType, 64 SettlDate, 65 SymbolSfx, 66 ListID, 70 AllocID,
75 TradeDate, 76 ExecBroker, 77 PositionEffect, 78 NoAllocs, 79 AllocAccount, 80 AllocQty,
81 ProcessCode, 99 StopPx, 100 ExDestination, 106 Issuer, 107 SecurityDesc, 109 ClientID,
110 MinQty, 111 MaxFloor, 114 LocateReqd, 115 OnBehalfOfCompID, 116 OnBehalfOfSubID, 117 QuoteID,
120 SettlCurrency, 121 ForexReq, 122 OrigSendingTime, 126 ExpireTime, 127 DKReason,
128 DeliverToCompID, 129 DeliverToSubID, 136 NoMiscFees, 137 MiscFeeAmt, 140 PrevClosePx,
142 SenderLocationID, 143 TargetLocationID, 144 OnBehalfOfLocationID, 145 DeliverToLocationID,
150 ExecType, 151 LeavesQty, 152 CashOrderQty, 167 SecurityType, 168 EffectiveTime,
192 OrderQty2, 193 SettlDate2, 198 SecondaryOrderID, 200 MaturityMonthYear, 201 PutOrCall,
202 StrikePrice, 203 CoveredOrUncovered, 204 CustomerOrFirm, 205 MaturityDay, 206 OptAttribute,
207 SecurityExchange, 210 MaxShow, 211 PegOffsetValue, 218 Spread, 220 BenchmarkCurveCurrency,
221 BenchmarkCurveName, 222 BenchmarkCurvePoint, 223 CouponRate, 224 CouponPaymentDate,
225 IssueDate, 226 RepurchaseTerm, 227 RepurchaseRate, 228 Factor, 229 TradeOriginationDate,
231 ContractMultiplier, 232 NoStipulations, 233 StipulationType, 234 StipulationValue,
235 YieldType, 236 Yield, 239 RepoCollateralSecurityType, 240 RedemptionDate, 255 CreditRating,
336 TradingSessionID, 348 EncodedIssuerLen, 349 EncodedIssuer, 350 EncodedSecurityDescLen,
351 EncodedSecurityDesc, 354 EncodedTextLen, 355 EncodedText, 376 ComplianceID,
377 SolicitedFlag, 379 BusinessRejectRefID, 386 NoTradingSessions, 388 DiscretionInst,
389 DiscretionOffsetValue, 423 PriceType, 427 GTBookingInst, 432 ExpireDate, 447 PartyIDSource,
448 PartyID, 452 PartyRole, 453 NoPartyIDs, 454 NoSecurityAltID, 455 SecurityAltID,
456 SecurityAltIDSource, 460 Product, 461 CFICode, 467 IndividualAllocID, 468 RoundingDirection,
469 RoundingModulus, 470 CountryOfIssue, 471 StateOrProvinceOfIssue, 472 LocaleOfIssue,
479 CommCurrency, 480 CancellationRights, 481 MoneyLaunderingStatus, 494 Designation,
497 FundRenewWaiv, 513 RegistID, 516 OrderPercent, 526 SecondaryClOrdID, 528 OrderCapacity,
529 OrderRestrictions, 530 MassCancelRequestType, 541 MaturityDate, 543 InstrRegistry,
544 CashMargin, 581 AccountType, 582 CustOrderCapacity, 583 ClOrdLinkID, 584 MassStatusReqID,
585 MassStatusReqType, 586 OrigOrdModTime, 589 DayBookingInst, 590 BookingUnit,
591 PreallocMethod, 625 TradingSessionSubID, 635 ClearingFeeIndicator, 640 Price2,
660 AcctIDSource, 662 BenchmarkPrice, 663 BenchmarkPriceType, 667 ContractSettlMonth, 691 Pool,
696 YieldRedemptionDate, 697 YieldRedemptionPrice, 698 YieldRedemptionPriceType,
699 BenchmarkSecurityID, 701 YieldCalcDate, 711 NoUnderlyings, 761 BenchmarkSecurityIDSource,
762 SecuritySubType, 775 BookingType, 788 TerminationType, 790 OrdStatusReqID,
802 NoPartySubIDs, 835 PegMoveType, 836 PegOffsetType, 837 PegLimitType, 838 PegRoundDirection,
840 PegScope, 841 DiscretionMoveType, 842 DiscretionOffsetType, 843 DiscretionLimitType,
844 DiscretionRoundDirection, 846 DiscretionScope, 847 TargetStrategy,
848 TargetStrategyParameters, 849 ParticipationRate, 851 LastLiquidityInd, 854 QtyType,
864 NoEvents, 873 DatedDate, 874 InterestAccrualDate, 875 CPProgram, 876 CPRegType,
898 MarginRatio, 913 AgreementDesc, 914 AgreementID, 915 AgreementDate, 916 StartDate,
917 EndDate, 918 AgreementCurrency, 919 DeliveryType, 947 StrikeCurrency,
9001 HorizonMs, 9002 Urgency, 9003 Objective, 9004 Liquidity
"""


def _read(listed: str) -> dict[int, str]:
    pairs = [item.split() for item in listed.replace("\n", " ").split(",")]
    return {int(tag): name for tag, name in pairs}


NAMES: Final[Mapping[int, str]] = MappingProxyType(_read(_LISTED))
