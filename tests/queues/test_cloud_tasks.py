"""Google Cloud Tasks, played on loopback by a server made of the library's own types."""

import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import pytest
from google.api_core.exceptions import NotFound
from google.auth.exceptions import DefaultCredentialsError
from google.auth.jwt import decode as decode_untyped
from google.cloud import tasks_v2
from grpc import StatusCode

from functions.queues.cloud_tasks import CloudTasksQueue
from tests.clock import MovedClock
from tests.queues.cloud_tasks_server import CloudTasksServer
from tests.queues.conformance import TASK, Rig, TaskQueueConformance
from tests.queues.google_identity import GoogleIdentity
from tests.queues.receiver import Receiver

DEADLINE = timedelta(minutes=9)
ACCOUNT = "tasks@p.iam.gserviceaccount.com"
AUDIENCE = "https://run-task.example"

State = tasks_v2.Queue.State

Connect: TypeAlias = Callable[..., CloudTasksQueue]

decode: Callable[..., dict[str, Any]] = decode_untyped  # Google gives it no types


@pytest.fixture
async def connect(
    server: CloudTasksServer, clock: MovedClock, receiver: Receiver
) -> AsyncIterator[Connect]:
    """Give a maker of queues that deliver to the receiver, with the options of the test."""
    queues = []

    def make(queue_path: str = server.queue.name, **options: Any) -> CloudTasksQueue:
        settings = {"dispatch_deadline": DEADLINE, "client": server.client(), **options}
        queues.append(CloudTasksQueue(queue_path, receiver.url, clock, **settings))
        return queues[-1]

    yield make
    for each in queues:
        await each.close()


@pytest.fixture
def queue(connect: Connect) -> CloudTasksQueue:
    """Give a queue that proves no identity, as before a function on loopback."""
    return connect()


class TestCloudTasksQueue(TaskQueueConformance):
    """Cloud Tasks keeps every promise."""

    @pytest.fixture
    def rig(
        self,
        queue: CloudTasksQueue,
        server: CloudTasksServer,
        clock: MovedClock,
        receiver: Receiver,
    ) -> Rig:
        """Give a queue on the loopback server."""
        return Rig(queue, server.run_due, clock, receiver)


async def test_signs_deliveries(
    connect: Connect,
    server: CloudTasksServer,
    clock: MovedClock,
    receiver: Receiver,
    identity: GoogleIdentity,
) -> None:
    """With a service account a delivery carries a token that Google's own verifier accepts."""
    # The verifier reads the real clock.
    clock.advance(datetime.fromtimestamp(time.time(), tz=UTC) - clock.now())
    queue = connect(service_account=ACCOUNT, audience=AUDIENCE)
    await queue.enqueue(TASK)
    await server.run_due()
    scheme, _, token = receiver.received[0].headers["Authorization"].partition(" ")
    certificates = identity.certificates(now=clock.now())
    claims = decode(token, certs=certificates, audience=AUDIENCE)
    assert scheme == "Bearer"
    assert claims["iss"] == "https://accounts.google.com"
    assert (claims["email"], claims["email_verified"]) == (ACCOUNT, True)


async def test_audience_defaults_to_the_target(
    connect: Connect, server: CloudTasksServer, receiver: Receiver
) -> None:
    """Without an audience the token is meant for the URL that it is sent to."""
    queue = connect(service_account=ACCOUNT)
    await queue.enqueue(TASK)
    await server.run_due()
    token = receiver.received[0].headers["Authorization"].removeprefix("Bearer ")
    assert decode(token, verify=False)["aud"] == receiver.url


async def test_sends_no_token_without_an_account(
    queue: CloudTasksQueue, server: CloudTasksServer, receiver: Receiver
) -> None:
    """Without a service account a delivery carries no Authorization header."""
    await queue.enqueue(TASK)
    await server.run_due()
    assert "Authorization" not in receiver.received[0].headers


async def test_names_are_spread(queue: CloudTasksQueue, server: CloudTasksServer) -> None:
    """Keys with a common beginning become names without one."""
    await queue.enqueue(TASK, key="campaign-1/lane-1")
    await queue.enqueue(TASK, key="campaign-1/lane-2")
    first, second = (task.name.rpartition("/")[2] for task in server.created)
    assert first[:4] != second[:4]


