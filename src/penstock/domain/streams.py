"""Random streams: one per component, from the run's seed and the component's name."""

from __future__ import annotations

import hashlib

import numpy as np


def stream_seed(run_seed: int, name: str) -> int:
    """
    A 64-bit seed for the component `name`; adding a component does not shift the others.

    The name is hashed with SHA-256 because Python's own `hash` of a string changes per process.
    """
    digest = hashlib.sha256(f"{run_seed}/{name}".encode()).digest()
    return int.from_bytes(digest[:8], "little")


def stream(run_seed: int, name: str) -> np.random.Generator:
    """A generator that only the component `name` may draw from."""
    return np.random.Generator(np.random.PCG64(stream_seed(run_seed, name)))
