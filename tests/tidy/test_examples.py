"""Examples in docstrings are run: an example that no longer works is worse than none."""

import doctest
import importlib
from types import ModuleType

from tests.tidy.rules import File, project_files


def module_of(file: File) -> ModuleType:
    """The module behind a source file."""
    parts = file.path.with_suffix("").parts[1:]  # without src/
    return importlib.import_module(".".join(parts).removesuffix(".__init__"))


def test_examples_in_docstrings_give_what_they_show() -> None:
    """
    Also fails where examples stand but none is found: doctest does not look into compiled kernels,
    so an example for one belongs in its module's docstring.
    """
    with_examples = [file for file in project_files() if file.is_source and ">>> " in file.text]
    results = {str(file.path): doctest.testmod(module_of(file)) for file in with_examples}

    assert {} == {path: r for path, r in results.items() if r.failed or not r.attempted}
