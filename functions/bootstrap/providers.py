"""The factory of each provider, by the name in its row (settings/providers.py).

A provider's module is imported when the provider is chosen: a function's cold start pays for
nothing else.
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

from functions.domain.kinds import ChannelKind
from functions.domain.urls.tracking_links import Links
from functions.engine.ports.channel import Channel, Receiver, WebhookRequest
from functions.engine.ports.clock import Clock
from functions.settings.load import SettingsError
from functions.settings.model import Settings
from functions.settings.urls import is_loopback, parse_smtp

if TYPE_CHECKING:
    from functions.channels.mail.sendgrid_events import SendGridEvents
    from functions.channels.mail.smtp_connections import MailServer
    from functions.channels.provider_api import Account


class Parts(NamedTuple):
    """What providers are put together from."""

    settings: Settings
    clock: Clock
    http: httpx.AsyncClient
    deliver: Callable[[WebhookRequest], Awaitable[int]]  #: takes a callback to our application
    #: The simulated carrier signs and verifies within this process: nobody else needs to know it.
    key: str = secrets.token_hex()


def chosen(settings: Settings) -> dict[ChannelKind, str]:
    """Return the name of the provider of each kind of channel that somebody sends for."""
    return {ChannelKind(provider.kind): provider.name for provider in settings.providers}


def build_channel(name: str, parts: Parts) -> Channel:
    """Return the Channel of a provider. Raises SettingsError for a setting that it cannot read."""
    return FACTORIES[name](parts)


def build_receiver(name: str, parts: Parts) -> Receiver:
    """Return the Receiver of a provider; what it is only sent by with may be missing."""
    return _mail_receiver(parts) if name == "smtp" else build_channel(name, parts)


def _simulator(parts: Parts) -> Channel:
    from functions.channels.simulator.voice import Simulator

    return _simulated(Simulator, parts)


def _simulated_texts(parts: Parts) -> Channel:
    from functions.channels.simulator.texts import SimulatedTexts

    return _simulated(SimulatedTexts, parts)


def _simulated(carrier: Callable[..., Channel], parts: Parts) -> Channel:
    from functions.channels.simulator.script import Script

    settings = parts.settings
    try:
        script = Script.parse(settings.simulator_script)
    except ValueError as error:
        raise SettingsError([f"SIMULATOR_SCRIPT: {error}"]) from None
    settings.simulator_ledger.parent.mkdir(parents=True, exist_ok=True)
    try:
        return carrier(
            ledger_path=settings.simulator_ledger,
            clock=parts.clock,
            script=script,
            deliver=parts.deliver,
            key=parts.key,
            public_base_url=settings.public_base_url,
        )
    except ValueError as error:
        text = f"SIMULATOR_LEDGER: {settings.simulator_ledger}, {error}"
        raise SettingsError([text]) from None


def _plivo(parts: Parts) -> Channel:
    from functions.channels.plivo.voice import PlivoVoice

    return PlivoVoice(
        _plivo_account(parts),
        call_time_limit_s=parts.settings.call_time_limit_s,
        ring_timeout_s=parts.settings.ring_timeout_s,
    )


def _plivo_sms(parts: Parts) -> Channel:
    from functions.channels.plivo.sms import PlivoSms

    return PlivoSms(
        _plivo_account(parts),
        dlt_entity_id=parts.settings.plivo_dlt_entity_id,
        dlt_template_category=parts.settings.plivo_dlt_template_category,
    )


def _plivo_account(parts: Parts) -> "Account":
    settings = parts.settings
    id_, token = settings.plivo_auth_id, settings.plivo_auth_token
    return _account(parts, id_, token, settings.plivo_api_url)


def _account(parts: Parts, id_: str, token: SecretStr, api_url: str) -> "Account":
    from functions.channels.provider_api import Account

    base = parts.settings.public_base_url
    return Account(id_, token.get_secret_value(), api_url, base, parts.clock, parts.http)


def _twilio(kind: ChannelKind, parts: Parts) -> Channel:
    from functions.channels.twilio.messages import Twilio

    settings = parts.settings
    id_, token = settings.twilio_account_sid, settings.twilio_auth_token
    return Twilio(kind, _account(parts, id_, token, settings.twilio_api_url))


def _whatsapp(parts: Parts) -> Channel:
    from functions.channels.whatsapp.cloud_api import WhatsAppCloud

    settings = parts.settings
    id_, token = settings.whatsapp_phone_number_id, settings.whatsapp_token
    return WhatsAppCloud(
        _account(parts, id_, token, settings.whatsapp_api_url),
        app_secret=settings.whatsapp_app_secret.get_secret_value(),
        verify_token=settings.whatsapp_verify_token.get_secret_value(),
    )


def _smtp(parts: Parts) -> Channel:
    from functions.channels.mail.composer import Composer
    from functions.channels.mail.smtp import Smtp

    events = _mail_events(parts)
    composer = Composer(
        links=Links(parts.settings.signing_secret.get_secret_value()),
        public_base_url=parts.settings.public_base_url,
        for_sendgrid=events is not None,
        unsubscribe_email=parts.settings.unsubscribe_email,
    )
    return Smtp(server=_mail_server(parts), composer=composer, events=events, clock=parts.clock)


def _mail_receiver(parts: Parts) -> Receiver:
    from functions.channels.mail.smtp import MailReceiver

    return MailReceiver(events=_mail_events(parts), clock=parts.clock)


def _mail_server(parts: Parts) -> "MailServer":
    from functions.channels.mail.smtp_connections import Access, MailServer

    url = parse_smtp(parts.settings.smtp_url.get_secret_value())
    access = Access(
        host=url.host,
        port=url.port,
        user=url.user,
        password=url.password,
        implicit_tls=url.implicit_tls,
        plain_login=is_loopback(url.host),
    )
    name = urlsplit(parts.settings.public_base_url).hostname or ""
    return MailServer(access, name=name, clock=parts.clock)


def _mail_events(parts: Parts) -> "SendGridEvents | None":
    from functions.channels.mail.sendgrid_events import SendGridEvents
    from functions.channels.mail.sendgrid_signature import read_key

    text = parts.settings.sendgrid_webhook_public_key
    try:
        return SendGridEvents(read_key(text), clock=parts.clock) if text else None
    except ValueError as error:
        raise SettingsError([f"SENDGRID_WEBHOOK_PUBLIC_KEY: {error}"]) from None


def _webhook(parts: Parts) -> Channel:
    from functions.channels.webhook import WebhookChannel

    settings = parts.settings
    return WebhookChannel(
        signing_secret=settings.signing_secret.get_secret_value(),
        allow_private_hosts=settings.allow_private_hosts,
        clock=parts.clock,
        http=parts.http,
    )


FACTORIES: Final[Mapping[str, Callable[[Parts], Channel]]] = {
    "simulator": _simulator,
    "simulator-texts": _simulated_texts,
    "plivo": _plivo,
    "plivo-sms": _plivo_sms,
    "twilio-sms": partial(_twilio, ChannelKind.SMS),
    "twilio-whatsapp": partial(_twilio, ChannelKind.WHATSAPP),
    "whatsapp": _whatsapp,
    "smtp": _smtp,
    "webhook": _webhook,
}
