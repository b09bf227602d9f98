"""
What reading one execution report costs: QuickFIX without and with the sessions' dictionary, and us.

    python benchmarks/fix_reading.py

Each figure is the least of seven repetitions of 5,000 calls, in microseconds per message.
"""

from __future__ import annotations

import tempfile
import timeit
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import quickfix

from penstock.wire.fix import SOH, split
from penstock.wire.sessions.session_dictionary import write_session_dictionary

N_CALLS: Final = 5_000
N_REPETITIONS: Final = 7
PLAIN: Final = (
    "35=8|34=7|49=XNAS|52=20261121-14:30:00.000123|56=PENSTOCK|37=1|11=abc-1|17=e1|150=F|39=1|"
    "55=TEST|54=1|38=100|40=2|44=10.00|59=0|32=10|31=10.0|151=90|14=10|6=10|"
    "60=20261121-14:30:00.000100|58=a fill|"
)
GROUPS: Final = (
    "453=2|448=A|447=D|452=1|802=1|523=x|803=2|448=B|447=D|452=4|"
    "136=2|137=0.1|138=USD|139=4|137=0.2|138=USD|139=4|"
)


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        dictionary = quickfix.DataDictionary(str(write_session_dictionary(Path(folder))))
    dictionary.checkFieldsOutOfOrder(False)
    dictionary.checkFieldsHaveValues(False)
    dictionary.checkUserDefinedFields(False)
    dictionary.allowUnknownMsgFields(True)
    print(f"{'us per message':34} {'plain':>8} {'groups':>8}")
    texts = (_message(PLAIN), _message(PLAIN + GROUPS))
    for name, call in (
        ("QuickFIX parses, no dictionary", lambda text: quickfix.Message(text, False)),
        ("QuickFIX parses, dictionary", lambda text: quickfix.Message(text, dictionary, False)),
        ("we split into fields and groups", split),
    ):
        print(f"{name:34} {_cost_us(call, texts[0]):8.1f} {_cost_us(call, texts[1]):8.1f}")
    parsed = [quickfix.Message(text, dictionary, False) for text in texts]
    costs = [_cost_us(dictionary.validate, message) for message in parsed]
    print(f"{'QuickFIX validates':34} {costs[0]:8.1f} {costs[1]:8.1f}")


def _cost_us(call: Callable[[Any], object], argument: object) -> float:
    runs = timeit.repeat(lambda: call(argument), number=N_CALLS, repeat=N_REPETITIONS)
    return min(runs) / N_CALLS * 1e6


def _message(body: str) -> str:
    content = body.replace("|", SOH)
    start = f"8=FIX.4.4{SOH}9={len(content)}{SOH}{content}"
    return f"{start}10={sum(start.encode()) % 256:03d}{SOH}"


if __name__ == "__main__":
    main()
