"""Which sender a send goes by, and whether its organisation may send from it here.

Several organisations may share a provider's account: none may name another's number, mail domain
or text that the provider keeps. The deployment grants senders to organisations, and an organisation
may narrow that down; both are looked at whenever a campaign is written, scheduled, started, tested,
resumed or repeated, and what the deployment grants once more before messages go out.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.send import Send
from functions.domain.contacts.addresses import is_pool, is_whatsapp_id
from functions.domain.contacts.sender_lists import TEMPLATE, covers, covers_template, not_among
from functions.domain.errors import InvalidFieldError
from functions.domain.kinds import ChannelKind
from functions.domain.organisation import Organisation
from functions.engine.accounts.organisation import SENDER_NOT_ALLOWED, sender_lists
from functions.engine.kernel.engine import Engine, ProviderMissingError

#: Why a campaign is stopped or held back that may not be sent from its sender.
NOT_ALLOWED: Final = "sender_not_allowed"
#: Why a campaign is stopped that names nobody it is from, where its provider needs that.
NO_SENDER: Final = "no_sender"


class NoSenderError(InvalidFieldError):
    """A send names nobody that it is from, and its provider needs that."""


class _Refusal(NamedTuple):
    """Why a send may not go out: the field that is to blame, and the rule it breaks."""

    field: str
    problem: str


def provider_of(engine: Engine, channel: ChannelKind, *, field: str = "channel") -> str:
    """Return who sends for a channel. Raises InvalidFieldError where nobody does."""
    provider = engine.providers.get(channel)
    if provider is None:
        remedy = f"{channel.upper()}_PROVIDER of the deployment is none"
        raise InvalidFieldError(field, f"{field}: no provider is set up for {channel}: {remedy}")
    return provider


def sender_of(engine: Engine, decided: Organisation, send: Send) -> str:
    """Return the sender that a send names, else its organisation's, else the provider's own."""
    named = send.sender or decided.senders.get(send.channel, "")
    return named or engine.traits_of(send.provider).own_sender


def with_senders(engine: Engine, decided: Organisation, campaign: Campaign) -> Campaign:
    """Return a campaign with a sender for each send that has none, where there is one by now."""

    def named(send: Send) -> Send:
        return send._replace(sender=sender_of(engine, decided, send))

    own_send = named(campaign.own_send)
    fallbacks = [each._replace(send=named(each.send)) for each in campaign.fallbacks]
    routes = tuple(map(named, campaign.routes))
    if (own_send, fallbacks, routes) == (
        campaign.own_send,
        [*campaign.fallbacks],
        tuple(campaign.routes),
    ):
        return campaign
    return replace(campaign, own_send=own_send, fallbacks=fallbacks, routes=routes)


def check_named(engine: Engine, campaign: Campaign) -> None:
    """Raise InvalidFieldError, naming the field, for a send without a sender that needs one."""
    for send, prefix in _sends(campaign):
        _check_named(engine, send, prefix)


def _check_named(engine: Engine, send: Send, prefix: str) -> None:
    if _lacks_sender(engine, send):
        field = f"{prefix}sender"
        remedy = f"name one, or set senders.{send.channel} of the organisation (PATCH /settings)"
        problem = f"{field}: {send.provider} needs a number or name that it sends from: {remedy}"
        raise NoSenderError(field, problem)


def _lacks_sender(engine: Engine, send: Send) -> bool:
    return not send.sender and engine.traits_of(send.provider).needs_sender


def check_senders(engine: Engine, decided: Organisation, campaign: Campaign) -> None:
    """Raise InvalidFieldError, naming the field, for a send that may not go out here."""
    lists = sender_lists(engine, campaign.org, decided)
    for send, prefix in _sends(campaign):
        _check_provider(engine, send, prefix)
        _check_allowed(engine, lists, send, prefix)


def _check_allowed(
    engine: Engine, lists: Collection[Collection[str]], send: Send, prefix: str
) -> None:
    if refusal := _refusal(engine, lists, send):
        field = f"{prefix}{refusal.field}"
        raise InvalidFieldError(field, f"{field}: {refusal.problem}", code=SENDER_NOT_ALLOWED)


def check_send(
    engine: Engine, org: str, decided: Organisation, send: Send, *, is_whole: bool
) -> None:
    """Raise InvalidFieldError, naming the field, for a send that may not go out here.

    `is_whole`: nor may one without a sender that needs one (NoSenderError).
    """
    if is_whole:
        _check_named(engine, send, "")
    _check_allowed(engine, sender_lists(engine, org, decided), send, "")


def why_not_sent(engine: Engine, org: str, send: Send) -> str:
    """Return why an organisation may not send this here, "" if it may; nothing is read for it."""
    if _lacks_sender(engine, send):
        return NO_SENDER
    granted = engine.senders.of(org)
    return NOT_ALLOWED if granted is not None and _refusal(engine, [granted], send) else ""


def _sends(campaign: Campaign) -> Iterator[tuple[Send, str]]:
    yield campaign.own_send, ""
    for number, fallback in enumerate(campaign.fallbacks):
        yield fallback.send, f"fallbacks.{number}."
    # By the others only those are reached who walk through an older version of the plan.
    for route in campaign.entry_routes:
        yield route, f"plan.{route.channel}."


def _check_provider(engine: Engine, send: Send, prefix: str) -> None:
    field = f"{prefix}channel"
    present = provider_of(engine, send.channel, field=field)
    try:
        engine.traits_of(send.provider)
    except ProviderMissingError:
        remedy = f"{present} sends for {send.channel} now; duplicate the campaign to send by it"
        problem = f"{field}: its provider {send.provider} is not set up any more: {remedy}"
        raise InvalidFieldError(field, problem) from None


def _refusal(engine: Engine, lists: Collection[Collection[str]], send: Send) -> _Refusal | None:
    own = engine.traits_of(send.provider).own_sender
    if is_whatsapp_id(send.sender) and not own:
        return _Refusal("sender", f"{send.provider} sends from a number in E.164 format")
    if is_pool(send.sender) and own:
        return _Refusal("sender", f"{send.provider} has no Messaging Services; Twilio has")
    # A provider that has one of its own sends from it, unless another of its kind is named.
    own_too = [own] if own and not is_whatsapp_id(send.sender) else []
    named = [name for name in (send.sender, *own_too) if name]
    template = send.content.provider_template
    for entries in lists:
        for name in named:
            if not covers(entries, send.channel, name):
                return _Refusal("sender", not_among(name, entries))
        if template and not covers_template(entries, template):
            return _Refusal("provider_template", not_among(f"{TEMPLATE}{template}", entries))
    return None
