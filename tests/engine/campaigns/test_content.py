"""What campaigns say by each channel, from the draft to the stored message."""

from dataclasses import fields, replace

import pytest

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.lifecycle import LateStart
from functions.domain.campaigns.safety_limits import Canary, Guardrail
from functions.domain.contacts.phones import parse_phone
from functions.domain.errors import InvalidFieldError, NotFoundError
from functions.domain.kinds import ChannelKind
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, MessageRef
from functions.domain.sending_rules.windows import SendWindow
from functions.domain.templates.template import Missing
from functions.engine.campaigns import copies, drafts
from functions.engine.campaigns.content import previews
from functions.engine.campaigns.drafts import Draft
from functions.engine.messages import statistics
from functions.engine.ports.store import Create, Write
from functions.engine.privacy import erasure
from functions.engine.reporting import explanation, reports
from tests.engine.campaigns.drafting import (
    CALL,
    EVERYONE,
    HOUR,
    MAIL,
    NOT_REACHED,
    SHOP,
    by_sms,
    send,
    written,
)
from tests.engine.counting_store import CountingStore
from tests.engine.delivery.test_texts import Texting
from tests.engine.recording_channel import TALKS
from tests.engine.stored_contacts import add_people, list_of, naming
from tests.engine.world import ORG, World, number

# --- Again -----------------------------------------------------------------------------------


async def test_a_retry_repeats_what_was_said() -> None:
    """Whom a mail did not reach gets the same one, whatever the contact says by then."""
    async with World() as world:
        world.carrier.otherwise = NOT_REACHED
        row = {"phone": number(1), "email": "ann@example.com", "first_name": "Ann"}
        await add_people(world.engine, [row])
        campaign = await send(world, MAIL)
        await world.finish(campaign)
        await add_people(world.engine, [{**row, "first_name": "Renamed"}])
        again = await copies.retry(world.engine, ORG, campaign.id, by="bob", unknown=False)
        await world.finish(again)
        (before,), (after,) = [await world.messages(each) for each in (campaign, again)]
        assert (again.channel, again.own_send.sender, again.created_by) == ("email", SHOP, "bob")
        for name in ("address", "body", "subject", "html"):
            assert getattr(after, name) == getattr(before, name) != ""


async def test_a_copy_keeps_everything_that_was_written(world: World) -> None:
    """Every field of a draft comes over, and what it is resolved to is looked up anew."""
    wish = replace(
        CALL,
        own_rate_per_s=2.5,
        send_window=SendWindow("09:00", "17:00", ["mon"]),
        not_after=world.clock.now() + HOUR,
        late_start=LateStart.ASK,
        grace_s=60,
        guardrail=Guardrail(failed_percent=20, of_last=50),
        canary=Canary(first=5, failed_percent=10, wait_s=60),
        fallbacks=[by_sms()],
        machine_detection="true",
        template="said to nobody",
        missing=Missing.DEFAULT,
        defaults={"first_name": "you"},
    )
    for each in (wish, MAIL):
        made = await drafts.create(world.engine, ORG, each, scheduled_at=None, by="ann")
        copied = await drafts.duplicate(world.engine, ORG, made.id, by="bob")
        source, copy = await world.load(made), await world.load(copied)
        for field in fields(Draft):
            if field.name != "name":
                assert written(copy, field.name) == written(source, field.name), field.name


async def test_a_copy_drops_an_expiry_that_has_passed(world: World) -> None:
    """A copy of last week's campaign can be sent."""
    wish = replace(MAIL, not_after=world.clock.now() + HOUR)
    source = await drafts.create(world.engine, ORG, wish, scheduled_at=None, by="ann")
    world.clock.advance(2 * HOUR)
    copy = await drafts.duplicate(world.engine, ORG, source.id, by="bob")
    assert copy.not_after is None


# --- Previews and tests ----------------------------------------------------------------------


async def test_a_preview_shows_every_part(world: World) -> None:
    """What the person would get, with an own text in place of the campaign's as well."""
    (ann,) = await add_people(world.engine, [{"email": "ann@example.com", "first_name": "Ann"}])
    made = await drafts.create(world.engine, ORG, MAIL, scheduled_at=None, by="ann")
    shown, _ = await previews.preview(world.engine, ORG, made.id, ann, override="Dear {first_name}")
    assert shown.texts[:3] == ("Dear Ann", "News for Ann", "<p>Ann</p>")


async def test_a_mail_is_tested_by_mail(world: World) -> None:
    """It goes at once to whoever is named, in whatever zone they are, and by no fallback."""
    await add_people(world.engine, [{"email": "bob@example.com", "zone": "Asia/Kolkata"}])
    made = await drafts.create(world.engine, ORG, MAIL, scheduled_at=None, by="ann")
    emails = ["bob@example.com", "eve@example.com"]
    sent = await previews.send_test(world.engine, ORG, made.id, emails=emails, like=None, by="ann")
    for (_, test, _), email, zone in zip(sent, emails, ["Asia/Kolkata", "Etc/UTC"], strict=True):
        await world.finish(test)
        (message,) = await world.messages(test)
        assert (message.address, message.region, list(message.zones)) == (email, "", [zone])
        assert (message.subject, message.html) == ("News for", "<p></p>")


async def test_a_test_needs_addresses_of_the_campaign_s_kind(world: World) -> None:
    """Mails are not tested by phone, nor texts by mail."""
    text = replace(MAIL, channel=ChannelKind.SMS, sender="", subject="", html="")
    phones = [parse_phone(number(1))]
    for wish, to, field in (
        (MAIL, {"phones": phones}, "phones"),
        (text, {"emails": ["ann@example.com"]}, "emails"),
    ):
        made = await drafts.create(world.engine, ORG, wish, scheduled_at=None, by="ann")
        with pytest.raises(InvalidFieldError) as caught:
            await previews.send_test(world.engine, ORG, made.id, **to, like=None, by="ann")
        assert caught.value.field == field
    assert world.carrier.requests == []


