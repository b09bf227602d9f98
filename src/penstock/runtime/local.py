"""A whole desk on this machine: venues, router and clients as processes, on free ports."""

from __future__ import annotations

import socket
import subprocess
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import msgspec
import tomli_w

from penstock.domain import ConfigError
from penstock.runtime.config import RouterConf
from penstock.runtime.control import RouterRefusedError, RouterUnreachableError, ask_router
from penstock.runtime.integrity import Integrity, check_integrity
from penstock.runtime.leash import start_leashed
from penstock.runtime.oms import OMS_LOG
from penstock.runtime.oms_config import OmsConf
from penstock.runtime.venues import FILLS_LOG
from penstock.runtime.venues_config import VenuesConf

READY_S: Final = 600.0  # the first start on a machine compiles every kernel
STOP_S: Final = 30.0
POLL_S: Final = 0.05


class LocalDesk:
    """
    Three programs in one folder, started and stopped together.

    The configurations are the given ones with folders and ports of their own; they are written
    into the folder, so that every program can be started again by hand. What a program says is in
    `<name>.log` there.

    Raises:
        ConfigError: a program ended instead of starting; its last lines are in the error.
    """

    def __init__(self, folder: Path, router: RouterConf, venues: VenuesConf, oms: OmsConf) -> None:
        self.folder = folder
        self._programs: dict[str, subprocess.Popen[bytes]] = {}
        oms_port, fix_port, snapshot_port, feed_port = free_ports(4)
        self.router_conf = _router_at(router, folder, oms_port, fix_port, snapshot_port, feed_port)
        self.venues_conf = _venues_at(venues, folder, fix_port, snapshot_port, feed_port)
        self.oms_conf = _oms_at(oms, folder, oms_port)
        for name in ("router", "venues", "oms"):
            write_conf(getattr(self, f"{name}_conf"), self._conf_path(name))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def fills_log(self) -> Path:
        """What the venues wrote down."""
        return self.venues_conf.run_dir / FILLS_LOG

    @property
    def oms_log(self) -> Path:
        """What the client wrote down."""
        return self.oms_conf.run_dir / OMS_LOG

    def start(self) -> None:
        """Venues, then the router; returns when every venue is up and fed."""
        self.start_program("venues")
        self.start_program("router")
        self.wait_until_ready()

    def start_program(self, name: str) -> subprocess.Popen[bytes]:
        """Start "venues" or "router"."""
        command = {"venues": "venues", "router": "run"}[name]
        program = start_leashed([command, str(self._conf_path(name))], self._log_path(name))
        self._programs[name] = program
        return program

    def pid(self, name: str) -> int:
        """Process of a program that was started."""
        return self._programs[name].pid

    def wait_until_ready(self) -> None:
        """Until the router says that every venue is up and fed; venues that refuse us excepted."""
        give_up_s = time.monotonic() + READY_S
        while not self._is_ready():
            for name in ("venues", "router"):  # a client may have finished
                program = self._programs.get(name)
                if program is not None and program.poll() is not None:
                    raise self._ended(name, program.returncode)
            if time.monotonic() > give_up_s:
                raise self._ended("router", None)
            time.sleep(POLL_S)

    def run_oms(self, *options: str) -> dict[str, Any]:
        """Run the client to its end; returns its summary."""
        self.start_oms(*options).wait()
        return self.oms_summary()

    def oms_summary(self) -> dict[str, Any]:
        """What the client that has just ended said at last."""
        program = self._programs.pop("oms")
        if program.returncode not in (0, 3):
            raise self._ended("oms-summary", program.returncode)
        text = self._log_path("oms-summary").read_bytes()
        summary: dict[str, Any] = msgspec.json.decode(text[text.rindex(b"{") :])
        return summary

    def start_oms(self, *options: str) -> subprocess.Popen[bytes]:
        """Start the client and let it run."""
        arguments = ["oms", str(self._conf_path("oms")), "--json", *options]
        program = start_leashed(arguments, self._log_path("oms-summary"))
        self._programs["oms"] = program
        return program

    def ask(self, do: str, *, venue: str = "", model: str = "") -> dict[str, Any]:
        """Speak to the router."""
        return ask_router(
            self.router_conf.paths.run_dir, do, venue=venue, model=model, operator="local desk"
        )

    def status(self) -> dict[str, Any]:
        """How the router stands."""
        status: dict[str, Any] = self.ask("status")["status"]
        return status

    def check(self) -> Integrity:
        """The venues' story against the client's."""
        return check_integrity(self.fills_log, self.oms_log)

    def stop(self) -> None:
        """End every program, in order: the client, the router, which cancels, then the venues."""
        with ExitStack() as stack:
            for name in ("venues", "router", "oms"):  # the last one is called first
                stack.callback(self.stop_program, name)

    def stop_program(self, name: str) -> int | None:
        """End one program; its exit status."""
        program = self._programs.pop(name, None)
        if program is None:
            return None
        if program.poll() is None:
            program.terminate()
        try:
            return program.wait(STOP_S)
        except subprocess.TimeoutExpired:
            program.kill()
            return program.wait()

    def kill_router(self) -> None:
        """As the kernel would: no goodbye."""
        program = self._programs.pop("router")
        program.kill()
        program.wait()

    def _is_ready(self) -> bool:
        try:
            status = self.status()
        except (RouterUnreachableError, RouterRefusedError):
            return False
        refusing = self.venues_conf.faults.reject_logon
        wanted = [state for mic, state in status["venues"].items() if mic not in refusing]
        return all(state["state"] == "up" and state["is_fed"] for state in wanted)

    def _ended(self, name: str, status: int | None) -> ConfigError:
        said = self._log_path(name).read_text(encoding="utf-8", errors="replace")
        found = "nothing after a long wait" if status is None else f"exit status {status}"
        return ConfigError.one(
            where=f"the {name} program",
            expected="a program that starts",
            found=f"{found}; it said:\n{said[-1_500:]}",
            fix=f"see {self._log_path(name)}",
        )

    def _conf_path(self, name: str) -> Path:
        return self.folder / f"{name}.toml"

    def _log_path(self, name: str) -> Path:
        return self.folder / f"{name}.log"


