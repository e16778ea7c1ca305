"""The URLs that providers call us back under: each names its event, message and attempt.

So a receipt finds its message without an index, even before the provider's answer to the send
has arrived.
"""

import hmac
import re
from enum import StrEnum
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from functions.domain.messages.delivery_events import MessageRef
from functions.engine.ports.channel import SignatureError

MAX_BODY_BYTES: Final = 64 * 1024  #: no provider's callback comes near this

_SEGMENTS: Final = 7
_MAX_FIELDS: Final = 200
_ATTEMPT: Final = re.compile(r"[0-9]{1,9}", re.ASCII)


class CallbackEvent(StrEnum):
    """What a provider calls us back about."""

    RING = "ring"  #: the person's phone rings
    ANSWER = "answer"  #: picked up; the response tells the provider what to do
    MACHINE = "machine"  #: the verdict of the machine detection
    STREAM = "stream"  #: how the call's connection with the bot goes
    HANGUP = "hangup"  #: the call has ended, or never came about
    RECEIPT = "receipt"  #: what has become of a text


class Callback(NamedTuple):
    """What a callback URL says."""

    provider: str
    event: CallbackEvent
    ref: MessageRef
    attempt: int


def callback_url(public_base_url: str, callback: Callback) -> str:
    """Return the URL under which the provider is to report this event of this attempt."""
    provider, event, ref, attempt = callback
    path = "/".join(quote(_id(part), safe="") for part in (provider, event, *ref))
    return f"{public_base_url.rstrip('/')}/webhooks/{path}/{attempt}"


def parse_callback(url: str) -> Callback:
    """Read a callback URL, whatever its host and prefix; ValueError if it is none of ours."""
    segments = urlsplit(url).path.split("/")[-_SEGMENTS:]
    if len(segments) < _SEGMENTS or segments[0] != "webhooks" or not all(segments):
        raise ValueError(
            "A callback's path must be"
            " /webhooks/{provider}/{event}/{org}/{campaign}/{message}/{attempt}."
        )
    _, provider, event, org, campaign, message, attempt = map(unquote, segments)
    ref = MessageRef(_id(org), _id(campaign), _id(message))
    return Callback(provider, _event(event), ref, _attempt(attempt))


def is_inbound(url: str, provider: str) -> bool:
    """Tell whether this is the one URL where a provider posts all that is not of one message."""
    return urlsplit(url).path.split("/")[-4:-1] == ["webhooks", provider, "inbound"]


def check_size(body: bytes, *, most: int = MAX_BODY_BYTES) -> None:
    """Raise SignatureError for a body that no provider sends, before anything is read of it."""
    if len(body) > most:
        raise SignatureError(f"The callback's body is over {most} bytes.")


def check_signature(given: str, *expected: str) -> None:
    """Raise SignatureError unless what was given is one of the expected, in constant time each."""
    if not any(hmac.compare_digest(each.encode(), given.encode()) for each in expected):
        raise SignatureError("The callback's signature is missing or wrong.")


def read_form(body: bytes) -> dict[str, str]:
    """Read a callback's form strictly: what cannot be read one way only cannot be verified.

    Raises SignatureError.
    """
    check_size(body)
    if not body:
        return {}
    try:
        pairs = parse_qsl(
            body.decode(),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MAX_FIELDS,
        )
    except ValueError as error:
        raise SignatureError("The callback's form cannot be read.") from error
    form = dict(pairs)
    if len(form) != len(pairs):
        raise SignatureError("The callback's form has a field twice.")
    return form


def _id(text: str) -> str:
    """Return the id, which becomes one segment of a stored path and of a URL."""
    if text in {"", ".", ".."} or "/" in text:
        raise ValueError(f"'{text}' cannot be an id in a callback's path.")
    return text


def _event(name: str) -> CallbackEvent:
    try:
        return CallbackEvent(name)
    except ValueError:
        raise ValueError(f"'{name}' is not an event of a callback.") from None


def _attempt(text: str) -> int:
    if not _ATTEMPT.fullmatch(text):
        raise ValueError(f"'{text}' is not the number of an attempt.")
    return int(text)
