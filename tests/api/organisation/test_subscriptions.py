"""Subscriptions over REST: a real receiver hears, verifies, is tried again and can be caught up."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.api.conftest import MakeRig
from tests.api.rig import Rig, token
from tests.channels.loopback import Loopback, Request, response
from tests.transport.webhook_receiver import is_genuine

EVENTS = ["campaign.scheduled", "campaign.started", "campaign.completed", "message.delivered"]
UNKNOWN = "0" * 32


class Receiver:
    """A server of somebody else's, which answers as the test says."""

    def __init__(self) -> None:
        self.answers: list[str] = []
        self.server = Loopback(self._answer)

    def _answer(self, _: Request) -> bytes:
        return response(self.answers.pop(0) if self.answers else "200 OK")

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server.port}/hooks/clarion"

    @property
    def heard(self) -> list[Any]:
        """What it was told."""
        return [json.loads(request.body) for request in self.server.requests]

    @property
    def types(self) -> list[str]:
        """The types of what it was told."""
        return [each["type"] for each in self.heard]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Give a receiver on loopback."""
    made = Receiver()
    async with made.server:
        yield made


async def ask(rig: Rig, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
    """Send a request."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await rig.http.request(method, path, json=body, headers=named)


async def subscribe(rig: Rig, receiver: Receiver, **changes: Any) -> Any:
    """Subscribe the receiver; return what is answered."""
    body = {"url": receiver.url, "events": EVENTS, **changes}
    answer = await ask(rig, "POST", "/subscriptions", body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def told(rig: Rig, id_: str, query: str = "") -> list[Any]:
    """Return what a subscription was told, as it is shown."""
    answer = await ask(rig, "GET", f"/subscriptions/{id_}/notifications{query}")
    assert answer.status_code == 200, answer.text
    rows: list[Any] = answer.json()["data"]
    return rows


async def test_a_receiver_hears_of_a_campaign_and_verifies_it(rig: Rig, receiver: Receiver) -> None:
    """Each event of a campaign arrives once, signed with the secret that the answer showed."""
    made = await subscribe(rig, receiver)
    id_ = await rig.campaign(people=2)
    await rig.run(id_)
    await rig.settle()
    assert sorted(receiver.types) == [
        "campaign.completed",
        "campaign.started",
        "message.delivered",
        "message.delivered",
    ]
    now = rig.clock.now().timestamp()
    for request in receiver.server.requests:
        assert is_genuine(request, made["secret"], now=now)
    assert {each["data"]["campaign_id"] for each in receiver.heard} == {id_}
    rows = await told(rig, made["id"])
    assert {(row["status"], row["attempts"], row["last_status"]) for row in rows} == {
        ("delivered", 1, 200)
    }


async def test_the_secret_is_shown_once(rig: Rig, receiver: Receiver) -> None:
    """The answer that makes a subscription holds its secret; no other answer does."""
    body = {"url": receiver.url, "events": ["message.failed"], "description": "The CRM"}
    answer = await ask(rig, "POST", "/subscriptions", body, idempotency_key="k")
    made = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    assert made == {
        "id": made["id"],
        "url": receiver.url,
        "events": ["message.failed"],
        "description": "The CRM",
        "active": True,
        "reason": None,
        "created_at": "2026-03-02T12:00:00.000Z",
        "created_by": made["created_by"],
        "updated_at": made["created_at"],
        "old_secret_until": None,
    }
    shown = await ask(rig, "GET", f"/subscriptions/{made['id']}")
    assert shown.json() == made
    version = answer.headers["etag"].strip('"')  # alone: what was shown then is secret
    assert shown.headers["etag"].startswith(f'"{version}-')
    listed = (await ask(rig, "GET", "/subscriptions")).json()
    assert listed == {"data": [made], "next_cursor": None}
    again = await ask(rig, "POST", "/subscriptions", body, idempotency_key="k")
    assert again.json()["code"] == "IDEMPOTENCY_ANSWER_NOT_KEPT"
    assert len((await ask(rig, "GET", "/subscriptions")).json()["data"]) == 1


async def test_both_secrets_sign_for_a_day_after_a_rotation(rig: Rig, receiver: Receiver) -> None:
    """A receiver verifies with the old secret or the new one; a day later with the new one."""
    made = await subscribe(rig, receiver)
    path = f"/subscriptions/{made['id']}"
    answer = await ask(rig, "POST", f"{path}/rotate-secret")
    rotated = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert rotated["old_secret_until"] == "2026-03-03T12:00:00.000Z"
    assert rotated["secret"] != made["secret"]
    for old_counts in (True, False):
        await ask(rig, "POST", f"{path}/test")
        request, now = receiver.server.requests[-1], rig.clock.now().timestamp()
        assert is_genuine(request, rotated["secret"], now=now)
        assert is_genuine(request, made["secret"], now=now) is old_counts
        rig.clock.advance(timedelta(hours=24))


async def test_a_test_tells_what_the_receiver_answered(rig: Rig, receiver: Receiver) -> None:
    """Trying out a subscription sends one event now, and shows what came of it."""
    made = await subscribe(rig, receiver, active=False)
    receiver.answers = ["500 Broken"]
    shown = (await ask(rig, "POST", f"/subscriptions/{made['id']}/test")).json()
    assert (shown["type"], shown["status"]) == ("subscription.test", "failed")
    assert (shown["last_status"], shown["last_error"]) == (500, "answered_500")
    assert receiver.types == ["subscription.test"]
    shown = (await ask(rig, "POST", f"/subscriptions/{made['id']}/test")).json()
    assert (shown["status"], shown["attempts"]) == ("delivered", 1)


async def test_what_is_not_taken_is_shown_and_replayed(rig: Rig, receiver: Receiver) -> None:
    """A failing receiver's notifications wait visibly; one can be sent again at once."""
    made = await subscribe(rig, receiver, events=["campaign.scheduled"])
    receiver.answers = ["503 Busy"]
    await rig.campaign(scheduledTime="2026-03-03T12:00:00Z")
    await rig.settle()
    (row,) = await told(rig, made["id"], "?status=pending")
    assert (row["attempts"], row["last_status"]) == (1, 503)
    assert "2026-03-02T12:00:05" <= row["next_attempt_at"] < "2026-03-02T12:00:07"
    assert await told(rig, made["id"], "?status=delivered") == []
    path = f"/subscriptions/{made['id']}/notifications/{row['id']}/replay"
    replayed = (await ask(rig, "POST", path)).json()
    assert (replayed["status"], replayed["attempts"]) == ("pending", 0)
    await rig.settle()
    assert receiver.types == ["campaign.scheduled"] * 2
    assert {each["id"] for each in receiver.heard} == {row["id"]}
    assert [row["status"] for row in await told(rig, made["id"])] == ["delivered"]


async def test_gone_switches_it_off_and_catching_up_is_possible(
    rig: Rig, receiver: Receiver
) -> None:
    """After a 410 nothing more is sent; switched on again, what failed since then is caught up."""
    made = await subscribe(rig, receiver, events=["campaign.scheduled"])
    path = f"/subscriptions/{made['id']}"
    receiver.answers = ["410 Gone"]
    await rig.campaign(scheduledTime="2026-03-03T12:00:00Z")
    await rig.settle()
    shown = (await ask(rig, "GET", path)).json()
    assert (shown["active"], shown["reason"]) == (False, "gone")
    since = {"since": "2026-03-02T13:00:00+01:00"}
    refused = await ask(rig, "POST", f"{path}/replay", since)
    assert (refused.status_code, refused.json()["field"]) == (400, "active")
    changed = await ask(rig, "PATCH", path, {"active": True})
    assert (changed.json()["active"], changed.json()["reason"]) == (True, None)
    caught_up = (await ask(rig, "POST", f"{path}/replay", since)).json()
    assert caught_up == {"replayed": 1, "more": False}
    await rig.settle()
    assert receiver.types == ["campaign.scheduled"] * 2


async def test_notifications_are_read_page_by_page(rig: Rig, receiver: Receiver) -> None:
    """The cursor of a page leads to the next one, until there are no more."""
    made = await subscribe(rig, receiver, events=["campaign.scheduled"])
    for number in range(3):
        await _schedule(rig, number)
        rig.clock.advance(timedelta(seconds=1))
    path, cursor, seen = f"/subscriptions/{made['id']}/notifications?limit=2", "", []
    while True:
        body = (await ask(rig, "GET", f"{path}&cursor={cursor}")).json()
        seen += [row["data"]["name"] for row in body["data"]]
        cursor = body["next_cursor"]
        if cursor is None:
            break
    assert seen == ["c2", "c1", "c0"]


async def _schedule(rig: Rig, number: int) -> None:
    await rig.campaign(campaignName=f"c{number}", scheduledTime="2026-03-03T12:00:00Z")


# --- Mistakes --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"url": "ftp://example.com/"}, "url"),
        ({"url": "http://user:pass@example.com/"}, "url"),
        ({"url": "http://exa mple.com/"}, "url"),
        ({"url": "http:///hook"}, "url"),
        ({"url": ""}, "url"),
        ({"url": "http://example.com/" + "x" * 2048}, "url"),
        ({"events": []}, "events"),
        ({"events": ["campaign.exploded"]}, "events"),
        ({"events": ["subscription.test"]}, "events"),
        ({"events": "campaign.started"}, "events"),
        ({"description": "x" * 201}, "description"),
        ({"active": "perhaps"}, "active"),
        ({"secret": "mine"}, "secret"),
    ],
)
async def test_a_mistake_is_named(
    rig: Rig, receiver: Receiver, changes: dict[str, Any], field: str
) -> None:
    """What breaks a rule is refused by its field, in a new subscription and in a change."""
    made = await subscribe(rig, receiver)
    body = {"url": receiver.url, "events": EVENTS, **changes}
    for method, path in (("POST", "/subscriptions"), ("PATCH", f"/subscriptions/{made['id']}")):
        answer = await ask(rig, method, path, body)
        assert answer.status_code == 400, answer.text
        assert answer.json()["field"] == field
    assert len((await ask(rig, "GET", "/subscriptions")).json()["data"]) == 1


