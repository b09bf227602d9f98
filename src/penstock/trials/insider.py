"""Policies that know more than a router can: what they gain bounds what routing could gain."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from penstock.domain import ConfigError, Universe
from penstock.models import ForestModel, ModelCard, load_model, read_card
from penstock.routing import (
    Frame,
    Policy,
    RoutingConfig,
    SupervisedPolicy,
    configured_list,
    without_patience,
)
from penstock.routing.waterfall import WaterfallArray
from penstock.trials.insider_columns import (
    HIDDEN_NAMES,
    INSIDER_VERSION,
    PRICE,
    HiddenColumns,
    columns_of,
)
from penstock.trials.judging import INSIDERS
from penstock.trials.markets import Market

_BLIND_TO: Final = "-blind-to-"


class InsiderModel:
    """
    A model with hidden columns, an `OutcomeModel` to the policy that asks it.

    It is told which frame it will be asked about (`look`), and adds what is true of the rows that
    the policy has picked. A model that knows where the price is going learned its slippage against
    the midpoint; the known distance to M* is taken off here, exactly and not by a tree.
    """

    def __init__(self, model: ForestModel, truth: HiddenColumns) -> None:
        self._model = model
        self._truth = truth
        names = model.card.feature_names
        self._columns = np.array([HIDDEN_NAMES.index(n) for n in names if n in HIDDEN_NAMES])
        self._knows_price = PRICE[0] in names
        self._frame: Frame | None = None

    @property
    def card(self) -> ModelCard:
        """The model's card."""
        return self._model.card

    @property
    def sha256(self) -> str:
        """The model's hash."""
        return self._model.sha256

    def to_bytes(self) -> bytes:
        """The model's file."""
        return self._model.to_bytes()

    def look(self, frame: Frame) -> None:
        """The next question is about the rows picked from this frame."""
        self._frame = frame

    def predict(
        self,
        features: NDArray[np.float64],
        out_parts: NDArray[np.float64],
        out_sd: NDArray[np.float64],
    ) -> None:
        """Forecast each picked row, knowing the hidden state; see `OutcomeModel.predict`."""
        assert self._frame is not None, "an insider looks before it forecasts"
        hidden = self._truth.of(self._frame)[self._frame.picked[: len(features)]]
        wide = np.ascontiguousarray(np.concatenate((features, hidden[:, self._columns]), axis=1))
        self._model.predict(wide, out_parts, out_sd)
        if self._knows_price:
            out_parts[:, 0] -= hidden[:, HIDDEN_NAMES.index(PRICE[0])]


class InsiderPolicy(SupervisedPolicy):
    """
    The supervised policy with a model that sees hidden state.

    The actions are everybody's: rows of the same frame, and sending nothing for a while, after
    which the engine asks again. Not a router's policy: it reads a simulated world, and its model
    has columns that no router fills, so it can be neither configured live nor loaded there. A
    `Policy`, except that its plan depends on the world beyond the frame.
    """

    def __init__(
        self, name: str, model: InsiderModel, waterfall: WaterfallArray, config: RoutingConfig
    ) -> None:
        super().__init__(model, waterfall, config)
        self.name = name
        self._insider = model

    def plan(self, frame: Frame) -> None:
        """The static plan, put right by what is true."""
        self._insider.look(frame)
        super().plan(frame)


class WitnessPolicy:
    """Any policy, with the hidden columns of each of its decisions kept by `truth`; a `Policy`."""

    needs_features = True
    model_sha256 = ""

    def __init__(self, base: Policy, truth: HiddenColumns) -> None:
        self.name = base.name
        self._base = base
        self._truth = truth

    def plan(self, frame: Frame) -> None:
        """Note what is true, then plan as the base does."""
        self._truth.of(frame)
        self._base.plan(frame)

    def state_hash(self) -> str:
        """The base's: looking changes nothing."""
        return self._base.state_hash()


def blind_name(insider: str, group: str) -> str:
    """What an insider is called that is not told the state of one mechanism."""
    return f"{insider}{_BLIND_TO}{group}"


def insider_of(policy: str) -> str | None:
    """Which of INSIDERS a policy is, blind to something or not; None for one that is none."""
    insider = policy.partition(_BLIND_TO)[0]
    return insider if insider in INSIDERS else None


def load_insider(data: bytes) -> ForestModel:
    """
    An insider's model, if it was made for the hidden columns of this release.

    Raises:
        ModelFileError: damaged, or made for other features; a router's model, for example.
    """
    theirs = read_card(data).feature_names
    known = [name for name in HIDDEN_NAMES if name in theirs]
    return load_model(
        data,
        feature_names=columns_of(known),
        features_version=INSIDER_VERSION,
        where="an insider's model",
    )


def make_insider(
    name: str,
    universe: Universe,
    config: RoutingConfig,
    data: bytes,
    truth: HiddenColumns,
    *,
    may_wait: bool = True,
) -> InsiderPolicy:
    """
    The policy of an insider whose model file is `data`, in the world that `truth` meets.

    Args:
        name: one of INSIDERS, or one of them and what it is blind to (`blind_name`).
        may_wait: False has no patience, in its score or in its plan, and always sends something.
    """
    assert insider_of(name) is not None, f"no insider: {name}"
    if not may_wait:
        config = without_patience(config)
    model = InsiderModel(load_insider(data), truth)
    return InsiderPolicy(name, model, configured_list(config, universe), config)


def check_has_hidden_state(market: Market) -> None:
    """
    Refuse insiders where there is nothing to know.

    Raises:
        ConfigError: a replay.
    """
    if market.scenario.scenario.mode == "replay":
        raise ConfigError.one(
            where=market.name,
            expected="a generated market: only there is hidden state to know",
            found="a replay of a recorded day",
            fix="leave the insiders out, or name a scenario of mode generated",
        )
