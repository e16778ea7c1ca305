"""Wherever a message's id is told, it is the one that GET /messages takes."""

import csv
import io

from functions.domain.messages.delivery_events import Inbound
from functions.domain.notifications.events import EventType
from functions.engine.receipts.inbound import receive_inbound
from tests.api.campaigns.writing import customer, write
from tests.api.full_organisation import NOWHERE
from tests.api.rig import BOT, SENDER, Rig


async def found(rig: Rig, id_: str, campaign_id: str) -> None:
    """Check that an id leads to a message of a campaign."""
    answer = await rig.get(f"/messages/{id_}")
    assert answer.status_code == 200, (id_, answer.text)
    assert (answer.json()["id"], answer.json()["campaign_id"]) == (id_, campaign_id)
    assert (await rig.get(f"/messages/{id_}/why")).status_code == 200


async def texted(rig: Rig) -> str:
    """Send a text to Alice; return the campaign's id."""
    made = await write(rig)
    sent = await rig.post(f"/campaigns/{made['id']}/send", {"customer_ids": [await customer(rig)]})
    assert sent.is_success
    await rig.run(made["id"])
    return str(made["id"])


async def test_an_event_names_a_message_that_can_be_asked_for(rig: Rig) -> None:
    """What a subscription hears of a message, and of a reply to it."""
    hook = {"url": NOWHERE, "events": list(EventType)}
    subscription = (await rig.post("/subscriptions", hook)).json()["id"]
    campaign_id = await texted(rig)
    now = rig.clock.now()
    text = Inbound("t1", "+254712345678", SENDER, "Thanks", now)
    await receive_inbound(rig.stack.engine, "default", "simulator", text)
    told = (await rig.get(f"/subscriptions/{subscription}/notifications")).json()["data"]
    about = {each["type"]: each["data"]["message_id"] for each in told if "message" in each["type"]}
    assert set(about) == {"message.delivered", "message.replied"}
    for id_ in about.values():
        await found(rig, id_, campaign_id)
    (inbound,) = (await rig.get("/inbound")).json()["data"]
    await found(rig, inbound["message_id"], campaign_id)


async def test_reports_and_files_name_messages_that_can_be_asked_for(rig: Rig) -> None:
    """A page of a report, both CSV files, a history, and the messages of a campaign."""
    campaign_id = await texted(rig)
    wanted = {"campaignId": campaign_id}
    ids = [row["message_id"] for row in await rig.report(campaign_id)]
    downloads = [
        await rig.post("/get-report-by-campaign", {**wanted, "isDownload": True}),
        await rig.get(f"/campaigns/{campaign_id}/messages?format=csv"),
    ]
    for answer in downloads:
        ids += [row["message_id"] for row in csv.DictReader(io.StringIO(answer.text))]
    listed = (await rig.get(f"/campaigns/{campaign_id}/messages")).json()["data"]
    contact_id = listed[0]["contact_id"]
    history = (await rig.get(f"/contacts/{contact_id}/history")).json()["data"]
    ids += [row["id"] for row in [*listed, *history]]
    assert (len(ids), len(set(ids))) == (5, 1)
    await found(rig, ids[0], campaign_id)


async def test_a_single_call_names_a_message_that_can_be_asked_for(rig: Rig) -> None:
    """`callId` is a message's id as well."""
    call = {"from": SENDER, "to": "+12025550123", "wssUrl": BOT}
    made = (await rig.post("/single-call", call)).json()
    await found(rig, made["callId"], made["campaignId"])
