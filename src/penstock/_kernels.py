"""The one door to the compiler: how kernels are compiled, and where their machine code is kept."""

import hashlib
import re
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal, ParamSpec, TypeVar, cast

import numba
from numba.core import event as _numba_events

P = ParamSpec("P")
R = TypeVar("R")

# The compiler's types do not know all of its options.
_njit: Final[Any] = numba.njit
_typeof: Final[Any] = numba.typeof
_events: Any = _numba_events
# The compiler's settings exist at run time only, not in its types.
_settings: Final[Any] = numba.config


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """
    Compile a module-level function, on its first call with given argument types.

    Promises: the same inputs give the same bits on one machine; other threads run meanwhile; x / 0
    is inf or NaN, as in numpy; the machine code outlives the process and is never older than its
    sources (docs/adr/0002-kernel-cache-keyed-by-sources.md).
    """
    return _compile(function, inline="never")


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """
    Compile as `kernel` does, and paste the body into every kernel that calls it.

    For the few lines of an innermost loop, where the call would cost more than the work. Called
    from Python it is an ordinary kernel.
    """
    return _compile(function, inline="always")


def _compile(function: Callable[P, R], *, inline: Literal["never", "always"]) -> Callable[P, R]:
    # No fastmath and no parallel: both reorder additions, and so change a decision's bits.
    # No reference counts: a kernel's arrays belong to its caller, and counting them, atomically, at
    # every name and every call takes most of the time of a kernel with many arrays. A kernel that
    # allocates does not compile then, which is our rule anyway (docs/adr/0009).
    compiler = _njit(cache=True, error_model="numpy", nogil=True, inline=inline, _nrt=False)
    # A dispatcher asks for its folder once, when it is made. Setting it for that moment only leaves
    # other packages' kernels in this process alone, and does not care when numba re-reads the
    # environment.
    before = _settings.CACHE_DIR
    _settings.CACHE_DIR = str(CACHE_DIR)
    try:
        return cast("Callable[P, R]", compiler(function))
    finally:
        _settings.CACHE_DIR = before


def entry_of(function: Callable[P, R], *arguments: object) -> Callable[P, R]:
    """
    The machine code of a kernel for arguments of just these types, compiled if it is not yet.

    A kernel looks at the types of its arguments at every call: 4 us where thirty arrays are passed,
    most of a call that works for 5 us. The entry does not look, so it is for a loop that passes the
    same arrays again and again: other dtypes or dimensions would be read as if they were these.
    """
    dispatcher = cast("Any", function)
    signature = tuple(_typeof(argument) for argument in arguments)
    dispatcher.compile(signature)
    return cast("Callable[P, R]", dispatcher.get_overload(signature))


@contextmanager
def watched_compiling(tell: Callable[[int, str], None]) -> Iterator[None]:
    """
    Tell of each kernel that has to be compiled, as its compilation starts; not of those on disk.

    Args:
        tell: gets how many there were, this one included, and its name.
    """
    listener = _CompileListener(tell)
    _events.register("numba:compile", listener)
    try:
        yield
    finally:
        _events.unregister("numba:compile", listener)


class _CompileListener(_events.Listener):  # type: ignore[misc]
    """A kernel that calls others has theirs compiled within its own time."""

    def __init__(self, tell: Callable[[int, str], None]) -> None:
        self._tell, self._n = tell, 0

    def on_start(self, event: Any) -> None:
        """One more."""
        self._n += 1
        dispatcher = event.data.get("dispatcher")
        self._tell(self._n, getattr(getattr(dispatcher, "py_func", None), "__name__", "a kernel"))

    def on_end(self, event: Any) -> None:
        """Done, or failed: then the call that needed it says so."""


def sources_of_kernels(package: Path) -> dict[str, bytes]:
    """
    Text, by dotted name, of all modules that can end up in the machine code of a kernel.

    numba recompiles a kernel when the kernel's own file changes. It does not see a change in what
    was compiled into the kernel from elsewhere: a callee, or a constant, which it freezes. So these
    are the modules that import this one, what they import from the package, and so on down: more
    than numba reads, never less.

    Args:
        package: folder of the package. Its imports are absolute and formatted, both checked by
            ruff; that is what lets two fixed patterns find them in a millisecond.
    """
    depth = len(package.parts) - 1
    texts = {
        ".".join(path.parts[depth:])[: -len(".py")].removesuffix(".__init__"): path.read_bytes()
        for path in package.rglob("*.py")
    }
    found: set[str] = set()
    to_read = [module for module, text in texts.items() if b"_kernels" in text]
    while to_read:
        module = to_read.pop()
        if module in texts and module not in found:
            found.add(module)
            to_read.extend(_imports(texts[module], package.name))
    return {module: texts[module] for module in sorted(found)}


def _imports(text: bytes, root: str) -> set[str]:
    """Dotted names that a file may import from the package `root`; not each need be a module."""
    # Each pattern starts with plain text: with a choice in front it would be ten times slower, and
    # this runs at every start.
    name = re.escape(root).encode()
    names = {found.decode() for found in re.findall(rb"import (" + name + rb"[.\w]*)", text)}
    for source, imported in re.findall(
        rb"from (" + name + rb"[.\w]*) import ([^\n(]+|\([^)]+)", text
    ):
        names.add(source.decode())
        names.update(f"{source.decode()}.{word.decode()}" for word in re.findall(rb"\w+", imported))
    return names


def key_of(sources: dict[str, bytes]) -> str:
    """
    Hash of the compiler and of each module's name and text: 16 hexadecimal digits.

    Counts the compiler's version and those of its settings that change the machine code, so that
    `NUMBA_BOUNDSCHECK=1 pytest` really checks bounds, and the run after it does not.
    """
    compiler = (
        numba.__version__,
        _settings.BOUNDSCHECK,
        _settings.DEBUGINFO_DEFAULT,
        _settings.OPT,
    )
    digest = hashlib.sha256(repr(compiler).encode())
    for module, text in sources.items():
        # The length keeps two files from reading as one when text moves between them.
        digest.update(f"\n{module} {len(text)}\n".encode())
        digest.update(text)
    return digest.hexdigest()[:16]  # 64 bits: a chance clash takes four billion edits


def cache_dir(chosen: str, key: str) -> Path:
    """
    Folder for machine code made from the sources behind `key`; it exists and can be written.

    Args:
        chosen: the user's NUMBA_CACHE_DIR; "" means the user's own cache folder.

    When that place cannot be written, a private folder for temporary files serves. Nothing is ever
    deleted here: each folder is a few megabytes and is named after sources that may come back.
    """
    try:
        base = Path(chosen or "~/.cache/penstock/kernels").expanduser()
        folder = base / key
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except (OSError, RuntimeError):  # RuntimeError: this user has no home folder
        return _private_temporary_dir(key)
    return folder


def _private_temporary_dir(key: str) -> Path:
    # Loading machine code from a folder means running it, so a folder that somebody else made, or
    # may write, in a place that all users share, will not do.
    folder = Path(tempfile.gettempdir()) / f"penstock-kernels-{key}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder) as probe:
            me = Path(probe.name).stat().st_uid
        found = folder.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == me and not found.st_mode & 0o022:
            return folder
    except OSError:
        pass
    return Path(tempfile.mkdtemp(prefix="penstock-kernels-"))


CACHE_DIR: Final = cache_dir(_settings.CACHE_DIR, key_of(sources_of_kernels(Path(__file__).parent)))
