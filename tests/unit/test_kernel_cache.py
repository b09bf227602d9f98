"""Compiled kernels are never older than what they were compiled from."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import numba
import numpy as np
import pytest
from numba.core.errors import NumbaError

from penstock import _kernels
from penstock._kernels import cache_dir, entry_of, inlined, kernel, key_of, sources_of_kernels

# A package with the shape of ours: one kernel calls another in a second file, and freezes a
# constant from a third, which reaches it through a folder's __init__.py.
FILES = {
    "__init__.py": '__version__ = "1"\n',
    "domain/__init__.py": "from penstock.domain.units import SCALE\n",
    "domain/units.py": "SCALE = 10\n",
    "book.py": "from penstock._kernels import kernel\n@kernel\ndef best(x):\n    return x + 1\n",
    "features.py": (
        "from penstock._kernels import kernel\n"
        "from penstock.book import best\n"
        "from penstock.domain import SCALE\n"
        "@kernel\n"
        "def spread(x):\n"
        "    return SCALE * best(x)\n"
    ),
    "cli.py": "from penstock import __version__\n",
}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """The little package, with our own `_kernels.py` in it."""
    folder = tmp_path / "src" / "penstock"
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    shutil.copy(_kernels.__file__, folder)
    return folder


def spread_of_one(package: Path) -> int:
    """`spread(1)` in a new process, whose home is beside the package."""
    home = package.parents[1]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")}
    # Python's own cache goes by size and whole seconds, and these edits keep both.
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    done = subprocess.run(
        [sys.executable, "-c", "from penstock.features import spread; print(spread(1))"],
        env=environment | {"PYTHONPATH": str(package.parent), "HOME": str(home)},
        cwd=home,
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout)


def test_a_cached_kernel_follows_its_callee_and_its_constants(package: Path) -> None:
    """
    numba's own cache looks at the file of the kernel alone, and that file is never edited here:
    it would answer 20 each time.
    """
    before = spread_of_one(package)
    cached = list((package.parents[1] / ".cache" / "penstock" / "kernels").glob("*/*/*spread*.nbc"))
    (package / "book.py").write_text(FILES["book.py"].replace("x + 1", "x + 2"))
    after_callee = spread_of_one(package)
    (package / "domain" / "units.py").write_text("SCALE = 100\n")
    after_constant = spread_of_one(package)

    assert 1 == len(cached)
    assert [20, 30, 300] == [before, after_callee, after_constant]


def test_key_counts_what_kernels_are_made_of_and_nothing_else(package: Path) -> None:
    """Editing a command must not compile every kernel again."""
    assert [
        "penstock._kernels",
        "penstock.book",
        "penstock.domain",
        "penstock.domain.units",
        "penstock.features",
    ] == list(sources_of_kernels(package))


@pytest.mark.parametrize(
    "statement",
    [
        "from penstock.book import best",
        "from penstock.book import (\n    best,\n)",
        "import penstock.book",
        "import penstock.book as books",
        "from penstock import book",
        "from penstock import domain, book",
        "from penstock import (\n    book,\n    domain,\n)",
        "if True:\n    from penstock.book import best",
    ],
)
def test_every_form_of_import_is_followed(package: Path, statement: str) -> None:
    """A form that is overlooked is a stale kernel."""
    (package / "book.py").write_text("def best(x):\n    return x\n")
    (package / "features.py").write_text(f"import penstock._kernels\n{statement}\n")

    assert "penstock.book" in sources_of_kernels(package)


def test_a_module_imported_from_its_folder_is_followed(package: Path) -> None:
    """`units` is no name in `domain/__init__.py` here; the import finds the file all the same."""
    (package / "domain" / "__init__.py").write_text("")
    (package / "features.py").write_text(
        "import penstock._kernels\nfrom penstock.domain import units\n"
    )

    assert "penstock.domain.units" in sources_of_kernels(package)


def test_key_depends_on_place_text_and_compiler(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever changes the machine code changes the folder, and nothing else does."""

    def key() -> str:
        return key_of(sources_of_kernels(package))

    keys = [key(), key()]
    (package / "book.py").rename(package / "books.py")
    keys.append(key())
    (package / "books.py").write_text("from penstock._kernels import kernel\n")
    keys.append(key())
    monkeypatch.setattr(numba, "__version__", "0.0.0")
    keys.append(key())
    monkeypatch.setattr(_kernels._settings, "BOUNDSCHECK", 1)
    keys.append(key())

    assert keys[0] == keys[1]
    assert 5 == len(set(keys))


