"""The Cloud Scheduler job is made what it should be, and touched no more than that needs."""

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import TypeAlias

import pytest
from google.cloud import scheduler_v1

from infra.ensure_scheduler_job import main
from tests.infra.scheduler_server import Job, SchedulerServer, State

JOB = "projects/p/locations/us-central1/jobs/check-scheduled-campaigns"
URL = "https://us-central1-p.cloudfunctions.net/check-scheduled-campaigns"
AUDIENCE = "https://us-central1-p.cloudfunctions.net"
ACCOUNT = "clarion-invoker@p.iam.gserviceaccount.com"

Run: TypeAlias = Callable[..., str]


def command(scheduler: SchedulerServer, *more: str) -> list[str]:
    """Return the script's arguments, with those of the test."""
    required = ["--project", "p", "--location", "us-central1", "--url", URL]
    identity = ["--service-account", ACCOUNT, "--audience", AUDIENCE]
    return [*required, *identity, "--endpoint", scheduler.endpoint, *more]


@pytest.fixture
def run(scheduler: SchedulerServer, capsys: pytest.CaptureFixture[str]) -> Run:
    """Give the script: it returns what it says it has done."""

    def script(*more: str) -> str:
        assert main(command(scheduler, *more)) == 0
        return capsys.readouterr().out.strip().removeprefix("check-scheduled-campaigns: ")

    return script


def test_the_job_posts_the_check_every_minute_as_the_invoker(
    run: Run, scheduler: SchedulerServer
) -> None:
    """A new job checks every minute, proves its identity and gives up before the next check."""
    assert run() == "created"
    job = scheduler.jobs[JOB]
    assert (job.schedule, job.time_zone, job.state) == ("* * * * *", "Etc/UTC", State.ENABLED)
    assert job.attempt_deadline == timedelta(seconds=55)
    assert job.retry_config.retry_count == 0
    assert job.http_target.uri == URL
    assert job.http_target.http_method == scheduler_v1.HttpMethod.POST
    assert job.http_target.oidc_token.service_account_email == ACCOUNT
    assert job.http_target.oidc_token.audience == AUDIENCE


def test_a_second_run_changes_nothing(run: Run, scheduler: SchedulerServer) -> None:
    """What the server fills in by itself is no difference to be mended."""
    run()
    assert run() == "unchanged"
    assert scheduler.calls == ["GetJob", "CreateJob", "GetJob"]


def test_only_the_fields_that_differ_are_updated(run: Run, scheduler: SchedulerServer) -> None:
    """Somebody's change by hand is undone, field by field."""
    run()
    scheduler.jobs[JOB].schedule = "*/5 * * * *"
    scheduler.jobs[JOB].http_target.oidc_token.audience = "https://elsewhere.example"
    assert run() == "updated schedule, updated http_target"
    assert scheduler.masks == [["schedule", "http_target"]]
    assert run() == "unchanged"


def test_a_header_added_by_hand_is_removed(run: Run, scheduler: SchedulerServer) -> None:
    """The request is ours as a whole; only Google's own header is left alone."""
    run()
    scheduler.jobs[JOB].http_target.headers["X-Org-Id"] = "acme"
    assert run() == "updated http_target"
    assert dict(scheduler.jobs[JOB].http_target.headers) == {"User-Agent": "Google-Cloud-Scheduler"}


def test_the_number_of_retries_can_be_chosen(run: Run, scheduler: SchedulerServer) -> None:
    """One retry may be asked for, and is set on an existing job."""
    run()
    assert run("--retries", "1") == "updated retry_config"
    assert scheduler.jobs[JOB].retry_config.retry_count == 1


def test_more_retries_than_fit_into_the_minute_are_refused(
    scheduler: SchedulerServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """A check that is repeated for longer than a minute would delay those after it."""
    with pytest.raises(SystemExit):
        main(command(scheduler, "--retries", "2"))
    assert "--retries" in capsys.readouterr().err
    assert scheduler.calls == []


def test_the_job_is_paused_and_resumed_on_demand(run: Run, scheduler: SchedulerServer) -> None:
    """--state pauses or resumes, and once more is no change."""
    run()
    assert run("--state", "paused") == "paused"
    assert run("--state", "paused") == "unchanged"
    assert run("--state", "enabled") == "resumed"
    assert scheduler.jobs[JOB].state == State.ENABLED


def test_a_job_can_be_created_paused(run: Run, scheduler: SchedulerServer) -> None:
    """A deployment that must not start anything yet has its job ready, and asleep."""
    assert run("--state", "paused") == "created, paused"
    assert scheduler.jobs[JOB].state == State.PAUSED


def test_a_deployment_does_not_resume_a_paused_job(run: Run, scheduler: SchedulerServer) -> None:
    """Whoever has paused the job in an emergency keeps it paused through an update."""
    run()
    run("--state", "paused")
    scheduler.jobs[JOB].schedule = "*/5 * * * *"
    assert run() == "updated schedule"
    assert scheduler.jobs[JOB].state == State.PAUSED


def test_a_job_whose_update_failed_is_updated_as_a_whole(
    run: Run, scheduler: SchedulerServer
) -> None:
    """Google may not run a job after a failed update, so the update is made again."""
    run()
    scheduler.jobs[JOB].state = State(State.UPDATE_FAILED)
    assert run().startswith("updated description, updated schedule")
    assert scheduler.jobs[JOB].state == State.ENABLED


def test_a_rival_that_creates_the_job_first_does_no_harm(
    run: Run, scheduler: SchedulerServer
) -> None:
    """Of two deployments at once, the slower mends what the faster has created."""

    def rival(job: Job) -> None:
        theirs = Job(job)
        theirs.schedule = "*/5 * * * *"
        scheduler.put(theirs)

    scheduler.before_create = rival
    assert run() == "updated schedule"
    assert scheduler.jobs[JOB].schedule == "* * * * *"


def test_a_refusal_is_told_and_fails_the_deployment(
    scheduler: SchedulerServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """Google's reason is printed and the exit code says that nothing is in order."""
    assert main(command(scheduler, "--schedule", "")) == 1
    assert "Schedule is required." in capsys.readouterr().err


def test_the_script_runs_on_its_own(scheduler: SchedulerServer) -> None:
    """It needs nothing but the requirements: it is run as a process from any folder."""
    script = [sys.executable, "infra/ensure_scheduler_job.py"]
    done = subprocess.run(  # noqa: S603  our own script
        [*script, *command(scheduler)], check=True, capture_output=True, text=True
    )
    assert done.stdout == "check-scheduled-campaigns: created\n"
