"""infra/deploy.sh, run with the real gcloud against a stand-in of Google's APIs."""

import ast
import io
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from functions.settings.load import load_settings
from functions.settings.providers import Use
from functions.settings.secrets import TARGETS, secrets_of
from tests.conftest import Once
from tests.infra.firestore_admin_server import FirestoreAdminServer
from tests.infra.google_server import LOCATION, GoogleServer
from tests.infra.scheduler_server import Job, SchedulerServer, State

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "infra" / "deploy.sh"
BASE_URL = "https://us-central1-p.cloudfunctions.net"
READERS = ("reader", "monitor")
WRITERS = ("writer", "api", "checker", "worker", "receiver", "links")
INVOKER = "clarion-invoker@p.iam.gserviceaccount.com"

ACCOUNTS = {
    "PLIVO_AUTH_ID": "MAXXX",
    "TWILIO_ACCOUNT_SID": "ACXXX",
    "WHATSAPP_PHONE_NUMBER_ID": "106540352242922",
}

#: The script runs gcloud some fifty times, which takes a second or two each on a slow machine.
_PATIENCE_S = 400

pytestmark = [pytest.mark.slow, pytest.mark.timeout(_PATIENCE_S + 20)]
needs_gcloud = pytest.mark.skipif(not shutil.which("gcloud"), reason="gcloud is not installed")


