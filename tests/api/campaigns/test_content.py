"""Campaigns over REST by what they say: mails, texts that providers keep, webhooks, fallbacks."""

import csv
import io
from typing import Any

import pytest

from functions.channels.simulator.ledger import read_ledger
from tests.api.rig import BOT, SENDER, Rig, token

SHOP = "Shop <shop@example.com>"
MAIL = {
    "name": "News",
    "channel": "email",
    "sender": SHOP,
    "subject": "News for {first_name}",
    "base_template": "Hi {first_name}",
    "html": "<p>Hi {first_name}</p>",
}
ANN = {"phone": "+12025550142", "email": "Ann@Example.com", "first_name": "Ann & Co"}
FALLBACK = {"channel": "sms", "base_template": "Hi {first_name}", "after": ["busy", "no_answer"]}
CALL = {"channel": "voice", "sender": SENDER, "bot_url": BOT}
HOOK = "https://shop.example.com/hook"


async def made(rig: Rig, path: str, body: Any, **headers: str) -> Any:
    """Make something; return it."""
    answer = await rig.post(path, body, **headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_mail_is_written_sent_and_kept(rig: Rig) -> None:
    """From the body of the request to what stands in the message, the report and the history."""
    ann = (await made(rig, "/contacts", ANN))["id"]
    campaign = await made(rig, "/campaigns", MAIL)
    assert {name: campaign[name] for name in MAIL} == MAIL
    path = f"/campaigns/{campaign['id']}"
    assert (await rig.post(f"{path}/send", {"customer_ids": [ann]})).status_code == 200
    await rig.run(campaign["id"])
    await rig.clock.sleep(60)
    await rig.settle()
    stats = (await rig.get(path)).json()["stats"]
    assert (stats["total"], stats["sent"], stats["delivered"], stats["read"]) == (1, 1, 1, 0)
    assert {stats[name] for name in ("expired", "clicked", "replied", "opted_out")} == {0}
    (row,) = (await rig.get(f"{path}/messages")).json()["data"]
    assert (row["to"], row["channel"], row["step"]) == ("ann@example.com", "email", 0)
    assert (row["subject"], row["read_at"]) == ("News for Ann & Co", None)
    whole = (await rig.get(f"/messages/{row['id']}")).json()
    assert (whole["body"], whole["html"]) == ("Hi Ann & Co", "<p>Hi Ann &amp; Co</p>")
    (entry,) = (await rig.get(f"/contacts/{ann}/history")).json()["data"]
    assert (entry["channel"], entry["subject"]) == ("email", "News for Ann & Co")
    (text,) = read_ledger(rig.stack.context.settings.simulator_ledger).texts
    assert text.to == "ann@example.com"


async def test_the_report_as_csv_shows_the_subject_and_is_no_formula(rig: Rig) -> None:
    """What people have written stays text in a spreadsheet."""
    person = {**ANN, "first_name": "=1+1", "email": "=1+1@example.com"}
    ann = (await made(rig, "/contacts", person))["id"]
    campaign = await made(rig, "/campaigns", {**MAIL, "subject": "{first_name} for you"})
    await rig.post(f"/campaigns/{campaign['id']}/send", {"customer_ids": [ann]})
    await rig.run(campaign["id"])
    answer = await rig.get(f"/campaigns/{campaign['id']}/messages?format=csv")
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["subject"], row["channel"], row["step"]) == ("'=1+1 for you", "email", "0")
    assert row["number"] == "'=1+1@example.com"