@pytest.mark.parametrize(
    "url",
    [
        "https://localhost/hook",
        "https://127.0.0.1/hook",
        "https://10.0.0.8/hook",
        "https://169.254.169.254/computeMetadata/v1/",
        "https://metadata.google.internal/",
        "https://[::1]/hook",
        "http://example.com/hook",
    ],
)
async def test_our_own_network_cannot_be_subscribed(make_rig: MakeRig, url: str) -> None:
    """Without private hosts, neither our network nor plain http can be subscribed."""
    rig = make_rig(allow_private_hosts=False)
    answer = await ask(rig, "POST", "/subscriptions", {"url": url, "events": EVENTS})
    assert (answer.status_code, answer.json()["field"]) == (400, "url")


@pytest.mark.parametrize("since", ["yesterday", "2026-03-02T12:00:00", "", None])
async def test_an_instant_needs_its_zone(rig: Rig, receiver: Receiver, since: Any) -> None:
    """From when on is to be replayed is an instant, not somebody's local time."""
    made = await subscribe(rig, receiver)
    answer = await ask(rig, "POST", f"/subscriptions/{made['id']}/replay", {"since": since})
    assert (answer.status_code, answer.json()["field"]) == (400, "since")


async def test_a_change_of_an_old_version_is_refused(rig: Rig, receiver: Receiver) -> None:
    """If-Match guards changes, deletes and rotations against what the caller has not seen."""
    made = await subscribe(rig, receiver)
    path = f"/subscriptions/{made['id']}"
    seen = (await ask(rig, "GET", path)).headers["etag"]
    changed = await ask(rig, "PATCH", path, {"description": "new"}, if_match=seen)
    assert changed.status_code == 200
    assert changed.headers["etag"] != seen
    for method, where, body in (
        ("PATCH", path, {"active": False}),
        ("DELETE", path, None),
        ("POST", f"{path}/rotate-secret", None),
    ):
        assert (await ask(rig, method, where, body, if_match=seen)).status_code == 412
    etag = changed.headers["etag"]
    assert (await ask(rig, "DELETE", path, if_match=etag)).status_code == 204
    assert (await ask(rig, "GET", path)).status_code == 404