def test_the_users_own_cache_folder_is_used_when_named(tmp_path: Path) -> None:
    """NUMBA_CACHE_DIR is how a site says where machine code goes."""
    folder = cache_dir(str(tmp_path / "mine"), "k")

    assert tmp_path / "mine" / "k" == folder
    assert folder.is_dir()


def test_where_the_cache_cannot_be_written_a_private_folder_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read-only home costs nothing but the place; the next process finds the same folder."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    blocked = tmp_path / "a-file"
    blocked.write_text("in the way")

    folder = cache_dir(str(blocked), "k")

    assert tmp_path / "penstock-kernels-k" == folder
    assert 0o700 == stat.S_IMODE(folder.stat().st_mode)
    assert folder == cache_dir(str(blocked), "k")


@pytest.mark.parametrize("trap", ["writable by all", "a link"])
def test_a_temporary_folder_that_others_can_write_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trap: str
) -> None:
    """Loading machine code is running it: a folder laid out by somebody else would be a way in."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    blocked = tmp_path / "a-file"
    blocked.write_text("in the way")
    laid_out = tmp_path / "penstock-kernels-k"
    if trap == "a link":
        (tmp_path / "elsewhere").mkdir()
        laid_out.symlink_to(tmp_path / "elsewhere")
    else:
        laid_out.mkdir()
        laid_out.chmod(0o777)

    folder = cache_dir(str(blocked), "k")

    assert laid_out != folder
    assert folder.parent == tmp_path
    assert 0o700 == stat.S_IMODE(folder.stat().st_mode)


@inlined
def _half(x: float) -> float:
    return x / 2.0


@kernel
def _half_over(x: float, y: float) -> float:
    """Half of x over y."""
    return _half(x) / y


def test_a_kernel_divides_by_zero_as_numpy_does() -> None:
    """An exception inside a batch would lose the rest of the batch."""
    assert np.inf == _half_over(1.0, 0.0)
    assert np.isnan(_half_over(0.0, 0.0))
    assert 0.25 == _half_over(1.0, 2.0)


def test_a_kernel_keeps_its_name_and_docstring() -> None:
    """The docstring is the kernel's contract; documentation is made from it."""
    assert ("_half_over", "Half of x over y.") == (_half_over.__name__, _half_over.__doc__)


def test_declaring_a_kernel_leaves_the_setting_of_other_packages_alone() -> None:
    """Somebody else's kernels in the same process must not move into our folder."""
    before = _kernels._settings.CACHE_DIR
    kernel(lambda x: x)

    assert before == _kernels._settings.CACHE_DIR
    assert str(_kernels.CACHE_DIR) != before


def test_a_kernel_that_allocates_does_not_compile() -> None:
    """Arrays belong to the caller: one made inside would never be freed (docs/adr/0009)."""

    @kernel
    def allocates(n: int) -> float:
        return float(np.zeros(n).sum())

    with pytest.raises(NumbaError, match="zeros"):
        allocates(3)


@kernel
def _sum_of(numbers: np.ndarray[tuple[int], np.dtype[np.float64]], factor: int) -> float:
    total = 0.0
    for number in numbers:
        total += number * factor
    return total


def test_the_entry_of_a_kernel_does_what_the_kernel_does() -> None:
    """It leaves out the look at the types, nothing else."""
    numbers = np.arange(5.0)
    entry = entry_of(_sum_of, numbers, 1)

    assert _sum_of(numbers, 3) == entry(numbers, 3) == 30.0
