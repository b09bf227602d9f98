"""Operators' switches as the auditor holds them: what may not be sent now, and why."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Switches:
    """
    Kills, and venues and symbols that are off.

    A switch that stops counts from the router's confirmation, one that releases from the moment it
    was asked for: in between both are right.
    """

    is_killed: bool = False
    clients: set[str] = field(default_factory=set)
    symbols: set[str] = field(default_factory=set)
    venues: set[str] = field(default_factory=set)

    def stop(self, action: str, target: str) -> None:
        """A kill, or a venue or a symbol off; confirmed."""
        match action:
            case "kill":
                self.is_killed = True
            case "kill_client":
                self.clients.add(target)
            case "kill_symbol" | "restrict":
                self.symbols.add(target)
            case "venue_off":
                self.venues.add(target)

    def release(self, action: str, target: str) -> None:
        """A resume, or a venue or a symbol on; asked for."""
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
