"""The same commands steer a running server, with a token and without the store's secrets."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Final

import httpx
import orjson
import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner, Result

from functions.cli.app import app
from functions.settings.model import Settings
from tests.web.auth.key_server import in_seconds, signed

ROOT: Final = Path(__file__).parents[1]
SECRET: Final = "a shared secret of thirty-two bytes and more"
CSV: Final = b"number,name\n+12025550101,Ada\n+442079460123,Cleo\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the URL of a server that asks for tokens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    ours = {name.upper() for name in Settings.model_fields}
    inherited = {k: v for k, v in os.environ.items() if k not in ours}  # noqa: TID251  handed on
    settings = {
        "PORT": str(port),
        "AUTH_MODE": "jwt",
        "JWT_SECRET": SECRET,
        "PYTHONPATH": str(ROOT),
        "CALLING_WINDOWS": "off",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "functions", "serve"],
        cwd=tmp_path_factory.mktemp("server"),
        env={**inherited, **settings},
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        told = running.stdout.readline()
        yield next(word for word in told.split() if word.startswith("http")).rstrip("/")
        running.send_signal(signal.SIGTERM)


@pytest.fixture(autouse=True)
def _nobodys_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, server: str
) -> Iterator[None]:
    """Run in an empty folder, knowing the server and the secret that a token is minted with."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("JWT_SECRET", SECRET)
    monkeypatch.setenv("CLARION_URL", server)
    monkeypatch.setenv(
        "CLARION_TOKEN", run("token", "--org", "acme", "--role", "admin").stdout.strip()
    )
    with capture_logs():
        yield


def run(*arguments: str, **environment: str) -> Result:
    """Run a command."""
    return CliRunner().invoke(app, list(arguments), env=environment, catch_exceptions=False)


def answer(*arguments: str, **environment: str) -> dict[str, Any]:
    """Run a command that succeeds and return the JSON that it prints."""
    result = run(*arguments, "--json", **environment)
    assert result.exit_code == 0, result.output
    return dict(orjson.loads(result.stdout))


def scheduled(server: str, token: str, name: str) -> str:
    """Schedule a campaign on the server; return its id."""
    headers = {"authorization": f"Bearer {token}"}
    body = {
        "name": name,
        "channel": "sms",
        "sender": "+12025550111",
        "base_template": "Hello",
        "audience": {"everyone": True},
    }
    made = httpx.post(f"{server}/campaigns", json=body, headers=headers)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def token_of(role: str, org: str = "acme") -> str:
    """Return a token as another program would sign it."""
    claims = {"sub": "ana", "org": org, "role": role, "exp": in_seconds(3600)}
    return signed(claims, SECRET, algorithm="HS256")


def test_a_minted_token_is_taken_by_a_server_with_the_same_secret() -> None:
    """`token` prints one for an organisation and a role; what it says of it is not part of it."""
    made = answer("token", "--org", "globex", "--role", "viewer", "--hours", "2")
    assert (made["org"], made["role"]) == ("globex", "viewer")
    assert answer("campaigns", "list", CLARION_TOKEN=made["token"]) == {"campaigns": []}
    plain = run("token", "--org", "globex")
    assert plain.stdout.strip().count(".") == 2
    assert plain.stderr.startswith("For cli of globex, viewer, until ")


def test_without_a_secret_no_token_is_minted() -> None:
    """Who has no JWT_SECRET is told what is needed."""
    result = run("token", JWT_SECRET="")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("JWT_SECRET: is not set")


def test_campaigns_of_a_server_are_listed_and_steered(server: str) -> None:
    """No setting of the store is needed, nor looked at: the ids are whole, and may be shortened."""
    assert answer("import-contacts", _csv(), "--list", "People")["imported"] == 2
    id_ = scheduled(server, token_of("operator"), "Sale")
    assert id_ in run("campaigns", "list", STORE_URL="mysql://nonsense").stdout
    listed = answer("campaigns", "list")["campaigns"]
    assert [each["campaignId"] for each in listed if each["campaignName"] == "Sale"] == [id_]
    assert answer("campaigns", "show", id_[:8])["campaignId"] == id_
    refused = run("campaigns", "pause", id_)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "draft" in refused.stderr
    assert answer("campaigns", "cancel", id_[:8])["status"] == "cancelled"


