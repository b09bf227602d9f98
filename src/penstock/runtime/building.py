"""Building the core of a live router: from its configuration, or as its journal says it was."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from penstock import __version__
from penstock.domain import InputError, JournalError, ModelSwap, Ns, Problem
from penstock.engine import Engine, EngineParts, build_engine
from penstock.journal import RecordKind, read_context, read_journal
from penstock.routing import LEARNED, Policy, make_policy, static_policy
from penstock.runtime.config import RouterConf, VenueTable
from penstock.runtime.parts import STATIC
from penstock.runtime.recovery import FRESH_FIX
from penstock.runtime.warming import warm_policy
from penstock.store import ModelRefError, Registry

KIND: Final = "live"


class CoreParts(msgspec.Struct, frozen=True, kw_only=True):
    """
    What an engine is made of, and the table of models that it shares with the loop.

    `missing` says why the configured model is not there; empty if it is, or if none is needed.
    """

    engine: EngineParts
    models: dict[str, Policy]
    missing: str = ""

    @property
    def model_sha256(self) -> str:
        """Hash of the configured policy's model; empty for one without, or if it is missing."""
        return "" if self.engine.policy is None else self.engine.policy.model_sha256

    def build(self) -> Engine:
        """A fresh engine."""
        return build_engine(self.engine)


def core_of_conf(conf: RouterConf) -> CoreParts:
    """
    The core that a configuration asks for. A model that the registry does not have is no error:
    the fall-back decides, and every record says `no_model`.

    Raises:
        ModelFileError: the model is there, and damaged or made for other features.
    """
    try:
        model = _model(conf, conf.router.model) if conf.router.policy in LEARNED else None
    except ModelRefError:
        text = f"{conf.router.model!r} names no single model of {conf.router.models_dir}"
        return _core(conf, None, missing=text)
    return _core(conf, load_policy(conf, conf.router.policy, model))


def core_of_journal(context: Mapping[str, Any], models_dir: str | None = None) -> CoreParts:
    """
    The core as it was when a live journal was begun.

    Args:
        models_dir: folder of the registry, if it is not where it was then.
    Raises:
        JournalError: no journal of a live router, or its model is gone.
    """
    conf = conf_of_journal(context)
    if models_dir is not None:
        conf = _with_models_in(conf, models_dir)
    name, sha256 = context["policy"], context["model_sha256"]
    if name in LEARNED and not sha256:
        return _core(conf, None, missing="the run began without its model")
    return _core(conf, load_policy(conf, name, _model_of_journal(conf, sha256)))


def conf_of_journal(context: Mapping[str, Any]) -> RouterConf:
    """
    The configuration under which a live journal was begun, its day filled in.

    Raises:
        JournalError: no journal of a live router, or one of another release.
    """
    try:
        if context["kind"] != KIND or not isinstance(context["run"], str):
            raise KeyError("kind")
        return msgspec.convert(context["config"], RouterConf)
    except (KeyError, msgspec.ValidationError) as error:
        raise JournalError.one(
            where="the journal's context",
            expected=f"the configuration of a live router, as Penstock {__version__} writes it",
            found=f"{type(error).__name__}: {error}, written by {context.get('version')}",
            fix=f"start the release that wrote it; or {FRESH_FIX}",
        ) from None


def journal_context(
    conf: RouterConf, run: str, started_ns: Ns, core: CoreParts, epoch: int, segment: int = 0
) -> dict[str, Any]:
    """
    What a journal says of its run: enough to build the same core again.

    Args:
        epoch: of the start that has begun the run; later ones count from there.
        segment: how many journals of the run were before this one.
    """
    return {
        "kind": KIND,
        "version": __version__,
        "run": run,
        "epoch": epoch,
        "segment": segment,
        "started_ns": started_ns,
        "config": msgspec.to_builtins(conf),
        "config_sha256": core.engine.config_sha256,
        "policy": conf.router.policy,
        "model_sha256": core.model_sha256,
    }


