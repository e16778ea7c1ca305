"""What a campaign would say to one person: shown, or sent as a test."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid4

from functions.domain.campaign import Campaign, CampaignStatus, ChannelKind
from functions.domain.contact import Contact, contact_id
from functions.domain.errors import InvalidFieldError, WrongStatusError
from functions.domain.phones import Phone
from functions.domain.templates import Missing, MissingFieldError, TemplateLimitError
from functions.domain.text_length import TextLength, measure
from functions.engine import contacts, templates
from functions.engine.campaigns import load
from functions.engine.core import Engine
from functions.engine.creation import send_once
from functions.engine.drafts import check_complete


@dataclass(frozen=True, slots=True)
class Preview:
    """A text, filled in for one person."""

    text: str
    template: str
    missing: list[str]  #: fields of the template that this person lacks
    length: TextLength


async def preview(
    engine: Engine, org: str, id_: str, contact_id: str, *, override: str | None
) -> tuple[Preview, Contact]:
    """Fill in a campaign's template, or `override`, for a contact.

    Raises NotFoundError, and InvalidFieldError for a template with a mistake.
    """
    campaign = await load(engine, org, id_)
    person = (await contacts.load(engine, org, contact_id)).contact
    if override is None:
        return _fill(campaign, campaign.template, person, field="base_template"), person
    return _fill(campaign, override, person, field="override_template"), person


def _fill(campaign: Campaign, text: str, person: Contact, *, field: str) -> Preview:
    template = templates.parse(text, field=field)
    try:
        filled = template.render(
            person.values, missing=Missing(campaign.missing), defaults=campaign.defaults
        )
    except (TemplateLimitError, MissingFieldError) as error:
        raise InvalidFieldError(field, f"{field}: {error}") from None
    return Preview(filled, text, template.missing(person.values), measure(filled))


async def send_test(
    engine: Engine, org: str, id_: str, phones: Sequence[Phone], *, like: str | None, by: str
) -> list[tuple[Campaign, str]]:
    """Send what a draft says to some numbers now, filled in for the contact `like`.

    Each test is a campaign of its own: the draft's status and statistics do not change, and
    nobody is left out. Raises NotFoundError, WrongStatusError and InvalidFieldError.
    """
    campaign = await load(engine, org, id_)
    if campaign.status is not CampaignStatus.DRAFT:
        raise WrongStatusError("test", campaign.status, already=False, ended=campaign.has_ended)
    check_complete(campaign)
    now = engine.clock.now()
    person = (await contacts.load(engine, org, like)).contact if like else None
    bodies = [_body(campaign, person or _nobody(phone, now)) for phone in phones]
    tests = [_test_of(campaign, by, now) for _ in phones]
    return [
        await send_once(engine, test, phone, body=body)
        for test, phone, body in zip(tests, phones, bodies, strict=True)
    ]


def _body(campaign: Campaign, person: Contact) -> str:
    if campaign.channel is ChannelKind.VOICE:
        return ""
    return _fill(campaign, campaign.template, person, field="base_template").text


def _test_of(campaign: Campaign, by: str, now: datetime) -> Campaign:
    return replace(
        campaign,
        id=uuid4().hex,
        name=f"Test of {campaign.name}",
        status=CampaignStatus.RUNNING,
        created_at=now,
        created_by=by,
        started_at=now,
        total=1,
    )


def _nobody(phone: Phone, now: datetime) -> Contact:
    """Return somebody of whom only the number is known."""
    id_ = contact_id(phone.e164)
    return Contact(id=id_, phone=phone.e164, created_at=now, updated_at=now)
