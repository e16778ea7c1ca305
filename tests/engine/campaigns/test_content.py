"""What campaigns say by each channel, from the draft to the stored message."""

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from functions.channels.simulator.ledger import digest_of
from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.campaign import Campaign, Fallback
from functions.domain.campaigns.lifecycle import LateStart
from functions.domain.campaigns.safety_limits import Canary, Guardrail
from functions.domain.contacts.contact import contact_id
from functions.domain.contacts.phones import parse_phone
from functions.domain.errors import InvalidFieldError, NotFoundError
from functions.domain.kinds import ChannelKind
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, MessageRef
from functions.domain.messages.message import MessageStatus
from functions.domain.messages.send_outcomes import Rejected
from functions.domain.sending_rules.windows import SendWindow
from functions.domain.templates.template import Missing
from functions.engine import paths
from functions.engine.accounts import organisation
from functions.engine.campaigns import copies, drafts, lifecycle, previews
from functions.engine.campaigns.drafts import Draft
from functions.engine.messages import statistics
from functions.engine.ports.store import Create, Write
from functions.engine.privacy import erasure
from functions.engine.reporting import explanation, reports
from functions.engine.templates import templates
from functions.engine.templates.templates import TemplateBody
from tests.engine.counting_store import CountingStore
from tests.engine.delivery.test_texts import Texting
from tests.engine.recording_channel import PROVIDER, TALKS, Fate
from tests.engine.stored_contacts import add_people, list_of, naming
from tests.engine.world import LIMITS, ORG, SENDER, World, fallback, number

HOUR = timedelta(hours=1)
EVERYONE = Audience(AudienceKind.EVERYONE)
SHOP = "Shop <shop@example.com>"
MAIL = Draft(
    channel=ChannelKind.EMAIL,
    name="News",
    sender=SHOP,
    template="Hi {first_name}",
    subject="News for {first_name}",
    html="<p>{first_name}</p>",
    audience=EVERYONE,
)
CALL = Draft(
    channel=ChannelKind.VOICE,
    sender=SENDER,
    bot_url="wss://bot.example.com/talk",
    audience=EVERYONE,
)
SMS: dict[str, Any] = {
    "channel": ChannelKind.SMS,
    "template": "Hi {first_name}",
    "after": ["no_answer"],
    "wait_s": 60,
}
NOT_REACHED = Fate(outcome=Rejected("invalid_address"), placed=False)


def by_sms(**more: Any) -> Fallback:
    """Return a fallback to a text."""
    return fallback(**{**SMS, **more})


async def send(world: World, wish: Draft, org: str = ORG) -> Campaign:
    """Write a campaign and send it."""
    made = await drafts.create(world.engine, org, wish, scheduled_at=None, by="ann")
    return await drafts.send(world.engine, org, made.id, None, by="ann")


def written(campaign: Campaign, name: str) -> Any:
    """Return what somebody has written of a campaign, by the name that a draft has for it."""
    send = campaign.own_send
    of = next(each for each in (send.content, send, campaign) if hasattr(each, name))
    return getattr(of, name)


async def refused(world: World, wish: Draft) -> str:
    """Write a campaign that is refused; return the field that is named."""
    with pytest.raises(InvalidFieldError) as caught:
        await drafts.create(world.engine, ORG, wish, scheduled_at=None, by="ann")
    assert str(caught.value).startswith(f"{caught.value.field}: ")
    return caught.value.field


async def incomplete(world: World, wish: Draft) -> str:
    """Write a campaign that cannot be sent; return the field that is named."""
    made = await drafts.create(world.engine, ORG, wish, scheduled_at=None, by="ann")
    with pytest.raises(InvalidFieldError) as caught:
        await drafts.send(world.engine, ORG, made.id, EVERYONE, by="ann")
    return caught.value.field


# --- Mails -----------------------------------------------------------------------------------


async def test_a_mail_reaches_its_person_and_is_kept_as_it_was_sent() -> None:
    """Text, subject and HTML are filled in, escaped in the HTML alone, and kept."""
    async with Texting() as world:
        row = {"phone": number(1), "email": "Ann@Example.com", "first_name": "Ann & Co"}
        await add_people(world.engine, [row])
        campaign = await send(world, MAIL)
        assert await world.over(campaign) == {"delivered": 1}
        (message,) = await world.messages(campaign)
        assert message.address == "ann@example.com"
        assert (message.body, message.subject) == ("Hi Ann & Co", "News for Ann & Co")
        assert message.html == "<p>Ann &amp; Co</p>"
        (sent,) = world.texts.ledger.texts
        assert (sent.to, sent.digest) == ("ann@example.com", digest_of("Hi Ann & Co"))


