"""Validation: what each channel may say, and what a campaign needs before it can be sent.

A draft may lack anything, but what it has must be right. A fallback's send is held to the same
rules as the campaign's own, under the names "fallbacks.0.sender" and so on.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, NamedTuple, assert_never

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.content import ParsedContent, texts_of
from functions.domain.campaigns.fallbacks import CAUSES, may_follow
from functions.domain.campaigns.send import Content, Send
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
    "callback",
)
#: What Twilio calls a text that it keeps: it has its language.
_TWILIO_TEXT: Final = re.compile(r"HX[0-9a-fA-F]{32}")


class _Named(NamedTuple):
    """A send, and what stands before the names of its fields."""

    send: Send
    prefix: str

    @property
    def content(self) -> Content:
        return self.send.content

    def error(self, field: str, problem: str) -> InvalidFieldError:
        return InvalidFieldError(f"{self.prefix}{field}", f"{self.prefix}{field}: {problem}")


def _named(campaign: Campaign) -> Iterator[_Named]:
    yield _Named(campaign.own_send, "")
    for number, fallback in enumerate(campaign.fallbacks):
        yield _Named(fallback.send, f"fallbacks.{number}.")


def checked(campaign: Campaign) -> Campaign:
    """Return a draft as it is stored, its senders in one spelling.

    Raises InvalidFieldError for a sender that is none, a mistake in a text, what the channel
    cannot say, and a fallback that could never be taken.
    """
    own_send, *others = map(_checked, _named(campaign))
    for number, fallback in enumerate(campaign.fallbacks):
        check_reasons(fallback.after, f"fallbacks.{number}.after")
    fallbacks = [
        fallback._replace(send=send)
        for fallback, send in zip(campaign.fallbacks, others, strict=True)
    ]
    routes = tuple(_checked(_Named(route, "plan.")) for route in campaign.routes)
    return replace(campaign, own_send=own_send, fallbacks=fallbacks, routes=routes)


def _checked(named: _Named) -> Send:
    send = named.send
    ParsedContent.parse(texts_of(send), prefix=named.prefix)
    _check_own_fields(named)
    return send._replace(sender=_sender(named)) if send.sender else send


def _check_own_fields(named: _Named) -> None:
    for name in BY_CHANNEL:
        if getattr(named.content, name) and name not in facts_of(named.send.channel).own_fields:
            raise named.error(name, f"cannot be said by the channel {named.send.channel}")


def _sender(named: _Named) -> str:
    return check_sender(named.send.channel, named.send.sender, field=f"{named.prefix}sender")


def check_reasons(reasons: Sequence[str], field: str) -> None:
    """Raise InvalidFieldError for a reason for which no message ends, so that none follows it."""
    for reason in reasons:
        if not may_follow(reason):
            problem = f"'{reason}' is none of {', '.join(CAUSES)} and no reason to fail"
            raise InvalidFieldError(field, f"{field}: {problem}")


def check_complete(campaign: Campaign) -> None:
    """Raise InvalidFieldError, naming the field, for a campaign that could reach nobody.

    What a plan lacks is told of its nodes, whenever it is read.
    """
    if campaign.plan:
        return
    for named in _named(campaign):
        _check_whole(named)


def check_whole(send: Send) -> None:
    """Raise InvalidFieldError, naming the field, for a send that could reach nobody."""
    _check_whole(_Named(send, ""))


def faults(send: Send) -> Iterator[InvalidFieldError]:
    """Yield what a send lacks, and what its channel cannot say; its texts are not read.

    One that names no sender goes by its organisation's own.
    """
    named = _Named(send, "")
    whole = named if send.sender else _Named(send._replace(sender="the organisation's"), "")
    checks: list[tuple[Callable[[_Named], object], _Named]]
    checks = [(_check_own_fields, named), (_check_whole, whole)]
    if send.sender:
        checks.append((_sender, named))
    for check, what in checks:
        try:
            check(what)
        except InvalidFieldError as error:
            yield error


def _check_whole(named: _Named) -> None:
    content = named.content
    if (content.language or content.parameters) and not content.provider_template:
        raise named.error("provider_template", "language and parameters are those of one")
    _check_channel(named)


def check_not_after(campaign: Campaign, start: datetime) -> None:
    """Raise InvalidFieldError where all would expire before a campaign that starts then begins."""
    if campaign.not_after is not None and campaign.not_after <= start:
        raise InvalidFieldError("not_after", "not_after: must be later than the campaign starts")


def _check_channel(named: _Named) -> None:
    match named.send.channel:
        case ChannelKind.VOICE:
            _need_call(named)
        case ChannelKind.SMS:
            _need_text(named)
        case ChannelKind.WHATSAPP:
            _need_whatsapp(named)
        case ChannelKind.EMAIL:
            _need_mail(named)
        case ChannelKind.WEBHOOK:
            _need(named, "webhook_url", "a webhook message needs the URL that it is posted to")
        case ChannelKind.CALLBACK:
            _need(named, "callback", "the program needs to be told what to do")
        case kind:
            assert_never(kind)


def _need(named: _Named, field: str, sentence: str) -> None:
    if not getattr(named.content, field):
        raise named.error(field, sentence)


def _need_call(named: _Named) -> None:
    if not named.send.sender:
        raise named.error("sender", "a call needs the number that it comes from")
    _need(named, "bot_url", "a call needs a bot that talks")


def _need_text(named: _Named) -> None:
    if not named.content.template.strip() and not named.content.provider_template:
        sentence = "a text needs words, or the name of a text that the provider keeps"
        raise named.error("base_template", sentence)


def _need_whatsapp(named: _Named) -> None:
    _need_text(named)
    text = named.content.provider_template
    if text and not named.content.language and not _TWILIO_TEXT.fullmatch(text):
        raise named.error("language", "the provider's template needs the language it is in")


def _need_mail(named: _Named) -> None:
    content = named.content
    if not named.send.sender:
        raise named.error("sender", "a mail needs the address that it is sent from")
    if not content.subject.strip():
        raise named.error("subject", "a mail needs a subject")
    if not content.template.strip() and not content.html.strip():
        raise named.error("base_template", "a mail needs a text, or html")
