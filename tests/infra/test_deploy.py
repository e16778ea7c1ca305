"""infra/deploy.sh, run with the real gcloud against a stand-in of Google's APIs."""

import ast
import io
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from functions.settings import load_settings
from tests.infra.firestore_admin_server import FirestoreAdminServer
from tests.infra.google_server import LOCATION, GoogleServer
from tests.infra.scheduler_server import SchedulerServer, State

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "infra" / "deploy.sh"
BASE_URL = "https://us-central1-p.cloudfunctions.net"
WRITER = "serviceAccount:clarion-writer@p.iam.gserviceaccount.com"
READER = "serviceAccount:clarion-reader@p.iam.gserviceaccount.com"
INVOKER = "clarion-invoker@p.iam.gserviceaccount.com"

needs_gcloud = pytest.mark.skipif(not shutil.which("gcloud"), reason="gcloud is not installed")


def deploy(*parts: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the script with the settings that it needs."""
    own = {"PROJECT": "p", "PLIVO_AUTH_ID": "MAXXX", "PYTHON": sys.executable}
    environment = {**os.environ, **own, **more}  # noqa: TID251  handed on whole
    return subprocess.run(  # noqa: S603  our own script
        [str(SCRIPT), *parts],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
        timeout=100,
    )


class Deployed(NamedTuple):
    """Google after a deployment."""

    google: GoogleServer
    indexes: FirestoreAdminServer
    scheduler: SchedulerServer

    @property
    def function(self) -> dict[str, Any]:
        """The function that was deployed."""
        function: dict[str, Any] = self.google.resources[f"{LOCATION}/functions/tasks"]
        return function


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """Deploy everything but most of the functions, which are all deployed alike."""
    done = Deployed(GoogleServer(), FirestoreAdminServer(), SchedulerServer())
    for server in done:
        server.start()
    environment = {
        **done.google.environment(str(tmp_path_factory.mktemp("gcloud"))),
        "FIRESTORE_ENDPOINT": done.indexes.endpoint,
        "SCHEDULER_ENDPOINT": done.scheduler.endpoint,
    }
    ran = deploy("setup", "tasks", "job", **environment)
    try:
        assert ran.returncode == 0, ran.stderr
        yield done
    finally:
        for server in done:
            server.stop()


@needs_gcloud
def test_only_what_the_functions_need_is_uploaded(deployed: Deployed) -> None:
    """Tests, settings and data stay here; the index file goes along, because it is read."""
    names = zipfile.ZipFile(io.BytesIO(deployed.google.uploaded)).namelist()
    files = {name for name in names if not name.endswith("/")}
    ours = {"main.py", "requirements.txt", "infra/firestore.indexes.json"}
    assert {name for name in files if not name.startswith("functions/")} == ours
    assert "functions/bootstrap.py" in files
    assert not [name for name in files if "__pycache__" in name]


@needs_gcloud
def test_the_deployed_settings_are_accepted_on_cloud_run(deployed: Deployed) -> None:
    """What the script gives a function lets it start there."""
    service = deployed.function["serviceConfig"]
    secrets = {each["key"]: "x" * 32 for each in service["secretEnvironmentVariables"]}
    given = {
        name.lower(): text for name, text in {**service["environmentVariables"], **secrets}.items()
    }
    settings = load_settings(_env_file=None, k_service="tasks", **given)
    assert settings.public_base_url == settings.invoker_audience == BASE_URL
    assert settings.invoker_service_account == INVOKER


@needs_gcloud
def test_a_function_may_take_as_long_as_its_tasks(deployed: Deployed) -> None:
    """A task that works up to its deadline is not cut off by its function."""
    service = deployed.function["serviceConfig"]
    assert service["timeoutSeconds"] == load_settings(_env_file=None).task_deadline_s + 60
    assert service["maxInstanceRequestConcurrency"] == 80


@needs_gcloud
def test_the_queue_gives_up_with_the_application(deployed: Deployed) -> None:
    """A task's last attempt is the one at which the application writes down what failed."""
    queue = deployed.google.resources[f"{LOCATION}/queues/clarion"]
    assert queue["retryConfig"]["maxAttempts"] == load_settings(_env_file=None).task_max_attempts


@needs_gcloud
def test_accounts_may_do_what_they_must_and_no_more(deployed: Deployed) -> None:
    """Readers read, writers write and enqueue, and the invoker has no right but its name."""
    policies = deployed.google.policies
    assert granted(policies["projects/p"]) == {
        (READER, "roles/datastore.viewer"),
        (WRITER, "roles/datastore.user"),
    }
    assert granted(policies[f"{LOCATION}/queues/clarion"]) == {
        (WRITER, "roles/cloudtasks.enqueuer"),
        (WRITER, "roles/cloudtasks.viewer"),
        (READER, "roles/cloudtasks.viewer"),
    }
    assert granted(policies[f"projects/p/serviceAccounts/{INVOKER}"]) == {
        (WRITER, "roles/iam.serviceAccountUser")
    }


def granted(policy: dict[str, Any]) -> set[tuple[str, str]]:
    """Return who has which role."""
    return {(who, each["role"]) for each in policy["bindings"] for who in each["members"]}


@needs_gcloud
def test_the_check_is_scheduled_at_the_deployed_function(deployed: Deployed) -> None:
    """The job calls the function's URL as the account that the function admits."""
    (job,) = deployed.scheduler.jobs.values()
    assert job.state == State.ENABLED
    assert job.http_target.uri == f"{BASE_URL}/check-scheduled-campaigns"
    assert job.http_target.oidc_token.service_account_email == INVOKER
    assert job.http_target.oidc_token.audience == BASE_URL


def table() -> dict[str, str]:
    """Return the script's functions: entry point by name."""
    rows = re.search(r'FUNCTIONS="\n(.*?)"', SCRIPT.read_text(), re.DOTALL)
    assert rows is not None
    return {name: entry for name, entry, _ in map(str.split, rows[1].splitlines())}


def paths() -> dict[str, str]:
    """Return the path that each function of main.py serves."""
    found = {}
    for node in ast.parse((ROOT / "main.py").read_text()).body:
        if isinstance(node, ast.AsyncFunctionDef):
            faces = [each for each in ast.walk(node) if isinstance(each, ast.Call)]
            (face,) = [each for each in faces if ast.unparse(each.func) == "face"]
            found[node.name] = _served(node.name, face)
    return found


def _served(name: str, face: ast.Call) -> str:
    match face.args:
        case [ast.Constant(value=str(path))]:
            return path
        case [ast.Starred()]:  # many paths: the function's own name stands before them
            return f"/{name}"
        case _:
            return ""


def test_every_function_is_deployed_under_the_path_that_it_serves() -> None:
    """One PUBLIC_BASE_URL reaches them all, because each is named as its path begins."""
    served = {path.lstrip("/"): entry for entry, path in paths().items() if entry != "app"}
    assert table() == served


def test_a_dry_run_prints_every_command_and_runs_none() -> None:
    """What would be done can be read before it is done."""
    ran = deploy(DRY_RUN="1", PYTHON="python3", PATH="/usr/bin:/bin")
    assert ran.returncode == 0
    lines = ran.stdout.splitlines()
    deployments = [line for line in lines if " functions deploy " in line]
    assert len(deployments) == len(table())
    assert all(line.startswith(("gcloud ", "python3 infra/", "# ")) for line in lines)


def test_a_dry_run_shows_no_secret() -> None:
    """Secrets are named, and fetched by Google where they are used."""
    ran = deploy("tasks", DRY_RUN="1")
    assert "PLIVO_AUTH_TOKEN=plivo-auth-token:latest" in ran.stdout
    assert "JWT_SECRET=jwt-secret:latest" in ran.stdout


@pytest.mark.parametrize(
    ("providers", "needed"),
    [
        ({}, set()),
        ({"SMS_PROVIDER": "plivo"}, set()),
        ({"SMS_PROVIDER": "twilio", "WHATSAPP_PROVIDER": "twilio"}, {"TWILIO_AUTH_TOKEN"}),
        (
            {"WHATSAPP_PROVIDER": "cloud"},
            {"WHATSAPP_TOKEN", "WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN"},
        ),
        ({"EMAIL_PROVIDER": "smtp"}, {"SMTP_URL", "SIGNING_SECRET"}),
        ({"WEBHOOK_PROVIDER": "http"}, {"SIGNING_SECRET"}),
    ],
)
def test_a_provider_brings_its_secrets(providers: dict[str, str], needed: set[str]) -> None:
    """A function gets the secrets of the providers that are named, and of no others."""
    ran = deploy("tasks", DRY_RUN="1", **providers)
    (given,) = re.findall(r"--set-secrets=(\S+)", ran.stdout)
    names = {each.partition("=")[0] for each in given.replace("\\,", ",").split(",")}
    assert names == {"PLIVO_AUTH_TOKEN", "JWT_SECRET", *needed}
    for name, value in providers.items():
        assert f"# {name}: '{value}'" in ran.stdout.splitlines()


def test_an_unknown_part_deploys_nothing() -> None:
    """A misspelt function is told before anything is done."""
    ran = deploy("setup", "web-hooks", DRY_RUN="1")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == "web-hooks: is no function of Clarion\n"


def test_without_a_project_nothing_is_done() -> None:
    """The first thing that is missing is named."""
    ran = deploy(DRY_RUN="1", PROJECT="")
    assert ran.returncode != 0
    assert "set PROJECT" in ran.stderr
