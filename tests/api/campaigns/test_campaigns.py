"""Campaigns over REST: written, found, previewed, scheduled, sent and steered."""

from datetime import timedelta
from typing import Any

import pytest

from tests.api.campaigns.writing import HELLO, SOON, customer, problem, write
from tests.api.rig import Rig

# --- Writing ---------------------------------------------------------------------------------


async def test_a_campaign_without_a_time_is_a_draft(rig: Rig) -> None:
    """It answers 201 with what was written, and the same by its id."""
    made = await write(rig, scheduled_at=None)
    assert made["status"] == "draft"
    assert {name: made[name] for name in HELLO} == HELLO
    assert made["created_at"] == "2026-03-02T12:00:00.000Z"
    answer = await rig.get(f"/campaigns/{made['id']}")
    assert answer.json() == made
    assert answer.headers["etag"]


async def test_a_time_that_lies_ahead_schedules(rig: Rig) -> None:
    """A time with a zone is the instant that it names; one that has passed leaves a draft."""
    made = await write(rig, scheduled_at="2026-03-02T16:00:00+03:00")
    assert (made["status"], made["scheduled_at"]) == ("scheduled", "2026-03-02T13:00:00.000Z")
    assert (await write(rig, scheduled_at="2026-03-02T13:34:00+03:00"))["status"] == "draft"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"channel": "telegram"}, "channel"),
        ({"scheduled_at": "2026-03-02T13:00:00"}, "scheduled_at"),
        ({"scheduled_at": "2026-03-17T12:00:01Z"}, "scheduled_at"),
        ({"name": "x" * 101}, "name"),
        ({"base_template": "Hi", "template_id": "t"}, "base_template"),
        ({"base_template": "x" * 10_001}, "base_template"),
        ({"bot_url": "ftp://x"}, "bot_url"),
        ({"audience": {"list_id": "a", "everyone": True}}, "audience"),
        ({"missing_fields": "guess"}, "missing_fields"),
        ({"schedule": SOON}, "schedule"),
    ],
)
async def test_a_mistake_names_its_field(rig: Rig, fields: dict[str, Any], field: str) -> None:
    """Nothing is stored of a campaign with a mistake."""
    told = problem(await rig.post("/campaigns", {**HELLO, **fields}), 400, "INVALID_FIELD")
    assert told["field"].startswith(field)
    assert (await rig.get("/campaigns")).json()["pagination"]["total_count"] == 0


async def test_a_mistake_in_the_text_says_where_it_is(rig: Rig) -> None:
    """A template is checked when it is saved: line and column count from 1."""
    body = {**HELLO, "base_template": "Hello\n{{ first_name"}
    told = problem(await rig.post("/campaigns", body), 400, "INVALID_TEMPLATE")
    assert told["errors"][0]["line"] == 2


async def test_a_campaign_says_what_a_named_template_says(rig: Rig) -> None:
    """It takes the newest version's text, and keeps it whatever becomes of the template."""
    wording = {"name": "Hi", "text": "Hi {first_name}", "missing": "default"}
    template = await rig.post("/templates", {**wording, "defaults": {"first_name": "you"}})
    assert template.status_code == 201, template.text
    id_ = template.json()["id"]
    made = (await rig.post("/campaigns", {"channel": "sms", "template_id": id_})).json()
    assert (made["base_template"], made["template_version"]) == ("Hi {first_name}", 1)
    assert (made["missing_fields"], made["defaults"]) == ("default", {"first_name": "you"})
    own = await rig.http.patch(f"/campaigns/{made['id']}", json={"base_template": "Hey"})
    assert (own.json()["base_template"], own.json()["template_id"]) == ("Hey", "")
    unknown = await rig.post("/campaigns", {"channel": "sms", "template_id": "none"})
    problem(unknown, 404, "TEMPLATE_NOT_FOUND")


async def test_null_beside_a_named_template_leaves_the_text_to_it(rig: Rig) -> None:
    """A client that writes null for what it does not say does not blank the template's text."""
    template = await rig.post("/templates", {"name": "Hi", "text": "Hi {first_name}"})
    named = {"channel": "sms", "template_id": template.json()["id"], "base_template": None}
    made = (await rig.post("/campaigns", named)).json()
    assert (made["base_template"], made["template_version"]) == ("Hi {first_name}", 1)
    own = (await rig.http.patch(f"/campaigns/{made['id']}", json={"template_id": None})).json()
    assert (own["base_template"], own["template_version"]) == ("Hi {first_name}", 0)


async def test_a_draft_always_has_a_channel(rig: Rig) -> None:
    """Null in the place of the channel is refused; it does not turn a mail into an SMS."""
    mail = {"channel": "email", "subject": "Hi", "sender": "shop@example.com"}
    path = f"/campaigns/{(await write(rig, **mail))['id']}"
    told = problem(await rig.http.patch(path, json={"channel": None}), 400, "INVALID_FIELD")
    assert told["field"] == "channel"
    assert (await rig.get(path)).json()["subject"] == "Hi"