def _csv() -> str:
    Path("people.csv").write_bytes(CSV)
    return "people.csv"


def test_the_beginning_of_several_ids_is_told_to_be_one_of_several(server: str) -> None:
    """A beginning that two ids share names both; one that none has is not found."""
    made: dict[str, list[str]] = {}
    for number in range(17):  # of seventeen ids two begin alike
        id_ = scheduled(server, token_of("operator"), f"Draft {number}")
        made.setdefault(id_[0], []).append(id_)
    beginning, ids = next((first, ids) for first, ids in made.items() if len(ids) > 1)
    result = run("campaigns", "show", beginning)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"{beginning} is the beginning of ")
    assert all(f"{id_} (Draft " in result.stderr for id_ in ids[:1])
    assert run("campaigns", "show", "xyz").stderr == "Campaign not found\n"


def test_events_are_told_of_people_once_under_their_id() -> None:
    """Numbers, truths and texts keep their kind; what is refused is told in a sentence."""
    event = ("events", "send", "order_paid", "--phone", "+12025550142", "--id", "cli-1")
    data = ("--data", "total=30", "--data", "gift=true", "--data", "item=pot=2")
    told = answer(*event, *data)
    assert told == {"id": "cli-1", "entered": [], "heard_by": [], "repeated": False}
    again = run(*event)
    assert "Event cli-1, which was told before." in again.stdout
    assert "Heard by: nobody." in again.stdout
    refused = run("events", "send", "opened", "--subject", "cart")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.startswith("name: opened happens to messages")
    wrong = run(*event, "--data", "total")
    assert wrong.exit_code == 2
    assert "must be NAME=VALUE" in wrong.stderr


def test_people_enter_a_plan_and_are_steered_one_by_one(server: str) -> None:
    """By what they are called; what each step has led to is told in a sentence."""
    ways = [{"on": "elapsed", "to": "bye", "after": "P1D"}]
    node = {"id": "hello", "action": "send", "channel": "sms", "sender": "+12025550111"}
    nodes = [{**node, "body": "Hi", "transitions": ways}, {"id": "bye", "action": "stop"}]
    document = {"startNodeId": "hello", "nodes": nodes}
    wish = {"kind": "journey", "name": "W", "plan": document, "reentry": "parallel"}
    headers = {"authorization": f"Bearer {token_of('operator')}"}
    made = httpx.post(f"{server}/campaigns", json=wish, headers=headers).json()["id"]
    answer("campaigns", "start", made)
    people = ("+12025550177", "ana@example.com", "cart 7")
    told = answer("enroll", made, *people, "--key", "order-1", "--data", "item=pot")
    assert [row["result"] for row in told["results"]] == ["enrolled"] * len(people)
    again = run("enroll", made, people[0], "--key", "order-1")
    assert (again.exit_code, "already" in again.stdout) == (0, True)
    unknown = run("enroll", made, "contact:nobody")
    assert (unknown.exit_code, "refused" in unknown.stdout) == (1, True)
    id_ = told["results"][0]["id"]
    assert id_ in run("enrollments", "list", made, "--node", "hello").stdout
    assert "is under way since" in run("enrollments", "show", id_).stdout
    for step, status in (("pause", "paused"), ("resume", "active"), ("exit", "exited")):
        assert f"{id_} is {status}" in run("enrollments", step, id_).stdout.replace("\n", " ")
    moved = run("enrollments", "move", told["results"][1]["id"], "bye")
    assert moved.exit_code == 0


def test_api_keys_are_made_listed_and_revoked() -> None:
    """A key's token works in place of a token until it is revoked; it is shown once."""
    made = answer("apikeys", "create", "CRM", "--role", "operator", "--area", "contacts")
    key = made["token"]
    assert made["areas"] == ["contacts"]
    refused = run("campaigns", "list", CLARION_TOKEN=key)
    assert (refused.exit_code, "your key is for contacts" in refused.stderr) == (1, True)
    shown = run("apikeys", "list")
    assert made["id"] in shown.stdout
    assert key not in shown.stdout
    assert answer("apikeys", "revoke", made["id"][:10])["revoked"] == made["id"]
    assert "does not know who asks" in run("campaigns", "list", CLARION_TOKEN=key).stderr
    assert "revoked" in run("apikeys", "list").stdout


