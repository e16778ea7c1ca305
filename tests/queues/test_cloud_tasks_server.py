"""The stand-in refuses what Google refuses, or it would prove nothing."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from google.api_core.exceptions import AlreadyExists, InvalidArgument
from google.cloud import tasks_v2

from tests.clock import NOON, MovedClock
from tests.queues.cloud_tasks_server import CloudTasksServer
from tests.queues.conformance import MAX_ATTEMPTS, MAX_BACKOFF
from tests.queues.receiver import Receiver


@pytest.fixture
async def client(server: CloudTasksServer) -> AsyncIterator[tasks_v2.CloudTasksAsyncClient]:
    """Give Google's client, connected to the stand-in."""
    async with server.client() as connected:
        yield connected


def request(url: str = "http://127.0.0.1/tasks/run", body: bytes = b"{}") -> tasks_v2.HttpRequest:
    """Make an HTTP request that Google would take."""
    return tasks_v2.HttpRequest(url=url, http_method=tasks_v2.HttpMethod.POST, body=body)


@pytest.mark.parametrize(
    ("task", "rule"),
    [
        (tasks_v2.Task(), "url"),
        (tasks_v2.Task(http_request=request(url="ftp://x")), "url"),
        (tasks_v2.Task(http_request=request(body=b"x" * 1_048_576)), "size"),
        (tasks_v2.Task(http_request=request(), name="tasks/1"), "name"),
        (
            tasks_v2.Task(
                http_request=request(), schedule_time=NOON + timedelta(days=30, seconds=1)
            ),
            "scheduleTime",
        ),
        (
            tasks_v2.Task(http_request=request(), dispatch_deadline=timedelta(seconds=14)),
            "dispatchDeadline",
        ),
        (
            tasks_v2.Task(http_request=request(), dispatch_deadline=timedelta(minutes=31)),
            "dispatchDeadline",
        ),
    ],
    ids=["no url", "other scheme", "too large", "bad name", "too far", "too short", "too long"],
)
async def test_refuses_what_google_refuses(
    server: CloudTasksServer,
    client: tasks_v2.CloudTasksAsyncClient,
    task: tasks_v2.Task,
    rule: str,
) -> None:
    """A task outside Cloud Tasks' documented limits is an INVALID_ARGUMENT that names the limit."""
    with pytest.raises(InvalidArgument, match=rule):
        await client.create_task(parent=server.queue.name, task=task)


async def test_refuses_a_name_in_use(
    server: CloudTasksServer, client: tasks_v2.CloudTasksAsyncClient
) -> None:
    """A second task of one name is ALREADY_EXISTS."""
    task = tasks_v2.Task(name=f"{server.queue.name}/tasks/one", http_request=request())
    await client.create_task(parent=server.queue.name, task=task)
    with pytest.raises(AlreadyExists):
        await client.create_task(parent=server.queue.name, task=task)


async def test_keeps_googles_headers_to_google(
    server: CloudTasksServer, client: tasks_v2.CloudTasksAsyncClient, receiver: Receiver
) -> None:
    """A task cannot set the headers that are Google's to set, but may set others."""
    asked = request(url=receiver.url)
    asked.headers = {"X-CloudTasks-TaskRetryCount": "9", "X-Mine": "1"}
    await client.create_task(parent=server.queue.name, task=tasks_v2.Task(http_request=asked))
    await server.run_due()
    [received] = receiver.received
    assert received.retries == 0
    assert received.headers["X-Mine"] == "1"


async def test_counts_answers_beside_attempts(
    server: CloudTasksServer,
    client: tasks_v2.CloudTasksAsyncClient,
    clock: MovedClock,
    receiver: Receiver,
) -> None:
    """The execution count leaves out answers of 5xx, which the retry count includes."""
    receiver.answers.extend([500, 429])
    task = tasks_v2.Task(http_request=request(url=receiver.url))
    await client.create_task(parent=server.queue.name, task=task)
    for _ in range(3):
        await server.run_due()
        clock.advance(MAX_BACKOFF)
    counts = [each.headers["X-CloudTasks-TaskExecutionCount"] for each in receiver.received]
    assert counts == ["0", "0", "1"]


async def test_lists_what_it_dropped(
    server: CloudTasksServer,
    client: tasks_v2.CloudTasksAsyncClient,
    clock: MovedClock,
    receiver: Receiver,
) -> None:
    """A task whose attempts are used up is listed; Google would drop it in silence."""
    receiver.answers.extend([500] * MAX_ATTEMPTS)
    task = tasks_v2.Task(http_request=request(url=receiver.url))
    created = await client.create_task(parent=server.queue.name, task=task)
    for _ in range(MAX_ATTEMPTS):
        await server.run_due()
        clock.advance(MAX_BACKOFF)
    assert server.dropped == [created.name]
