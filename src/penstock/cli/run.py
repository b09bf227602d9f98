"""`penstock run`: the live router."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("run")
@click.argument("conf", type=click.Path(path_type=Path))
@click.option(
    "--fresh",
    "is_fresh",
    is_flag=True,
    help="Begin a new run even if the last one did not end cleanly. Its open orders are then "
    "nobody's: reconcile them with the venues first.",
)
def command(conf: Path, is_fresh: bool) -> None:
    """
    Run the router that CONF describes, until SIGTERM.

    A run that did not end cleanly is gone on with: its journal is replayed, and every open order
    is reconciled with its venue before anything new is sent. Folders named in CONF are relative to
    the current directory. What operators are told goes to stderr and to router.log in run_dir; a
    stderr that is not read, or a terminal that is closed, stops nothing, and SIGHUP opens the log
    anew.

    \b
    Example:  penstock run conf/router.toml
    Exit status: 0 ended in good order (SIGTERM, SIGINT: open orders are cancelled first; a second
    signal ends at once); 2 bad configuration, port in use, or a journal that cannot be gone on
    with; 3 something fatal happened: everything was cancelled, see the last lines.
    """
    from penstock.runtime import operator_log, read_router_conf, run_router

    settings = read_router_conf(conf)
    log = settings.log
    with operator_log(settings.paths.log, max_bytes=log.max_bytes, n_files=log.files) as say:
        status = run_router(settings, is_fresh=is_fresh, say=say)
    raise SystemExit(status)
