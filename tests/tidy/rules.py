"""The house rules that a program can check: each takes one file and returns what it breaks."""

import ast
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

ROOT: Final = Path(__file__).parents[2]

LINES_MAX: Final = 400
# Files that were longer when the rule came, with the length they may not exceed. Only ever shrinks.
LONG_FILES: Final[dict[str, int]] = {}

_CODE_SUFFIXES: Final = {".py", ".pyi", ".toml", ".sh", ""}  # "": Makefile, .ci/run
_MADE_BY_TOOLS: Final = {".git", ".venv", "build", "dist", "runs", "__pycache__"}


@dataclass(frozen=True, slots=True)
class File:
    """One text file of the project; `path` is relative to its root."""

    path: PurePosixPath
    text: str

    @property
    def is_source(self) -> bool:
        """True for Python files of the package itself."""
        return self.path.suffix == ".py" and self.path.parts[0] == "src"

    @property
    def n_lines(self) -> int:
        """Number of lines."""
        return len(self.text.splitlines())


def project_files(root: Path = ROOT) -> list[File]:
    """
    All text files of the project, committed or about to be.

    In a git checkout git says which these are; elsewhere (an unpacked archive) everything counts
    that the tools did not make.
    """
    if (root / ".git").exists():
        command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        listed = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True)
        paths = [root / name for name in listed.stdout.split("\0") if name]
    else:
        paths = [
            path
            for path in root.rglob("*")
            if not any(
                part in _MADE_BY_TOOLS or part.endswith(("_cache", ".egg-info"))
                for part in path.relative_to(root).parts
            )
        ]
    files = []
    for path in sorted(paths):
        if not path.is_file():  # removed but still in git's index
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        files.append(File(PurePosixPath(path.relative_to(root).as_posix()), text))
    return files


def files_stay_short(file: File) -> list[str]:
    """A file has one reason to exist; at 400 lines it has found a second."""
    allowed = LONG_FILES.get(str(file.path), LINES_MAX)
    if file.is_source and file.n_lines > allowed:
        return [f"{file.path}: {file.n_lines} lines, at most {allowed}; split it"]
    return []


def long_files_only_shrink(file: File) -> list[str]:
    """An exception that is no longer needed, or could be tighter, goes."""
    allowed = LONG_FILES.get(str(file.path))
    if allowed is not None and file.n_lines < allowed:
        return [f"{file.path}: now {file.n_lines} lines; lower its entry in LONG_FILES"]
    return []


def modules_say_why_they_exist(file: File) -> list[str]:
    """The first line of a module's docstring is its reason to exist, as one full sentence."""
    if file.path.suffix != ".py" or not (file.is_source or file.text.strip()):
        return []
    docstring = ast.get_docstring(ast.parse(file.text))
    if not docstring:
        return [f"{file.path}: no docstring; say in one line why the file exists"]
    return []


def names_say_what_is_inside(file: File) -> list[str]:
    """A file called after nothing in particular collects everything."""
    nameless = {"utils", "util", "helpers", "helper", "common", "misc"}
    if nameless & {PurePosixPath(part).stem for part in file.path.parts}:
        return [f"{file.path}: name it after what is inside"]
    return []


def package_inits_hold_no_code(file: File) -> list[str]:
    """`__init__.py` lists the public names; code there runs whenever anything is imported."""
    if not (file.is_source and file.path.name == "__init__.py"):
        return []
    allowed = {"__all__"}
    if len(file.path.parts) == 3:  # src/penstock/__init__.py
        allowed.add("__version__")
    breaches = []
    for node in ast.parse(file.text).body:
        match node:
            case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()):
                continue
            case ast.Assign(targets=[ast.Name(id=name)]) if name in allowed:
                continue
        breaches.append(f"{file.path}:{node.lineno}: only a docstring, imports and __all__ here")
    return breaches


def output_goes_through_the_command_line(file: File) -> list[str]:
    """A library that prints cannot be used by a program that speaks JSON on stdout."""
    if not file.is_source or "cli" in file.path.parts:
        return []
    return [
        f"{file.path}:{node.lineno}: print; return it, or let penstock.cli say it"
        for node in ast.walk(ast.parse(file.text))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]


def kernels_go_through_one_door(file: File) -> list[str]:
    """A kernel compiled elsewhere keeps its machine code where an edited callee goes unseen."""
    if not file.is_source or file.path.name == "_kernels.py":
        return []
    return [
        f"{file.path}:{line}: import kernel or inlined from penstock._kernels, not numba"
        for line in _lines_matching(r"^\s*(?:import|from)\s+numba\b", file.text)
    ]


def open_ends_have_an_issue(file: File) -> list[str]:
    """An open end that nobody owns is never closed."""
    if file.path.suffix not in _CODE_SUFFIXES:
        return []
    return [
        f"{file.path}:{line}: name the issue, as in TODO(#41)"
        for line in _lines_matching(r"#\s*(?:TODO|FIXME|XXX|HACK)\b(?!\(#\d+\))", file.text)
    ]


def no_package_index_is_named(file: File) -> list[str]:
    """Where packages come from is the reader's setting, not ours."""
    hosts = r"pypi\.org|pythonhosted\.org|registry\.npmjs|deb\.debian\.org|anaconda\.org"
    options = r"--(?:extra-)?index[-]url|--find[-]links|--trusted[-]host|https?://\S+/simple\b"
    return [
        f"{file.path}:{line}: no address of a package index"
        for line in _lines_matching(rf"{hosts}|{options}", file.text)
    ]


def no_path_of_one_machine(file: File) -> list[str]:
    """A path that exists on one machine breaks on all others."""
    somebody = r"(?<![\w.~*-])/(?:home|Users|root|work)/\w"
    return [
        f"{file.path}:{line}: a path of one machine"
        for line in _lines_matching(somebody, file.text)
    ]


def _lines_matching(pattern: str, text: str) -> list[int]:
    found = re.compile(pattern)
    return [number for number, line in enumerate(text.splitlines(), 1) if found.search(line)]


RULES: Final = [
    files_stay_short,
    long_files_only_shrink,
    modules_say_why_they_exist,
    names_say_what_is_inside,
    package_inits_hold_no_code,
    output_goes_through_the_command_line,
    kernels_go_through_one_door,
    open_ends_have_an_issue,
    no_package_index_is_named,
    no_path_of_one_machine,
]
