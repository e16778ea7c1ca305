"""What a draft may say, and what is refused."""

from dataclasses import replace

import pytest

from functions.domain.errors import InvalidFieldError, NotFoundError
from functions.domain.kinds import ChannelKind
from functions.engine import paths
from functions.engine.accounts import organisation
from functions.engine.campaigns import drafts, lifecycle
from functions.engine.campaigns.drafts import Draft
from functions.engine.templates import templates
from functions.engine.templates.templates import TemplateBody
from tests.engine.campaigns.drafting import (
    CALL,
    EVERYONE,
    HOUR,
    MAIL,
    SMS,
    by_sms,
    incomplete,
    refused,
    send,
)
from tests.engine.recording_channel import PROVIDER
from tests.engine.world import ORG, SENDER, World


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
