"""Completeness: what a campaign may say by its channel, and what it must say before it is sent.

A draft may lack anything, but what it says must make sense. A fallback is held to the same rules
as the campaign itself, under the names "fallbacks.0.sender" and so on.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, NamedTuple, assert_never

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.content import Content, texts_of
from functions.domain.campaigns.fallbacks import CAUSES, may_follow
from functions.domain.contacts.addresses import check_sender
from functions.domain.errors import InvalidFieldError
from functions.domain.kinds import ChannelKind, facts_of

#: Every field that belongs to some channels: it goes when a draft changes to another one.
BY_CHANNEL: Final = (
    "subject",
    "html",
    "provider_template",
    "language",
    "parameters",
    "webhook_url",
)
#: What Twilio calls a text that it keeps: it has its language.
_TWILIO_TEXT: Final = re.compile(r"HX[0-9a-fA-F]{32}")


class _Step(NamedTuple):
    """A campaign by one of its channels, and what stands before the names of its fields."""

    campaign: Campaign
    prefix: str

    def error(self, field: str, problem: str) -> InvalidFieldError:
        return InvalidFieldError(f"{self.prefix}{field}", f"{self.prefix}{field}: {problem}")


def _steps(campaign: Campaign) -> Iterator[_Step]:
    yield _Step(campaign, "")
    for number in range(len(campaign.fallbacks)):
        yield _Step(campaign.at_step(number + 1), f"fallbacks.{number}.")


def checked(campaign: Campaign) -> Campaign:
    """Return a draft as it is stored, its senders in one spelling.

    Raises InvalidFieldError for a sender that is none, a mistake in a text, what the channel
    cannot say, and a fallback that could never be taken.
    """
    senders = [_checked(step) for step in _steps(campaign)]
    fallbacks = [
        {**fallback, "sender": sender}
        for fallback, sender in zip(campaign.fallbacks, senders[1:], strict=True)
    ]
    for number, fallback in enumerate(fallbacks):
        _check_reasons(fallback["after"], f"fallbacks.{number}.after")
    return replace(campaign, sender=senders[0], fallbacks=fallbacks)


def _checked(step: _Step) -> str:
    campaign = step.campaign
    Content.parse(texts_of(campaign), prefix=step.prefix)
    for name in BY_CHANNEL:
        if getattr(campaign, name) and name not in facts_of(campaign.channel).own_fields:
            raise step.error(name, f"cannot be said by the channel {campaign.channel}")
    field = f"{step.prefix}sender"
    return campaign.sender and check_sender(campaign.channel, campaign.sender, field=field)


def _check_reasons(reasons: Sequence[str], field: str) -> None:
    for reason in reasons:
        if not may_follow(reason):
            problem = f"'{reason}' is none of {', '.join(CAUSES)} and no reason to fail"
            raise InvalidFieldError(field, f"{field}: {problem}")


def check_complete(campaign: Campaign) -> None:
    """Raise InvalidFieldError, naming the field, for a campaign that could reach nobody."""
    for step in _steps(campaign):
        campaign = step.campaign
        if (campaign.language or campaign.parameters) and not campaign.provider_template:
            raise step.error("provider_template", "language and parameters are those of one")
        _check_channel(step)


def check_not_after(campaign: Campaign, start: datetime) -> None:
    """Raise InvalidFieldError where all would expire before a campaign that starts then begins."""
    if campaign.not_after is not None and campaign.not_after <= start:
        raise InvalidFieldError("not_after", "not_after: must be later than the campaign starts")


# --- What each channel needs ------------------------------------------------------------------


def _check_channel(step: _Step) -> None:
    match step.campaign.channel:
        case ChannelKind.VOICE:
            _need_call(step)
        case ChannelKind.SMS:
            _need_text(step)
        case ChannelKind.WHATSAPP:
            _need_whatsapp(step)
        case ChannelKind.EMAIL:
            _need_mail(step)
        case ChannelKind.WEBHOOK:
            _need_webhook(step)
        case kind:
            assert_never(kind)


def _need_call(step: _Step) -> None:
    if not step.campaign.sender:
        raise step.error("sender", "a voice campaign needs the number it calls from")
    if not step.campaign.bot_url:
        raise step.error("bot_url", "a voice campaign needs a bot that talks")


def _need_text(step: _Step) -> None:
    if not step.campaign.template.strip() and not step.campaign.provider_template:
        raise step.error(
            "base_template", "is required before a campaign is scheduled, sent or tested"
        )


def _need_whatsapp(step: _Step) -> None:
    _need_text(step)
    named = step.campaign.provider_template
    if named and not step.campaign.language and not _TWILIO_TEXT.fullmatch(named):
        raise step.error("language", "the provider's template needs the language it is in")


def _need_mail(step: _Step) -> None:
    campaign = step.campaign
    if not campaign.sender:
        raise step.error("sender", "an e-mail campaign needs the address it is sent from")
    if not campaign.subject.strip():
        raise step.error("subject", "an e-mail campaign needs a subject")
    if not campaign.template.strip() and not campaign.html.strip():
        raise step.error("base_template", "an e-mail campaign needs a text, or html")


def _need_webhook(step: _Step) -> None:
    if not step.campaign.webhook_url:
        raise step.error("webhook_url", "a webhook campaign needs the URL it is posted to")