async def test_everything_that_is_written_is_shown(rig: Rig) -> None:
    """What a campaign is given comes back under the same names, and a copy has it all."""
    body: dict[str, Any] = {
        **CALL,
        "rate_per_s": 0.5,
        "send_window": {"start": "09:00", "end": "17:30", "days": ["mon", "fri"]},
        "not_after": "2026-03-02T18:00:00.000Z",
        "late_start": "ask",
        "grace_s": 0,
        "guardrail": {"failed_percent": 20, "of_last": 100},
        "canary": {"first": 10, "failed_percent": 50, "wait_s": 60},
        "fallbacks": [
            {**FALLBACK, "sender": "CLARION", "wait_s": 120},
            {
                "channel": "whatsapp",
                "provider_template": "welcome",
                "language": "en_US",
                "parameters": ["{first_name}"],
                "after": ["failed", "not_delivered"],
                "wait_s": 0,
            },
            {
                "channel": "email",
                "sender": SHOP,
                "subject": "Hi",
                "html": "<p>Hi</p>",
                "after": ["unknown"],
                "wait_s": 0,
            },
        ],
    }
    campaign = await made(rig, "/campaigns", body)
    copy = await made(rig, f"/campaigns/{campaign['id']}/duplicate", None)
    for shown in (campaign, copy):
        for name in body.keys() - {"fallbacks"}:
            assert shown[name] == body[name], name
        for fallback, given in zip(shown["fallbacks"], body["fallbacks"], strict=True):
            assert {name: fallback[name] for name in given} == given
    cleared = dict.fromkeys(("rate_per_s", "send_window", "not_after", "guardrail", "canary"))
    left_out = {"fallbacks": None, "late_start": None, "grace_s": None}
    path = f"/campaigns/{campaign['id']}"
    patched = (await rig.http.patch(path, json={**cleared, **left_out})).json()
    assert {name: patched[name] for name in cleared} == cleared
    assert (patched["fallbacks"], patched["late_start"], patched["grace_s"]) == ([], "run", 3600)
    assert patched["bot_url"] == BOT


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"subject": ""}, "subject"),
        ({"subject": "x" * 256}, "subject"),
        ({"subject": "Hi\r\nBcc: all@example.com"}, "subject"),
        ({"subject": "Hi {{ x"}, "subject"),
        ({"html": "x" * 100_001}, "html"),
        ({"html": "{% nonsense %}"}, "html"),
        ({"sender": "+12025550111"}, "sender"),
        ({"sender": "shop"}, "sender"),
        ({"sender": "Sh\nop <shop@example.com>"}, "sender"),
        ({"sender": ""}, "sender"),
        ({"channel": "sms", "subject": None, "html": None}, "sender"),
        ({"sender": "Shop <shop@example.com>, eve@example.com"}, "sender"),
        ({"channel": "sms", "sender": None}, "subject"),
        ({"parameters": ["x"] * 11}, "parameters"),
        ({"parameters": ["x" * 1001]}, "parameters"),
        ({"parameters": ["x"]}, "parameters"),
        ({"language": "english"}, "language"),
        ({"language": "en-US"}, "language"),
        ({"provider_template": "two words"}, "provider_template"),
        ({"provider_template": ""}, "provider_template"),
        ({"webhook_url": "ftp://shop.example.com"}, "webhook_url"),
        ({"webhook_url": "https://user:secret@shop.example.com"}, "webhook_url"),
        ({"webhook_url": HOOK}, "webhook_url"),
        ({"rate_per_s": 0}, "rate_per_s"),
        ({"rate_per_s": 1e9}, "rate_per_s"),
        ({"send_window": {"start": "9:00", "end": "17:00"}}, "send_window.start"),
        ({"send_window": {"start": "09:00", "end": "24:00"}}, "send_window.end"),
        ({"send_window": {"start": "09:00", "end": "09:00"}}, "send_window"),
        ({"send_window": {"start": "09:00"}}, "send_window.end"),
        ({"send_window": {"start": "09:00", "end": "17:00", "days": []}}, "send_window.days"),
        ({"send_window": {"start": "09:00", "end": "17:00", "days": ["Mon"]}}, "send_window.days"),
        ({"send_window": {"start": "09:00", "end": "17:00", "days": ["mon"] * 2}}, "send_window"),
        ({"not_after": "2026-03-02T18:00:00"}, "not_after"),
        ({"not_after": "2026-03-02T11:00:00Z"}, "not_after"),
        (
            {"not_after": "2026-03-02T13:00:00Z", "scheduled_at": "2026-03-02T13:00:00Z"},
            "not_after",
        ),
        ({"late_start": "later"}, "late_start"),
        ({"grace_s": -1}, "grace_s"),
        ({"grace_s": 604_801}, "grace_s"),
        ({"guardrail": {"failed_percent": 0, "of_last": 10}}, "guardrail.failed_percent"),
        ({"guardrail": {"failed_percent": 101, "of_last": 10}}, "guardrail.failed_percent"),
        ({"guardrail": {"failed_percent": 10, "of_last": 9}}, "guardrail.of_last"),
        ({"guardrail": {"failed_percent": 10}}, "guardrail.of_last"),
        ({"canary": {"first": 0, "failed_percent": 10}}, "canary.first"),
        ({"canary": {"first": 10_001, "failed_percent": 10}}, "canary.first"),
        ({"canary": {"first": 1, "failed_percent": 10, "wait_s": 0}}, "canary.wait_s"),
        ({"canary": {"first": 1, "failed_percent": 10, "wait_s": 86_401}}, "canary.wait_s"),
        ({"fallbacks": [FALLBACK] * 4}, "fallbacks"),
        ({"fallbacks": [{"base_template": "x"}]}, "fallbacks.channel"),
        ({"fallbacks": [{**FALLBACK, "channel": "fax"}]}, "fallbacks.channel"),
        ({"fallbacks": [{**FALLBACK, "after": []}]}, "fallbacks.after"),
        ({"fallbacks": [{**FALLBACK, "after": ["No answer"]}]}, "fallbacks.after"),
        ({"fallbacks": [{**FALLBACK, "after": ["no_anwser"]}]}, "fallbacks.0.after"),
        ({"fallbacks": [{**FALLBACK, "wait_s": -1}]}, "fallbacks.wait_s"),
        ({"fallbacks": [{**FALLBACK, "subject": "x"}]}, "fallbacks.0.subject"),
        ({"fallbacks": [{**FALLBACK, "sender": "a b"}]}, "fallbacks.0.sender"),
        ({"fallbacks": [FALLBACK, {**FALLBACK, "base_template": "{{"}]}, "fallbacks.1."),
        ({"fallbacks": [{**FALLBACK, "name": "x"}]}, "fallbacks.name"),
        ({"fallbacks": [{"channel": "voice", "bot_url": "http://x.example"}]}, "fallbacks.0.bot"),
        ({"fallbacks": [{"channel": "webhook", "webhook_url": "x"}]}, "fallbacks.0.webhook_url"),
    ],
)
async def test_a_mistake_names_its_field(rig: Rig, fields: dict[str, Any], field: str) -> None:
    """Nothing is stored of a campaign with a mistake."""
    answer = await rig.post("/campaigns", {**MAIL, **fields})
    assert answer.status_code == 400, answer.text
    assert answer.json()["field"].startswith(field), answer.json()
    assert answer.json()["detail"]
    assert (await rig.get("/campaigns")).json()["pagination"]["total_count"] == 0


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "https://10.0.0.1/x", "https://localhost"])
async def test_no_campaign_posts_into_our_own_network(make_rig: Any, url: str) -> None:
    """A webhook's URL must be public, of a fallback as well; a laptop may allow others."""
    rig = make_rig(allow_private_hosts=False)
    hook = {"channel": "webhook", "webhook_url": url}
    for body, field in (
        (hook, "webhook_url"),
        ({**CALL, "fallbacks": [hook]}, "fallbacks.0.webhook_url"),
    ):
        answer = await rig.post("/campaigns", body)
        assert (answer.status_code, answer.json()["field"]) == (400, field)
    allowed = make_rig(allow_private_hosts=True)
    assert (await allowed.post("/campaigns", hook)).status_code == 201


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"sender": None}, "sender"),
        ({"subject": None}, "subject"),
        ({"base_template": None, "html": None}, "base_template"),
        ({"fallbacks": [{"channel": "sms"}]}, "fallbacks.0.base_template"),
        ({"fallbacks": [{"channel": "webhook"}]}, "fallbacks.0.webhook_url"),
    ],
)
async def test_an_unfinished_campaign_is_not_sent(
    rig: Rig, fields: dict[str, Any], field: str
) -> None:
    """A draft may be incomplete; scheduling, sending and testing name what is lacking."""
    path = f"/campaigns/{(await made(rig, '/campaigns', {**MAIL, **fields}))['id']}"
    for step, body in (
        ("schedule", {"scheduled_at": "2026-03-02T13:00:00Z"}),
        ("send", {"everyone": True}),
        ("send-test", {"emails": ["ann@example.com"]}),
    ):
        answer = await rig.post(f"{path}/{step}", body)
        assert (answer.status_code, answer.json()["field"]) == (400, field)


