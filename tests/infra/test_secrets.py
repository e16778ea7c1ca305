"""Every function of a deployment works with its own secrets, and has no others."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from fastapi.routing import APIRoute

from functions.api.hooks import carrier_webhooks, mail_links, task_runner
from functions.api.organisation import settings
from functions.api.session import login
from functions.api.session import routes as session
from functions.bootstrap.parts import REST_PATHS, Part, every_part
from functions.bootstrap.stack import build
from functions.settings.load import SettingsError
from functions.settings.providers import Use
from functions.settings.secrets import TARGETS, secrets_of
from functions.web.caller_route import CallerRoute
from functions.web.problems import first_segment
from tests.api.rig import SENDER, numbers, order
from tests.channels.plivo.voice_server import hangup_form
from tests.channels.whatsapp import server
from tests.channels.whatsapp.server import told_of
from tests.infra.deployment import CHOSEN, FUNCTIONS, Deployment, settings_of
from tests.infra.test_deploy import paths
from tests.transport.webhook_receiver import is_genuine

ROOT: Final = Path(__file__).parents[2]


# --- What functions do ------------------------------------------------------------------------


async def test_every_function_works_with_its_own_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls and texts are ordered, started, sent, told of and reported by one function each."""
    async with Deployment(tmp_path, monkeypatch) as deployment:
        await reach_everybody(deployment)
        await deployment.ask("health", "GET", "/")
        assert deployment.answered == set(FUNCTIONS)


DEMANDED: Final = [
    (target, secret) for target in FUNCTIONS for secret in secrets_of(target, CHOSEN)
]


#: What callers and browsers bring: whoever seals with another word also opens with it.
CALLERS: Final = {"JWT_SECRET", "SESSION_SECRET"}


@pytest.mark.parametrize("wrong", [pair for pair in DEMANDED if pair[1] not in CALLERS])
async def test_no_function_is_given_a_secret_in_vain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: tuple[str, str]
) -> None:
    """With another word in place of any one secret, somebody is not reached or nobody learns it."""
    async with Deployment(tmp_path, monkeypatch, wrong) as deployment:
        with pytest.raises((AssertionError, ValueError)):
            await reach_everybody(deployment)


async def reach_everybody(deployment: Deployment) -> None:
    """Call some people, and text, mail and post to one of them."""
    await call_people(deployment)
    await text_people(deployment)


async def call_people(deployment: Deployment) -> None:
    """Call a list from its upload to its report, with every function for calls."""
    ask = deployment.ask
    file = {"file": ("people.csv", "\n".join(("number", *numbers(2))))}
    listed = await ask("upload_csv", "POST", "/", files=file, data={"listName": "People"})
    await ask("get_list_contact", "GET", f"/?listId={listed['listId']}")
    await steer(deployment, listed["listId"])
    id_ = await start(deployment, listed["listId"])
    deployment.plivo.outcomes = {numbers(2)[1].lstrip("+"): 3050}
    await deployment.run()
    await hear_of_calls(deployment)
    await deployment.run()
    progress = await ask("campaign_progress", "GET", f"/{id_}")
    assert progress["status"] == "completed"
    assert [progress["statistics"][name] for name in ("connectedCalls", "failedCalls")] == [1, 1]
    report = await ask("get_report_by_campaign", "POST", "/", json={"campaignId": id_})
    assert len(report["rows"]) == 2
    await ask("retry_campaign", "POST", "/", json={"campaignId": id_})
    call = {"from": SENDER, "to": numbers(1)[0], "wssUrl": bot(deployment)}
    await ask("single_call", "POST", "/", json=call)
    await deployment.run()
    assert len(deployment.plivo.calls) == 4


def bot(deployment: Deployment) -> str:
    """Return where the bot of the calls is."""
    return f"ws://127.0.0.1:{deployment.web.port}/talk"


async def steer(deployment: Deployment, list_id: str) -> None:
    """Have a campaign do everything but start."""
    later = {"scheduledTime": "2026-03-02T18:00:00Z"}
    body = order(list_id, wssUrl=bot(deployment), campaignName="Steered", **later)
    made = await deployment.ask("create_campaign", "POST", "/", json=body)
    one = {"campaignId": made["campaignId"]}
    even_later = {"scheduledTime": "2026-03-02T19:00:00Z"}
    await deployment.ask("reschedule_campaign", "POST", "/", json=one | even_later)
    await deployment.ask("cancel_campaign", "POST", "/", json=one)


async def start(deployment: Deployment, list_id: str) -> str:
    """Have the check start a campaign, and pause and resume it; return its id."""
    body = order(list_id, wssUrl=bot(deployment), scheduledTime="2026-03-02T12:00:05Z")
    made = await deployment.ask("create_campaign", "POST", "/", json=body)
    await deployment.clock.sleep(10)
    checked = await deployment.ask("check_scheduled_campaigns", "POST", "/")
    assert [each["campaignId"] for each in checked["started"]] == [made["campaignId"]]
    for target in ("pause_campaign", "resume_campaign"):
        await deployment.ask(target, "POST", "/", json={"campaignId": made["campaignId"]})
    id_: str = made["campaignId"]
    return id_


async def hear_of_calls(deployment: Deployment) -> None:
    """Let every call come to its end."""
    plivo = deployment.plivo
    for call in plivo.calls:
        if call.cause == 4000:
            await deployment.call_back(plivo.callback(call, "answer_url", {"Event": "StartApp"}))
        plivo.end(call, talked_s=5)
        await deployment.call_back(plivo.callback(call, "hangup_url", hangup_form(call)))


