"""Google Cloud Tasks: delivers tasks to a deployed function under Google's signed identity.

Google's library is imported at the first enqueue: it costs a cold start about a quarter of a
second, and many functions never enqueue. Its client is made then too, since gRPC binds to the
running event loop.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from functions.engine.ports.clock import Clock
from functions.engine.ports.queue import Task
from functions.queues import task_request

if TYPE_CHECKING:
    from google.api_core.retry_async import AsyncRetry
    from google.cloud import tasks_v2

SHORTEST_DEADLINE = timedelta(seconds=15)
LONGEST_DEADLINE = timedelta(minutes=30)

_PATIENCE_S = 20.0
#: Whoever asks whether the queue is well is told what Google said within this time.
_REMEMBERED = timedelta(seconds=30)
_GLANCE_S = 5.0

log = structlog.get_logger()


class CloudTasksQueue:
    """Keeps the TaskQueue promises with one queue of Google Cloud Tasks.

    Attempts and back-off are the queue's own settings, in infra/. With a `service_account` every
    delivery carries an OIDC token of that account for `audience` (the target URL if empty).
    `dispatch_deadline`, how long the handler may take, is held within Google's 15 s to 30 min. A
    `client` given is this queue's from then on: `close` closes it.
    """

    def __init__(
        self,
        queue_path: str,
        target_url: str,
        clock: Clock,
        *,
        dispatch_deadline: timedelta,
        service_account: str = "",
        audience: str = "",
        client: "tasks_v2.CloudTasksAsyncClient | None" = None,
    ) -> None:
        self._queue_path = queue_path
        self._target_url = target_url
        self._clock = clock
        self._dispatch_deadline = min(max(dispatch_deadline, SHORTEST_DEADLINE), LONGEST_DEADLINE)
        self._service_account = service_account
        self._audience = audience
        self._client = client
        self._seen: tuple[datetime, bool] | None = None  #: when, and whether, it was running

    async def enqueue(
        self, task: Task, *, at: datetime | None = None, key: str | None = None
    ) -> bool:
        """Create the task; False, without asking Google, if it is over 30 days away.

        Passing failures are tried again for 20 s, then google.api_core's error is raised. A try
        whose answer was lost may have created the task: with a key the next one finds it, without
        a key the task may be delivered twice.
        """
        if task_request.is_beyond_horizon(at, now=self._clock.now()):
            return False
        await self._create(self._cloud_task(task, at, key))
        return True

    async def is_well(self) -> bool:
        """Tell whether the queue is running, as Google said within the last half minute."""
        now = self._clock.now()
        if self._seen is None or now - self._seen[0] >= _REMEMBERED:
            self._seen = (now, await self._is_running())
        return self._seen[1]

    async def close(self) -> None:
        """Close the connection, if there is one."""
        if self._client:
            await self._client.transport.close()  # type: ignore[no-untyped-call]  # Google's gap

    async def _create(self, cloud_task: "tasks_v2.Task") -> None:
        from google.api_core.exceptions import AlreadyExists

        try:
            await self._connected().create_task(
                parent=self._queue_path, task=cloud_task, retry=_retry(), timeout=_PATIENCE_S
            )
        except AlreadyExists:
            return  # the name has done its work: the task waits, or has been delivered

    async def _is_running(self) -> bool:
        from google.cloud import tasks_v2

        try:
            queue = await self._connected().get_queue(
                name=self._queue_path, retry=None, timeout=_GLANCE_S
            )
        except Exception:
            # Whatever it is, nobody can tell that tasks are delivered.
            log.exception("queue_does_not_answer")
            return False
        return bool(queue.state == tasks_v2.Queue.State.RUNNING)

    def _connected(self) -> "tasks_v2.CloudTasksAsyncClient":
        from google.cloud import tasks_v2

        if self._client is None:
            self._client = tasks_v2.CloudTasksAsyncClient()
        return self._client

    def _cloud_task(self, task: Task, at: datetime | None, key: str | None) -> "tasks_v2.Task":
        from google.cloud import tasks_v2

        return tasks_v2.Task(
            name=f"{self._queue_path}/tasks/{task_request.task_name(key)}" if key else "",
            http_request=self._http_request(task),
            schedule_time=at,
            dispatch_deadline=self._dispatch_deadline,
        )

    def _http_request(self, task: Task) -> "tasks_v2.HttpRequest":
        from google.cloud import tasks_v2

        request = tasks_v2.HttpRequest(
            url=self._target_url,
            http_method=tasks_v2.HttpMethod.POST,
            headers=task_request.own_headers(),
            body=task_request.encode(task),
        )
        if self._service_account:
            request.oidc_token = tasks_v2.OidcToken(
                service_account_email=self._service_account, audience=self._audience
            )
        return request


def _retry() -> "AsyncRetry":
    """Return the library's retry, which it leaves out for create_task unless it is asked."""
    from google.api_core import exceptions
    from google.api_core.retry import if_exception_type
    from google.api_core.retry_async import AsyncRetry

    passing = if_exception_type(exceptions.ServiceUnavailable, exceptions.DeadlineExceeded)
    return AsyncRetry(predicate=passing, initial=0.1, maximum=2.0, timeout=_PATIENCE_S)
