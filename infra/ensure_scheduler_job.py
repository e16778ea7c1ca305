# ruff: noqa: INP001  infra/ holds scripts, it is no package
"""Make the Cloud Scheduler job of the every-minute check what it should be.

    python infra/ensure_scheduler_job.py --project P --location us-central1 \
        --url https://HOST/check-scheduled-campaigns --audience https://HOST \
        --service-account clarion-invoker@P.iam.gserviceaccount.com

It says what it has done: created, updated FIELD, paused, resumed or unchanged. Run again, it
changes nothing. A job that somebody has paused stays paused unless --state says otherwise.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import grpc
from google.api_core.exceptions import AlreadyExists, GoogleAPICallError, NotFound
from google.auth.exceptions import GoogleAuthError
from google.cloud import scheduler_v1
from google.cloud.scheduler_v1.services.cloud_scheduler.transports import (
    CloudSchedulerGrpcTransport,
)

Job = scheduler_v1.Job
State = scheduler_v1.Job.State

NAME = "check-scheduled-campaigns"
EVERY_MINUTE = "* * * * *"
#: Less than the minute until the next check. Google cuts no request off, it stops waiting.
ATTEMPT_DEADLINE = timedelta(seconds=55)
#: A check that failed is made up for by the next one, so more would only pile up.
MOST_RETRIES = 1

_OWNED = ("description", "schedule", "time_zone", "attempt_deadline", "retry_config", "http_target")


def wanted_job(options: argparse.Namespace) -> Job:
    """Return the job as it should be."""
    return Job(
        name=f"projects/{options.project}/locations/{options.location}/jobs/{options.name}",
        description="Starts the campaigns that are due and revives work that was left lying",
        schedule=options.schedule,
        time_zone="Etc/UTC",
        attempt_deadline=ATTEMPT_DEADLINE,
        retry_config=scheduler_v1.RetryConfig(retry_count=options.retries),
        http_target=scheduler_v1.HttpTarget(
            uri=options.url,
            http_method=scheduler_v1.HttpMethod.POST,
            oidc_token=scheduler_v1.OidcToken(
                service_account_email=options.service_account, audience=options.audience
            ),
        ),
    )


def ensure(client: scheduler_v1.CloudSchedulerClient, job: Job, *, state: str) -> list[str]:
    """Make the job what it should be and return what had to be done.

    `state`: enabled, paused, or keep (as it is; a new job is enabled). Raises google.api_core's
    errors. Two at once do no harm: the slower one finds the job of the faster.
    """
    try:
        found = client.get_job(name=job.name)
    except NotFound:
        created = _create(client, job)
        if created is not None:
            return ["created", *_turn(client, created, _target(State.ENABLED, state))]
        found = client.get_job(name=job.name)
    updated, done = _update(client, found, job)
    return [*done, *_turn(client, updated, _target(found.state, state))] or ["unchanged"]


def _create(client: scheduler_v1.CloudSchedulerClient, job: Job) -> Job | None:
    """Create the job; None where somebody else has done so since we looked."""
    try:
        return client.create_job(parent=job.name.partition("/jobs/")[0], job=job)
    except AlreadyExists:
        return None


def _update(
    client: scheduler_v1.CloudSchedulerClient, found: Job, job: Job
) -> tuple[Job, list[str]]:
    differing = [name for name in _OWNED if _owned(found, name) != _owned(job, name)]
    if found.state == State.UPDATE_FAILED:
        differing = list(_OWNED)  # Google may run no such job until an update succeeds
    if not differing:
        return found, []
    updated = client.update_job(request={"job": job, "update_mask": {"paths": differing}})
    return updated, [f"updated {name}" for name in differing]


def _owned(job: Job, name: str) -> Any:
    """Return what is ours of a field: the server fills in defaults and a header of its own."""
    match name:
        case "retry_config":
            return job.retry_config.retry_count
        case "http_target":
            target = scheduler_v1.HttpTarget(job.http_target)
            target.headers = {k: v for k, v in target.headers.items() if k != "User-Agent"}
            return target
        case _:
            return getattr(job, name)


def _target(found: int, wanted: str) -> int:
    if wanted == "keep":
        return State.PAUSED if found == State.PAUSED else State.ENABLED
    return State.PAUSED if wanted == "paused" else State.ENABLED


def _turn(client: scheduler_v1.CloudSchedulerClient, job: Job, target: int) -> list[str]:
    if target == State.PAUSED and job.state != State.PAUSED:
        client.pause_job(name=job.name)
        return ["paused"]
    if target == State.ENABLED and job.state == State.PAUSED:
        client.resume_job(name=job.name)
        return ["resumed"]
    return []


def _connect(endpoint: str) -> scheduler_v1.CloudSchedulerClient:
    """Return a client of Google's API, or of a stand-in that needs no credentials."""
    if not endpoint:
        return scheduler_v1.CloudSchedulerClient()
    channel = grpc.insecure_channel(endpoint)  # type: ignore[no-untyped-call]  # grpc's gap
    return scheduler_v1.CloudSchedulerClient(transport=CloudSchedulerGrpcTransport(channel=channel))


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--project", required=True)
    parser.add_argument("--location", required=True, help="the region, such as us-central1")
    parser.add_argument("--url", required=True, help="of the function check_scheduled_campaigns")
    parser.add_argument("--service-account", required=True, help="INVOKER_SERVICE_ACCOUNT")
    parser.add_argument("--audience", required=True, help="INVOKER_AUDIENCE")
    parser.add_argument("--name", default=NAME)
    parser.add_argument("--schedule", default=EVERY_MINUTE, help="cron, in UTC")
    parser.add_argument("--retries", type=int, default=0, choices=range(MOST_RETRIES + 1))
    parser.add_argument("--state", default="keep", choices=("keep", "enabled", "paused"))
    parser.add_argument("--endpoint", default="", help="HOST:PORT of a stand-in, for rehearsals")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Do what the command line says and return the exit code."""
    options = _options(arguments)
    try:
        done = ensure(_connect(options.endpoint), wanted_job(options), state=options.state)
    except (GoogleAPICallError, GoogleAuthError) as error:
        sys.stderr.write(f"{options.name}: {error}\n")
        return 1
    sys.stdout.write(f"{options.name}: {', '.join(done)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
