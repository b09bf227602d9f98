"""What every routing policy promises, learned or not."""

from __future__ import annotations

from typing import Protocol

from penstock.routing.frame import Frame


class Policy(Protocol):
    """
    Turns a filled frame into a plan: which rows, in which order, and how much goes out now.

    Every policy keeps (tests/properties/test_routing.py):
    - it places at stage 0 at most `route_shares` in all, and at most `size_shares` in a row;
    - an excluded row gets nothing, and no rank;
    - it sends nothing beyond `worst_ticks`, and nothing through a better protected quote that the
      same stage does not take;
    - under `must_complete` it does what every other policy does: the sweep of what is displayed;
    - the same frame gives the same plan, to the bit; it draws nothing and reads no clock.
    """

    @property
    def name(self) -> str:
        """As the command line and the records call it."""
        ...

    @property
    def needs_features(self) -> bool:
        """Whether the feature matrix must be filled before `plan`."""
        ...

    @property
    def model_sha256(self) -> str:
        """Hash of the model's file; empty for a policy without one."""
        ...

    def plan(self, frame: Frame) -> None:
        """Write parts, scores, ranks, stages and shares; what an earlier plan left is cleared."""
        ...

    def state_hash(self) -> str:
        """Hash of everything beyond the frame that a plan depends on."""
        ...
