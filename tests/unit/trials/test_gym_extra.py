"""Without gymnasium, an extra, all else works, and the environments say what to do."""

import subprocess
import sys

_WITHOUT = "import sys; sys.modules['gymnasium'] = None; "


def run(code: str) -> subprocess.CompletedProcess[str]:
    """Python in a process of its own, in which gymnasium cannot be imported."""
    return subprocess.run(
        [sys.executable, "-c", _WITHOUT + code], capture_output=True, text=True, check=False
    )


def test_trials_work_without_gymnasium() -> None:
    """`pip install penstock` alone runs `penstock evaluate`."""
    done = run("import penstock.trials, penstock.cli; print('works')")

    assert (0, "works\n") == (done.returncode, done.stdout), done.stderr


def test_the_environments_say_what_to_install() -> None:
    """One line that mends it."""
    done = run("import penstock.trials.environments")

    assert 1 == done.returncode
    assert 'pip install "penstock[gym]"' in done.stderr


def test_the_benchmark_says_so_too() -> None:
    """As every wrong input: in words, with status 2."""
    done = run("sys.argv = ['penstock', 'bench', 'gym']; from penstock.cli import main; main()")

    assert 2 == done.returncode
    assert 'pip install "penstock[gym]"' in done.stderr
    assert "Traceback" not in done.stderr
