"""Cloud Scheduler on loopback: the gRPC API as far as Clarion uses it, of the library's own types.

It refuses what Google refuses, and fills in what Google fills in. It never runs a job.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import grpc
from google.cloud import scheduler_v1
from google.protobuf.field_mask_pb2 import FieldMask  # type: ignore[attr-defined]  # made at run time
from grpc import StatusCode

SERVICE = "google.cloud.scheduler.v1.CloudScheduler"
DEADLINES = (timedelta(seconds=15), timedelta(minutes=30))
MOST_RETRIES = 5

Job = scheduler_v1.Job
State = scheduler_v1.Job.State


class RefusedError(Exception):
    """A request that is answered with a gRPC status instead of a job."""

    def __init__(self, status: StatusCode, message: str) -> None:
        super().__init__(message)
        self.status = status


class SchedulerServer:
    """The jobs of every project, by name, and the names of the methods called."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}
        self.calls: list[str] = []
        self.masks: list[list[str]] = []  #: of every update
        self.before_create: Callable[[Job], None] | None = None  #: what a rival does just then
        self._grpc = grpc.server(ThreadPoolExecutor(max_workers=4))  # type: ignore[no-untyped-call]  # grpc's gap
        self._port = 0

    def start(self) -> None:
        """Listen on a free port."""
        methods = {
            "GetJob": (self._get, scheduler_v1.GetJobRequest),
            "CreateJob": (self._create, scheduler_v1.CreateJobRequest),
            "UpdateJob": (self._update, scheduler_v1.UpdateJobRequest),
            "PauseJob": (self._pause, scheduler_v1.PauseJobRequest),
            "ResumeJob": (self._resume, scheduler_v1.ResumeJobRequest),
        }
        handlers = {name: self._handler(name, *each) for name, each in methods.items()}
        handler = grpc.method_handlers_generic_handler(SERVICE, handlers)  # type: ignore[no-untyped-call]  # the same
        self._grpc.add_generic_rpc_handlers((handler,))
        self._port = self._grpc.add_insecure_port("127.0.0.1:0")
        self._grpc.start()

    def stop(self) -> None:
        """Stop listening."""
        self._grpc.stop(grace=None).wait()

    @property
    def endpoint(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self._port}"

    def put(self, job: Job) -> None:
        """Store a job as the server does, its own additions included."""
        kept = Job(job)
        kept.attempt_deadline = job.attempt_deadline or timedelta(minutes=3)
        kept.time_zone = job.time_zone or "Etc/UTC"
        kept.retry_config.min_backoff_duration = timedelta(seconds=5)
        kept.retry_config.max_backoff_duration = timedelta(hours=1)
        kept.retry_config.max_doublings = 5
        kept.http_target.headers["User-Agent"] = "Google-Cloud-Scheduler"
        kept.state = State(job.state or State.ENABLED)
        self.jobs[job.name] = kept

    def _handler(self, name: str, method: Callable[[Any], Job], request_type: Any) -> Any:
        def serve(request: Any, context: Any) -> Job:
            self.calls.append(name)
            try:
                return method(request)
            except RefusedError as refused:
                context.abort(refused.status, str(refused))
                raise  # abort has raised; only the type checker does not know

        return grpc.unary_unary_rpc_method_handler(  # type: ignore[no-untyped-call]  # the same
            serve,
            request_deserializer=request_type.deserialize,
            response_serializer=Job.serialize,
        )

    def _get(self, request: Any) -> Job:
        if request.name not in self.jobs:
            raise RefusedError(StatusCode.NOT_FOUND, "Job not found.")
        return self.jobs[request.name]

    def _create(self, request: scheduler_v1.CreateJobRequest) -> Job:
        if self.before_create is not None:
            self.before_create(request.job)
        if request.job.name in self.jobs:
            raise RefusedError(StatusCode.ALREADY_EXISTS, "Job already exists.")
        _check(request.job)
        self.put(request.job)
        return self.jobs[request.job.name]

    def _update(self, request: scheduler_v1.UpdateJobRequest) -> Job:
        job = self._get(scheduler_v1.GetJobRequest(name=request.job.name))
        _check(request.job)
        mask = FieldMask(paths=list(request.update_mask.paths))
        merged = Job(job)
        mask.MergeMessage(Job.pb(request.job), Job.pb(merged), True, True)
        if merged.state == State.UPDATE_FAILED:
            merged.state = State(State.ENABLED)
        self.masks.append(list(mask.paths))
        self.put(merged)
        return self.jobs[job.name]

    def _pause(self, request: scheduler_v1.PauseJobRequest) -> Job:
        return self._turn(request.name, State.PAUSED)

    def _resume(self, request: scheduler_v1.ResumeJobRequest) -> Job:
        return self._turn(request.name, State.ENABLED)

    def _turn(self, name: str, state: int) -> Job:
        job = self._get(scheduler_v1.GetJobRequest(name=name))
        job.state = State(state)
        return job


def _check(job: Job) -> None:
    shortest, longest = DEADLINES
    if not job.schedule:
        raise RefusedError(StatusCode.INVALID_ARGUMENT, "Schedule is required.")
    if job.attempt_deadline and not shortest <= job.attempt_deadline <= longest:
        raise RefusedError(StatusCode.INVALID_ARGUMENT, "attempt_deadline must be in [15s, 30m].")
    if job.retry_config.retry_count > MOST_RETRIES:
        raise RefusedError(StatusCode.INVALID_ARGUMENT, "retry_count must be at most 5.")