async def test_a_campaign_without_a_name_is_untitled(rig: Rig) -> None:
    """Names may be left out and may repeat."""
    for _ in range(2):
        answer = await rig.post("/campaigns", {"channel": "sms"})
        assert answer.json()["name"] == "Untitled campaign"


async def test_patch_changes_what_is_named_and_put_everything(rig: Rig) -> None:
    """What a PATCH leaves out stays; what a PUT leaves out falls back to its default."""
    path = f"/campaigns/{(await write(rig, defaults={'first_name': 'you'}))['id']}"
    patched = (await rig.http.patch(path, json={"name": "New"})).json()
    assert (patched["name"], patched["base_template"]) == ("New", HELLO["base_template"])
    put = (await rig.http.put(path, json={"channel": "whatsapp", "base_template": "x"})).json()
    assert (put["name"], put["channel"], put["defaults"]) == ("Untitled campaign", "whatsapp", {})


async def test_a_change_of_a_version_that_is_not_the_newest_is_refused(rig: Rig) -> None:
    """If-Match protects from overwriting what somebody else has changed."""
    path = f"/campaigns/{(await write(rig))['id']}"
    first = (await rig.get(path)).headers["etag"]
    assert (await rig.http.patch(path, json={"name": "a"}, headers={"if-match": first})).is_success
    stale = await rig.http.patch(path, json={"name": "b"}, headers={"if-match": first})
    problem(stale, 412, "STALE")
    problem(await rig.http.delete(path, headers={"if-match": first}), 412, "STALE")


async def test_only_drafts_are_changed_or_deleted(rig: Rig) -> None:
    """A scheduled campaign keeps what it says."""
    path = f"/campaigns/{(await write(rig, scheduled_at=SOON))['id']}"
    for answer in (
        await rig.http.patch(path, json={"name": "x"}),
        await rig.http.put(path, json={"channel": "sms"}),
        await rig.http.delete(path),
    ):
        problem(answer, 400, "INVALID_CAMPAIGN_STATUS")


async def test_drafts_are_deleted_one_by_one_and_together(rig: Rig) -> None:
    """Those that cannot be deleted are told with the reason."""
    one, two, three = [(await write(rig))["id"] for _ in range(3)]
    kept = (await write(rig, scheduled_at=SOON))["id"]
    assert (await rig.http.delete(f"/campaigns/{one}")).status_code == 204
    problem(await rig.get(f"/campaigns/{one}"), 404, "CAMPAIGN_NOT_FOUND")
    answer = await rig.http.delete("/campaigns", params={"ids": [two, three, kept, "nobody"]})
    told = answer.json()
    assert told["deleted"] == [two, three]
    assert told["refused"] == {
        kept: "Cannot delete campaign with status: scheduled",
        "nobody": "Campaign not found",
    }


async def test_a_repeated_post_with_one_key_writes_one_campaign(rig: Rig) -> None:
    """The second answer is the first, word for word."""
    first = await rig.post("/campaigns", HELLO, idempotency_key="k1")
    again = await rig.post("/campaigns", HELLO, idempotency_key="k1")
    assert again.json() == first.json()
    assert (await rig.get("/campaigns")).json()["pagination"]["total_count"] == 1


# --- Finding ---------------------------------------------------------------------------------


async def test_campaigns_are_listed_by_page_the_newest_first(rig: Rig) -> None:
    """Pages are numbered from 1; the last may be short, and behind it there is nothing."""
    for n in range(5):
        await write(rig, name=f"Campaign {n}")
        rig.clock.advance(timedelta(seconds=1))
    answer = (await rig.get("/campaigns?page=2&page_size=2")).json()
    assert [each["name"] for each in answer["data"]] == ["Campaign 2", "Campaign 1"]
    pages = {"page": 2, "page_size": 2, "total_count": 5, "total_pages": 3}
    assert answer["pagination"] == pages
    assert answer["data"][0]["stats"]["total"] == 0
    beyond = await rig.get("/campaigns?page=200000000&page_size=2")
    assert (beyond.status_code, beyond.json()["data"]) == (200, [])


@pytest.mark.parametrize("nonsense", ["page=0&page_size=0", "page=-1", "page=x&page_size=y", ""])
async def test_nonsense_in_page_falls_back(rig: Rig, nonsense: str) -> None:
    """What is no number from 1 on means the default; more than 100 a page means 100."""
    pagination = (await rig.get(f"/campaigns?{nonsense}")).json()["pagination"]
    assert pagination == {"page": 1, "page_size": 20, "total_count": 0, "total_pages": 0}
    many = (await rig.get("/campaigns?page_size=5000")).json()["pagination"]
    assert many["page_size"] == 100


