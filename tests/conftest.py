"""What all tests share: how Hypothesis draws, and where recorded market data is found."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# No deadline: the first call of a kernel compiles it.
# "fixed" never fails by luck; "nightly" draws anew each time and keeps what failed:
#     pytest -m nightly --hypothesis-profile=nightly
settings.register_profile(
    "fixed",
    deadline=None,
    derandomize=True,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("nightly", deadline=None, max_examples=2_000, print_blob=True)
settings.load_profile("fixed")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """
    Folder of recorded market data, which is not part of the project; skips where it is absent.

    PENSTOCK_SHARED_DATA names it; else it is looked for beside the checkout. Every code path that
    these tests use is also covered by small data that the tests make themselves.
    """
    beside = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("PENSTOCK_SHARED_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"recorded market data is not at {folder}; set PENSTOCK_SHARED_DATA")
    return folder