async def test_a_message_holds_what_its_channel_says_and_no_more(world: World) -> None:
    """A text has no empty subject stored with it, and a call says nothing."""
    await add_people(world.engine, [{"phone": number(1), "first_name": "Ann"}])
    text = await send(world, Draft(channel=ChannelKind.SMS, template="Hi", audience=EVERYONE))
    call = await send(world, CALL)
    for campaign, said in ((text, {"body"}), (call, set[str]())):
        await world.finish(campaign)
        (stored,) = await world.documents(paths.messages(ORG, campaign.id))
        assert {"body", "subject", "html", "parameters"} & stored.data.keys() == said


async def test_a_list_is_mailed_at_its_contacts_addresses(world: World) -> None:
    """What the contact says comes before what the list's row said; without either, nobody is."""
    known = [{"phone": number(1), "email": "one@example.com"}, {"phone": number(2)}]
    people = await list_of(world.engine, await add_people(world.engine, known))
    rows = {3: "Three@Example.com ", 4: "nonsense", 5: ""}
    for n, email in rows.items():
        member = {"address": number(n), "region": "US", "zones": ["America/New_York"]}
        path = f"{paths.members(ORG, people)}/{contact_id(number(n))}"
        await world.store.commit(Create(path, {**member, "attributes": {"email": email}}))
    wish = replace(MAIL, audience=Audience(AudienceKind.LIST, people))
    campaign = await send(world, wish)
    await world.finish(campaign)
    assert world.carrier.called == {"one@example.com": 1, "three@example.com": 1}
    skipped = [m for m in await world.messages(campaign) if m.status == MessageStatus.SKIPPED]
    assert [(m.address, m.reason) for m in skipped] == [("", "no_address")] * 3


async def test_a_mail_without_a_template_finds_its_addresses_too(world: World) -> None:
    """HTML alone is enough, and the address is still the contact's."""
    (ann,) = await add_people(world.engine, [{"phone": number(1), "email": "ann@example.com"}])
    audience = Audience(AudienceKind.LIST, await list_of(world.engine, [ann]))
    campaign = await send(world, replace(MAIL, template="", html="<p>Hi</p>", audience=audience))
    await world.finish(campaign)
    assert world.carrier.called == {"ann@example.com": 1}


async def test_an_address_is_mailed_once_however_many_share_it() -> None:
    """Two contacts with one e-mail address are one message, and the second says why."""
    async with World(replace(LIMITS, launch_page=1)) as world:
        rows = [{"phone": number(n), "email": "us@example.com"} for n in range(3)]
        await add_people(world.engine, rows)
        campaign = await send(world, MAIL)
        await world.finish(campaign)
        assert world.carrier.called == {"us@example.com": 1}
        reasons = sorted(message.reason for message in await world.messages(campaign))
        assert reasons == ["", "duplicate_address", "duplicate_address"]


async def test_who_is_suppressed_by_mail_is_not_mailed(world: World) -> None:
    """A suppression is of an address, and holds for whatever channel reaches it."""
    await add_people(world.engine, [{"phone": number(1), "email": "ann@example.com"}])
    await world.suppress("ann@example.com")
    campaign = await send(world, MAIL)
    await world.finish(campaign)
    (message,) = await world.messages(campaign)
    assert (message.reason, world.carrier.requests) == ("suppressed", [])


async def test_a_webhook_is_told_the_address_that_there_is(world: World) -> None:
    """The number, else the e-mail address."""
    await add_people(
        world.engine,
        [
            {"phone": number(1), "email": "one@example.com"},
            {"email": "two@example.com"},
        ],
    )
    url = "https://shop.example.com/hook"
    wish = Draft(channel=ChannelKind.WEBHOOK, webhook_url=url, template="x", audience=EVERYONE)
    campaign = await send(world, wish)
    await world.finish(campaign)
    assert world.carrier.called == {number(1): 1, "two@example.com": 1}


async def test_the_parameters_of_a_provider_s_text_are_filled_in(world: World) -> None:
    """Each is a template of its own; a text that the provider keeps needs none of ours."""
    await add_people(world.engine, [{"phone": number(1), "first_name": "Ann\nSol"}])
    wish = Draft(
        channel=ChannelKind.WHATSAPP,
        provider_template="welcome",
        language="en_US",
        parameters=["{first_name}", "20 %"],
        audience=EVERYONE,
    )
    campaign = await send(world, wish)
    await world.finish(campaign)
    (message,) = await world.messages(campaign)
    assert (message.body, list(message.parameters)) == ("", ["Ann Sol", "20 %"])