async def test_a_cursor_visits_every_campaign_once(rig: Rig) -> None:
    """Whatever is written meanwhile, following next_cursor repeats and skips nothing."""
    names = [f"Campaign {n}" for n in range(5)]
    for name in names:
        await write(rig, name=name)
        rig.clock.advance(timedelta(seconds=1))
    seen: list[str] = []
    path = "/campaigns?page_size=2"
    while True:
        answer = (await rig.get(path)).json()
        seen += [each["name"] for each in answer["data"]]
        if not answer["next_cursor"]:
            break
        path = f"/campaigns?page_size=2&cursor={answer['next_cursor']}"
        await write(rig, name="later")
        rig.clock.advance(timedelta(seconds=1))
    assert seen == names[::-1]
    problem(await rig.get("/campaigns?cursor=nonsense"), 400, "INVALID_FIELD")


async def test_campaigns_are_filtered_and_sorted(rig: Rig) -> None:
    """By channel, status with its synonyms, beginning of the name and time of creation."""
    await write(rig, name="Alpha")
    await write(rig, name="alpine", channel="whatsapp", scheduled_at=SOON)
    rig.clock.advance(timedelta(seconds=1))
    await write(rig, name="Beta")

    async def names(query: str) -> list[str]:
        answer = await rig.get(f"/campaigns?{query}")
        assert answer.status_code == 200, answer.text
        return [each["name"] for each in answer.json()["data"]]

    assert await names("channel=whatsapp") == ["alpine"]
    assert await names("status=scheduled") == ["alpine"]
    assert await names("status=sending") == await names("status=sent") == []
    assert await names("channel=sms&status=draft") == ["Beta", "Alpha"]
    assert await names("name_prefix=ALP") == ["Alpha", "alpine"]
    assert await names("name_prefix=alp&channel=sms") == ["Alpha"]
    assert await names("sort=-name") == ["Beta", "alpine", "Alpha"]
    assert await names("created_from=2026-03-02T12:00:01Z") == ["Beta"]
    assert await names("created_before=2026-03-02T12:00:01Z&channel=whatsapp") == ["alpine"]
    for query in (
        "status=nonsense",
        "sort=size",
        "name_prefix=a&created_from=2026-03-02T12:00:00Z",
    ):
        problem(await rig.get(f"/campaigns?{query}"), 400, "INVALID_FIELD")


# --- Previewing and testing ------------------------------------------------------------------


async def test_a_preview_is_personal(rig: Rig) -> None:
    """It shows the text, the template that was used, and the customer."""
    alice, made = await customer(rig), await write(rig)
    path = f"/campaigns/{made['id']}/personalized-preview"
    shown = (await rig.post(path, {"customer_id": alice})).json()
    assert shown["rendered_message"] == "Hello Alice!"
    assert shown["used_template"] == "Hello {first_name}!"
    assert shown["customer"]["prefered_product"] == "Premium Package"
    other = "Hi {first_name}, special offer just for you in {location}!"
    shown = (await rig.post(path, {"customer_id": alice, "override_template": other})).json()
    assert shown["rendered_message"] == "Hi Alice, special offer just for you in Nairobi!"
    assert (shown["used_template"], shown["sms"]["segments"]) == (other, 1)
    problem(await rig.post(path, {}), 400, "MISSING_CUSTOMER_ID")
    problem(await rig.post(path, {"customer_id": "nobody"}), 404, "CUSTOMER_NOT_FOUND")
    problem(
        await rig.post("/campaigns/none/personalized-preview", {"customer_id": alice}),
        404,
        "CAMPAIGN_NOT_FOUND",
    )


async def test_a_value_is_never_expanded_again(rig: Rig) -> None:
    """Somebody who calls themselves "{phone}" is greeted so."""
    person, made = await customer(rig, firstname="{phone}{{ phone }}"), await write(rig)
    path = f"/campaigns/{made['id']}/personalized-preview"
    shown = (await rig.post(path, {"customer_id": person})).json()
    assert shown["rendered_message"] == "Hello {phone}{{ phone }}!"


async def test_a_test_goes_to_the_named_numbers_only(rig: Rig) -> None:
    """A test is sent at once, and the draft stays a draft without messages."""
    alice, made = await customer(rig), await write(rig)
    body = {"phones": ["+12025550123"], "customer_id": alice}
    sent = (await rig.post(f"/campaigns/{made['id']}/send-test", body)).json()["messages"]
    assert [each["to"] for each in sent] == ["+12025550123"]
    assert (await rig.run(sent[0]["campaign_id"]))["status"] == "completed"
    after = (await rig.get(f"/campaigns/{made['id']}")).json()
    assert (after["status"], after["stats"]["total"]) == ("draft", 0)
    assert [each["id"] for each in (await rig.get("/campaigns")).json()["data"]] == [made["id"]]
    tests = (await rig.get("/campaigns?kind=single")).json()["data"]
    assert [each["id"] for each in tests] == [sent[0]["campaign_id"]]
    empty = await write(rig, base_template="")
    refused = await rig.post(f"/campaigns/{empty['id']}/send-test", body)
    assert problem(refused, 400, "INVALID_FIELD")["field"] == "base_template"
