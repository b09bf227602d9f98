"""What is switched off: by an operator, by the restricted list, by a throttle that latched."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import kernel
from penstock.domain import (
    ConfigError,
    Control,
    ControlAction,
    Exclusion,
    Problem,
    RowArray,
    SituationArray,
    Universe,
)
from penstock.risk.denial import DenialReason, RiskDenial


class Switches:
    """
    Kill switches (all, a client, an instrument), restricted instruments, venues off or throttled.

    Promise: what `mask` excludes and what `deny_instrument` and `deny_venue` refuse is the same.

    Raises:
        ConfigError: a restricted instrument that is not one of the universe; all at once.
    """

    def __init__(self, universe: Universe, restricted: Collection[int]) -> None:
        n_instruments, n_venues = len(universe.instruments), len(universe.venues)
        _check_restricted(restricted, n_instruments)
        self._symbols = [instrument.symbol for instrument in universe.instruments]
        self._mics = [venue.mic for venue in universe.venues]
        self._is_killed = False
        self._killed_clients: dict[str, None] = {}
        self._is_killed_instrument = [False] * n_instruments
        self._is_restricted = [i in restricted for i in range(n_instruments)]
        self._is_off = [False] * n_venues
        self._is_throttled = [False] * n_venues
        # The same, as the Exclusion that a row gets.
        self._instrument_codes = np.zeros(n_instruments, np.int64)
        self._venue_codes = np.zeros(n_venues, np.int64)
        self._refresh()

    def on_control(self, event: Control) -> bool:
        """Take an operator's order; False if it names no venue, instrument or client at all."""
        match event.action:
            case ControlAction.KILL | ControlAction.DRAIN | ControlAction.RESUME:
                self._is_killed = event.action is not ControlAction.RESUME
                is_known = True
            case ControlAction.KILL_CLIENT | ControlAction.RESUME_CLIENT:
                is_known = self._kill_client(event)
            case ControlAction.VENUE_OFF | ControlAction.VENUE_ON:
                is_known = self._switch_venue(event)
            case ControlAction.RESET_LIMITS:
                is_known = True  # what was used up is the exposure's
            case _:
                is_known = self._switch_instrument(event)
        self._refresh()
        return is_known

    def _kill_client(self, event: Control) -> bool:
        self._killed_clients.pop(event.client, None)
        if event.action is ControlAction.KILL_CLIENT and event.client:
            self._killed_clients[event.client] = None
        return bool(event.client)

    def _switch_venue(self, event: Control) -> bool:
        is_off = event.action is ControlAction.VENUE_OFF
        if not is_off:
            _set(self._is_throttled, event.target_idx, False)
        return _set(self._is_off, event.target_idx, is_off)

    def _switch_instrument(self, event: Control) -> bool:
        is_stop = event.action in (ControlAction.RESTRICT, ControlAction.KILL_SYMBOL)
        is_kill = event.action in (ControlAction.KILL_SYMBOL, ControlAction.RESUME_SYMBOL)
        flags = self._is_killed_instrument if is_kill else self._is_restricted
        return _set(flags, event.target_idx, is_stop)

    def throttle(self, venue_idx: int) -> None:
        """Nothing more goes to the venue until VENUE_ON."""
        self._is_throttled[venue_idx] = True
        self._refresh()

    @property
    def throttled(self) -> list[bool]:
        """Which venues are throttled."""
        return list(self._is_throttled)

    def mask(self, situation: SituationArray, out_rows: RowArray) -> None:
        """Write the reason into `excluded` of every row that has none yet."""
        _mask(situation, self._instrument_codes, self._venue_codes, out_rows)

    def deny_instrument(self, instrument_idx: int) -> RiskDenial | None:
        """Why nothing may be sent in the instrument; None if it may."""
        if self._is_killed:
            return RiskDenial(reason=DenialReason.KILL, text="the kill switch is on")
        symbol = self._symbols[instrument_idx]
        if self._is_killed_instrument[instrument_idx]:
            text = f"the kill switch of {symbol} is on"
            return RiskDenial(reason=DenialReason.KILL, text=text)
        if self._is_restricted[instrument_idx]:
            text = f"{symbol} is restricted"
            return RiskDenial(reason=DenialReason.RESTRICTED, text=text)
        return None

    def deny_client(self, client: str) -> RiskDenial | None:
        """Why nothing may be sent for the client; None if it may."""
        if client not in self._killed_clients:
            return None
        return RiskDenial(reason=DenialReason.KILL, text=f"the kill switch of {client} is on")

    def mic(self, venue_idx: int) -> str:
        """A venue as people call it."""
        return self._mics[venue_idx]

    def deny_venue(self, venue_idx: int) -> RiskDenial | None:
        """Why nothing may be sent to the venue; None if it may."""
        if self._is_off[venue_idx]:
            text = f"{self._mics[venue_idx]} is switched off"
            return RiskDenial(reason=DenialReason.VENUE_OFF, text=text)
        if self._is_throttled[venue_idx]:
            text = f"{self._mics[venue_idx]} is throttled until a person switches it on"
            return RiskDenial(reason=DenialReason.THROTTLE, text=text)
        return None

    def facts(self) -> tuple[object, ...]:
        """Content for the state hash."""
        return (
            self._is_killed,
            sorted(self._killed_clients),
            self._is_killed_instrument,
            self._is_restricted,
            self._is_off,
            self._is_throttled,
        )

    def _refresh(self) -> None:
        restricted = np.where(self._is_restricted, int(Exclusion.RESTRICTED), 0)
        killed = np.where(self._is_killed_instrument, int(Exclusion.KILL), restricted)
        self._instrument_codes[:] = int(Exclusion.KILL) if self._is_killed else killed
        throttled = np.where(self._is_throttled, int(Exclusion.THROTTLE), 0)
        self._venue_codes[:] = np.where(self._is_off, int(Exclusion.VENUE_OFF), throttled)


def _set(flags: list[bool], idx: int | None, value: bool) -> bool:
    """Set one flag; False if there is no such one."""
    if idx is None or not 0 <= idx < len(flags):
        return False
    flags[idx] = value
    return True


def _check_restricted(restricted: Collection[int], n_instruments: int) -> None:
    problems = [
        Problem(
            where="risk.restricted",
            expected=f"an instrument from 0 to {n_instruments - 1}",
            found=str(instrument_idx),
            fix="name an instrument of the universe, or take it off the list",
        )
        for instrument_idx in restricted
        if not 0 <= instrument_idx < n_instruments
    ]
    if problems:
        raise ConfigError(problems)


@kernel
def _mask(
    situation: SituationArray,
    instrument_codes: NDArray[np.int64],
    venue_codes: NDArray[np.int64],
    out_rows: RowArray,
) -> None:
    code = instrument_codes[situation[0].instrument_idx]
    for i in range(len(out_rows)):
        if out_rows[i].excluded == 0:
            out_rows[i].excluded = code if code != 0 else venue_codes[out_rows[i].venue_idx]