async def test_the_organisation_s_sender_is_every_mail_s(rig: Rig) -> None:
    """A mail that names no sender, and a fallback by mail, are sent from the organisation's."""
    changed = await rig.http.patch("/settings", json={"senders": {"email": SHOP, "sms": "CLARION"}})
    assert changed.status_code == 200, changed.text
    shown = await made(rig, "/campaigns", {**MAIL, "sender": None})
    assert shown["sender"] == SHOP
    by_mail = {"channel": "email", "subject": "Hi", "base_template": "Hi"}
    shown = await made(rig, "/campaigns", {**CALL, "fallbacks": [FALLBACK, by_mail]})
    assert [each["sender"] for each in shown["fallbacks"]] == ["CLARION", SHOP]
    wrong = await rig.http.patch("/settings", json={"senders": {"email": SENDER}})
    assert (wrong.status_code, wrong.json()["field"]) == (400, "senders.email")


async def test_a_mail_is_previewed_and_tested(rig: Rig) -> None:
    """A preview shows every part; a test goes to e-mail addresses, and to no phone."""
    ann = (await made(rig, "/contacts", ANN))["id"]
    path = f"/campaigns/{(await made(rig, '/campaigns', MAIL))['id']}"
    wish = {"customer_id": ann}
    shown = (await rig.post(f"{path}/personalized-preview", wish)).json()
    assert shown["rendered_message"] == "Hi Ann & Co"
    assert (shown["subject"], shown["html"]) == ("News for Ann & Co", "<p>Hi Ann &amp; Co</p>")
    tests = await rig.post(f"{path}/send-test", {**wish, "emails": ["Eve@Example.com"]})
    (sent,) = tests.json()["messages"]
    assert sent["to"] == "eve@example.com"
    message = (await rig.get(f"/messages/{sent['message_id']}")).json()
    assert (message["to"], message["subject"]) == ("eve@example.com", "News for Ann & Co")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"phones": [], "emails": []}, "body"),
        ({"emails": ["ann@example.com"] * 11}, "body"),
        ({"emails": ["ann"]}, "emails"),
        ({"emails": [""]}, "emails"),
        ({"phones": [SENDER]}, "phones"),
    ],
)
async def test_a_test_to_nobody_is_refused(rig: Rig, body: dict[str, Any], field: str) -> None:
    """One to ten addresses together, each of the campaign's kind."""
    path = f"/campaigns/{(await made(rig, '/campaigns', MAIL))['id']}"
    answer = await rig.post(f"{path}/send-test", body)
    assert (answer.status_code, answer.json()["field"]) == (400, field), answer.text
    assert (await rig.get("/campaigns?kind=single")).json()["pagination"]["total_count"] == 0