async def text_people(deployment: Deployment) -> None:
    """Reach somebody by every other channel, ordered over REST."""
    ask = deployment.ask
    person = {"phone": numbers(3)[2], "email": "ada@example.org"}
    contact = (await ask("api", "POST", "/contacts", json=person))["id"]
    for channel, more in CONTENT.items():
        url = {"webhook_url": f"http://127.0.0.1:{deployment.web.port}/"}
        body = {"name": channel, "channel": channel, "base_template": "Hello!", **more}
        body |= url if channel == "webhook" else {}
        made = await ask("api", "POST", "/campaigns", json=body)
        sent = {"customer_ids": [contact]}
        await ask("api", "POST", f"/campaigns/{made['id']}/send", json=sent)
    await deployment.run()
    await hear_of_texts(deployment)
    found = await ask("api", "GET", f"/contacts/{contact}/history")
    by_channel = {row["channel"]: row["status"] for row in found["data"]}
    assert by_channel["sms"] == by_channel["whatsapp"] == "delivered"
    await look_at_mail(deployment)
    await verify_post(deployment)


CONTENT: Final[dict[str, dict[str, Any]]] = {
    "sms": {"sender": SENDER},
    "whatsapp": {"sender": SENDER},
    "email": {"sender": "us@example.com", "subject": "Hello"},
    "webhook": {},
}


async def hear_of_texts(deployment: Deployment) -> None:
    """Have Twilio and Meta tell of their messages, and Meta ask whether a URL is ours."""
    (text,) = deployment.twilio.messages
    await deployment.call_back(deployment.twilio.move(text, "delivered"))
    (message,) = deployment.whatsapp.messages
    url = "http://127.0.0.1:8080/webhooks/whatsapp/inbound/acme"
    told = server.callback(url, statuses=[told_of(message, "delivered")])
    await deployment.ask(
        "receive_webhook", "POST", url, content=told.body, headers=dict(told.headers)
    )
    asked = {
        "hub.mode": "subscribe",
        "hub.verify_token": server.VERIFY_TOKEN,
        "hub.challenge": "42",
    }
    assert await deployment.ask("receive_webhook", "GET", url, params=asked) == "42"


async def look_at_mail(deployment: Deployment) -> None:
    """Follow the link that a mail has to unsubscribe."""
    (taken,) = deployment.mails.taken
    url = taken.mail["List-Unsubscribe"].strip("<>")
    assert "unsubscribed" in await deployment.ask("links", "POST", url)


async def verify_post(deployment: Deployment) -> None:
    """Verify a webhook message by the secret that the API shows."""
    (post,) = [request for request in deployment.web.requests if request.method == "POST"]
    shown = await deployment.ask("api", "GET", "/settings/webhook-secret")
    now = int(post.headers["webhook-timestamp"])
    assert is_genuine(post, shown["secret"], now=now)


# --- What functions have ----------------------------------------------------------------------


@pytest.mark.parametrize(("target", "secret"), DEMANDED)
def test_a_function_does_not_start_without_a_secret_that_it_uses(target: str, secret: str) -> None:
    """What would fail half-way is refused at the start, by the setting's name."""
    with pytest.raises(SettingsError, match=secret):
        settings_of(target, without=secret)


def test_only_the_console_s_functions_know_its_sessions() -> None:
    """What opens sessions is handed to those who show the console, and never to who only reads."""
    assert {t for t in TARGETS if "SESSION_SECRET" in secrets_of(t, CHOSEN)} == {"api", "app"}
    without = {**CHOSEN, "CONSOLE_URL": ""}
    assert not any("SESSION_SECRET" in secrets_of(target, without) for target in TARGETS)


@pytest.mark.parametrize("target", FUNCTIONS)
async def test_only_who_sends_has_channels(target: str) -> None:
    """A function that does not send has nothing to send by, nor one that is told nothing ears."""
    stack, uses = build(settings_of(target), target), TARGETS[target]
    assert bool(stack.engine.channels) is (Use.SENDS in uses)
    assert bool(stack.context.receivers) is (Use.RECEIVES in uses)
    assert stack.engine.traits_of("plivo").holds_live_call
    await stack.close()


@pytest.mark.parametrize("target", FUNCTIONS)
def test_a_function_uses_what_its_routes_use(target: str) -> None:
    """The table of secrets says for each function what the routes say that it serves."""
    tops = {first_segment(path) for path in served(target)}
    shown = [
        (part, route)
        for part in every_part()
        for route in part.router.routes
        if isinstance(route, APIRoute) and first_segment(route.path) in tops
    ]
    used = {_BY_PART[part] for part, _ in shown if part in _BY_PART}
    if any(isinstance(route, CallerRoute) for _, route in shown):
        used.add(Use.CALLERS)
    assert used == TARGETS[target]


#: Whose routes take a secret besides those of callers.
_BY_PART: Final[Mapping[Part, Use]] = {
    task_runner: Use.SENDS,
    carrier_webhooks: Use.RECEIVES,
    mail_links: Use.LINKS,
    settings: Use.SHOWS,
    session: Use.SIGNS_IN,
    login: Use.SIGNS_IN,
}


def served(target: str) -> tuple[str, ...]:
    """Return the paths that a function serves."""
    return REST_PATHS if target == "api" else (paths()[target],)


def test_only_tasks_take_a_channel_to_send_by() -> None:
    """What needs a channel belongs to tasks: import-linter keeps all others from the first two."""
    assert modules_with(r"engine\.channel\(") == {"sender.py", "reconcile.py", "recall.py"}
    assert modules_with(r"import recall\b") == {"worker.py"}


def modules_with(pattern: str) -> set[str]:
    """Return the names of our modules in which something stands that looks like this."""
    looks = re.compile(rf"(?<!def ){pattern}")
    return {
        path.name for path in (ROOT / "functions").rglob("*.py") if looks.search(path.read_text())
    }
