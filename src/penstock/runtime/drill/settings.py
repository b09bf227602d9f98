"""The router's configuration in a drill: many small instruments, few venues, short rests."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec

from penstock.runtime.config import RouterConf
from penstock.runtime.config_check import parse_router_conf
from penstock.runtime.drill.acts import DAY, Plan

N_SYMBOLS: Final = 16  # so that nearly every order has a symbol and side of its own
_KINDS: Final = ("dark", "exchange", "exchange", "ecn")

_HEAD: Final = """
[router]
day = {day}
run_dir = "unset"
drain_s = 2.0
[oms]
clients = [{clients}]
default_horizon_s = 8.0
[feed]
[store]
path = ""
[risk]
messages_per_s = 400
[engine]
markout_ns = 200_000_000
completion_window_ns = 1_000_000_000
[routing]
mid_rest_ns = 400_000_000
post_rest_ns = 600_000_000
"""
_VENUE: Final = """
[[venues]]
mic = "{mic}"
name = "venue {mic}"
kind = "{kind}"
protected = {protected}
fix = "127.0.0.1:1"
fees = {{ take_usd = 0.003, make_usd = -0.002, midpoint_usd = 0.001 }}
"""
_INSTRUMENT: Final = """
[[instruments]]
symbol = "{symbol}"
increment_usd = {increment}
adv_shares = 2_000_000
"""


def mics_of(plan: Plan) -> list[str]:
    """The venues of a plan."""
    return _mics(plan.n_venues)


def clients_of(plan: Plan) -> list[str]:
    """The clients of a plan."""
    return _clients(plan.n_clients)


def _mics(n_venues: int) -> list[str]:
    return [f"V{'ABCD'[k]}XX" for k in range(n_venues)]


def _clients(n_clients: int) -> list[str]:
    return [f"OMS{k + 1}" for k in range(n_clients)]


def conf_of(plan: Plan, run_dir: Path) -> RouterConf:
    """The configuration of a plan's router, with its files under `run_dir`."""
    conf = _parsed(plan.n_venues, plan.n_clients, plan.settings)
    router = msgspec.structs.replace(conf.router, run_dir=str(run_dir))
    return msgspec.structs.replace(conf, router=router)


@lru_cache(maxsize=64)
def _parsed(n_venues: int, n_clients: int, settings: str) -> RouterConf:
    clients = ", ".join(f'"{client}"' for client in _clients(n_clients))
    text = _HEAD.format(day=DAY, clients=clients) + settings
    for k in range(N_SYMBOLS):
        increment = 0.01 if k < N_SYMBOLS - 2 else 0.0001
        text += _INSTRUMENT.format(symbol=symbol_of(k), increment=increment)
    for k, mic in enumerate(_mics(n_venues)):
        is_lit = _KINDS[k] != "dark"
        text += _VENUE.format(mic=mic, kind=_KINDS[k], protected=str(is_lit).lower())
    return parse_router_conf(text, file="drill.toml")


def symbol_of(k: int) -> str:
    """The k-th instrument."""
    return f"S{chr(ord('A') + k)}"
