"""Messages as bytes and back, the way our sessions read them: groups, data, flaws."""

from __future__ import annotations

from typing import Final

from penstock.domain import Ns
from penstock.runtime.drill.links import Numbered
from penstock.wire.fix import SOH, Incoming, split

_ROUTER: Final = "PENSTOCK"
_KEPT: Final = (43, 52, 97)  # of the header, that a message's fields hold


def incoming_of(sender: str, numbered: Numbered, recv_ns: Ns) -> Incoming | str:
    """A message as the router's session delivers it; or why the session rejects it."""
    header = [(8, "FIX.4.4"), (9, "0"), numbered.body[0], (49, sender), (56, _ROUTER)]
    if numbered.is_dup:
        header.append((43, "Y"))
    pairs = [*header, (34, str(numbered.seq)), *numbered.body[1:], (10, "000")]
    message = split("".join(f"{tag}={text}{SOH}" for tag, text in pairs))
    if message.flaw:
        return message.flaw
    kept = {tag: message.envelope[tag] for tag in _KEPT if tag in message.envelope}
    return Incoming(
        counterparty=sender,
        msg_type=numbered.body[0][1],
        seq_num=numbered.seq,
        is_possible_dup=numbered.is_dup,
        fields={**message.body, **kept},
        recv_ns=recv_ns,
        our_comp_id=_ROUTER,
        groups=message.groups,
    )