async def test_whoever_lacks_a_field_of_the_subject_is_skipped(world: World) -> None:
    """The policy for missing fields holds for every part."""
    people = [{"email": "ann@example.com", "first_name": "Ann"}, {"email": "bob@example.com"}]
    await add_people(world.engine, people)
    wish = replace(MAIL, template="Hi", html="", missing=Missing.REFUSE)
    campaign = await send(world, wish)
    await world.finish(campaign)
    assert (await world.message_to(campaign, "bob@example.com")).reason == "missing_field"
    assert world.carrier.called == {"ann@example.com": 1}


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


# --- What a draft may say --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        (replace(MAIL, sender=SENDER), "sender"),
        (replace(CALL, sender="shop@example.com"), "sender"),
        (replace(MAIL, subject="{{ x"), "subject"),
        (replace(MAIL, html="{{ x"), "html"),
        (replace(MAIL, template="{{ x"), "base_template"),
        (replace(MAIL, parameters=["x"]), "parameters"),
        (replace(MAIL, webhook_url="https://shop.example.com"), "webhook_url"),
        (replace(CALL, subject="Hi"), "subject"),
        (replace(CALL, fallbacks=[by_sms(html="<p>")]), "fallbacks.0.html"),
        (
            replace(CALL, fallbacks=[by_sms(), by_sms(template="{{ x")]),
            "fallbacks.1.base_template",
        ),
        (
            replace(CALL, fallbacks=[by_sms(sender="shop@example.com")]),
            "fallbacks.0.sender",
        ),
        (
            replace(CALL, fallbacks=[by_sms(after=["no_anwser"])]),
            "fallbacks.0.after",
        ),
        (
            replace(CALL, fallbacks=[by_sms(after=["quiet_hours"])]),
            "fallbacks.0.after",
        ),
        (
            replace(CALL, fallbacks=[by_sms(after=["suppressed"])]),
            "fallbacks.0.after",
        ),
    ],
)
async def test_what_makes_no_sense_is_not_saved(world: World, wish: Draft, field: str) -> None:
    """The error names the field, of a fallback as well; nothing is stored."""
    assert await refused(world, wish) == field
    assert await world.documents(paths.campaigns(ORG)) == []


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        (replace(MAIL, sender=""), "sender"),
        (replace(MAIL, subject=" "), "subject"),
        (replace(MAIL, template="", html=" "), "base_template"),
        (Draft(channel=ChannelKind.WEBHOOK, template="x"), "webhook_url"),
        (Draft(channel=ChannelKind.WHATSAPP), "base_template"),
        (Draft(channel=ChannelKind.WHATSAPP, provider_template="hello"), "language"),
        (Draft(channel=ChannelKind.SMS, template="x", parameters=["x"]), "provider_template"),
        (
            replace(CALL, fallbacks=[by_sms(template="")]),
            "fallbacks.0.base_template",
        ),
        (
            replace(CALL, fallbacks=[by_sms(), by_sms(channel=ChannelKind.EMAIL)]),
            "fallbacks.1.sender",
        ),
    ],
)
async def test_each_channel_needs_its_own(world: World, wish: Draft, field: str) -> None:
    """A draft may lack it; sending names it."""
    assert await incomplete(world, wish) == field


async def test_a_provider_s_text_may_stand_alone(world: World) -> None:
    """Twilio's texts have their language, Meta's name it."""
    for template, language in (("HX" + "0a" * 16, ""), ("welcome", "sw")):
        wish = Draft(
            channel=ChannelKind.WHATSAPP,
            provider_template=template,
            language=language,
            audience=EVERYONE,
        )
        assert (await send(world, wish)).own_send.content.provider_template == template


async def test_a_draft_that_changes_its_channel_forgets_what_only_that_could_say(
    world: World,
) -> None:
    """Subject, HTML and sender of a mail go; the text stays, and what is named beside comes."""
    made = await drafts.create(world.engine, ORG, MAIL, scheduled_at=None, by="ann")
    changes = {"channel": ChannelKind.SMS, "sender": "CLARION"}
    await drafts.update(world.engine, ORG, made.id, changes, by="ann", if_version=None)
    after = (await lifecycle.load(world.engine, ORG, made.id)).own_send
    said = after.content
    assert (said.subject, said.html, after.sender) == ("", "", "CLARION")
    assert said.template == MAIL.template


