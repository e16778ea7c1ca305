"""What tests of several folders share."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.emulator import emulator_host

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def firestore_emulator() -> Iterator[str]:
    """Give the "host:port" of a Firestore emulator, one for each test process."""
    with emulator_host() as host:
        yield host
