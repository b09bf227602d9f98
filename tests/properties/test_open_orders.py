"""The risk gate counts the open orders of a client as the ledger has them, after every event."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.engines import small_engine, small_universe, static_policy
from tests.support.faulty_schedules import Schedule, Step

SEEDS = st.integers(0, 2**32)


@settings(max_examples=30)
@given(seed=SEEDS)
def test_open_orders_are_counted_through_every_end_and_bust(seed: int) -> None:
    """Fills, cancels, kills, horizons, and busts that set a filled order to work again."""
    universe = small_universe(2 + seed % 4)
    engine = small_engine(universe, static_policy(universe))
    clients = engine._core.risk._clients

    def check(_: Step) -> None:
        for client in ("acme", "zenith"):
            parents = engine.parents.values()
            ours = [p for p in parents if p.order.client == client and not p.state.is_terminal]
            assert len(ours) == clients._n_open(client)

    schedule = Schedule(seed, universe, engine, watcher=check)
    schedule.run(150)
