"""What the environments refuse: an action outside its space, a step outside an episode."""

from __future__ import annotations

from typing import Any

from penstock.domain import InputError, Problem
from penstock.trials.environments.extra import gymnasium


class ActionError(InputError, gymnasium.error.InvalidAction):
    """An action is not in its space. Nothing has happened: the episode goes on."""


def action_error(space: gymnasium.Space[Any], meaning: str, found: object) -> ActionError:
    """The error for `found`, where `space` was meant to hold it."""
    return ActionError.one(
        where="step: action",
        expected=f"{meaning}, in {space}",
        found=" ".join(f"{found!r:.200}".split()),  # long arrays come in lines
        fix="sample the action space to see what it holds",
    )


def reset_needed() -> gymnasium.error.ResetNeeded:
    """The error for who asks about an episode that has not begun, or has ended."""
    problem = Problem(
        where="the environment",
        expected="an episode that is going on",
        found="none: it has not begun, or it has ended",
        fix="call reset first",
    )
    return gymnasium.error.ResetNeeded(str(problem))
