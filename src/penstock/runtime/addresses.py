"""Ports that are none: an address may match its pattern and still be impossible."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from penstock.domain import Problem
from penstock.runtime.config import split_address


def problems_of_addresses(addresses: Mapping[str, str], file: str) -> Iterator[Problem]:
    """Every address, by its key in the file, whose port is no port."""
    for key, address in addresses.items():
        if not 1 <= split_address(address)[1] <= 65_535:
            yield Problem(
                where=f"{file}: {key}",
                expected="host:port with a port from 1 to 65535",
                found=repr(address),
                fix="correct the port",
            )