async def test_a_named_template_may_be_a_mail(rig: Rig) -> None:
    """It is shown, tried and versioned with subject and HTML, and a campaign takes them over."""
    words = {
        "name": "News",
        "text": "Hi",
        "subject": "Hi {first_name}",
        "html": "<p>{location}</p>",
    }
    template = await made(rig, "/templates", words)
    assert {name: template[name] for name in words} == words
    tried = await rig.post(
        f"/templates/{template['id']}/preview", {"values": {"first_name": "Ann", "location": "<b>"}}
    )
    told = tried.json()
    assert (told["subject"], told["html"]) == ("Hi Ann", "<p>&lt;b&gt;</p>")
    await made(rig, "/contacts", ANN)
    checked = await rig.post("/templates/check", {"template_id": template["id"], "everyone": True})
    assert checked.json()["missing"] == {"location": 1}
    mail = {"channel": "email", "template_id": template["id"]}
    campaign = await made(rig, "/campaigns", mail)
    assert (campaign["subject"], campaign["html"]) == (words["subject"], words["html"])
    own = await made(rig, "/campaigns", {**mail, "subject": "Mine"})
    assert (own["subject"], own["html"]) == ("Mine", words["html"])
    path = f"/templates/{template['id']}"
    assert (await rig.http.put(path, json={**words, "html": ""})).json()["version"] == 2
    broken = await rig.http.put(path, json={**words, "html": "{{ x"})
    assert (broken.status_code, broken.json()["field"]) == (400, "html")
    assert broken.json()["errors"][0]["line"] == 1


async def test_another_organisation_sees_nothing_of_a_mail(jwt_rig: Rig) -> None:
    """Campaign, message, preview and template belong to the caller's organisation."""
    ours, theirs = ({"authorization": token(org=org)} for org in ("acme", "other"))
    ann = (await made(jwt_rig, "/contacts", ANN, **ours))["id"]
    campaign = await made(jwt_rig, "/campaigns", MAIL, **ours)
    words = {"name": "News", "text": "Hi", "subject": "Ours", "html": "<p>"}
    template = (await made(jwt_rig, "/templates", words, **ours))["id"]
    path = f"/campaigns/{campaign['id']}"
    for step, body in (
        ("send", {"customer_ids": [ann]}),
        ("send-test", {"emails": ["eve@example.com"]}),
        ("personalized-preview", {"customer_id": ann}),
        ("duplicate", None),
    ):
        answer = await jwt_rig.post(f"{path}/{step}", body, **theirs)
        assert (answer.status_code, "News" in answer.text) == (404, False), step
    mail = {"channel": "email", "template_id": template}
    assert (await jwt_rig.post("/campaigns", mail, **theirs)).status_code == 404