def deploy(*parts: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the script with the settings that it needs."""
    own = {"PROJECT": "p", **ACCOUNTS, "PYTHON": sys.executable}
    environment = {**os.environ, **own, **more}  # noqa: TID251  handed on whole
    return subprocess.run(  # noqa: S603  our own script
        [str(SCRIPT), *parts],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
        timeout=_PATIENCE_S,
    )


class Deployed(NamedTuple):
    """What Google has after a deployment, as JSON holds it."""

    resources: dict[str, Any]
    policies: dict[str, Any]
    uploaded: list[str]  #: the names of what is in the source
    jobs: list[dict[str, Any]]

    @property
    def function(self) -> dict[str, Any]:
        """The function that was deployed."""
        function: dict[str, Any] = self.resources[f"{LOCATION}/functions/tasks"]
        return function


@pytest.fixture(scope="module")
def deployed(once: Once, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    """Deploy everything but most of the functions, which are all deployed alike."""
    folder = str(tmp_path_factory.mktemp("gcloud"))
    return Deployed(*once("deployed", lambda: _deployed(folder)))


def _deployed(folder: str) -> Deployed:
    """Return what Google has after a deployment by a gcloud that keeps its files in `folder`."""
    google, indexes, scheduler = GoogleServer(), FirestoreAdminServer(), SchedulerServer()
    servers = (google, indexes, scheduler)
    for server in servers:
        server.start()
    environment = {
        **google.environment(folder),
        "FIRESTORE_ENDPOINT": indexes.endpoint,
        "SCHEDULER_ENDPOINT": scheduler.endpoint,
    }
    try:
        ran = deploy("setup", "tasks", "job", **environment)
        assert ran.returncode == 0, ran.stderr
    finally:
        for server in servers:
            server.stop()
    names = zipfile.ZipFile(io.BytesIO(google.uploaded)).namelist()
    jobs = [Job.to_dict(job) for job in scheduler.jobs.values()]
    return Deployed(google.resources, google.policies, names, jobs)


@needs_gcloud
def test_only_what_the_functions_need_is_uploaded(deployed: Deployed) -> None:
    """Tests, settings and data stay here; the index file goes along, because it is read."""
    files = {name for name in deployed.uploaded if not name.endswith("/")}
    ours = {"main.py", "requirements.txt", "infra/firestore.indexes.json"}
    assert {name for name in files if not name.startswith("functions/")} == ours
    assert "functions/bootstrap/stack.py" in files
    assert not [name for name in files if "__pycache__" in name]
    console = {name for name in files if name.startswith("functions/console/")}
    built = [each for each in (ROOT / "functions/console/dist").rglob("*") if each.is_file()]
    served = {"functions/console/__init__.py", "functions/console/pages.py"}
    assert console == {*served, *(str(each.relative_to(ROOT)) for each in built)}


@needs_gcloud
def test_the_deployed_settings_are_accepted_on_cloud_run(deployed: Deployed) -> None:
    """What the script gives a function lets it start there."""
    service = deployed.function["serviceConfig"]
    secrets = {each["key"]: "x" * 32 for each in service["secretEnvironmentVariables"]}
    given = {
        name.lower(): text for name, text in {**service["environmentVariables"], **secrets}.items()
    }
    settings = load_settings("run_task", _env_file=None, k_service="tasks", **given)
    assert settings.public_base_url == settings.invoker_audience == BASE_URL
    assert settings.invoker_service_account == INVOKER


@needs_gcloud
def test_a_function_may_take_as_long_as_its_tasks(deployed: Deployed) -> None:
    """A task that works up to its deadline is not cut off by its function."""
    service = deployed.function["serviceConfig"]
    assert service["timeoutSeconds"] == load_settings(_env_file=None).task_deadline_s + 60
    assert service["maxInstanceRequestConcurrency"] == 80


@needs_gcloud
def test_what_the_build_compiles_will_count(deployed: Deployed) -> None:
    """The buildpack's compiler is told to name the source by its hash (test_compiled_source.py)."""
    build = deployed.function["buildConfig"]
    assert "SOURCE_DATE_EPOCH" in build["environmentVariables"]


@needs_gcloud
def test_the_queue_gives_up_with_the_application(deployed: Deployed) -> None:
    """A task's last attempt is the one at which the application writes down what failed."""
    queue = deployed.resources[f"{LOCATION}/queues/clarion"]
    assert queue["retryConfig"]["maxAttempts"] == load_settings(_env_file=None).task_max_attempts


@needs_gcloud
def test_accounts_may_do_what_they_must_and_no_more(deployed: Deployed) -> None:
    """Readers read, writers write and enqueue, and the invoker has no right but its name."""
    policies = deployed.policies
    assert granted(policies["projects/p"]) == {
        *((who, "roles/datastore.viewer") for who in READERS),
        *((who, "roles/datastore.user") for who in WRITERS),
    }
    assert granted(policies[f"{LOCATION}/queues/clarion"]) == {
        *((who, "roles/cloudtasks.enqueuer") for who in WRITERS),
        ("monitor", "roles/cloudtasks.viewer"),
        ("api", "roles/cloudtasks.viewer"),
    }
    assert granted(policies[f"projects/p/serviceAccounts/{INVOKER}"]) == {
        (who, "roles/iam.serviceAccountUser") for who in WRITERS
    }


@needs_gcloud
def test_accounts_read_the_secrets_of_their_functions_only(deployed: Deployed) -> None:
    """Who has no provider's secret in its environment cannot fetch it either."""
    accessor = "roles/secretmanager.secretAccessor"
    found = {
        path.rpartition("/")[2]: {who for who, role in granted(policy) if role == accessor}
        for path, policy in deployed.policies.items()
        if "/secrets/" in path
    }
    assert found == {
        "jwt-secret": {"api", "writer", "reader"},
        "plivo-auth-token": {"worker", "receiver"},
    }


def granted(policy: dict[str, Any]) -> set[tuple[str, str]]:
    """Return which of our accounts has which role."""
    return {
        (who.removeprefix("serviceAccount:clarion-").partition("@")[0], each["role"])
        for each in policy["bindings"]
        for who in each["members"]
    }


@needs_gcloud
def test_the_check_is_scheduled_at_the_deployed_function(deployed: Deployed) -> None:
    """The job calls the function's URL as the account that the function admits."""
    (job,) = deployed.jobs
    assert job["state"] == State.ENABLED
    target = job["http_target"]
    assert target["uri"] == f"{BASE_URL}/check-scheduled-campaigns"
    assert target["oidc_token"]["service_account_email"] == INVOKER
    assert target["oidc_token"]["audience"] == BASE_URL


def rows() -> list[list[str]]:
    """Return the script's functions: name, entry point and account."""
    found = re.search(r'FUNCTIONS="\n(.*?)"', SCRIPT.read_text(), re.DOTALL)
    assert found is not None
    return [row.split() for row in found[1].splitlines()]


def table() -> dict[str, str]:
    """Return the entry points of the script's functions by name."""
    return {name: entry for name, entry, _ in rows()}


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
        case [ast.Constant(value=target), ast.Constant(value=str(path))] if target == name:
            return path
        case [ast.Constant(), ast.Starred()]:  # many: the function's own name stands before them
            return f"/{name}"
        case _:
            return ""


def test_every_function_is_deployed_under_the_path_that_it_serves() -> None:
    """One PUBLIC_BASE_URL reaches them all, because each is named as its path begins."""
    served = {path.lstrip("/"): entry for entry, path in paths().items() if entry != "app"}
    assert table() == served


def test_functions_of_one_account_have_the_same_secrets() -> None:
    """An account reads no secret for the sake of another function."""
    uses: dict[str, set[frozenset[Use]]] = {}
    for _, entry, account in rows():
        uses.setdefault(account, set()).add(TARGETS[entry])
    assert all(len(each) == 1 for each in uses.values())
    assert set(uses) == {*READERS, *WRITERS}


def test_a_dry_run_prints_every_command_and_runs_none() -> None:
    """What would be done can be read before it is done."""
    ran = deploy(DRY_RUN="1", PATH="/usr/bin:/bin")
    assert ran.returncode == 0
    lines = ran.stdout.splitlines()
    deployments = [line for line in lines if " functions deploy " in line]
    assert len(deployments) == len(table())
    assert all(line.startswith(("gcloud ", f"{sys.executable} infra/", "# ")) for line in lines)


def test_a_dry_run_shows_no_secret() -> None:
    """Secrets are named, and fetched by Google where they are used."""
    ran = deploy("tasks", DRY_RUN="1")
    assert secrets_in(ran.stdout) == {"PLIVO_AUTH_TOKEN": "plivo-auth-token:latest"}


def secrets_in(printed: str) -> dict[str, str]:
    """Return what a dry run hands to the one function that it deploys: secrets by setting."""
    (given,) = secrets_by_function(printed).values()
    return given


def secrets_by_function(printed: str) -> dict[str, dict[str, str]]:
    """Return what a dry run hands to each function: secrets by setting."""
    found = re.findall(r" functions deploy (\S+).*?--(?:set-secrets=|clear-secrets)(\S*)", printed)
    return {name: _pairs(given.replace("\\,", ",")) for name, given in found}


def _pairs(given: str) -> dict[str, str]:
    pairs = [each.partition("=") for each in given.split(",") if each]
    return {name: secret for name, _, secret in pairs}


REST = {"WHATSAPP_PROVIDER": "cloud", "EMAIL_PROVIDER": "smtp", "WEBHOOK_PROVIDER": "http"}


CONSOLE = {
    "CONSOLE_URL": f"{BASE_URL}/api/console",
    "OIDC_ISSUER": "https://id.example",
    "OIDC_CLIENT_ID": "clarion",
}


@pytest.fixture(scope="module")
def handed_over() -> dict[str, dict[str, str]]:
    """Give the secrets that each function would get where there are providers of every kind."""
    ran = deploy(*table(), DRY_RUN="1", SMS_PROVIDER="twilio", **REST, **CONSOLE)
    assert ran.returncode == 0, ran.stderr
    return secrets_by_function(ran.stdout)


@pytest.mark.parametrize("name", table())
def test_a_function_gets_the_secrets_of_what_it_does(
    handed_over: dict[str, dict[str, str]], name: str
) -> None:
    """Whatever the providers are, the script hands over what functions/settings/secrets.py says."""
    settings = {"VOICE_PROVIDER": "plivo", "SMS_PROVIDER": "twilio", **REST, **CONSOLE}
    assert set(handed_over[name]) == set(secrets_of(table()[name], settings))


def test_what_signs_people_in_is_handed_to_who_shows_the_console(
    handed_over: dict[str, dict[str, str]],
) -> None:
    """No other function can make a session, nor open one."""
    secret = {"SESSION_SECRET", "OIDC_CLIENT_SECRET"}
    assert {name for name, given in handed_over.items() if secret & set(given)} == {"api"}
    assert secret <= set(handed_over["api"])
    assert handed_over["api"]["SESSION_SECRET"] == "session-secret:latest"


def test_who_speaks_to_no_provider_gets_none_of_their_secrets(
    handed_over: dict[str, dict[str, str]],
) -> None:
    """Whoever gets into a function that only reads, or only starts, can send nothing."""
    names = ("campaign-progress", "health", "check-scheduled-campaigns")
    assert all(set(handed_over[name]) <= {"JWT_SECRET"} for name in names)
    keys = {"JWT_JWKS_URL": "https://id", "JWT_ISSUER": "i", "JWT_AUDIENCE": "a"}
    with_keys = deploy(*names, DRY_RUN="1", SMS_PROVIDER="twilio", **keys, **REST)
    assert secrets_by_function(with_keys.stdout) == {name: {} for name in names}
    assert with_keys.stdout.count("--clear-secrets") == len(names)


@pytest.mark.parametrize(
    ("providers", "needed"),
    [
        ({}, set()),
        ({"SMS_PROVIDER": "plivo"}, set()),
        ({"SMS_PROVIDER": "twilio", "WHATSAPP_PROVIDER": "twilio"}, {"TWILIO_AUTH_TOKEN"}),
        ({"WHATSAPP_PROVIDER": "cloud"}, {"WHATSAPP_TOKEN"}),
        ({"EMAIL_PROVIDER": "smtp"}, {"SMTP_URL", "SIGNING_SECRET"}),
        ({"WEBHOOK_PROVIDER": "http"}, {"SIGNING_SECRET"}),
    ],
)
def test_a_provider_brings_its_secrets(providers: dict[str, str], needed: set[str]) -> None:
    """Who sends gets the secrets of the providers that are named, and of no others."""
    ran = deploy("tasks", DRY_RUN="1", **providers)
    assert set(secrets_in(ran.stdout)) == {"PLIVO_AUTH_TOKEN", *needed}
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