def changed_settings(context: Mapping[str, Any], conf: RouterConf, journal: Path) -> list[Problem]:
    """
    Settings that would have decided otherwise than those under which a journal was begun.

    Ports, folders and times of the program may change; instruments, venues, fees, routing, risk,
    engine and policy may not, and a client that has orders may not be missing.
    """
    then = conf_of_journal(context)
    deciding: list[tuple[str, object, object]] = [
        (key, getattr(then, key), getattr(conf, key))
        for key in ("instruments", "routing", "risk", "engine")
    ]
    deciding.append(("clients", then.limits.clients, conf.limits.clients))
    deciding.append(("venues", _without_ports(then), _without_ports(conf)))
    deciding += [
        (f"router.{key}", getattr(then.router, key), getattr(conf.router, key))
        for key in ("policy", "day")
    ]
    return [
        Problem(
            where=f"the configuration: {key}",
            expected=f"{_shown(old)}, as in the unfinished journal {journal.name}",
            found=_shown(new),
            fix="restore the setting, start, and stop the router in good order: then the day can "
            f"go on under others; or {FRESH_FIX}",
        )
        for key, old, new in deciding
        if old != new
    ]


def load_policy(conf: RouterConf, name: str, model: bytes | None) -> Policy:
    """A policy of this router by name."""
    universe = conf.universe()
    if name == STATIC:
        return static_policy(universe, conf.routing)
    return make_policy(name, universe, conf.routing, model)


def policy_by_ref(conf: RouterConf, ref: str) -> Policy | str:
    """
    What an operator means by a model: "static", or a reference in the registry; or why nothing.

    Loading takes some tens of milliseconds, and its first decision may have to be compiled: not for
    the engine's thread.
    """
    if ref == STATIC:
        return load_policy(conf, STATIC, None)
    try:
        policy = load_policy(conf, LEARNED[0], _model(conf, ref))
    except InputError as error:
        return str(error)
    warm_policy(conf.universe(), conf.routing, policy)
    return policy


def models_of_journal(core: CoreParts, conf: RouterConf, sha256: str) -> None:
    """
    Have the model at hand that a journal swaps in next.

    Raises:
        JournalError: it is gone.
    """
    if sha256 not in core.models:
        core.models[sha256] = load_policy(conf, LEARNED[0], _model_of_journal(conf, sha256))


def engine_of_journal(journal: Path, models_dir: str | None = None) -> Engine:
    """
    A fresh engine like the one that wrote a live journal, with every model that it swaps in.

    Raises:
        JournalError: no journal of a live router, or one of its models is gone.
    """
    context = read_context(journal)
    core = core_of_journal(context, models_dir)
    conf = conf_of_journal(context)
    if models_dir is not None:
        conf = _with_models_in(conf, models_dir)
    for entry in read_journal(journal):
        if entry.kind is RecordKind.EVENT and isinstance(event := entry.event, ModelSwap):
            models_of_journal(core, conf, event.model_sha256)
    return core.build()


def _with_models_in(conf: RouterConf, models_dir: str) -> RouterConf:
    router = msgspec.structs.replace(conf.router, models_dir=models_dir)
    return msgspec.structs.replace(conf, router=router)


def _core(conf: RouterConf, policy: Policy | None, missing: str = "") -> CoreParts:
    universe = conf.universe()
    fallback = static_policy(universe, conf.routing)
    models = {fallback.model_sha256: fallback}
    if policy is not None and policy.model_sha256:
        models[policy.model_sha256] = policy
    parts = EngineParts(
        universe=universe,
        policy=policy,
        fallback=fallback,
        code_version=__version__,
        engine=conf.engine,
        routing=conf.routing,
        limits=conf.limits,
        models=models,
    )
    return CoreParts(engine=parts, models=models, missing=missing)


def _model(conf: RouterConf, ref: str) -> bytes:
    return Registry(Path(conf.router.models_dir)).load(ref)


def _model_of_journal(conf: RouterConf, sha256: str) -> bytes | None:
    if not sha256:
        return None
    try:
        return _model(conf, sha256)
    except InputError as error:
        problem = error.problems[0]
        raise JournalError.one(
            where=f"model {sha256[:12]}, which the journal needs",
            expected=problem.expected,
            found=problem.found,
            fix=f"put the model back into {conf.router.models_dir}; or {FRESH_FIX}",
        ) from None


def _without_ports(conf: RouterConf) -> list[VenueTable]:
    return [msgspec.structs.replace(venue, fix="") for venue in conf.venues]


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:197]}…"