# --- What becomes of it ----------------------------------------------------------------------


async def test_what_people_do_is_counted_once() -> None:
    """A click that is told twice is one; the earlier instant counts, and the statistics with it."""
    async with Texting() as world:
        await add_people(world.engine, [{"email": "ann@example.com"}, {"email": "b@example.com"}])
        campaign = await send(world, MAIL)
        await world.over(campaign)
        message, other = await world.messages(campaign)
        now = world.clock.now()
        kinds = [EventKind.CLICKED, EventKind.CLICKED, EventKind.REPLIED, EventKind.COMPLAINED]
        for n, kind in enumerate(kinds):
            ref = MessageRef(ORG, campaign.id, message.id)
            at = now - n * HOUR
            # A message that misses its turn beside another lane is handed over once more.
            await world.receive(DeliveryEvent(f"e{n}", ref, message.attempt, kind, at))
        ref = MessageRef(ORG, campaign.id, other.id)
        opted_out = DeliveryEvent("o", ref, other.attempt, EventKind.OPTED_OUT, now)
        await world.receive(opted_out)
        counts = await statistics.read_one(world.engine, campaign)
        assert counts.reactions == {"clicked": 1, "replied": 1, "complained": 1, "opted_out": 1}
        rows = [reports.row(campaign, each) for each in await world.messages(campaign)]
        (read,) = [row for row in rows if row["clicked_at"]]
        assert (read["clicked_at"], read["channel"]) == (now - HOUR, ChannelKind.EMAIL)


async def test_erasure_leaves_nothing_that_was_said(world: World) -> None:
    """Subject, HTML and parameters go with the text."""
    (ann,) = await add_people(
        world.engine, [{"email": "ann@example.com", "first_name": "Annabel", "phone": number(1)}]
    )
    whatsapp = Draft(
        channel=ChannelKind.WHATSAPP,
        provider_template="hi",
        language="en",
        parameters=["{first_name}"],
        audience=EVERYONE,
    )
    for wish in (MAIL, whatsapp):
        await world.finish(await send(world, wish))
    assert len(await naming(world.store, "Annabel")) == 3
    await erasure.erase(world.engine, ORG, ann, by="ann")
    assert await naming(world.store, "Annabel", "ann@example.com") == []


async def test_another_organisation_s_people_are_not_mailed(world: World) -> None:
    """Everybody means the caller's own, and the address of a contact of the same id is not read."""
    row = {"phone": number(1), "email": "ours@example.com"}
    (ours,) = await add_people(world.engine, [row])
    await add_people(world.engine, [{**row, "email": "theirs@example.com"}], org="other")
    audience = Audience(AudienceKind.LIST, await list_of(world.engine, [ours]))
    for wish in (MAIL, replace(MAIL, audience=audience)):
        campaign = await send(world, wish)
        await world.finish(campaign)
        (message,) = await world.messages(campaign)
        assert message.address == "ours@example.com"
    with pytest.raises(NotFoundError):
        await send(world, replace(MAIL, audience=audience), org="other")


class Weighed(CountingStore):
    """Notes as well how much the largest commit creates, in characters."""

    largest = 0

    async def commit(self, *writes: Write) -> list[int]:
        """Weigh a commit, and do it."""
        created = [str(write.data) for write in writes if isinstance(write, Create)]
        self.largest = max(self.largest, sum(map(len, created)))
        return await self._store.commit(*writes)


async def test_large_mails_are_created_and_read_a_few_at_a_time(world: World) -> None:
    """No commit holds more than a store takes, nor a read more than memory; all get one mail."""
    await add_people(world.engine, ({"email": f"p{n}@example.com"} for n in range(70)))
    campaign = await send(world, replace(MAIL, html="x" * 100_000))
    store = Weighed(world.store)
    world.engine = replace(world.engine, store=store)
    await world.finish(campaign)
    assert list(world.carrier.called.values()) == [1] * 70
    assert 1_000_000 < store.largest < 6_000_000
    assert max(q.limit for q in store.queries if q.collection.endswith("/messages")) == 238


async def test_the_trail_of_a_fallback_says_what_it_followed(world: World) -> None:
    """The call tells that a text followed it, and the text why it was planned; rows tell both."""
    world.carrier.otherwise = NOT_REACHED
    await add_people(world.engine, [{"phone": number(1), "first_name": "Ann"}])
    wish = replace(CALL, fallbacks=[by_sms(after=["failed"], wait_s=0)])
    campaign = await send(world, wish)
    await world.finish(campaign)
    call, text = sorted(await world.messages(campaign), key=lambda message: message.send)
    told = [
        await explanation.why(world.engine, MessageRef(ORG, campaign.id, message.id))
        for message in (call, text)
    ]
    assert told[0].lines[-1].words == "It was followed by another one, by sms"
    assert told[1].lines[0].words == "Planned by sms, as the message before reached nobody"
    rows = [reports.row(campaign, message) for message in (call, text)]
    assert [(row["channel"], row["step"]) for row in rows] == [("voice", 0), ("sms", 1)]
    again = await copies.retry(world.engine, ORG, campaign.id, by="bob", unknown=False)
    world.carrier.otherwise = TALKS
    await world.finish(again)
    (repeated,) = await world.messages(again)
    assert (repeated.address, repeated.send, repeated.status) == (number(1), "", "completed")
