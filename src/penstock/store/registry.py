"""The model registry: files named after their content, and names that count versions of them."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path
from typing import Final

import msgspec

from penstock.domain import InputError, ModelFileError
from penstock.models import read_card

MIN_PREFIX_DIGITS: Final = 8

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_SHA_PREFIX: Final = re.compile(rf"[0-9a-f]{{{MIN_PREFIX_DIGITS},64}}")
_NAME_AND_VERSION: Final = re.compile(r"(?P<name>[^@]+)@(?P<version>[1-9][0-9]{0,8})")


class ModelRefError(InputError):
    """A reference names no model of the registry, or more than one; the error lists what exists."""


class ModelId(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """A model's place in the registry; `sha256` is the hash of its file and its real identity."""

    name: str
    version: int  # 1, 2, … in the order of arrival under this name
    sha256: str

    def __str__(self) -> str:
        return f"{self.name}@{self.version} ({self.sha256[:12]})"


class Registry:
    """
    Model files under one folder, for several processes at once and without locks.

        root/files/<sha256>.model       the bytes, written once
        root/names/<name>/<version>     the hash that this version stands for, written once

    Promises:
    - a file is there whole or not at all, after a crash or a power cut too: it is written under
      another name, brought to the disk, and then given its own;
    - a version never changes what it stands for, and of two processes that claim one number
      exactly one gets it, the other the next;
    - what `load` returns has the hash that it was asked for.

    Nothing is ever deleted here: a decision made with a model can be recomputed for as long as its
    file is kept (docs/models.md).

    A reference is `name` (its latest version), `name@3`, or the first digits of a hash.

    Raises:
        ModelRefError: `root` is a file.
    """

    def __init__(self, root: Path) -> None:
        if root.exists() and not root.is_dir():
            raise ModelRefError.one(
                where=str(root),
                expected="the folder of a model registry, or a place to make one",
                found="a file",
                fix="name a folder",
            )
        self.root = root
        self._files = root / "files"
        self._names = root / "names"

    def add(self, data: bytes, name: str) -> ModelId:
        """
        Keep a model file as the next version of `name`.

        Adding again what is already the latest version changes nothing and returns that version.

        Raises:
            ModelFileError: the bytes are not a sound model file.
            ModelRefError: the name could not be told from another kind of reference.
        """
        _check_name(name)
        read_card(data, where=f"model to be added as {name!r}")
        sha256 = hashlib.sha256(data).hexdigest()
        self._keep_file(data, sha256)
        while True:
            versions = self._versions(name)
            if versions and versions[-1].sha256 == sha256:
                return versions[-1]
            number = versions[-1].version + 1 if versions else 1
            model_id = ModelId(name=name, version=number, sha256=sha256)
            if self._claim(model_id):
                return model_id
            # Another process took the number a moment ago: look again.

    def load(self, ref: str) -> bytes:
        """
        The file that a reference stands for.

        Raises:
            ModelRefError: unknown or ambiguous reference.
            ModelFileError: the file is gone, or its content is no longer what its name says.
        """
        model_id = self.resolve(ref)
        path = self.path(model_id)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise ModelFileError.one(
                where=str(path),
                expected=f"the file of {model_id}",
                found="no such file",
                fix="restore the registry from a backup, or train the model again",
            ) from None
        found = hashlib.sha256(data).hexdigest()
        if found != model_id.sha256:
            raise ModelFileError.one(
                where=str(path),
                expected=f"content with the SHA-256 in its name, of {model_id}",
                found=found,
                fix="restore the registry from a backup: the file was changed after it was added",
            )
        return data

    def resolve(self, ref: str) -> ModelId:
        """
        The version that a reference stands for.

        Raises:
            ModelRefError: unknown or ambiguous reference; lists what exists.
        """
        everything = self.list()
        found = [model_id for model_id in everything if _matches(model_id, ref)]
        if _NAME.fullmatch(ref) and not _SHA_PREFIX.fullmatch(ref):
            found = found[-1:]  # a bare name means its latest version
        if not found:
            raise ModelRefError.one(
                where=f"model registry {self.root}",
                expected="a name, name@version, or at least "
                f"{MIN_PREFIX_DIGITS} digits of a hash, of: {_listed(everything)}",
                found=repr(ref),
                fix="choose one of these, or train a model with `penstock train`",
            )
        if len({model_id.sha256 for model_id in found}) > 1:
            raise ModelRefError.one(
                where=f"model registry {self.root}",
                expected="a reference to one model",
                found=f"{ref!r}, which fits {_listed(found)}",
                fix="give more digits of the hash, or name@version",
            )
        return found[0]

    def list(self) -> tuple[ModelId, ...]:
        """Every version of every name, sorted by name and version."""
        try:
            names = sorted(path.name for path in self._names.iterdir())
        except FileNotFoundError:
            return ()
        return tuple(model_id for name in names for model_id in self._versions(name))

    def path(self, model_id: ModelId) -> Path:
        """Where the file of a model is kept."""
        return self._files / f"{model_id.sha256}.model"

    def _versions(self, name: str) -> tuple[ModelId, ...]:
        folder = self._names / name
        if not _NAME.fullmatch(name) or not folder.is_dir():
            return ()
        # Temporary names, and whatever else fell in here, are not numbers.
        numbers = sorted(int(path.name) for path in folder.iterdir() if path.name.isdecimal())
        return tuple(
            ModelId(name=name, version=number, sha256=_read_hash(folder / str(number)))
            for number in numbers
        )

    def _keep_file(self, data: bytes, sha256: str) -> None:
        path = self._files / f"{sha256}.model"
        if path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256:
            return
        temporary = _written_aside(self._files, data)
        temporary.replace(path)
        _sync_folder(self._files)

    def _claim(self, model_id: ModelId) -> bool:
        """Give a version to a hash, unless the number is taken; returns whether it was free."""
        folder = self._names / model_id.name
        temporary = _written_aside(folder, f"{model_id.sha256}\n".encode())
        try:
            # Unlike a rename, a link fails when the name exists: that is the whole lock.
            (folder / str(model_id.version)).hardlink_to(temporary)
        except FileExistsError:
            return False
        finally:
            temporary.unlink()
        _sync_folder(folder)
        return True


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or _SHA_PREFIX.fullmatch(name):
        raise ModelRefError.one(
            where="name of a model",
            expected="1 to 64 of a-z, 0-9, '_', '.', '-', a letter or digit first, "
            "and not what could be the digits of a hash",
            found=repr(name),
            fix="choose a name like 'supervised' or 'ibm-2013'",
        )


def _matches(model_id: ModelId, ref: str) -> bool:
    if _SHA_PREFIX.fullmatch(ref):
        return model_id.sha256.startswith(ref)
    if exact := _NAME_AND_VERSION.fullmatch(ref):
        return (model_id.name, model_id.version) == (exact["name"], int(exact["version"]))
    return model_id.name == ref


def _listed(models: tuple[ModelId, ...] | list[ModelId]) -> str:
    return ", ".join(str(model_id) for model_id in models) or "(the registry is empty)"


def _read_hash(path: Path) -> str:
    text = path.read_text(encoding="ascii", errors="replace").strip()
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise ModelFileError.one(
            where=str(path),
            expected="the SHA-256 of a model file, 64 hexadecimal digits",
            found=repr(text[:80]),
            fix="restore the registry from a backup, or remove this file to forget the version",
        )
    return text


def _written_aside(folder: Path, data: bytes) -> Path:
    """A new file with these bytes on the disk, under a name that no reader looks at."""
    _make_folder(folder)
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".new-", delete=False) as file:
        path = Path(file.name)
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            path.unlink()
            raise
    path.chmod(0o444)  # written once; the program that reads it may run as another user
    return path


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    # A new name is on the disk only when its folder is.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
