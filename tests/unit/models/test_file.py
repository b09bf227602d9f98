"""A model file is loaded whole and unaltered, or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.domain import ModelFileError
from penstock.models import ForestModel, Head, dump_model, load_model, read_card, synthetic_model
from penstock.models.file import FORMAT_VERSION, MAGIC
from penstock.models.walk import NODE_DTYPE

NAMES = ("spread_bps", "tactic", "leaves_frac")
MODEL = synthetic_model(
    feature_names=NAMES, features_version="7", n_trees=2, n_leaves=4, max_depth=3
)
DATA = dump_model(MODEL)
N_NODES = len(MODEL.forest.nodes)
NODES_START = len(DATA) - 32 - MODEL.forest.trees.nbytes - 24 * N_NODES


def load(data: bytes) -> ForestModel:
    """The model, for the features that it was made for."""
    return load_model(data, feature_names=NAMES, features_version="7", where="m.model")


def sealed(data: bytes | bytearray) -> bytes:
    """The same content with a hash that fits: damage that only the content itself can betray."""
    return bytes(data[:-32]) + hashlib.sha256(data[:-32]).digest()


def with_nodes(change: Callable[[np.ndarray[Any, Any]], None]) -> bytes:
    """The file with its nodes changed, sealed."""
    data = bytearray(DATA)
    nodes = np.frombuffer(data, NODE_DTYPE, N_NODES, NODES_START)
    change(nodes)
    return sealed(data)


def test_a_loaded_model_is_the_dumped_one() -> None:
    """The registry, the journal and the router must mean the same model."""
    copy = load(DATA)

    assert MODEL.card == copy.card
    assert MODEL.sha256 == copy.sha256 == hashlib.sha256(DATA).hexdigest()
    assert DATA == dump_model(copy)
    assert MODEL.forest.nodes.tobytes() == copy.forest.nodes.tobytes()


def test_the_format_is_the_documented_one() -> None:
    """Files are kept for years and read by others: docs/models.md says where everything is."""
    assert MAGIC == DATA[:8]
    assert FORMAT_VERSION == int.from_bytes(DATA[8:12], "little")
    assert len(DATA) == int.from_bytes(DATA[16:24], "little")
    assert 0 == NODES_START % 16
    assert MODEL.forest.nodes.tobytes() == DATA[NODES_START : NODES_START + 16 * N_NODES]
    assert hashlib.sha256(DATA[:-32]).digest() == DATA[-32:]


def test_a_file_cut_off_anywhere_is_refused() -> None:
    """A copy that was interrupted, at every possible byte."""
    for n_bytes in range(len(DATA)):
        with pytest.raises(ModelFileError, match=r"cut off|empty file"):
            load(DATA[:n_bytes])


def test_a_file_with_any_byte_altered_is_refused() -> None:
    """A bad disk, or somebody who edits a threshold."""
    for i in range(len(DATA)):
        altered = bytearray(DATA)
        altered[i] ^= 0x41
        # The frame is looked at first; of the content it is the hash that tells.
        with pytest.raises(ModelFileError, match=r"SHA-256" if i >= 24 else r"m\.model"):
            load(bytes(altered))


@given(
    edits=st.lists(
        st.tuples(st.integers(0, len(DATA) - 33), st.integers(0, 255)), min_size=1, max_size=8
    )
)
def test_altered_content_with_a_fitting_hash_is_refused_or_safe(
    edits: list[tuple[int, int]],
) -> None:
    """Who can write the hash too can write any forest, but none that reads foreign memory."""
    data = bytearray(DATA)
    for i, byte in edits:
        data[i] = byte

    try:
        card = read_card(sealed(data))
    except ModelFileError:
        return
    model = load_model(
        sealed(data), feature_names=card.feature_names, features_version=card.features_version
    )
    features = np.random.default_rng(1).normal(size=(70, card.n_features))
    parts, sd = np.full((70, 4), np.nan), np.full((70, 4), np.nan)
    model.predict(features, parts, sd)

    assert np.isfinite(parts).all()
    assert np.isfinite(sd).all()
    assert MODEL.forest.nodes.shape == model.forest.nodes.shape


def set_left(nodes: np.ndarray[Any, Any], to: int) -> None:
    """Point the first split elsewhere."""
    nodes["left"][np.flatnonzero(np.isfinite(nodes["threshold"]))[0]] = to


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda nodes: set_left(nodes, 2**32 - 1), "before its parent or outside its tree"),
        (lambda nodes: set_left(nodes, N_NODES - 1), "before its parent or outside its tree"),
        (lambda nodes: nodes["left"].__setitem__(1, 0), "before its parent or outside its tree"),
        (lambda nodes: set_left(nodes, 3), "child of exactly one other"),
        (lambda nodes: nodes["feature"].__setitem__(0, 3), "a feature beyond the 3 there are"),
        (lambda nodes: nodes["threshold"].__setitem__(0, np.nan), "threshold is not finite"),
        (lambda nodes: nodes["threshold"].__setitem__(-1, 0.0), "leaf has a threshold"),
        (lambda nodes: nodes["feature"].__setitem__(-1, 1), "leaf has a threshold"),
    ],
    ids=["far out", "last", "cycle", "shared", "feature", "nan", "leaf threshold", "leaf feature"],
)
def test_hostile_nodes_are_refused(
    change: Callable[[np.ndarray[Any, Any]], None], found: str
) -> None:
    """The kernel checks nothing: whatever it would trust is checked here, once."""
    with pytest.raises(ModelFileError, match=found):
        load(with_nodes(change))


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e13])
def test_leaf_values_that_are_no_numbers_are_refused(value: float) -> None:
    """One NaN in one leaf would be a NaN in a score, some day."""
    data = bytearray(DATA)
    values = np.frombuffer(data, np.float64, N_NODES, NODES_START + 16 * N_NODES)
    values[-1] = value

    with pytest.raises(ModelFileError, match="leaf value is not within"):
        load(sealed(data))


@pytest.mark.parametrize(("root", "depth"), [(0, 1), (0, 65), (1, 2), (2**32 - 1, 2)])
def test_trees_that_are_not_as_they_say_are_refused(root: int, depth: int) -> None:
    """A depth too small stops a walk half way; a root elsewhere starts it in another tree."""
    data = bytearray(DATA)
    trees = np.frombuffer(data, np.uint32, 2, NODES_START + 24 * N_NODES)
    trees[:] = root, depth

    with pytest.raises(ModelFileError, match="safe to walk"):
        load(sealed(data))


def remade(**changes: Any) -> bytes:
    """The file with another card, in correct form."""
    card = msgspec.structs.replace(MODEL.card, **changes)
    start = NODES_START
    header = msgspec.msgpack.encode(
        {"card": card, "n_nodes": N_NODES, "n_trees": len(MODEL.forest.trees)}
    )
    padding = -(24 + len(header)) % 16
    n_bytes = 24 + len(header) + padding + len(DATA) - start
    prefix = DATA[:12] + len(header).to_bytes(4, "little") + n_bytes.to_bytes(8, "little")
    return sealed(prefix + header + bytes(padding) + DATA[start:])


def test_remaking_without_a_change_gives_the_same_file() -> None:
    """The control of the tests below: what they refuse is the change, not the way it was made."""
    assert DATA == remade()


def head(**changes: Any) -> tuple[Head, ...]:
    """The means, the first one changed."""
    return (msgspec.structs.replace(MODEL.card.means[0], **changes), *MODEL.card.means[1:])


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"kind": "mlp"}, "inference"),
        ({"inference": "forest-0"}, "inference"),
        ({"means": MODEL.card.means[:3]}, "means"),
        ({"means": head(n_trees=0)}, "heads"),
        ({"means": head(n_trees=3)}, "trees"),
        ({"means": head(scale=0.0)}, "heads"),
        ({"means": head(scale=np.nan)}, "heads"),
        ({"means": head(highest=np.inf)}, "heads"),
        ({"means": head(lowest=1.0, highest=0.0)}, "heads"),
        ({"means": head(link=9)}, "header"),
        ({"means": (MODEL.card.means[0],) * 4}, "fill_frac"),
        ({"deviations": (MODEL.card.means[0],) * 4}, "deviations"),
        ({"cover_90": (1.6,)}, "cover_90"),
        ({"sd_by_tactic": ((None,),) * 4}, "sd_by_tactic"),
        ({"feature_names": ("a", "a", "b")}, "feature_names"),
        ({"feature_names": ()}, "feature_names"),
        ({"n_rows": "many"}, "header"),
    ],
)
def test_an_unsound_card_is_refused(changes: dict[str, Any], where: str) -> None:
    """The bounds and links on it are applied to every forecast."""
    with pytest.raises(ModelFileError, match=where):
        read_card(remade(**changes))


def test_one_model_has_one_file() -> None:
    """Bytes that mean the same but are spelled otherwise would give one model two hashes."""
    data = bytearray(remade(name="synthetic" + "x" * ((NODES_START - 24) % 16 + 1)))
    start = len(data) - (len(DATA) - NODES_START)
    data[start - 1] = 1  # a byte of padding

    with pytest.raises(ModelFileError, match="Penstock itself would write"):
        read_card(sealed(data))


@pytest.mark.parametrize(
    "data", [b"tree\nversion=v4\n", b"\x1f\x8b\x08", b"PK\x03\x04" + b"x" * 99]
)
def test_a_file_of_another_kind_is_named_as_such(data: bytes) -> None:
    """A LightGBM text model, a gzip, a zip: the likeliest mix-ups."""
    with pytest.raises(ModelFileError, match=r"m.model: expected a model file, starting with"):
        load(data)


def test_another_format_version_says_so() -> None:
    """The file is whole; the program is too old or too new for it."""
    newer = bytearray(DATA)
    newer[8] = FORMAT_VERSION + 1

    with pytest.raises(ModelFileError, match="format version: expected 1; found 2"):
        load(sealed(newer))


@pytest.mark.parametrize(
    ("names", "version", "parts"),
    [
        (("spread_bps", "tactic"), "7", ["unknown ones: leaves_frac"]),
        ((*NAMES, "urgency_frac"), "7", ["does not know urgency_frac"]),
        (("tactic", "spread_bps", "leaves_frac"), "7", ["tactic in column 0", "another order"]),
        (NAMES, "8", ["features_version: expected '8'; found '7'"]),
        (("a", *NAMES[1:]), "8", ["unknown ones: spread_bps", "does not know a", "expected '8'"]),
    ],
)
def test_a_model_for_other_features_says_which(
    names: tuple[str, ...], version: str, parts: list[str]
) -> None:
    """A model that reads the wrong column forecasts nonsense with confidence."""
    with pytest.raises(ModelFileError) as caught:
        load_model(DATA, feature_names=names, features_version=version)

    assert [] == [part for part in parts if part not in str(caught.value)]
    assert all(problem.fix for problem in caught.value.problems)
