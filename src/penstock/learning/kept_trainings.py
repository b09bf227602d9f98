"""Trainings of an ablation on disk, so that an interrupted one goes on with the next training."""

from __future__ import annotations

from pathlib import Path

import msgspec

from penstock.learning.config import TrainSettings
from penstock.learning.training import Rounds
from penstock.routing import RoutingConfig
from penstock.trials import Market, folder_of, read_whole, write_whole


class KeptTrainings:
    """
    One file a training: the models of the insider and of its blind ones.

    A training is deterministic, so a kept one is the training itself.

    Args:
        settings: those of the models; the number of threads changes nothing.
        is_fresh: find nothing; keep everything anew.
    """

    def __init__(
        self,
        folder: Path,
        market: Market,
        routing: RoutingConfig,
        rounds: Rounds,
        settings: TrainSettings,
        *,
        is_fresh: bool = False,
    ) -> None:
        alone = msgspec.structs.replace(settings, n_threads=1)
        self._folder = folder_of(folder, market, routing, rounds, alone)
        self._is_fresh = is_fresh

    def find(self, first_seed: int) -> dict[str, bytes] | None:
        """Model files by policy of the training whose days begin there; None if it is not kept."""
        if self._is_fresh:
            return None
        body = read_whole(self._path(first_seed))
        return None if body is None else msgspec.msgpack.decode(body, type=dict[str, bytes])

    def keep(self, first_seed: int, models: dict[str, bytes]) -> None:
        """Remember a finished training."""
        write_whole(self._path(first_seed), msgspec.msgpack.encode(models))

    def _path(self, first_seed: int) -> Path:
        return self._folder / f"{first_seed}.training"
