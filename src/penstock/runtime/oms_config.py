"""What the configuration of the scripted OMS may say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from penstock.domain import ConfigError, Problem, parse_toml
from penstock.runtime.addresses import problems_of_addresses
from penstock.runtime.config import read_conf_text
from penstock.runtime.config_types import Address, CompId, Count, Frac, Seconds, Symbol, Table, Text


class OmsClientTable(Table, frozen=True, kw_only=True):
    """The client, and the orders that it sends. Folders are relative to the current directory."""

    symbol: Symbol
    comp_id: CompId = "OMS"
    router: Address = "127.0.0.1:19800"
    router_comp_id: CompId = "PENSTOCK"
    run_dir: Text = "runs/oms"  # FIX session store, log of orders and reports
    parents: Count = 60
    rate_per_s: Annotated[float, Meta(gt=0.0, le=1_000.0)] = 2.0
    size_min_shares: Count = 500
    size_max_shares: Count = 3_000
    horizon_s: Seconds = 8.0
    urgency_frac: Frac = 0.5
    side: Literal["buy", "sell", "both"] = "both"
    objective: Literal["", "cost", "urgent", "stealth"] = ""  # empty: the router's default
    seed: Annotated[int, Meta(ge=0)] = 1
    patience_s: Seconds = 30.0  # after the last horizon, for reports that are still missing


class OmsConf(Table, frozen=True, kw_only=True):
    """The scripted OMS, as its file says it."""

    oms: OmsClientTable

    @property
    def run_dir(self) -> Path:
        """Where the program keeps its files."""
        return Path(self.oms.run_dir)


def read_oms_conf(path: Path) -> OmsConf:
    """
    The configuration in a file.

    Raises:
        ConfigError: no such file, or everything that is wrong in it.
    """
    text = read_conf_text(path, example="conf/oms.toml")
    conf = parse_toml(text, OmsConf, file=str(path))
    problems = list(problems_of_addresses({"oms.router": conf.oms.router}, str(path)))
    if conf.oms.size_min_shares > conf.oms.size_max_shares:
        problems.append(
            Problem(
                where=f"{path}: oms.size_min_shares",
                expected=f"at most size_max_shares, {conf.oms.size_max_shares}",
                found=str(conf.oms.size_min_shares),
                fix="swap them",
            )
        )
    if problems:
        raise ConfigError(problems)
    return conf
