"""Kinds of values that configuration files hold, and the base of their tables."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Text = Annotated[str, Meta(min_length=1, max_length=200)]
CompId = Annotated[  # it becomes part of file names
    str,
    Meta(
        pattern="^[A-Za-z0-9_.-]{1,32}$",
        description="of 1 to 32 letters, digits, '_', '.' and '-'",
    ),
]
Address = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9_.-]{1,200}:[0-9]{1,5}$",
        description="with host and port, such as 127.0.0.1:19801",
    ),
]
Symbol = Annotated[
    str,
    Meta(pattern="^[A-Z0-9.]{1,8}$", description="of 1 to 8 capital letters, digits and '.'"),
]
Port = Annotated[int, Meta(ge=1, le=65_535)]
Count = Annotated[int, Meta(ge=1, le=100_000_000)]
Frac = Annotated[float, Meta(ge=0.0, le=1.0)]
Seconds = Annotated[float, Meta(gt=0.0, le=86_400.0)]
UsdPerShare = Annotated[float, Meta(ge=-0.1, le=0.1)]  # more is a price, not a fee


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every table of the file: an unknown key is an error, not a wish."""
