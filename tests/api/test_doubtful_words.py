"""Words that look like fields: told where a text is saved, shown, checked and sent, or refused."""

from typing import Any

import pytest

from tests.api.rig import Rig

ANN = {"phone": "+12025550142", "first_name": "Ann", "attributes": {"plan": "gold"}}
REFUSE = {"missing": "refuse"}


async def made(rig: Rig, path: str, body: Any) -> Any:
    """Make something; return it."""
    answer = await rig.post(path, body)
    assert answer.status_code in {200, 201}, answer.text
    return answer.json()


def told(answer: Any) -> list[tuple[str, str]]:
    """Return the codes of an answer's warnings, with the fields."""
    return [(each["code"], each["field"]) for each in answer.get("warnings", [])]


async def test_a_misspelt_field_is_told_when_a_template_is_saved_shown_and_checked(
    rig: Rig,
) -> None:
    """With what is meant; the text is kept as it was written."""
    ann = (await made(rig, "/contacts", ANN))["id"]
    text = "Hi {first_nane}, your {plan} {{ plann }} {SAVE20}"
    expected = [("UNKNOWN_FIELD", "text"), ("WORD_IN_BRACES", "text"), ("WORD_IN_BRACES", "text")]
    saved = await made(rig, "/templates", {"name": "Hi", "text": text})
    assert told(saved) == expected
    assert [each["message"] for each in saved["warnings"]] == [
        "text: nobody has the field 'plann'; {{ plan }} is probably meant",
        "text: {first_nane} is printed as it stands; {first_name} is probably meant",
        "text: {plan} is printed as it stands; {{ plan }} is probably meant",
    ]
    path = f"/templates/{saved['id']}"
    changed = await rig.http.put(path, json={"name": "Ho", "text": text})
    assert told(changed.json()) == expected
    for trial in ({"contact_id": ann}, {"values": {"firstname": "Ann"}}):
        assert told(await made(rig, f"{path}/preview", trial)) == expected
        assert told(await made(rig, "/templates/preview", {**trial, "text": text})) == expected
    for which in ({"template_id": saved["id"]}, {"text": text}):
        assert told(await made(rig, "/templates/check", {**which, "everyone": True})) == expected


async def test_a_misspelt_field_is_told_when_a_campaign_is_saved_shown_and_sent(rig: Rig) -> None:
    """In the subject and in a fallback too; a field that only others have counts as none."""
    ann = (await made(rig, "/contacts", ANN))["id"]
    ben = (await made(rig, "/contacts", {"phone": "+12025550143", "email": "b@example.com"}))["id"]
    body = {
        "name": "News",
        "channel": "email",
        "sender": "a@example.com",
        "subject": "Hi {fristname}",
        "base_template": "Your {{ plan }}",
        "fallbacks": [{"channel": "sms", "sender": "+12025550111", "base_template": "{company}"}],
    }
    campaign = await made(rig, "/campaigns", body)
    words = [
        ("WORD_IN_BRACES", "subject"),
        ("WORD_IN_BRACES", "fallbacks.0.base_template"),
    ]
    assert told(campaign)[:2] == words
    path = f"/campaigns/{campaign['id']}"
    shown = await made(rig, f"{path}/personalized-preview", {"customer_id": ann})
    assert told(shown) == words[:1]
    other = {"customer_id": ann, "override_template": "{first_nane}"}
    shown = await made(rig, f"{path}/personalized-preview", other)
    assert told(shown) == [("WORD_IN_BRACES", "override_template"), *words[:1]]
    sent = await made(rig, f"{path}/send", {"customer_ids": [ben]})
    assert told(sent) == [("UNKNOWN_FIELD", "base_template"), *words]


@pytest.mark.parametrize("text", ["Hi {first_nane}", "{{ first_nane }}", "{plan}", "{company}"])
async def test_where_nobody_may_lack_a_field_a_doubtful_word_is_refused(
    rig: Rig, text: str
) -> None:
    """When a template or a campaign is saved; the answer names the field and what is meant."""
    await made(rig, "/contacts", ANN)
    sms = {"channel": "sms", "sender": "+12025550111", "name": "Hi"}
    for path, body, field in (
        ("/templates", {"name": "Hi", "text": text, **REFUSE}, "text"),
        (
            "/campaigns",
            {**sms, "base_template": text, "missing_fields": "refuse"},
            "base_template",
        ),
    ):
        answer = await rig.post(path, body)
        assert answer.status_code in {400, 422}, answer.text
        assert answer.json()["code"] == "INVALID_TEMPLATE"
        assert field in answer.text
    campaign = await made(rig, "/campaigns", {**sms, "missing_fields": "refuse"})
    path = f"/campaigns/{campaign['id']}"
    answer = await rig.http.patch(path, json={"base_template": text})
    assert answer.status_code in {400, 422}, answer.text


async def test_a_field_that_nobody_of_the_audience_has_is_refused_when_it_is_sent(
    rig: Rig,
) -> None:
    """It is saved, for attributes may be imported later; and sent once somebody has it."""
    await made(rig, "/contacts", {"phone": "+12025550143"})
    body = {
        "name": "Hi",
        "channel": "sms",
        "sender": "+12025550111",
        "base_template": "{{ company }} {SAVE20}",
        "missing_fields": "refuse",
    }
    campaign = await made(rig, "/campaigns", body)
    path = f"/campaigns/{campaign['id']}"
    everyone = {"everyone": True}
    answer = await rig.post(f"{path}/send", everyone)
    assert answer.status_code in {400, 422}
    assert "company" in answer.text
    await made(rig, "/contacts", {**ANN, "attributes": {"company": "Acme"}})
    assert (await rig.post(f"{path}/send", everyone)).status_code == 200


async def test_a_link_of_mails_in_another_text_is_told(rig: Rig) -> None:
    """An SMS has no link to unsubscribe, and neither has a subject."""
    text = "Bye {{ unsubscribe_url }}"
    saved = await made(rig, "/templates", {"name": "Hi", "text": text, "channel": "sms"})
    assert told(saved) == [("LINK_NOT_HERE", "text")]
    mail = {"name": "Ho", "channel": "email", "text": text, "subject": "{unsubscribe_url}"}
    assert told(await made(rig, "/templates", mail)) == [("LINK_NOT_HERE", "subject")]


async def test_an_empty_override_means_the_campaigns_own_text(rig: Rig) -> None:
    """So do null and blanks; and an empty text beside a template's id."""
    ann = (await made(rig, "/contacts", ANN))["id"]
    template = await made(
        rig, "/templates", {"name": "Hi", "text": "Hi {firstname}", "subject": "S", "html": "<p>"}
    )
    body = {"name": "A", "channel": "email", "template_id": template["id"]}
    for empty in ("", None, "  "):
        given = {"base_template": empty, "html": empty, "subject": None}
        campaign = await made(rig, "/campaigns", {**body, **given})
        path = f"/campaigns/{campaign['id']}/personalized-preview"
        asked = {"customer_id": ann, "override_template": empty}
        shown = await made(rig, path, asked)
        assert (shown["rendered_message"], shown["used_template"]) == ("Hi Ann", "Hi {firstname}")
        assert (shown["subject"], shown["html"]) == ("S", "<p>")