async def test_a_campaign_s_own_rate_is_a_lower_one(world: World) -> None:
    """Of the deployment's, the organisation's and its own the lowest counts, at any time."""
    decided = {"rates": {"voice": 50.0}}
    await organisation.update(world.engine, ORG, decided, by="ann", if_version=None)
    for own, rate in ((None, 50.0), (10.0, 10.0), (70.0, 50.0)):
        wish = replace(CALL, own_rate_per_s=own)
        made = await drafts.create(world.engine, ORG, wish, scheduled_at=None, by="ann")
        assert made.own_send.rate_per_s == rate
    lifted = {"own_rate_per_s": None}
    await drafts.update(world.engine, ORG, made.id, lifted, by="ann", if_version=None)
    assert (await lifecycle.load(world.engine, ORG, made.id)).own_send.rate_per_s == 50.0


async def test_a_fallback_is_sent_by_whoever_sends_for_its_channel(world: World) -> None:
    """Provider, rate and the organisation's own sender are those of the fallback's channel."""
    decided = {"senders": {"sms": "CLARION"}, "rates": {"sms": 5.0}}
    await organisation.update(world.engine, ORG, decided, by="ann", if_version=None)
    made = await drafts.create(
        world.engine, ORG, replace(CALL, fallbacks=[by_sms()]), scheduled_at=None, by="ann"
    )
    by_text = (await lifecycle.load(world.engine, ORG, made.id)).send("fallback-1")
    assert (by_text.channel, by_text.provider, by_text.sender) == ("sms", PROVIDER, "CLARION")
    assert (by_text.rate_per_s, by_text.content.template) == (5.0, SMS["template"])
    world.engine = replace(world.engine, providers={ChannelKind.VOICE: PROVIDER})
    assert await refused(world, replace(CALL, fallbacks=[by_sms()])) == "fallbacks.0.channel"


async def test_nothing_starts_behind_its_expiry(world: World) -> None:
    """Neither saved, scheduled, rescheduled nor sent: everybody would expire."""
    now = world.clock.now()
    assert await refused(world, replace(MAIL, not_after=now)) == "not_after"
    wish = replace(MAIL, not_after=now + HOUR)
    made = await drafts.create(world.engine, ORG, wish, scheduled_at=None, by="ann")
    with pytest.raises(InvalidFieldError, match="not_after"):
        await drafts.schedule(world.engine, ORG, made.id, now + HOUR, by="ann")
    await drafts.schedule(world.engine, ORG, made.id, now + HOUR / 2, by="ann")
    with pytest.raises(InvalidFieldError, match="not_after"):
        await drafts.reschedule(world.engine, ORG, made.id, now + 2 * HOUR, by="ann")
    with pytest.raises(InvalidFieldError, match="not_after"):
        await drafts.create(world.engine, ORG, wish, scheduled_at=now + HOUR, by="ann")
    other = await drafts.create(world.engine, ORG, wish, scheduled_at=None, by="ann")
    world.clock.advance(HOUR)
    with pytest.raises(InvalidFieldError, match="not_after"):
        await drafts.send(world.engine, ORG, other.id, None, by="ann")


async def test_a_named_template_brings_subject_and_html(world: World) -> None:
    """What is said beside the template comes first."""
    wording = TemplateBody(text="Hi", subject="News", html="<p>Hi</p>", channel=ChannelKind.EMAIL)
    made = await templates.create(world.engine, ORG, "Mail", wording, by="ann")
    named = {"channel": ChannelKind.EMAIL, "template_id": made.id, "subject": "Mine"}
    fields_ = await drafts.with_template(world.engine, ORG, named)
    assert (fields_["template"], fields_["subject"], fields_["html"]) == ("Hi", "Mine", "<p>Hi</p>")
    with pytest.raises(NotFoundError):
        await drafts.with_template(world.engine, "other", named)
    for part, broken in (
        ("subject", replace(wording, subject="{{ x")),
        ("html", replace(wording, html="{{ x")),
    ):
        with pytest.raises(InvalidFieldError, match=f"^{part}: Line 1"):
            await templates.create(world.engine, ORG, "Broken", broken, by="ann")


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
            await world.receive(DeliveryEvent(f"e{n}", ref, 1, kind, now - n * HOUR))
        ref = MessageRef(ORG, campaign.id, other.id)
        await world.receive(DeliveryEvent("o", ref, 1, EventKind.OPTED_OUT, now))
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
    assert {q.limit for q in store.queries if q.collection.endswith("/messages")} == {238}


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
