"""What tests of several folders share."""

from collections.abc import Iterator

import pytest

from tests.emulator import emulator_host


@pytest.fixture(scope="session")
def firestore_emulator() -> Iterator[str]:
    """Give the "host:port" of a Firestore emulator, one for each test process."""
    with emulator_host() as host:
        yield host
