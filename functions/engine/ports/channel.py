"""The ports of channels: what a provider is handed, and what it tells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol

from functions.domain.kinds import ChannelKind
from functions.domain.messages.delivery_events import DeliveryEvent, Inbound, MessageRef
from functions.domain.messages.send_outcomes import SendOutcome

#: A bot that is told nothing of whom it talks to.
NOTHING_TOLD: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Traits:
    """What the engine must know of a channel to use it well."""

    idempotent: bool = False  #: sending one message twice reaches the person once
    rate_per_s: float | None = None  #: messages a second and sender, where settings say nothing
    account_rate_per_s: float | None = None  #: requests a second that the provider takes of us all
    by_segments: bool = False  #: a text of three SMS segments counts three times
    holds_live_call: bool = False  #: a sent message occupies a live-call slot until it ends
    needs_bot: bool = False  #: the bot behind the campaign's wss_url must be warm before the start
    needs_sender: bool = False  #: the provider refuses what names nobody that it is from
    own_sender: str = ""  #: what it sends from where no other is named; "" where there is none
    tells_bot: bool = False  #: the bot behind a call is told whom it talks to
    in_hand: int | None = (
        None  #: messages of a lane that are claimed at once; None: as many as may be
    )
    recalls: bool = False  #: of what it has taken, some can be recalled
    #: What it does not tell of messages though its kind of channel can (domain/kinds.py).
    untold: frozenset[str] = frozenset()


class Outbound(NamedTuple):
    """One attempt of one message, ready to be handed to a provider."""

    ref: MessageRef
    attempt: int
    to: str  #: address, E.164 for voice
    sender: str
    bot_url: str = ""
    machine_detection: str = ""  #: "", "true" (tell us) or "hangup" (tell us and hang up)
    body: str = ""  #: what a text message says
    channel: ChannelKind = ChannelKind.VOICE
    subject: str = ""  #: of a mail
    html: str = ""  #: of a mail; "" for text alone
    provider_template: str = ""  #: a text that the provider keeps, instead of the body
    language: str = ""  #: of that text
    parameters: Sequence[str] = ()  #: what that text is filled in with
    webhook_url: str = ""  #: where a webhook message is posted to
    callback: str = ""  #: what the program is told that is called, as JSON
    node: str = ""  #: of a plan: which of its nodes, or steps, it is a message of
    campaign_name: str = ""
    unsubscribe_email: str = ""  #: of a mail: where another one may ask to unsubscribe
    expires_at: datetime | None = None  #: the provider is not to deliver it later than this
    hears_ring: bool = False  #: of a call: somebody wants to be told that the phone rings


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """A provider's callback as it arrived, under the URL that the provider knows us by."""

    method: str
    url: str
    headers: Mapping[str, str]  #: names in lower case
    body: bytes


class SignatureError(Exception):
    """A webhook's signature is missing or wrong."""


class Answer(NamedTuple):
    """What a provider is told to do with an answered call."""

    media_type: str
    body: bytes


class Receiver(Protocol):
    """Understands what one provider tells. It never sees the store.

    1. `parse_webhook` raises SignatureError before it looks at anything else.
    2. One callback delivered twice gives events with the same ids.
    3. `greet` answers a provider that asks whether a URL is ours; SignatureError to anybody else.
    """

    traits: Traits

    def parse_webhook(self, request: WebhookRequest) -> Sequence[DeliveryEvent | Inbound]: ...
    def greet(self, request: WebhookRequest) -> Answer: ...
    def answer(
        self,
        ref: MessageRef,
        attempt: int,
        bot_url: str,
        about: Mapping[str, str] = NOTHING_TOLD,
    ) -> Answer: ...


class Channel(Receiver, Protocol):
    """A Receiver that also hands messages to its provider.

    1. `send` never raises for what a provider or the network does: it answers with a value.
    2. A request that may have reached the provider and has no clear answer is Unknown, or, where
       repeating it is harmless (idempotent), Deferred; it is not repeated by the channel.
    3. `look_up` tells how a message that was sent stands, None where nothing is known yet; where
       the answer to the sending was lost (`provider_id` is ""), it finds the message if it can.
    4. `recall` answers True only where the provider will not deliver the message any more; what
       cannot be recalled, or is not known to be, is False. Asking again does no harm.
    """

    async def send(self, outbound: Outbound) -> SendOutcome: ...
    async def look_up(self, sent: Outbound, provider_id: str) -> DeliveryEvent | None: ...
    async def recall(self, sent: Outbound, provider_id: str) -> bool: ...
    async def close(self) -> None: ...


class Bots(Protocol):
    """The voice bots that answered calls are connected to."""

    async def is_ready(self, bot_url: str) -> bool:
        """Wake the bot behind a ws:// or wss:// URL; True once it answers, False if it does not."""
        ...
