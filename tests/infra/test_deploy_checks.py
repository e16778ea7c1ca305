"""infra/deploy.sh tells what is wrong before it changes anything; gcloud is one that only notes."""

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
_PLIVO = {"PLIVO_AUTH_ID": "MAXXX"}
MAILS = {"VOICE_PROVIDER": "none", "EMAIL_PROVIDER": "smtp"}
#: It answers `describe` by whether the thing is named in MISSING, and `list` by what is KNOWN.
_GCLOUD = """#!/bin/sh
echo "$*" >>"$NOTED"
case "$*" in
  *describe*) for it in $MISSING; do case "$*" in *"$it"*) exit 1 ;; esac; done ;;
  *" list "*) echo "$KNOWN" ;;
esac
"""

pytestmark = pytest.mark.slow


class Ran(NamedTuple):
    """What came of a deployment."""

    code: int
    told: list[str]  #: on standard error
    asked: list[str]  #: of gcloud, in order

    @property
    def changes(self) -> list[str]:
        """What gcloud was asked that changes something."""
        return [line for line in self.asked if " describe " not in line and " list " not in line]


def deploy(folder: Path, *parts: str, root: str = str(ROOT), **more: str) -> Ran:
    """Deploy with a gcloud that does nothing."""
    gcloud, noted = folder / "gcloud", folder / "noted"
    gcloud.write_text(_GCLOUD)
    gcloud.chmod(0o755)
    noted.touch()
    ran = subprocess.run(  # noqa: S603  our own script
        [f"{root}/infra/deploy.sh", *parts],
        check=False,
        capture_output=True,
        text=True,
        env={
            "PATH": f"{folder}:/usr/bin:/bin",
            "HOME": os.environ["HOME"],  # noqa: TID251  handed on
            "PROJECT": "p",
            "PYTHON": sys.executable,
            "NOTED": str(noted),
            **more,
        },
        timeout=60,
    )
    return Ran(ran.returncode, ran.stderr.splitlines(), noted.read_text().splitlines())


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "PLIVO_AUTH_ID: VOICE_PROVIDER=plivo needs it"),
        ({"VOICE_PROVIDER": "none"}, "VOICE_PROVIDER: none, as for every other kind"),
        ({"VOICE_PROVIDER": "other"}, "VOICE_PROVIDER: must be one of none, simulator, plivo"),
        ({"VOICE_PROVIDER": "simulator"}, "VOICE_PROVIDER: simulator only pretends to call"),
        ({**_PLIVO, "SMS_PROVIDER": "twilio"}, "TWILIO_ACCOUNT_SID: SMS_PROVIDER=twilio needs it"),
        ({**_PLIVO, "JWT_JWKS_URL": "https://id"}, "JWT_ISSUER: JWT_JWKS_URL serves tokens for"),
        ({**_PLIVO, "TASK_MAX_ATTEMPTS": "many"}, "TASK_MAX_ATTEMPTS: must be a whole number"),
        ({**_PLIVO, "QUEUE": "a queue"}, "QUEUE_URL: must be local:// or cloudtasks://"),
        ({**_PLIVO, "CONSOLE_URL": "https://c.example"}, "CONSOLE_URL: must be the URL of the"),
        (
            {**_PLIVO, "CONSOLE_URL": "https://c.example/console", "MISSING": "session"},
            "Secret Manager lacks: session-secret;",
        ),
        ({**_PLIVO, "OIDC_ISSUER": "https://id"}, "OIDC_CLIENT_ID: signing in at an identity"),
        ({**_PLIVO, "RUNTIME": "python39"}, "RUNTIME: must be python311 or a newer one"),
        ({**_PLIVO, "SETTINGS": "nowhere.yaml"}, "SETTINGS: cannot read nowhere.yaml"),
        ({**_PLIVO, "MISSING": "projects"}, "PROJECT: gcloud cannot see p"),
        ({**_PLIVO, "MISSING": "databases"}, "DATABASE: p has no Firestore database (default)"),
        ({**_PLIVO, "MISSING": "jwt-secret"}, "Secret Manager lacks: jwt-secret;"),
        (
            {**MAILS, "MISSING": "smtp-url signing"},
            "Secret Manager lacks: signing-secret smtp-url",
        ),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_changed(
    tmp_path: Path, given: dict[str, str], sentence: str
) -> None:
    """Each setting of the script that cannot work is named, and Google is left as it was."""
    ran = deploy(tmp_path, **given)
    assert ran.code == 2
    assert any(told.startswith(sentence) for told in ran.told)
    assert ran.changes == []