@pytest.mark.parametrize(
    ("asked_s", "sent_s"), [(1, 15), (15, 15), (540, 540), (1800, 1800), (3600, 1800)]
)
async def test_deadline_is_held_within_googles_limits(
    connect: Connect, server: CloudTasksServer, asked_s: int, sent_s: int
) -> None:
    """A dispatch deadline outside 15 s to 30 min is moved to the nearer limit."""
    queue = connect(dispatch_deadline=timedelta(seconds=asked_s))
    await queue.enqueue(TASK)
    assert server.created[0].dispatch_deadline == timedelta(seconds=sent_s)


async def test_does_not_ask_google_to_hold_the_impossible(
    queue: CloudTasksQueue, server: CloudTasksServer, clock: MovedClock
) -> None:
    """A task that is too far ahead makes no request at all."""
    server.faults_before.append(StatusCode.UNAVAILABLE)
    assert not await queue.enqueue(TASK, at=clock.now() + timedelta(days=30))
    assert len(server.faults_before) == 1


@pytest.mark.parametrize("status", [StatusCode.UNAVAILABLE, StatusCode.DEADLINE_EXCEEDED])
async def test_tries_again_when_google_is_unavailable(
    queue: CloudTasksQueue, server: CloudTasksServer, status: StatusCode
) -> None:
    """A passing failure of Cloud Tasks is not seen by the caller."""
    server.faults_before.append(status)
    assert await queue.enqueue(TASK)
    assert await server.run_due() == 1


async def test_a_lost_answer_makes_no_second_task(
    queue: CloudTasksQueue, server: CloudTasksServer
) -> None:
    """A keyed task whose creation succeeded but whose answer was lost is delivered once."""
    server.faults_after.append(StatusCode.UNAVAILABLE)
    assert await queue.enqueue(TASK, key="c/1")
    assert await server.run_due() == 1


async def test_a_lasting_failure_is_raised(connect: Connect, server: CloudTasksServer) -> None:
    """A queue that does not exist is an error, not a task that seems to be enqueued."""
    queue = connect(server.queue.name + "-gone")
    with pytest.raises(NotFound):
        await queue.enqueue(TASK)


async def test_connects_at_the_first_enqueue(
    clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A queue is made without credentials; the first enqueue asks for them and says so."""
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere.json")
    queue = CloudTasksQueue("queue", "https://run.example", clock, dispatch_deadline=DEADLINE)
    with pytest.raises(DefaultCredentialsError, match="nowhere"):
        await queue.enqueue(TASK)
    await queue.close()


def test_importing_costs_no_cold_start() -> None:
    """Google's library is not loaded with the adapter, only with the first enqueue."""
    program = "import sys, functions.queues.cloud_tasks; sys.exit('grpc' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)  # noqa: S603 - our own words


@pytest.mark.parametrize("state", set(State) - {State.RUNNING})
async def test_a_queue_that_does_not_run_is_not_well(
    queue: CloudTasksQueue, server: CloudTasksServer, state: State
) -> None:
    """Somebody has paused the queue, or Google has disabled it: nothing is delivered."""
    server.queue.state = state
    assert not await queue.is_well()


@pytest.mark.parametrize("fault", [StatusCode.UNAVAILABLE, StatusCode.PERMISSION_DENIED])
async def test_a_queue_that_does_not_answer_is_not_well(
    queue: CloudTasksQueue, server: CloudTasksServer, fault: StatusCode
) -> None:
    """Whoever cannot look at the queue cannot say that it delivers; Google is asked once."""
    server.faults_looking = [fault]
    assert not await queue.is_well()
    assert server.looks == 1


async def test_a_queue_that_does_not_exist_is_not_well(connect: Connect) -> None:
    """A queue of another name is told from ours."""
    assert not await connect("projects/p/locations/us-central1/queues/other").is_well()


async def test_google_is_asked_how_the_queue_is_twice_a_minute(
    queue: CloudTasksQueue, server: CloudTasksServer, clock: MovedClock
) -> None:
    """Everybody may ask for our health as often as they like: Google hears of it every 30 s."""
    for _ in range(10):
        assert await queue.is_well()
    server.queue.state = State(State.PAUSED)
    clock.advance(timedelta(seconds=29))
    assert await queue.is_well()
    assert server.looks == 1
    clock.advance(timedelta(seconds=1))
    assert not await queue.is_well()
    assert server.looks == 2
