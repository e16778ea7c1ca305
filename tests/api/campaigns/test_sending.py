"""Campaigns are sent and steered over REST."""

from functions.engine import paths
from functions.engine.ports.store import Delete, Query
from tests.api.campaigns.writing import SOON, customer, problem, write
from tests.api.rig import BOT, SENDER, Rig


async def test_sending_a_draft_reaches_its_customers(rig: Rig) -> None:
    """It runs at once; what became of everybody is in the statistics."""
    ids = [await customer(rig, phone=f"+2547123456{n}0") for n in range(3)]
    made = await write(rig)
    answer = await rig.post(f"/campaigns/{made['id']}/send", {"customer_ids": ids})
    assert answer.json() == {
        "campaign_id": made["id"],
        "messages_queued": 3,
        "status": "running",
    }
    assert (await rig.run(made["id"]))["status"] == "completed"
    stats = (await rig.get(f"/campaigns/{made['id']}")).json()["stats"]
    assert (stats["total"], stats["sent"] + stats["failed"], stats["pending"]) == (3, 3, 0)
    again = await rig.post(f"/campaigns/{made['id']}/send", {"customer_ids": ids})
    problem(again, 400, "INVALID_CAMPAIGN_STATUS")


async def test_customers_of_a_scheduled_campaign_wait_for_its_time(rig: Rig) -> None:
    """Sending adds them, counts the new ones, and starts nothing before the time."""
    ids = [await customer(rig, phone=f"+2547123456{n}0") for n in range(3)]
    made = await write(rig, scheduled_at=SOON)
    path = f"/campaigns/{made['id']}/send"
    first = (await rig.post(path, {"customer_ids": ids})).json()
    assert (first["messages_queued"], first["status"]) == (3, "scheduled")
    assert (await rig.post(path, {"customer_ids": ids})).json()["messages_queued"] == 0
    waiting = (await rig.get(f"/campaigns/{made['id']}")).json()
    assert (waiting["stats"]["pending"], waiting["stats"]["sent"]) == (3, 0)
    assert (await rig.run(made["id"]))["timing"]["startedAt"] >= "2026-03-02T12:00:05"


async def test_sending_to_nobody_is_refused(rig: Rig) -> None:
    """An empty list of customers, an unknown one, or none at all: nothing starts."""
    path = f"/campaigns/{(await write(rig))['id']}/send"
    problem(await rig.post(path, {"customer_ids": []}), 400, "EMPTY_CUSTOMER_IDS")
    problem(await rig.post(path, {}), 400, "EMPTY_CUSTOMER_IDS")
    problem(await rig.post(path, {"customer_ids": ["nobody"]}), 404, "CUSTOMER_NOT_FOUND")
    problem(await rig.post(path, {"list_id": "none"}), 404, "LIST_NOT_FOUND")
    problem(await rig.post(path, {"segment_id": "none"}), 404, "SEGMENT_NOT_FOUND")
    problem(await rig.post("/campaigns/none/send", {"everyone": True}), 404, "CAMPAIGN_NOT_FOUND")
    assert (await rig.get(path.removesuffix("/send"))).json()["status"] == "draft"


async def test_a_campaign_is_sent_to_a_list_or_to_everyone(rig: Rig) -> None:
    """A list or everyone active may be named; who came in with a list is one of everyone."""
    await customer(rig)
    people = await rig.make_list(["+12025550123", "+12025550124"])
    to_list = await write(rig)
    sent = await rig.post(f"/campaigns/{to_list['id']}/send", {"list_id": people})
    assert sent.json()["messages_queued"] == 2
    to_all = await write(rig, audience={"everyone": True})
    sent = await rig.post(f"/campaigns/{to_all['id']}/send", {})
    assert sent.json()["messages_queued"] == 3
    for made, total in ((to_list, 2), (to_all, 3)):
        await rig.run(made["id"])
        stats = (await rig.get(f"/campaigns/{made['id']}")).json()["stats"]
        assert stats["total"] == total


async def test_a_voice_campaign_is_written_and_sent_like_any_other(rig: Rig) -> None:
    """It needs a sender and a bot instead of a text."""
    person = await customer(rig)
    made = await write(rig, channel="voice", sender=SENDER, bot_url=BOT, base_template="")
    await rig.post(f"/campaigns/{made['id']}/send", {"customer_ids": [person]})
    assert (await rig.run(made["id"]))["statistics"]["connectedCalls"] == 1


async def test_a_draft_is_scheduled_and_rescheduled_and_cancelled(rig: Rig) -> None:
    """Each step is allowed from its own statuses only."""
    path = f"/campaigns/{(await write(rig))['id']}"
    later = {"scheduled_at": "2026-03-02T13:00:00Z"}
    problem(await rig.post(f"{path}/reschedule", later), 400, "INVALID_CAMPAIGN_STATUS")
    assert (await rig.post(f"{path}/schedule", later)).json()["status"] == "scheduled"
    problem(await rig.post(f"{path}/schedule", later), 400, "INVALID_CAMPAIGN_STATUS")
    much_later = {"scheduled_at": "2026-03-02T14:00:00Z"}
    moved = (await rig.post(f"{path}/reschedule", much_later)).json()
    assert moved["scheduled_at"] == "2026-03-02T14:00:00.000Z"
    too_late = {"scheduled_at": "2026-03-17T12:00:00Z"}
    assert problem(await rig.post(f"{path}/reschedule", too_late), 400, "INVALID_FIELD")
    cancelled = (await rig.post(f"{path}/cancel", {"reason": "wrong text"})).json()
    assert cancelled["status"] == "cancelled"
    assert (await rig.get(path)).json()["reason"] == "wrong text"
    problem(await rig.post(f"{path}/cancel"), 400, "INVALID_CAMPAIGN_STATUS")


async def test_a_running_campaign_is_paused_and_resumed(rig: Rig) -> None:
    """A paused campaign sends nothing; resumed, it goes on to its end."""
    person, made = await customer(rig), await write(rig)
    path = f"/campaigns/{made['id']}"
    await rig.post(f"{path}/send", {"customer_ids": [person]})
    assert (await rig.post(f"{path}/pause")).json()["status"] == "paused"
    await rig.settle()
    assert (await rig.get(path)).json()["stats"]["sent"] == 0
    assert (await rig.post(f"{path}/resume")).json()["status"] == "running"
    assert (await rig.run(made["id"]))["status"] == "completed"


async def test_a_copy_is_a_draft(rig: Rig) -> None:
    """Whatever became of its source."""
    made = await write(rig, audience={"everyone": True}, scheduled_at=SOON)
    copy = (await rig.post(f"/campaigns/{made['id']}/duplicate")).json()
    assert (copy["status"], copy["name"]) == ("draft", "Hello (copy)")
    assert (copy["base_template"], copy["audience"]["kind"]) == (made["base_template"], "everyone")


async def test_a_list_that_is_gone_is_told_at_the_start(rig: Rig) -> None:
    """A scheduled campaign whose list has no people any more fails and says so."""
    people = await rig.make_list(["+12025550123"])
    made = await write(rig, audience={"list_id": people}, scheduled_at=SOON)
    pages = await rig.store.query(Query(paths.pages(paths.list_("default", people))))
    await rig.store.commit(*(Delete(page.path) for page in pages))
    ended = await rig.run(made["id"])
    assert (ended["status"], ended["reason"]) == ("failed", "no_recipients")