def free_ports(n: int) -> list[int]:
    """Ports that nobody uses now, for TCP and for UDP, all different."""
    with ExitStack() as stack:
        ports: list[int] = []
        while len(ports) < n:
            stream, datagrams = (
                stack.enter_context(socket.socket(socket.AF_INET, kind))
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)
            )
            stream.bind(("127.0.0.1", 0))
            with suppress(OSError):  # taken for UDP: kept until the end, so that another comes
                datagrams.bind(stream.getsockname())
                ports.append(stream.getsockname()[1])
        return ports


def write_conf(conf: msgspec.Struct, path: Path) -> None:
    """A configuration as its TOML file, which reads back to the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(tomli_w.dumps(_without_nones(msgspec.to_builtins(conf))), encoding="utf-8")


def _without_nones(value: Any) -> Any:
    """TOML has no null: what is not set is not written."""
    if isinstance(value, dict):
        return {key: _without_nones(one) for key, one in value.items() if one is not None}
    if isinstance(value, list | tuple):
        return [_without_nones(one) for one in value]
    return value


def _router_at(
    conf: RouterConf, folder: Path, oms_port: int, fix_port: int, snapshot_port: int, feed_port: int
) -> RouterConf:
    replace = msgspec.structs.replace
    venues = tuple(replace(venue, fix=f"127.0.0.1:{fix_port}") for venue in conf.venues)
    return replace(
        conf,
        router=replace(conf.router, run_dir=str(folder / "router")),
        oms=replace(conf.oms, host="127.0.0.1", port=oms_port),
        feed=replace(
            conf.feed,
            listen=f"127.0.0.1:{feed_port}",
            snapshot=f"127.0.0.1:{snapshot_port}",
        ),
        venues=venues,
    )


def _venues_at(
    conf: VenuesConf, folder: Path, fix_port: int, snapshot_port: int, feed_port: int
) -> VenuesConf:
    replace = msgspec.structs.replace
    return replace(
        conf,
        venues=replace(conf.venues, run_dir=str(folder / "venues"), fix=f"127.0.0.1:{fix_port}"),
        feed=replace(
            conf.feed,
            subscribers=(f"127.0.0.1:{feed_port}",),
            snapshot=f"127.0.0.1:{snapshot_port}",
        ),
    )


def _oms_at(conf: OmsConf, folder: Path, oms_port: int) -> OmsConf:
    replace = msgspec.structs.replace
    return replace(
        conf,
        oms=replace(conf.oms, run_dir=str(folder / "oms"), router=f"127.0.0.1:{oms_port}"),
    )
