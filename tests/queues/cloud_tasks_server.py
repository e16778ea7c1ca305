"""Cloud Tasks on loopback: the gRPC API as far as Clarion uses it, from the library's own types.

It refuses what Google refuses, remembers names as Google does, and delivers over real HTTP with
signed tokens, back-off and Google's headers. Time is the clock's: `run_due` delivers whatever is
due by it.
"""

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import grpc
import httpx
from google.cloud import tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcAsyncIOTransport
from grpc import StatusCode

from functions.engine.ports.clock import Clock
from tests.queues.google_identity import GoogleIdentity

SERVICE = "google.cloud.tasks.v2.CloudTasks"
TASK_ID = re.compile(r"[A-Za-z0-9_-]{1,500}")
LARGEST_TASK = 1_048_576  #: bytes
FURTHEST = timedelta(days=30)
DEADLINES = (timedelta(seconds=15), timedelta(minutes=30))
DEFAULT_DEADLINE = timedelta(minutes=10)
NAME_MEMORY = timedelta(hours=24)
GOOGLES_OWN = ("x-cloudtasks-", "x-google-", "x-appengine-", "host", "user-agent")


class RefusedError(Exception):
    """A request that is answered with a gRPC status instead of a task."""

    def __init__(self, status: StatusCode, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(slots=True)
class Held:
    """A task that the queue holds, and how its attempts went."""

    task: tasks_v2.Task
    due_at: datetime
    failed: int = 0
    responses: int = 0  #: answers other than 5xx
    running: bool = False


class CloudTasksServer:
    """One queue of Cloud Tasks, named and configured as `queue` says."""

    def __init__(self, queue: tasks_v2.Queue, clock: Clock, identity: GoogleIdentity) -> None:
        self.queue = queue
        self.dropped: list[str] = []  #: names of tasks whose attempts were used up
        self.created: list[tasks_v2.Task] = []  #: every task accepted, as it was asked for
        self.faults_before: list[StatusCode] = []  #: answered instead of creating
        self.faults_after: list[StatusCode] = []  #: answered though the task was created
        self.faults_looking: list[StatusCode] = []  #: answered instead of showing the queue
        self.looks = 0  #: how often somebody asked for the queue
        self._clock = clock
        self._identity = identity
        self._held: dict[str, Held] = {}
        self._tombstones: dict[str, datetime] = {}  #: name to when it may be used again
        self._running: set[asyncio.Task[None]] = set()
        self._grpc = grpc.aio.server()
        self._http = httpx.AsyncClient(trust_env=False)
        self._port = 0

    # --- Serving ----------------------------------------------------------------------------

    async def start(self) -> None:
        """Listen on a free port."""
        create_task = grpc.unary_unary_rpc_method_handler(  # type: ignore[no-untyped-call]  # grpc's gap
            self._create_task,
            request_deserializer=tasks_v2.CreateTaskRequest.deserialize,
            response_serializer=tasks_v2.Task.serialize,
        )
        get_queue = grpc.unary_unary_rpc_method_handler(  # type: ignore[no-untyped-call]  # the same
            self._get_queue,
            request_deserializer=tasks_v2.GetQueueRequest.deserialize,
            response_serializer=tasks_v2.Queue.serialize,
        )
        methods = {"CreateTask": create_task, "GetQueue": get_queue}
        handler = grpc.method_handlers_generic_handler(SERVICE, methods)  # type: ignore[no-untyped-call]  # the same
        self._grpc.add_generic_rpc_handlers((handler,))
        self._port = self._grpc.add_insecure_port("127.0.0.1:0")
        await self._grpc.start()

    async def close(self) -> None:
        """Stop listening and cut off what is being delivered."""
        await self._grpc.stop(grace=None)
        for delivery in self._running:
            delivery.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._http.aclose()

    def client(self) -> tasks_v2.CloudTasksAsyncClient:
        """Return Google's client, connected here."""
        channel = grpc.aio.insecure_channel(f"127.0.0.1:{self._port}")
        transport = CloudTasksGrpcAsyncIOTransport(channel=channel)
        return tasks_v2.CloudTasksAsyncClient(transport=transport)

    # --- Looking ----------------------------------------------------------------------------

    async def _get_queue(
        self, request: tasks_v2.GetQueueRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> tasks_v2.Queue:
        self.looks += 1
        try:
            _fail(self.faults_looking)
            self._check_queue(request.name)
        except RefusedError as refused:
            await context.abort(refused.status, str(refused))
        return self.queue

    # --- Creating ---------------------------------------------------------------------------

    async def _create_task(
        self, request: tasks_v2.CreateTaskRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> tasks_v2.Task:
        try:
            return self._create(request)
        except RefusedError as refused:
            await context.abort(refused.status, str(refused))

    def _create(self, request: tasks_v2.CreateTaskRequest) -> tasks_v2.Task:
        _fail(self.faults_before)
        self._check_queue(request.parent)
        self._check_name(request.task.name)
        _check_request(request.task)
        self._check_times(request.task)
        created = self._hold(request.task)
        _fail(self.faults_after)
        return created

    def _check_queue(self, name: str) -> None:
        if name != self.queue.name:
            raise RefusedError(StatusCode.NOT_FOUND, "Queue does not exist.")

    def _check_name(self, name: str) -> None:
        if not name:
            return
        parent, _, task_id = name.rpartition("/tasks/")
        if parent != self.queue.name or not TASK_ID.fullmatch(task_id):
            raise RefusedError(
                StatusCode.INVALID_ARGUMENT, "Task name must be formatted PARENT/tasks/TASK_ID."
            )
        if name in self._held or self._tombstones.get(name, self._clock.now()) > self._clock.now():
            raise RefusedError(StatusCode.ALREADY_EXISTS, "Requested entity already exists")

    def _check_times(self, task: tasks_v2.Task) -> None:
        if task.schedule_time and task.schedule_time > self._clock.now() + FURTHEST:
            raise RefusedError(
                StatusCode.INVALID_ARGUMENT, "The Task.scheduleTime is too far in the future."
            )
        shortest, longest = DEADLINES
        if task.dispatch_deadline and not shortest <= task.dispatch_deadline <= longest:
            raise RefusedError(
                StatusCode.INVALID_ARGUMENT, "The Task.dispatchDeadline must be between [15s, 30m]."
            )

    def _hold(self, asked: tasks_v2.Task) -> tasks_v2.Task:
        now = self._clock.now()
        task = tasks_v2.Task(asked)
        task.name = asked.name or f"{self.queue.name}/tasks/{uuid4().int >> 65}"
        task.create_time = now
        task.schedule_time = max(asked.schedule_time or now, now)
        self.created.append(asked)
        self._held[task.name] = Held(task, due_at=task.schedule_time)
        return task

    # --- Delivering -------------------------------------------------------------------------

    async def run_due(self) -> int:
        """Deliver all that is due, and what that creates for now; return how many deliveries."""
        delivered = self._begin_due()
        while self._running:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
            delivered += self._begin_due()
        return delivered

    def _begin_due(self) -> int:
        now = self._clock.now()
        due = [held for held in self._held.values() if not held.running and held.due_at <= now]
        for held in sorted(due, key=lambda held: held.due_at):
            held.running = True
            delivery = asyncio.create_task(self._attempt(held))
            self._running.add(delivery)
            delivery.add_done_callback(self._running.discard)
        return len(due)

    async def _attempt(self, held: Held) -> None:
        status = await self._post(held)
        held.running = False
        if status in range(200, 300):
            self._bury(held)
        else:
            self._fail_attempt(held)

    async def _post(self, held: Held) -> int:
        request = held.task.http_request
        deadline = held.task.dispatch_deadline or DEFAULT_DEADLINE
        try:
            response = await self._http.request(
                request.http_method.name,
                request.url,
                headers=self._headers(held),
                content=request.body,
                timeout=deadline.total_seconds(),
            )
        except httpx.HTTPError:
            return 0
        held.responses += response.status_code not in range(500, 600)
        return response.status_code

    def _headers(self, held: Held) -> dict[str, str]:
        asked = held.task.http_request.headers
        return {
            **{k: v for k, v in asked.items() if not k.lower().startswith(GOOGLES_OWN)},
            **self._authorization(held.task.http_request),
            "User-Agent": "Google-Cloud-Tasks",
            "X-CloudTasks-QueueName": self.queue.name.rpartition("/")[2],
            "X-CloudTasks-TaskName": held.task.name.rpartition("/")[2],
            "X-CloudTasks-TaskRetryCount": str(held.failed),
            "X-CloudTasks-TaskExecutionCount": str(held.responses),
            "X-CloudTasks-TaskETA": f"{held.due_at.timestamp():.6f}",
        }

    def _authorization(self, request: tasks_v2.HttpRequest) -> dict[str, str]:
        account = request.oidc_token.service_account_email
        if not account:
            return {}
        audience = request.oidc_token.audience or request.url
        token = self._identity.sign(account, audience=audience, now=self._clock.now())
        return {"Authorization": f"Bearer {token}"}

    def _fail_attempt(self, held: Held) -> None:
        held.failed += 1
        if held.failed < self.queue.retry_config.max_attempts:
            held.due_at = self._clock.now() + self._backoff(held.failed)
            return
        self.dropped.append(held.task.name)
        self._bury(held)

    def _backoff(self, failed: int) -> timedelta:
        """Return Google's wait: doubled `max_doublings` times, then growing by equal steps."""
        config = self.queue.retry_config
        doublings = min(failed - 1, config.max_doublings)
        steps = max(1, failed - config.max_doublings)
        wait = config.min_backoff * (1 << doublings) * steps
        return timedelta(seconds=min(wait, config.max_backoff).total_seconds())

    def _bury(self, held: Held) -> None:
        del self._held[held.task.name]
        self._tombstones[held.task.name] = self._clock.now() + NAME_MEMORY


def _fail(faults: list[StatusCode]) -> None:
    if faults:
        raise RefusedError(faults.pop(0), "The test asked for this.")


def _check_request(task: tasks_v2.Task) -> None:
    if not task.http_request.url.startswith(("http://", "https://")):
        raise RefusedError(
            StatusCode.INVALID_ARGUMENT, "HttpRequest.url must start with http:// or https://."
        )
    if tasks_v2.Task.pb(task).ByteSize() > LARGEST_TASK:
        raise RefusedError(StatusCode.INVALID_ARGUMENT, "Task size too large.")
