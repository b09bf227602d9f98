"""The entry point: finds a command, shows errors as errors, sets the exit status."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import traceback
from difflib import get_close_matches
from importlib import import_module
from types import FrameType
from typing import Final, NoReturn

import click

from penstock import __version__

# Name of a command, the file it lives in, and its line in the help: a command's imports (the
# compiler, LightGBM, Plotly) are paid for only by who runs it.
COMMANDS: Final = {
    "demo": ("demo", "Train, compare and draw on a generated market: start here."),
    "simulate": ("simulate", "Run one day of a scenario without us, and show what its venues do."),
    "evaluate": ("evaluate", "Compare policies on scenarios, paired, with intervals."),
    "train": ("train", "Train a model on a scenario and register it."),
    "tune": ("tune", "Search the best parameters of a baseline."),
    "ablate": ("ablate", "Measure what knowing each mechanism of a market is worth."),
    "ingest": ("ingest", "Turn recorded market data into a normalised tape."),
    "calibrate": ("calibrate", "Make a scenario from recorded data, and say how far they differ."),
    "check": ("check", "Check scenarios and configurations without running anything."),
    "venues": ("venues", "Run the simulated venues that a configuration describes."),
    "oms": ("oms", "Send a client's orders to a router, and wait for their end."),
    "run": ("run", "Run the live router that a configuration describes."),
    "status": ("status", "Ask a running router how it stands."),
    "kill": ("kill", "Cancel everything, or what is of a client, a venue or a symbol."),
    "resume": ("resume", "Take the kill switch back."),
    "orders": ("orders", "List what is live, in doubt and at work in a running router."),
    "child": ("child", "Book or end a child order that no venue settles."),
    "venue": ("venue", "Switch a venue on or off in a running router, or force it up."),
    "symbol": ("symbol", "Restrict trading in a symbol, or allow it again."),
    "limits": ("limits", "Show what is used up of the day's limits, or start them again."),
    "session": ("session", "Start the sequence numbers of a FIX session again."),
    "drill": ("drill", "Play days full of faults through the live router, and audit them."),
    "fix": ("fix", "Write what a counterparty needs to connect over FIX."),
    "store": ("store", "Write a journal into the feedback log, an SQL database."),
    "explain": ("explain", "Tell why a child order went where it went, and what came of it."),
    "replay": ("replay", "Replay a journal and compare every command."),
    "models": ("models", "List and show registered models."),
    "bench": ("bench", "Measure speed: decisions, simulator, environments, the way over FIX."),
}

EXIT_BAD_INPUT: Final = 2
EXIT_BROKEN_PROMISE: Final = 3
EXIT_INTERRUPTED: Final = 130
EXIT_TERMINATED: Final = 143


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

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does; a name that is none gets the one that was meant."""
        if args[0] not in COMMANDS and (meant := get_close_matches(args[0], COMMANDS, n=1)):
            ctx.fail(f"No such command '{args[0]}'. Did you mean `{meant[0]}`?")
        return super().resolve_command(ctx, args)

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


def _how_to_go_on() -> str:
    command = cli.get_command(click.Context(cli), sys.argv[1]) if len(sys.argv) > 1 else None
    keeps_days = command is not None and any(option.name == "kept" for option in command.params)
    return "; what is finished is kept, the same command goes on from there" if keeps_days else ""


def main() -> None:
    """Run the command line; the only place where errors become an exit status."""
    if sys.flags.optimize:
        raise SystemExit(
            "penstock: python -O removes the assertions that guard orders; run without"
        )
    before = signal.signal(signal.SIGTERM, _terminated)
    try:
        cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        raise SystemExit(EXIT_BAD_INPUT) from None
    except (click.Abort, KeyboardInterrupt):
        click.echo(f"penstock: interrupted{_how_to_go_on()}", err=True)
        raise SystemExit(EXIT_INTERRUPTED) from None
    except BrokenPipeError:
        # Whoever read our output has enough; Python must not complain about it at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(EXIT_BAD_INPUT) from None
    except OSError as error:
        click.echo(f"penstock: {_said(error)}", err=True)
        raise SystemExit(EXIT_BAD_INPUT) from None
    except AssertionError:
        # A promise of ours broke: the trace is for us, the command lets anybody do it again.
        click.echo(traceback.format_exc(), err=True, nl=False)
        command = shlex.join(["penstock", *sys.argv[1:]])
        click.echo(f"penstock: a promise broke (above); to see it again: {command}", err=True)
        raise SystemExit(EXIT_BROKEN_PROMISE) from None
    except Exception as error:
        # Imported now: what a brake does not need it must not wait for.
        from penstock.domain import PenstockError

        if not isinstance(error, PenstockError):
            raise
        click.echo(f"penstock: {error}", err=True)
        raise SystemExit(EXIT_BAD_INPUT) from None
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminated(_number: int, _frame: FrameType | None) -> NoReturn:
    """SIGTERM ends a command the way Ctrl-C does: its workers end with it."""
    raise SystemExit(EXIT_TERMINATED)


def _said(error: OSError) -> str:
    """What the operating system refused, in the words of every other error."""
    from penstock.domain import Problem, reason_of

    problem = Problem(
        where=str(error.filename or "a file, folder or socket"),
        expected="something that this user can read and write",
        found=reason_of(error),
        fix="check the path, its permissions and the room on the disk",
    )
    return str(problem)
