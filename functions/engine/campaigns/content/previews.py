"""What a campaign would say to one person: shown, or sent as a test."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.content import ParsedContent, Texts, texts_of
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.campaigns.validation import check_complete, check_not_after
from functions.domain.contacts.addresses import phone_and_email
from functions.domain.contacts.contact import Contact
from functions.domain.contacts.phones import Phone
from functions.domain.errors import InvalidFieldError, WrongStatusError
from functions.domain.kinds import facts_of
from functions.domain.templates.sms_segments import TextLength, measure
from functions.domain.templates.template import Missing, MissingFieldError, TemplateLimitError
from functions.domain.times import NO_ZONES
from functions.domain.warnings import InputWarning
from functions.engine.accounts import organisation
from functions.engine.campaigns.content.of_nodes import Said, as_said
from functions.engine.campaigns.content.text_checks import text_doubts
from functions.engine.campaigns.copies import copy_of
from functions.engine.campaigns.lifecycle import load
from functions.engine.campaigns.recipient import Recipient
from functions.engine.campaigns.senders import check_named, check_senders, with_senders
from functions.engine.campaigns.single_message import send_once
from functions.engine.contacts import contacts
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.people import path_of

_TEMPLATE: Final = "base_template"
_OVERRIDE: Final = "override_template"
#: What a campaign without a plan says.
_OWN: Final = Said()


@dataclass(frozen=True, slots=True)
class Preview:
    """What a campaign says, filled in for one person."""

    texts: Texts
    template: str
    missing: list[str]  #: fields of the templates that this person lacks
    length: TextLength  #: of the text
    warnings: Sequence[InputWarning] = ()


async def preview(
    engine: Engine,
    org: str,
    id_: str,
    contact_id: str,
    *,
    override: str | None,
    said: Said = _OWN,
) -> tuple[Preview, Contact]:
    """Fill in a campaign's templates, its text's or `override`, for a contact; "": its text's.

    Raises NotFoundError, and InvalidFieldError for a template with a mistake.
    """
    campaign = await as_said(engine, await load(engine, org, id_), said)
    person = (await contacts.load(engine, org, contact_id)).value
    texts, field = texts_of(campaign.own_send), "node" if said.node else _TEMPLATE
    if override:
        texts, field = texts._replace(body=override), _OVERRIDE
    filled = _fill(campaign, texts, person, field=field)
    found = await text_doubts(engine, campaign, texts, person.values, body=field)
    return replace(filled, warnings=found), person


def _fill(campaign: Campaign, texts: Texts, person: Contact, *, field: str) -> Preview:
    said = campaign.own_send.content
    content = ParsedContent.parse(texts, body=field)
    try:
        filled = content.render(
            person.values, missing=Missing(said.missing), defaults=said.defaults
        )
    except (TemplateLimitError, MissingFieldError) as error:
        raise InvalidFieldError(field, f"{field}: {error}") from None
    missing = content.missing(person.values)
    return Preview(filled, texts.body, missing, measure(filled.body))


async def send_test(
    engine: Engine,
    org: str,
    id_: str,
    *,
    phones: Sequence[Phone] = (),
    emails: Sequence[str] = (),
    like: str | None,
    said: Said = _OWN,
    by: str,
) -> list[tuple[Recipient, Campaign, str]]:
    """Send what a draft, or a node, says to some addresses now, filled in for the contact `like`.

    Each test is a campaign of its own: the draft's status and statistics do not change, and
    nobody is left out. Raises NotFoundError, WrongStatusError and InvalidFieldError.
    """
    campaign = await load(engine, org, id_)
    # What a plan says does not change once it runs, and each of its nodes is worth a look.
    may_test = not campaign.has_ended if campaign.plan else campaign.status is CampaignStatus.DRAFT
    if not may_test:
        raise WrongStatusError("test", campaign.status, already=False, ended=campaign.has_ended)
    now, decided = engine.clock.now(), await organisation.load(engine, org)
    campaign = with_senders(engine, decided, await as_said(engine, campaign, said))
    _check_testable(campaign, phones, emails, now)
    check_named(engine, campaign)
    check_senders(engine, decided, campaign)
    person = (await contacts.load(engine, org, like)).value if like else None
    found = [await _caller(engine, org, phone) for phone in phones]
    found += await _mailed(engine, org, emails)
    told = [each._replace(texts=_said(campaign, person or _nobody(each, now))) for each in found]
    sent = [await send_once(engine, _test_of(campaign, by, now), each) for each in told]
    return [(each, test, message) for each, (test, message) in zip(told, sent, strict=True)]


def _check_testable(
    campaign: Campaign, phones: Sequence[Phone], emails: Sequence[str], now: datetime
) -> None:
    """Raise InvalidFieldError for a draft that is not complete, and addresses not of its kind."""
    check_complete(campaign)
    check_not_after(campaign, now)
    reached_at = facts_of(campaign.channel).reached_at
    if emails and reached_at == "phone":
        message = f"emails: the channel {campaign.channel} is tested with phones"
        raise InvalidFieldError("emails", message)
    if phones and reached_at == "email":
        raise InvalidFieldError("phones", "phones: an e-mail campaign is tested with emails")


async def _caller(engine: Engine, org: str, phone: Phone) -> Recipient:
    path = await path_of(engine, org, phone.e164)
    return Recipient(path, phone.e164, phone.region, phone.zones)


async def _mailed(engine: Engine, org: str, emails: Sequence[str]) -> list[Recipient]:
    """Return the recipients with these addresses, each in the zones of its contact."""
    if not emails:
        return []
    at = [await path_of(engine, org, email) for email in emails]
    known = await engine.store.get_many(at)
    zones = [found.data["zones"] if found else NO_ZONES for found in known]
    return [Recipient(*each) for each in zip(at, emails, [""] * len(at), zones, strict=True)]


def _said(campaign: Campaign, person: Contact) -> Texts:
    return _fill(campaign, texts_of(campaign.own_send), person, field=_TEMPLATE).texts


def _test_of(campaign: Campaign, by: str, now: datetime) -> Campaign:
    """Return a campaign of one message, without fallbacks and without safety limits."""
    test = copy_of(campaign, now=now, by=by)
    name = f"Test of {campaign.name}"
    return replace(test, name=name, total=1, fallbacks=(), guardrail=None, canary=None)


def _nobody(to: Recipient, now: datetime) -> Contact:
    """Return a contact of whom only the address is known."""
    phone, email = phone_and_email(to.address)
    id_ = to.contact.rpartition("/")[2]
    return Contact(id=id_, phone=phone, email=email, created_at=now, updated_at=now)