def test_an_account_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    """Run again, the script makes the accounts that are missing and no others."""
    known = [f"clarion-{who}@p.iam.gserviceaccount.com" for who in ("writer", "invoker")]
    ran = deploy(tmp_path, "setup", **_PLIVO, KNOWN="\n".join(known))
    made = [line.split()[-3] for line in ran.asked if "service-accounts create" in line]
    others = ("reader", "monitor", "api", "checker", "worker", "receiver", "links")
    assert made == [f"clarion-{who}" for who in others]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("LANES: 4", "LANES: must be text; put its value in quotes"),
        ("LANES: 'many'", "LANES: must be a whole number from 1 to 100, not 'many'"),
        ("LANE: '4'", "LANE: is no setting; .env.example lists them all"),
        ("AUTH_MODE: 'off'", "AUTH_MODE: is set twice; the script sets some itself"),
        ("SMS_PROVIDER: 'plivo'", "SMS_PROVIDER: give it to the script instead of SETTINGS"),
        ("CONSOLE_URL: 'https://c/console'", "CONSOLE_URL: give it to the script instead of"),
        ("SESSION_SECRET: 'x'", "SESSION_SECRET: is a secret; keep it in Secret Manager"),
        ("SMTP_URL: 'smtp://a:b@c'", "SMTP_URL: is a secret; keep it in Secret Manager"),
        ("LANES", "SETTINGS: "),
        (
            "SENDGRID_WEBHOOK_PUBLIC_KEY: 'x'\nPUBLIC_BASE: ''",
            "PUBLIC_BASE: is no setting; .env.example lists them all",
        ),
        ("SENDGRID_WEBHOOK_PUBLIC_KEY: 'x'", "SENDGRID_WEBHOOK_PUBLIC_KEY: "),
    ],
)
def test_further_settings_are_checked_too(tmp_path: Path, line: str, sentence: str) -> None:
    """A slip in the YAML file is told by name, as the function would on its first start."""
    further = tmp_path / "further.yaml"
    further.write_text(f"{line}\n")
    ran = deploy(tmp_path, SETTINGS=str(further), **MAILS)
    assert ran.code == 2
    assert any(told.startswith(sentence) for told in ran.told)
    assert ran.changes == []


def test_what_this_shell_sets_is_not_taken_for_a_functions_setting(tmp_path: Path) -> None:
    """A setting counts only where the script hands it over."""
    ran = deploy(tmp_path, "tasks", SMTP_URL="nonsense", LANES="many", **MAILS)
    assert (ran.code, ran.told) == (0, [])


@pytest.mark.parametrize(
    ("providers", "secrets"),
    [
        (MAILS, {"SMTP_URL", "SIGNING_SECRET"}),
        ({"VOICE_PROVIDER": "none", "SMS_PROVIDER": "plivo", **_PLIVO}, {"PLIVO_AUTH_TOKEN"}),
        ({"VOICE_PROVIDER": "none", "WEBHOOK_PROVIDER": "http"}, {"SIGNING_SECRET"}),
        (
            {
                "VOICE_PROVIDER": "none",
                "WHATSAPP_PROVIDER": "twilio",
                "TWILIO_ACCOUNT_SID": "ACXXX",
                "SMS_PROVIDER": "none",
            },
            {"TWILIO_AUTH_TOKEN"},
        ),
    ],
)
def test_a_team_that_does_not_call_deploys_without_a_voice_provider(
    tmp_path: Path, providers: dict[str, str], secrets: set[str]
) -> None:
    """VOICE_PROVIDER=none asks for no account and no secret but those of what is sent."""
    ran = deploy(tmp_path, "tasks", **providers)
    assert (ran.code, ran.told) == (0, [])
    (deployment,) = ran.changes
    (given,) = (word for word in deployment.split() if word.startswith("--set-secrets="))
    pairs = given.removeprefix("--set-secrets=").split(",")
    assert {pair.partition("=")[0] for pair in pairs} == secrets
