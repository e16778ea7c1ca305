"""What the infra tests share: a Cloud Scheduler on loopback."""

from collections.abc import Iterator

import pytest

from tests.infra.scheduler_server import SchedulerServer


@pytest.fixture
def scheduler() -> Iterator[SchedulerServer]:
    """Give a listening Cloud Scheduler without jobs."""
    listening = SchedulerServer()
    listening.start()
    yield listening
    listening.stop()
