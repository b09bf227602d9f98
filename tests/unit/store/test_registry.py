"""The model registry: what was added is found again, whole, under the name that was given."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from penstock.domain import ModelFileError
from penstock.models import dump_model, synthetic_model
from penstock.store import ModelId, ModelRefError, Registry


def model_file(seed: int) -> bytes:
    """A small sound model file; another seed is another model."""
    return dump_model(
        synthetic_model(
            feature_names=("a", "b"), features_version="test", n_trees=1, n_leaves=2, seed=seed
        )
    )


FIRST, SECOND, THIRD = (model_file(seed) for seed in range(3))


def sha256(data: bytes) -> str:
    """The identity of a file."""
    return hashlib.sha256(data).hexdigest()


def names_in(folder: Path) -> list[str]:
    """File names in a folder, sorted."""
    return sorted(path.name for path in folder.iterdir())


def test_versions_count_up_under_each_name(tmp_path: Path) -> None:
    """A person says "supervised, version 2"; the record says the hash."""
    registry = Registry(tmp_path / "models")

    added = [
        registry.add(FIRST, "supervised"),
        registry.add(SECOND, "supervised"),
        registry.add(FIRST, "ibm-2013"),
    ]

    assert [
        ModelId(name="supervised", version=1, sha256=sha256(FIRST)),
        ModelId(name="supervised", version=2, sha256=sha256(SECOND)),
        ModelId(name="ibm-2013", version=1, sha256=sha256(FIRST)),
    ] == added
    assert (added[2], added[0], added[1]) == registry.list()
    assert registry.list() == Registry(tmp_path / "models").list()
    assert sorted([f"{sha256(FIRST)}.model", f"{sha256(SECOND)}.model"]) == names_in(
        tmp_path / "models" / "files"
    )


def test_every_kind_of_reference_finds_its_model(tmp_path: Path) -> None:
    """Name for the latest, name@version for a pinned one, hash for a recorded one."""
    registry = Registry(tmp_path)
    registry.add(FIRST, "supervised")
    registry.add(SECOND, "supervised")

    assert SECOND == registry.load("supervised")
    assert FIRST == registry.load("supervised@1")
    assert FIRST == registry.load(sha256(FIRST)[:8])
    assert SECOND == registry.load(sha256(SECOND))


def test_adding_the_latest_again_changes_nothing(tmp_path: Path) -> None:
    """Training twice on the same data gives the same file, which is not news."""
    registry = Registry(tmp_path)

    first = registry.add(FIRST, "supervised")

    assert first == registry.add(FIRST, "supervised")
    assert (first,) == registry.list()


def test_going_back_to_an_earlier_model_is_a_new_version(tmp_path: Path) -> None:
    """A rollback is an event: the latest version is what runs."""
    registry = Registry(tmp_path)
    for data in (FIRST, SECOND, FIRST):
        registry.add(data, "supervised")

    assert FIRST == registry.load("supervised")
    assert 3 == registry.resolve("supervised").version
    assert sha256(FIRST) == registry.resolve(sha256(FIRST)[:10]).sha256


def test_unknown_reference_lists_what_exists(tmp_path: Path) -> None:
    """At 9:29 the list is what one needs."""
    registry = Registry(tmp_path)
    only = registry.add(FIRST, "supervised")

    for ref in (
        "supervise",
        "supervised@2",
        "supervised@0",
        "0" * 8,
        "",
        "../x",
        sha256(FIRST)[:7],
    ):
        with pytest.raises(ModelRefError) as caught:
            registry.load(ref)

        assert str(only) in str(caught.value)
        assert repr(ref) in str(caught.value)


def test_an_empty_registry_says_so(tmp_path: Path) -> None:
    """The first thing that a newcomer runs into."""
    with pytest.raises(ModelRefError, match="the registry is empty"):
        Registry(tmp_path / "never made").load("supervised")


def test_ambiguous_hash_lists_the_candidates(tmp_path: Path) -> None:
    """Hashes rarely share eight digits; a short list of two beats a wrong guess."""
    folder = tmp_path / "names" / "supervised"
    folder.mkdir(parents=True)
    for version, last in ((1, "a"), (2, "b")):
        (folder / str(version)).write_text("0123456789" + 54 * last)

    with pytest.raises(ModelRefError) as caught:
        Registry(tmp_path).resolve("01234567")

    assert "supervised@1" in str(caught.value)
    assert "supervised@2" in str(caught.value)
    assert 2 == Registry(tmp_path).resolve("0123456789b").version


@pytest.mark.parametrize(
    "name", ["", "Supervised", "a b", "a/b", "../up", "a@1", "x" * 65, "deadbeef"]
)
def test_names_that_could_be_misread_are_refused(tmp_path: Path, name: str) -> None:
    """A name is part of a path and of a reference: no folder above, no version, no hash."""
    with pytest.raises(ModelRefError, match="name of a model"):
        Registry(tmp_path).add(FIRST, name)

    assert [] == names_in(tmp_path)


def test_what_is_no_model_is_never_kept(tmp_path: Path) -> None:
    """Found out when it is added, not when the router starts."""
    with pytest.raises(ModelFileError, match="cut off"):
        Registry(tmp_path).add(FIRST[:-1], "supervised")

    assert [] == names_in(tmp_path)


def test_a_file_changed_behind_our_back_is_refused(tmp_path: Path) -> None:
    """The name of the file says what must be in it."""
    registry = Registry(tmp_path)
    path = registry.path(registry.add(FIRST, "supervised"))
    path.chmod(0o600)
    path.write_bytes(SECOND)

    with pytest.raises(ModelFileError, match="changed after it was added"):
        registry.load("supervised")

    registry.add(FIRST, "again")
    assert FIRST == registry.load("supervised")


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    """Half a backup restored."""
    registry = Registry(tmp_path)
    registry.path(registry.add(FIRST, "supervised")).unlink()

    with pytest.raises(ModelFileError, match="no such file"):
        registry.load("supervised")


def test_a_damaged_version_is_named(tmp_path: Path) -> None:
    """Better than to say that there is no such model."""
    registry = Registry(tmp_path)
    registry.add(FIRST, "supervised")
    (tmp_path / "names" / "supervised" / "2").write_text("rubbish")

    with pytest.raises(ModelFileError, match="supervised/2: expected the SHA-256"):
        registry.load("supervised")


def test_a_crash_while_writing_leaves_no_half_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Power fails before the bytes are on the disk: the name must not be there yet."""
    registry = Registry(tmp_path)
    registry.add(FIRST, "supervised")

    def power_cut(descriptor: int) -> None:
        raise OSError("the power is gone")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", power_cut)
        with pytest.raises(OSError, match="power"):
            registry.add(SECOND, "supervised")

    assert [f"{sha256(FIRST)}.model"] == names_in(tmp_path / "files")
    assert FIRST == registry.load("supervised")
    assert 2 == registry.add(SECOND, "supervised").version
    assert SECOND == registry.load("supervised")


