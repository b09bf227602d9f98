"""A day's wires written by hand for the auditor: one client, two venues, one call a message."""

from __future__ import annotations

from penstock.runtime.drill.audit import Auditor, Way, Wire

CLIENT, VENUE, OTHER = "OMS", "VA", "VB"
MS = 1_000_000


class Story:
    """Messages between client, router and venues, as an auditor is given them."""

    def __init__(self) -> None:
        self.auditor = Auditor()
        self.now_ns = 0
        self._n_uids = 0
        self._n_reports = 0
        for mic in (VENUE, OTHER):
            self.auditor.connected(mic)

    @property
    def broken(self) -> list[str]:
        """The laws that were broken, in order."""
        return [str(violation.law) for violation in self.auditor.violations]

    def wire(self, way: Way, peer: str, fields: dict[int, str], *, is_dup: bool = False) -> None:
        """One message; of those that the router takes, taken whole."""
        self.now_ns += MS
        self.auditor.on_wire(Wire(self.now_ns, way, peer, fields, is_dup))
        if way in (Way.FROM_CLIENT, Way.FROM_VENUE):
            self.auditor.done()

    # Clients.

    def order(self, name: str = "a", size: int = 100, limit: str = "10.00", **more: str) -> None:
        """A client's order, and the router's acceptance."""
        self.ask("D", name, {55: "S", 54: "1", 38: str(size), 44: limit})
        if more.get("accepted") != "no":
            self.report("0", "0", name, size, 0)

    def ask(self, msg_type: str, name: str, fields: dict[int, str], client: str = CLIENT) -> None:
        """A client's request."""
        self.wire(Way.FROM_CLIENT, client, {35: msg_type, 34: "1", 11: name, **fields})

    def replace(self, name: str, orig: str, size: int, limit: str = "10.00") -> None:
        """A client's replace."""
        self.ask("G", name, {41: orig, 55: "S", 54: "1", 38: str(size), 44: limit})

    def report(
        self, exec_type: str, status: str, name: str, size: int, cum: int, **more: str
    ) -> None:
        """A report to the client whose numbers add up, unless `more` says otherwise."""
        self._n_reports += 1
        leaves = 0 if status in "248C3" else size - cum
        average = "10" if cum else "0"
        fields = {
            35: "8", 37: "P1", 11: name, 17: f"r{self._n_reports}", 150: exec_type, 39: status,
            55: "S", 54: "1", 38: str(size), 14: str(cum), 151: str(leaves), 6: average,
        }  # fmt: skip
        fields |= {int(tag.lstrip("t")): text for tag, text in more.items()}
        self.wire(Way.TO_CLIENT, CLIENT, fields)

    def tell(
        self, exec_id: str, shares: int, cum: int, size: int = 100, name: str = "a", **more: str
    ) -> None:
        """A report of an execution at 10.00 to the client."""
        status = "2" if cum >= size else "1"
        told = {
            "t17": f"{VENUE}/{exec_id}", "t30": VENUE, "t527": exec_id, "t31": "10.0000",
            "t32": str(shares), **more,
        }  # fmt: skip
        self.report("F", told.pop("status", status), name, size, cum, **told)

    # Venues.

    def send(self, name: str, size: int = 100, mic: str = VENUE, limit: str = "10.00") -> None:
        """A child leaves, and arrives."""
        fields = {35: "D", 11: name, 55: "S", 54: "1", 38: str(size), 44: limit}
        self.wire(Way.TO_VENUE, mic, fields)
        self.auditor.arrived(mic, name)

    def venue(
        self,
        exec_type: str,
        status: str,
        name: str,
        cum: int,
        mic: str = VENUE,
        *,
        is_dup: bool = False,
        **more: str,
    ) -> None:
        """A venue's report."""
        fields = {
            35: "8", 37: "v", 11: name, 17: "x", 150: exec_type, 39: status, 55: "S", 54: "1",
            14: str(cum),
        }  # fmt: skip
        fields |= {int(tag.lstrip("t")): text for tag, text in more.items()}
        self.wire(Way.FROM_VENUE, mic, fields, is_dup=is_dup)

    def trade(
        self, exec_id: str, name: str, shares: int, mic: str = VENUE, price: str = "10.0000"
    ) -> int:
        """A true execution that nobody has reported yet; returns its number."""
        self._n_uids += 1
        self.auditor.executed(
            mic, name, uid=self._n_uids, exec_id=exec_id, shares=shares, price=price
        )
        return self._n_uids

    def fill(
        self, exec_id: str, name: str, shares: int, cum: int, size: int = 100, mic: str = VENUE
    ) -> int:
        """A true execution at 10.00, reported to the router."""
        uid = self.trade(exec_id, name, shares, mic)
        is_full = cum >= size
        if is_full:
            self.auditor.closed(mic, name)
        status = "2" if is_full else "1"
        self.venue("F", status, name, cum, mic, t17=exec_id, t31="10.0000", t32=str(shares))
        return uid

    def cancelled(self, name: str, cum: int = 0, mic: str = VENUE) -> None:
        """A child has ended, and its venue says so."""
        self.auditor.closed(mic, name)
        self.venue("4", "4", name, cum, mic)

    def stop(self, action: str, target: str) -> None:
        """An operator's stop, asked for and confirmed."""
        asked = self.auditor.asked_by_operator(action, target)
        self.auditor.confirmed_to_operator(action, target, asked)

    def finish(self) -> None:
        """The end of the day."""
        self.auditor.finish()


def filled_order() -> Story:
    """An order of 100, sent whole, filled whole, told whole."""
    story = Story()
    story.order()
    story.send("c-1")
    story.fill("e1", "c-1", 100, 100)
    story.tell("e1", 100, 100)
    return story
