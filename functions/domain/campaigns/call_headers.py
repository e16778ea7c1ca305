"""What the bot of a call is told about whom it talks to, beside the sound.

Plivo passes it on as `extraHeaders` of its <Stream>: KEY=VALUE,KEY=VALUE in at most 512 bytes, of
letters and digits alone (https://docs.plivo.com/docs/voice/xml/audiostream).
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from functions.domain.messages.delivery_events import MessageRef

MOST_BYTES: Final = 512
_TAKEN: Final = re.compile(r"[A-Za-z0-9]+")
_DIVISION: Final = re.compile(r"[^A-Za-z0-9]+")
#: How one says these; a bot that wants more of a person asks for the contact.
_OWN: Final = ("first_name", "last_name", "location", "preferred_product")


class CallHeaders(NamedTuple):
    """What fits, and the names of what does not."""

    text: str
    left_out: list[str]


def about_call(
    ref: MessageRef, *, contact: str, to: str, campaign: str, values: Mapping[str, str]
) -> dict[str, str]:
    """Return all that a bot could be told, the most important first; a number without its plus."""
    ids = {"contact_id": contact, "to": to.removeprefix("+"), "campaign_id": ref.campaign}
    own = {name: values.get(name, "") for name in _OWN}
    more = {name: text for name, text in sorted(values.items()) if name not in _CONTACT}
    said = {**more, **ids, "message_id": ref.message, "campaign": campaign, **own}
    order = (*ids, "message_id", "campaign", *own, *more)
    return {name: said[name] for name in order if said[name]}


_CONTACT: Final = frozenset({*_OWN, "phone", "email"})


def call_headers(about: Mapping[str, str]) -> CallHeaders:
    """Return what fits of it, in its order, under names such as contactId."""
    parts, left_out, size = dict[str, str](), list[str](), -1
    for name, value in about.items():
        key = _key(name)
        more = len(key) + len(value) + 2
        if not key or key in parts or not _TAKEN.fullmatch(value) or size + more > MOST_BYTES:
            left_out.append(name)
            continue
        parts[key] = value
        size += more
    return CallHeaders(",".join(f"{key}={value}" for key, value in parts.items()), left_out)


def _key(name: str) -> str:
    """Return a name in letters and digits: loyalty_tier is loyaltyTier; "" where none are left."""
    if not name.isascii():
        return ""
    first, *others = [part for part in _DIVISION.split(name) if part] or [""]
    return first + "".join(part[:1].upper() + part[1:] for part in others)