def test_a_crash_between_file_and_name_is_mended_by_adding_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is there, its version is not: nothing refers to it, nothing is lost."""
    registry = Registry(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(Registry, "_claim", lambda self, model_id: sys.exit(1))
        with pytest.raises(SystemExit):
            registry.add(FIRST, "supervised")

    assert () == registry.list()
    assert 1 == registry.add(FIRST, "supervised").version
    assert FIRST == registry.load("supervised")


def test_a_number_taken_meanwhile_leads_to_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process adds between our look and our claim, which is when it hurts."""
    registry, other = Registry(tmp_path), Registry(tmp_path)
    registry.add(FIRST, "supervised")
    claim = Registry._claim

    def claim_after_the_other(self: Registry, model_id: ModelId) -> bool:
        if self is registry and model_id.version == 2:
            other.add(SECOND, "supervised")
        return claim(self, model_id)

    monkeypatch.setattr(Registry, "_claim", claim_after_the_other)
    mine = registry.add(THIRD, "supervised")

    assert 3 == mine.version
    assert [FIRST, SECOND, THIRD] == [registry.load(f"supervised@{n}") for n in (1, 2, 3)]


def test_two_processes_add_at_the_same_time_and_lose_nothing(tmp_path: Path) -> None:
    """A nightly retrain and a person, both registering: every model gets a number of its own."""
    program = f"""
import sys
from pathlib import Path
from penstock.models import dump_model, synthetic_model
from penstock.store import Registry
for seed in range(int(sys.argv[1]), int(sys.argv[1]) + 10):
    model = synthetic_model(feature_names=("a",), features_version="t", n_trees=1, seed=seed)
    Registry(Path({str(tmp_path)!r})).add(dump_model(model), "supervised")
"""
    processes = [
        subprocess.Popen([sys.executable, "-c", program, start], stderr=subprocess.PIPE)
        for start in ("100", "200")
    ]
    errors = [process.communicate()[1] for process in processes]
    registry = Registry(tmp_path)

    assert [b"", b""] == errors
    assert list(range(1, 21)) == [model_id.version for model_id in registry.list()]
    assert 20 == len({model_id.sha256 for model_id in registry.list()})
    assert all(sha256(registry.load(m.sha256)) == m.sha256 for m in registry.list())
    assert 20 == len(names_in(tmp_path / "names" / "supervised"))


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    """A path given the wrong way round."""
    (tmp_path / "models").write_text("")

    with pytest.raises(ModelRefError, match="expected the folder of a model registry"):
        Registry(tmp_path / "models")