def test_people_are_suppressed_by_phone_mail_and_whatsapp_id() -> None:
    """Each kind of address is read as it is written; a second time changes nothing."""
    people = ["foo@Example.com", "+1 202-555-0188", "whatsapp:+5215512345678"]
    first = answer("suppress", *people, "--reason", "asked", "--scope", "email")
    assert first["suppressed"] == ["foo@example.com", "+12025550188", "+525512345678"]
    again = answer("suppress", *people, "--reason", "asked", "--scope", "email")
    assert again == {"suppressed": [], "alreadySuppressed": 3}
    other = answer("suppress", "foo@example.com", "--reason", "asked", "--scope", "all")
    assert other["suppressed"] == ["foo@example.com"]
    wrong = run("suppress", "+12025550189", "a@1.2.3.4", "--reason", "asked")
    assert (wrong.exit_code, "valid top-level domain" in wrong.stderr) == (2, True)
    assert answer("suppress", "+12025550189", "--reason", "asked")["alreadySuppressed"] == 0


@pytest.mark.parametrize(
    ("environment", "code", "sentence"),
    [
        ({"CLARION_TOKEN": ""}, 1, "does not know who asks: This needs an Authorization header"),
        ({"CLARION_TOKEN": "nonsense"}, 1, "does not know who asks: The token is refused"),
        ({"CLARION_TOKEN": token_of("viewer")}, 1, "This needs the role operator; yours is viewer"),
        ({"CLARION_URL": "http://127.0.0.1:9"}, 1, "Nobody answers at http://127.0.0.1:9"),
        ({"CLARION_URL": "ftp://127.0.0.1"}, 2, "CLARION_URL: must be http(s)://HOST"),
        ({"CLARION_URL": "http://clarion.example.com"}, 2, "a token must not travel without TLS"),
        ({"CLARION_TOKEN": token_of("admin", "globex")}, 2, "of the organisation globex, not acme"),
        ({"CLARION_TOKEN": "a\nb"}, 2, "CLARION_TOKEN: is no token"),
    ],
)
def test_what_keeps_a_command_from_the_server_is_told_in_a_sentence(
    environment: dict[str, str], code: int, sentence: str
) -> None:
    """Nobody is there, nobody knows us, or we may not: each is told with what to do."""
    result = run("suppress", "+12025550101", "--reason", "x", "--org", "acme", **environment)
    assert (result.exit_code, result.stdout) == (code, "")
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr


def test_a_server_that_is_not_clarion_is_told_apart() -> None:
    """A page of somebody else's is no answer."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>")

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as other:
        thread = Thread(target=other.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{other.server_port}"
        result = run("campaigns", "list", CLARION_URL=url)
        other.shutdown()
        thread.join()
    assert (result.exit_code, "not as Clarion does" in result.stderr) == (1, True)


def test_the_doctor_asks_a_server_how_it_is() -> None:
    """Each part of its health is a finding."""
    result = run("doctor", "--json")
    names = [each["name"] for each in orjson.loads(result.stdout)["findings"]]
    assert names == ["database", "queue", "check", "campaigns"]


def test_a_check_is_the_servers_own() -> None:
    """Whoever asks for one by hand is told on which store it would be made."""
    result = run("check-once")
    assert (result.exit_code, "makes its own checks" in result.stderr) == (2, True)


def test_ctrl_c_says_what_was_done_and_what_was_not(mocker: Any) -> None:
    """Of three numbers one is suppressed, one perhaps, and one is not."""
    from functions.cli.api import Api

    ask = Api.ask
    posted: list[str] = []

    async def stopped(self: Api, method: str, path: str, **content: Any) -> Any:
        if method == "POST":
            if posted:
                raise KeyboardInterrupt
            posted.append(path)
        return await ask(self, method, path, **content)

    mocker.patch.object(Api, "ask", stopped)
    numbers = ["+12025550171", "+12025550172", "+12025550173"]
    result = run("suppress", *numbers, "--reason", "asked")
    assert (result.exit_code, result.stdout) == (130, "")
    assert "Done: +12025550171." in result.stderr
    assert "Perhaps done: +12025550172;" in result.stderr
    assert "Not done: +12025550173." in result.stderr
