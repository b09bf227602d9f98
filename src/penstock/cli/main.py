"""The entry point: finds a command, shows errors as errors, sets the exit status."""

from __future__ import annotations

import shlex
import sys
import traceback
from importlib import import_module
from typing import Final

import click

from penstock import __version__
from penstock.domain import PenstockError

# Name of a command, the file it lives in, and its line in the help: a command's imports (the
# compiler, LightGBM, Plotly) are paid for only by who runs it.
COMMANDS: Final = {
    "demo": ("demo", "Train, compare and draw on a generated market: start here."),
    "evaluate": ("evaluate", "Compare policies on scenarios, paired, with intervals."),
    "train": ("train", "Train a model on a scenario and register it."),
    "ingest": ("ingest", "Turn recorded market data into a normalised tape."),
    "venues": ("venues", "Run the simulated venues that a configuration describes."),
    "oms": ("oms", "Send a client's orders to a router, and wait for their end."),
    "run": ("run", "Run the live router that a configuration describes."),
    "status": ("status", "Ask a running router how it stands."),
    "kill": ("kill", "Cancel everything, accept nothing, until `resume`."),
    "resume": ("resume", "Take the kill switch back."),
    "venue": ("venue", "Switch a venue on or off in a running router."),
    "replay": ("replay", "Replay a journal and compare every command."),
    "models": ("models", "List and show registered models."),
    "bench": ("bench", "Measure speed: a decision, the simulator."),
}

EXIT_BAD_INPUT: Final = 2
EXIT_BROKEN_PROMISE: Final = 3


class LazyGroup(click.Group):
    """A group that imports a command's file when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """All commands, in the order in which a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command, imported now; None if there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"penstock.cli.{COMMANDS[cmd_name][0]}")
        command = module.command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list of commands, without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="penstock")
def cli() -> None:
    """
    Penstock, a smart order router that learns from its own executions.

    \b
    Exit status: 0 finished; 2 bad input (every problem is shown, with its fix);
    3 a promise broke: the command that reproduces it is printed.
    """


def main() -> None:
    """Run the command line; the only place where errors become an exit status."""
    if sys.flags.optimize:
        raise SystemExit(
            "penstock: python -O removes the assertions that guard orders; run without"
        )
    try:
        cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        raise SystemExit(EXIT_BAD_INPUT) from None
    except click.Abort:
        raise SystemExit(130) from None
    except PenstockError as error:
        click.echo(f"penstock: {error}", err=True)
        raise SystemExit(EXIT_BAD_INPUT) from None
    except AssertionError:
        # A promise of ours broke: the trace is for us, the command lets anybody do it again.
        click.echo(traceback.format_exc(), err=True, nl=False)
        command = shlex.join(["penstock", *sys.argv[1:]])
        click.echo(f"penstock: a promise broke (above); to see it again: {command}", err=True)
        raise SystemExit(EXIT_BROKEN_PROMISE) from None
