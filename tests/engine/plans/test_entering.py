"""Who enters a plan, under which name and how often, and what their entry says."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.domain.campaigns.entry import CONTINUE, NEVER, PARALLEL, Entry, EntryBy
from functions.domain.contacts.contact import read_details
from functions.domain.messages.delivery_events import EventKind
from functions.domain.messages.ids import node_of
from functions.domain.messages.message import MessageStatus
from functions.domain.sending_rules.windows import DAYS, SendWindow
from functions.engine import paths
from functions.engine.campaigns.call_answers import call_answer
from functions.engine.contacts import contacts, lists
from functions.engine.contacts.suppressions import suppress
from functions.engine.plans.enroll import Entered, Entrant, enroll
from functions.engine.plans.steering import exit_
from functions.engine.privacy import erasure
from tests.engine.plans.journeys import (
    ANN,
    DAY,
    HOUR,
    STOP,
    JourneyWorld,
    on,
    path_of,
    plan,
    send,
)
from tests.engine.recording_channel import Fate, Receipt
from tests.engine.stored_contacts import add_people, list_of
from tests.engine.world import MINUTE, ORG, SENDER

BOB = "bob@example.com"
PHONE = "+12025550142"
#: A mail, and the end.
ONE = plan(send("hello", on("elapsed", "stop", after="PT1H")), STOP)


@pytest.fixture
async def world() -> AsyncIterator[JourneyWorld]:
    """Give a world whose carrier delivers mails."""
    async with JourneyWorld() as made:
        yield made


async def enter(world: JourneyWorld, campaign: Any, *entrants: Entrant) -> list[Entered]:
    """Let people enter, and do what is due."""
    entered = await enroll(world.engine, ORG, campaign.id, entrants)
    await world.settle()
    return entered


def results(entered: list[Entered]) -> list[str]:
    """Return what became of each, and why."""
    return [f"{each.result} {each.reason}".strip() for each in entered]


# --- Under which name -----------------------------------------------------------------------------


async def test_whatever_callers_call_somebody_their_id_holds_none_of_it(
    world: JourneyWorld,
) -> None:
    """A slash, a "#", 300 characters and an emoji are no part of an id, and tell walks apart."""
    campaign = await world.begin()
    names = ["a/b", "contact#1", "x" * 300, "☕", "a", "../..", "__x__"]
    entered = await enter(world, campaign, *(Entrant(subject=name) for name in names))

    assert results(entered) == ["enrolled"] * len(names)
    assert len({each.id for each in entered}) == len(names)
    assert all(re.fullmatch(r"[0-9a-f]{24}", each.id) for each in entered)
    assert sorted(walk.subject for walk in await world.walks(campaign)) == sorted(names)


async def test_two_orders_are_walked_at_once_and_one_told_twice_is_walked_once(
    world: JourneyWorld,
) -> None:
    """Their keys tell the walks of one person apart."""
    campaign = await world.begin(ONE, entry=Entry(EntryBy.API, reentry=PARALLEL))
    keys = ("order-1", "order-2", "order-1")
    entered = await enter(world, campaign, *(Entrant(address=ANN, key=key) for key in keys))

    assert results(entered) == ["enrolled", "enrolled", "already"]
    assert world.sent == ["hello", "hello"]


async def test_whoever_has_no_zone_is_reached_within_hours_of_the_plan_s(
    world: JourneyWorld,
) -> None:
    """Known by a mail address or a name of the caller's alone: nine o'clock is that of the plan."""
    hours = SendWindow("09:00", "10:00", DAYS)
    document = {**ONE, "timezone": "America/Los_Angeles"}
    campaign = await world.begin(document, send_window=hours)
    await enter(world, campaign, Entrant(address=ANN))
    await world.pass_time(DAY)

    (message,) = await world.messages(campaign)
    assert message.due_at == datetime(2026, 3, 2, 17, tzinfo=UTC)


# --- How often ------------------------------------------------------------------------------------


async def test_never_again_means_never_again(world: JourneyWorld) -> None:
    """Also for whoever has been taken off a list and put on it again, and under another key."""
    (ann,) = await add_people(world.engine, [{"email": ANN}])
    people = await list_of(world.engine, [ann])
    campaign = await world.begin(ONE, entry=Entry(EntryBy.API, reentry=NEVER))
    await enter(world, campaign, Entrant(contact_id=ann))
    await world.pass_time(DAY)
    await lists.remove(world.engine, ORG, people, ann)
    await lists.add(world.engine, ORG, people, [ann])
    again = await enter(
        world, campaign, Entrant(contact_id=ann), Entrant(address=ANN, key="another")
    )

    assert results(again) == ["already_was", "already_was"]
    assert world.sent == ["hello"]


async def test_a_month_until_somebody_may_enter_again_is_one_of_the_calendar(
    world: JourneyWorld,
) -> None:
    """March has 31 days, and not 2,592,000 seconds."""
    campaign = await world.begin(ONE, entry=Entry(EntryBy.API, reentry="P1M"))
    await enter(world, campaign, Entrant(address=ANN))
    await world.pass_time(HOUR + MINUTE)
    assert (await world.walk(campaign)).ended_at is not None

    await world.pass_time(30 * DAY, checks=False)
    assert results(await enter(world, campaign, Entrant(address=ANN))) == ["already_was"]
    await world.pass_time(DAY)
    assert results(await enter(world, campaign, Entrant(address=ANN))) == ["enrolled"]
    assert world.sent == ["hello", "hello"]
    assert (await world.walk(campaign)).entry == 2


async def test_people_begin_so_many_a_minute(world: JourneyWorld) -> None:
    """The others wait for their minute, and nobody looks at them before it."""
    campaign = await world.begin(ONE)
    names = [f"p{n}@example.com" for n in range(5)]
    await world.enter(campaign, *names, per_minute=2)
    assert len(world.sent) == 2
    await world.pass_time(MINUTE)
    assert len(world.sent) == 4
    await world.pass_time(MINUTE)
    assert len(world.sent) == 5


# --- Who may --------------------------------------------------------------------------------------


async def test_whoever_may_not_enter_is_refused_with_the_reason(world: JourneyWorld) -> None:
    """Nobody hears of it, and nothing is stored of them."""
    rows: list[dict[str, Any]] = [
        {"email": ANN},
        {"email": BOB, "active": False},
        {"email": "eve@example.com"},
    ]
    ann, bob, eve = await add_people(world.engine, rows)
    await suppress(world.engine, ORG, ANN, reason="asked", by="ann")
    await erasure.erase(world.engine, ORG, eve, by="ann")
    campaign = await world.begin(ONE)
    people = [Entrant(contact_id=id_) for id_ in (ann, bob, eve, "nobody")]

    assert results(await enter(world, campaign, *people)) == [
        "refused suppressed",
        "refused inactive",
        "refused not_found",
        "refused not_found",
    ]
    assert await world.walks(campaign) == []


async def test_an_entry_filter_keeps_out_whom_it_does_not_hold_for(world: JourneyWorld) -> None:
    """Whoever is no contact has nothing that it could hold for."""
    conditions = {"field": "location", "op": "eq", "value": "Berlin"}
    entry = Entry(EntryBy.API, conditions=conditions)
    rows = [{"email": ANN, "location": "Berlin"}, {"email": BOB, "location": "Rome"}]
    ann, bob = await add_people(world.engine, rows)
    campaign = await world.begin(ONE, entry=entry)
    people = [Entrant(contact_id=ann), Entrant(contact_id=bob), Entrant(subject="table 7")]

    assert results(await enter(world, campaign, *people)) == [
        "enrolled",
        "refused entry_filter",
        "refused entry_filter",
    ]


# --- What their entry says ------------------------------------------------------------------------


async def test_an_attribute_that_changed_after_the_entry_is_used_by_the_next_message(
    world: JourneyWorld,
) -> None:
    """A message is worded when it is due, with what is known then."""
    (ann,) = await add_people(world.engine, [{"email": ANN, "location": "Berlin"}])
    campaign = await world.begin(
        plan(
            send("one", on("elapsed", "two", after="P1D"), body="1 {{ location }}"),
            send("two", on("elapsed", "stop", after="P1D"), body="2 {{ location }}"),
            STOP,
        )
    )
    await enter(world, campaign, Entrant(contact_id=ann))
    details = read_details({"location": "Rome"})
    await contacts.update(world.engine, ORG, ann, details, if_version=None)
    await world.pass_time(DAY + HOUR)

    assert world.sent == ["1 Berlin", "2 Rome"]


async def test_what_an_entry_said_stands_in_the_texts_of_fallbacks_too(
    world: JourneyWorld,
) -> None:
    """It comes before what is known of the contact, by whatever channel."""
    world.carrier.script = {ANN: [Fate((Receipt(1, EventKind.FAILED, "mailbox_full"),))]}
    rows = [{"phone": PHONE, "email": ANN, "attributes": {"item": "nothing"}}]
    (ann,) = await add_people(world.engine, rows)
    text = {"channel": "sms", "sender": SENDER, "body": "sms {{ item }}", "after": ["failed"]}
    node = send("mail", on("elapsed", "stop", after="P1D"), body="mail {{ item }}")
    campaign = await world.begin(plan({**node, "fallbacks": [text]}, STOP))
    await enter(world, campaign, Entrant(contact_id=ann, data={"item": "kettle"}))
    await world.pass_time(HOUR)

    assert world.sent == ["mail kettle", "sms kettle"]


async def test_a_bot_is_told_what_an_entry_said(world: JourneyWorld) -> None:
    """Of whoever is no contact, too."""
    campaign = await world.begin(ONE)
    await enter(world, campaign, Entrant(address=ANN, data={"item": "kettle"}))
    (message,) = await world.messages(campaign)
    answer = await call_answer(world.engine, campaign, message)
    assert "kettle" in answer.about.values()


async def test_whoever_a_node_cannot_reach_goes_on_with_the_reason(world: JourneyWorld) -> None:
    """The text is left out for want of a number, and the mail behind it is sent."""
    text = send("text", on("elapsed", "mail", after="PT1H"), channel="sms", subject=None)
    campaign = await world.begin(
        plan({**text, "sender": SENDER}, send("mail", on("elapsed", "stop", after="PT1H")), STOP)
    )
    await enter(world, campaign, Entrant(address=ANN))
    await world.pass_time(timedelta(hours=3))

    found = {each.body: (each.status, each.reason) for each in await world.messages(campaign)}
    assert (MessageStatus.SKIPPED, "no_address") in found.values()
    assert world.sent == ["mail"]
    assert path_of(await world.walk(campaign)) == ["text", "mail", "stop", "completed"]
    assert await world.documents(paths.enrollments("other", campaign.id)) == []


async def test_whoever_left_a_sequence_comes_back_for_what_they_have_not_had(
    world: JourneyWorld,
) -> None:
    """The steps they have had stay had; the others count from now, what had been made included."""
    said = {"sender": "us@example.com", "subject": "Hi", "body": "Hi."}
    steps = [{"id": f"day-{day}", "offset": f"P{day}D", **said} for day in (0, 2, 4)]
    continued = Entry(EntryBy.API, reentry=CONTINUE)
    campaign = await world.begin({"steps": steps}, entry=continued)
    (walk,) = await world.enter(campaign)
    await world.pass_time(2 * DAY - MINUTE)  # the second step's message waits to be sent
    await exit_(world.engine, ORG, campaign.id, walk.id, by="ann")
    await world.pass_time(7 * DAY)
    assert len(world.sent) == 1

    assert results(await enter(world, campaign, Entrant(address=ANN))) == ["enrolled"]
    assert results(await enter(world, campaign, Entrant(address=ANN))) == ["already"]
    await world.pass_time(4 * DAY + HOUR)
    made = sorted(await world.messages(campaign), key=lambda each: str(each.due_at))
    assert [(node_of(each.send), each.status != "cancelled") for each in made] == [
        ("day-0", True),
        ("day-2", False),
        ("day-2", True),
        ("day-4", True),
    ]
    assert results(await enter(world, campaign, Entrant(address=ANN))) == ["already_was"]