def _routes(id_: str, notification: str) -> Iterator[tuple[str, str, Any]]:
    path = f"/subscriptions/{id_}"
    yield "GET", path, None
    yield "PATCH", path, {"active": False}
    yield "GET", f"{path}/notifications", None
    yield "POST", f"{path}/test", None
    yield "POST", f"{path}/rotate-secret", None
    yield "POST", f"{path}/replay", {"since": "2026-03-02T12:00:00Z"}
    yield "POST", f"{path}/notifications/{notification}/replay", None
    yield "DELETE", path, None


async def test_another_organisations_subscription_is_not_found(
    rig: Rig, receiver: Receiver
) -> None:
    """With another organisation's ids every route answers 404, and nothing is done or sent."""
    made = await subscribe(rig, receiver, events=["campaign.scheduled"])
    await _schedule(rig, 1)
    await rig.settle()
    (row,) = await told(rig, made["id"])
    for method, path, body in _routes(made["id"], row["id"]):
        answer = await ask(rig, method, path, body, x_org_id="other")
        assert answer.status_code == 404, (method, path, answer.text)
        assert answer.json()["code"] == "SUBSCRIPTION_NOT_FOUND"
    assert (await ask(rig, "GET", "/subscriptions", x_org_id="other")).json()["data"] == []
    assert len(receiver.heard) == 1
    assert (await ask(rig, "GET", f"/subscriptions/{made['id']}")).json()["active"] is True


