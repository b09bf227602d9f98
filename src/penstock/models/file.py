"""The model file: bytes that prove they are whole, ours, and safe to walk."""

from __future__ import annotations

import hashlib
import struct
from typing import Final

import msgspec
import numpy as np

from penstock.domain import ModelFileError, Problem
from penstock.models.card import INFERENCE_FORMAT, ModelCard, card_problems
from penstock.models.forest import FlatForest, structure_problems
from penstock.models.walk import NODE_DTYPE, TREE_DTYPE

MAGIC: Final = b"PENMODEL"
FORMAT_VERSION: Final = 1

# magic, format version, bytes of the header, bytes of the whole file; little-endian
_PREFIX: Final = struct.Struct("<8sIIQ")
_SHA256_BYTES: Final = 32
_ALIGNMENT: Final = 16  # arrays start at a multiple of this, so that they can be mapped

_AGAIN: Final = "copy the file again from where it came, or from the registry"
_RETRAIN: Final = "make the model again with `penstock train`"


class Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands before the arrays: the card, and how long they are."""

    card: ModelCard
    n_nodes: int
    n_trees: int


def encode(card: ModelCard, forest: FlatForest) -> bytes:
    """
    The file of a model. The same card and forest give the same bytes.

    Prefix, header (msgpack), padding, nodes, values, trees, SHA-256 of all that; docs/models.md.
    """
    header = msgspec.msgpack.encode(
        Header(card=card, n_nodes=len(forest.nodes), n_trees=len(forest.trees))
    )
    padding = -(_PREFIX.size + len(header)) % _ALIGNMENT
    arrays = forest.nodes.tobytes() + forest.values.tobytes() + forest.trees.tobytes()
    n_bytes = _PREFIX.size + len(header) + padding + len(arrays) + _SHA256_BYTES
    prefix = _PREFIX.pack(MAGIC, FORMAT_VERSION, len(header), n_bytes)
    body = prefix + header + bytes(padding) + arrays
    return body + hashlib.sha256(body).digest()


def decode(data: bytes, *, where: str) -> tuple[ModelCard, FlatForest]:
    """
    The card and the forest of a file that may be damaged or hostile.

    Raises:
        ModelFileError: not a model file, another format, cut off, altered, or with content that
            would not be safe to walk. Whatever the bytes, nothing else is raised.
    """
    header_end = _check_frame(data, where)
    header = _header(data[_PREFIX.size : header_end], where)
    problems = list(card_problems(header.card, where))
    if header.card.kind != "forest" or header.card.inference != INFERENCE_FORMAT:
        problems.append(
            Problem(
                where=f"{where}: card.inference",
                expected=f"kind 'forest', inference format {INFERENCE_FORMAT!r}",
                found=f"{header.card.kind!r}, {header.card.inference!r}",
                fix="use the Penstock version that made it, or " + _RETRAIN,
            )
        )
    if problems:
        raise ModelFileError(problems)
    forest = _forest(data, header_end, header, where)
    if encode(header.card, forest) != data:
        # One model, one file, one hash: a second spelling would be a second identity.
        raise _damaged(where, "the bytes that Penstock itself would write", "another spelling")
    return header.card, forest


def _check_frame(data: bytes, where: str) -> int:
    """Check everything outside the header; returns where the header ends."""
    if data[: len(MAGIC)] != MAGIC[: len(data)] or not data:
        raise ModelFileError.one(
            where=where,
            expected=f"a model file, starting with {MAGIC!r}",
            found=repr(data[: len(MAGIC)]) if data else "an empty file",
            fix="give a file that `penstock train` wrote",
        )
    if len(data) < _PREFIX.size:
        raise _damaged(where, f"at least {_PREFIX.size} bytes", f"{len(data)} bytes: cut off")
    version: int
    header_bytes: int
    n_bytes: int
    _, version, header_bytes, n_bytes = _PREFIX.unpack_from(data)
    if version != FORMAT_VERSION:
        raise ModelFileError.one(
            where=f"{where}: format version",
            expected=str(FORMAT_VERSION),
            found=str(version),
            fix="use the Penstock version that made it, or " + _RETRAIN,
        )
    if len(data) != n_bytes:
        kind = "cut off" if len(data) < n_bytes else "something was appended"
        raise _damaged(where, f"{n_bytes:,} bytes", f"{len(data):,} bytes: {kind}")
    header_end = _PREFIX.size + header_bytes
    if header_end + _SHA256_BYTES > n_bytes:
        raise _damaged(where, "a header inside the file", f"one of {header_bytes:,} bytes")
    written = data[-_SHA256_BYTES:]
    computed = hashlib.sha256(data[:-_SHA256_BYTES]).digest()
    if written != computed:
        raise _damaged(
            where, f"content with SHA-256 {written.hex()[:16]}…", f"{computed.hex()[:16]}…"
        )
    return header_end


def _header(raw: bytes, where: str) -> Header:
    try:
        return msgspec.msgpack.decode(raw, type=Header)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ModelFileError.one(
            where=f"{where}: header",
            expected=f"the card of a model of format version {FORMAT_VERSION}",
            found=str(error),
            fix=_RETRAIN,
        ) from error


def _forest(data: bytes, header_end: int, header: Header, where: str) -> FlatForest:
    start = header_end + -header_end % _ALIGNMENT
    counts = (header.n_nodes, header.n_nodes, header.n_trees)
    dtypes = (NODE_DTYPE, np.dtype("<f8"), TREE_DTYPE)
    n_bytes = sum(n * dtype.itemsize for n, dtype in zip(counts, dtypes, strict=True))
    found = len(data) - _SHA256_BYTES - start
    if min(counts) < 1 or n_bytes != found:
        raise _damaged(where, f"{n_bytes:,} bytes of arrays", f"{found:,}")
    arrays = []
    for n, dtype in zip(counts, dtypes, strict=True):
        # A copy owns its memory, aligned, whatever happens to `data`.
        arrays.append(np.frombuffer(data, dtype, n, start).copy())
        start += n * dtype.itemsize

    nodes, values, trees = arrays
    card = header.card
    trees_per_head = tuple(head.n_trees for head in card.heads)
    faults = structure_problems(nodes, values, trees, card.n_features)
    if sum(trees_per_head) != len(trees):
        faults.append("the heads of the card own more or fewer trees than there are")
    if faults:
        raise ModelFileError(
            [
                Problem(
                    where=f"{where}: trees",
                    expected="a forest that is safe to walk",
                    found=fault,
                    fix="do not use this file; " + _AGAIN,
                )
                for fault in faults
            ]
        )
    return FlatForest(
        nodes=nodes,
        values=values,
        trees=trees,
        trees_per_head=trees_per_head,
        n_features=card.n_features,
    )


def _damaged(where: str, expected: str, found: str) -> ModelFileError:
    return ModelFileError.one(where=where, expected=expected, found=found, fix=_AGAIN)
