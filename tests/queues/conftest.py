"""What the queue tests share: a clock that they move, Cloud Tasks, a function that gets tasks."""

from collections.abc import AsyncIterator

import pytest
from google.cloud import tasks_v2

from tests.clock import MovedClock
from tests.queues.cloud_tasks_server import CloudTasksServer
from tests.queues.conformance import MAX_ATTEMPTS, MAX_BACKOFF, MIN_BACKOFF
from tests.queues.google_identity import GoogleIdentity
from tests.queues.receiver import Receiver

QUEUE_PATH = "projects/p/locations/us-central1/queues/tasks"


@pytest.fixture
def clock() -> MovedClock:
    """Give a clock that stands still."""
    return MovedClock()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Give a listening receiver of tasks."""
    listening = Receiver()
    await listening.start()
    yield listening
    await listening.stop()


@pytest.fixture(scope="session")
def identity() -> GoogleIdentity:
    """Give Google's signing key."""
    return GoogleIdentity()


@pytest.fixture
async def server(clock: MovedClock, identity: GoogleIdentity) -> AsyncIterator[CloudTasksServer]:
    """Give a listening Cloud Tasks with one queue."""
    retry = tasks_v2.RetryConfig(
        max_attempts=MAX_ATTEMPTS,
        min_backoff=MIN_BACKOFF,
        max_backoff=MAX_BACKOFF,
        max_doublings=16,
    )
    state = tasks_v2.Queue.State.RUNNING
    queue = tasks_v2.Queue(name=QUEUE_PATH, retry_config=retry, state=state)
    listening = CloudTasksServer(queue, clock, identity)
    await listening.start()
    yield listening
    await listening.close()