async def test_what_does_not_exist_is_not_found(rig: Rig, receiver: Receiver) -> None:
    """An unknown subscription, and an unknown notification of a known one, are 404."""
    made = await subscribe(rig, receiver)
    for method, path, body in _routes(UNKNOWN, "evt_1"):
        assert (await ask(rig, method, path, body)).status_code == 404, path
    path = f"/subscriptions/{made['id']}/notifications/evt_1/replay"
    answer = await ask(rig, "POST", path)
    assert (answer.status_code, answer.json()["code"]) == (404, "NOTIFICATION_NOT_FOUND")


@pytest.mark.parametrize("role", ["viewer", "operator"])
async def test_only_admins_say_who_is_told(jwt_rig: Rig, receiver: Receiver, role: str) -> None:
    """Others read; operators also try out and replay; only admins make, change and delete."""
    admin, other = token("admin"), token(role)
    body = {"url": receiver.url, "events": ["campaign.scheduled"]}
    made = (await ask(jwt_rig, "POST", "/subscriptions", body, authorization=admin)).json()
    path = f"/subscriptions/{made['id']}"
    refused = await ask(jwt_rig, "POST", "/subscriptions", body, authorization=other)
    assert refused.status_code == 403
    for method, where, change in (
        ("PATCH", path, {"active": False}),
        ("POST", f"{path}/rotate-secret", None),
        ("DELETE", path, None),
    ):
        answer = await ask(jwt_rig, method, where, change, authorization=other)
        assert answer.status_code == 403, where
    expected = 200 if role == "operator" else 403
    since = {"since": "2026-03-02T12:00:00Z"}
    for where, sent in ((f"{path}/test", None), (f"{path}/replay", since)):
        answer = await ask(jwt_rig, "POST", where, sent, authorization=other)
        assert answer.status_code == expected, where
    for where in ("/subscriptions", path, f"{path}/notifications"):
        assert (await ask(jwt_rig, "GET", where, authorization=other)).status_code == 200
