"""Finished days of comparisons on disk, so that an interrupted one goes on where it stopped."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import msgspec

import penstock
from penstock.routing import RoutingConfig
from penstock.trials.compare import DayCosts
from penstock.trials.markets import Market
from penstock.trials.tuned import settings_of

_DIGEST_BYTES: Final = 32


class KeptDays:
    """
    One file a finished day, named by everything that the day depends on.

    A day is deterministic, so a kept one is the day itself: no figure depends on what was kept.
    Files appear whole (written elsewhere, then renamed), from any number of processes; one that is
    damaged all the same is removed and its day run again.

    Args:
        market: with its recorded day, if it replays one. The program's own sources, and the
            libraries that compute, belong to the name as well.
        tuned: settings by policy, see `settings_of`.
        is_fresh: find nothing; keep everything anew.
    """

    def __init__(
        self,
        folder: Path,
        market: Market,
        routing: RoutingConfig,
        *,
        tuned: Mapping[str, RoutingConfig] | None = None,
        is_fresh: bool = False,
    ) -> None:
        self._is_fresh = is_fresh
        self._routing, self._tuned = routing, tuned or {}
        self._folder = folder_of(folder, market, routing)

    def path(self, policy: str, seed: int, model: bytes | None) -> Path:
        """Where a day is, if it is kept."""
        model_id = "" if model is None else f"-{hashlib.sha256(model).hexdigest()[:12]}"
        own = settings_of(policy, self._tuned, self._routing)
        tuned_id = ""
        if own != self._routing:
            tuned_id = f"-{hashlib.sha256(msgspec.json.encode(own)).hexdigest()[:12]}"
        return self._folder / f"{policy}{tuned_id}{model_id}-{seed}.day"

    def find(self, policy: str, seed: int, model: bytes | None) -> DayCosts | None:
        """A day that was finished before; None when there is none, or no whole one."""
        if self._is_fresh:
            return None
        body = read_whole(self.path(policy, seed, model))
        return None if body is None else msgspec.msgpack.decode(body, type=DayCosts)

    def keep(self, day: DayCosts, model: bytes | None) -> None:
        """Remember a finished day."""
        write_whole(self.path(day.policy, day.seed, model), msgspec.msgpack.encode(day))


def folder_of(folder: Path, market: Market, *about: Any) -> Path:
    """Where what was computed in a market is kept: named by all that it depends on."""
    digest = hashlib.sha256(_program())
    for part in (market.scenario, *about):
        digest.update(msgspec.json.encode(part))
    if market.script is not None:
        digest.update(market.script.tobytes())
    return folder / f"{market.name}-{digest.hexdigest()[:16]}"


def read_whole(path: Path) -> bytes | None:
    """What `write_whole` wrote; None if there is nothing. What is damaged is removed."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    body, digest = data[:-_DIGEST_BYTES], data[-_DIGEST_BYTES:]
    if hashlib.sha256(body).digest() != digest:
        path.unlink(missing_ok=True)
        return None
    return body


def write_whole(path: Path, body: bytes) -> None:
    """A file that appears whole or not at all, with a digest that tells later damage."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(f".{os.getpid()}")
    beside.write_bytes(body + hashlib.sha256(body).digest())
    beside.replace(path)


@cache
def _program() -> bytes:
    """Hash of this program: another version of it may compute something else."""
    folder = Path(penstock.__file__).parent
    libraries = " ".join(version(name) for name in ("numpy", "numba", "lightgbm"))
    digest = hashlib.sha256(libraries.encode())
    for path in sorted(folder.rglob("*.py")):
        digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return digest.digest()
