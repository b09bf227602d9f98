"""Operators' switches as the auditor holds them: what may not be sent now, and why."""

from __future__ import annotations

from dataclasses import dataclass, field

RELEASES = {
    "resume": "kill",
    "resume_client": "kill_client",
    "resume_symbol": "kill_symbol",
    "unrestrict": "restrict",
    "venue_on": "venue_off",
}
"""What each release takes back."""


@dataclass(slots=True)
class Switches:
    """
    Kills, and venues and symbols that are off.

    A switch that stops counts from the router's confirmation, one that releases from the moment it
    was asked for: in between both are right. A stop that is confirmed after a release was asked for
    counts only if it was asked for later still.
    """

    is_killed: bool = False
    clients: set[str] = field(default_factory=set)
    symbols: set[str] = field(default_factory=set)
    venues: set[str] = field(default_factory=set)
    _n_asked: int = 0
    _released: dict[tuple[str, str], int] = field(default_factory=dict)

    def ask(self, action: str, target: str) -> int:
        """Something is asked for; returns its place in the order of asking."""
        self._n_asked += 1
        stop = RELEASES.get(action)
        if stop is not None:
            self._released[stop, target] = self._n_asked
            self._release(action, target)
        return self._n_asked

    def stop(self, action: str, target: str, asked: int) -> bool:
        """A kill, or a venue or a symbol off, is confirmed; False if it has been released since."""
        if self._released.get((action, target), 0) > asked:
            return False
        match action:
            case "kill":
                self.is_killed = True
            case "kill_client":
                self.clients.add(target)
            case "kill_symbol" | "restrict":
                self.symbols.add(target)
            case "venue_off":
                self.venues.add(target)
        return action in RELEASES.values()

    def _release(self, action: str, target: str) -> None:
        match action:
            case "resume":
                self.is_killed = False
            case "resume_client":
                self.clients.discard(target)
            case "resume_symbol" | "unrestrict":
                self.symbols.discard(target)
            case "venue_on":
                self.venues.discard(target)

    def forget(self) -> None:
        """The machine has stopped and the router's file has lost its end: nothing is certain."""
        self.is_killed = False
        for names in (self.clients, self.symbols, self.venues):
            names.clear()

    def killed_by(self, symbol: str, clients: set[str]) -> str:
        """Why nothing new may be sent for a symbol and all of these clients; empty if it may."""
        if self.is_killed:
            return "the kill switch is on"
        if symbol in self.symbols:
            return f"{symbol} is stopped"
        if clients and clients <= self.clients:
            return f"{', '.join(sorted(clients))} is stopped"
        return ""
