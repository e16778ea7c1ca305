"""Lists of senders: what an organisation may send from, where several share a provider's account.

An entry is a number, an e-mail address, the domain of one (`@acme.example`), what a provider calls
a pool of numbers, a short code, a name or a number of WhatsApp, or a text that the provider keeps:
`template:NAME`, or `template:acme_*` for all that begin so.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, assert_never

from functions.domain.contacts.emails import read_email
from functions.domain.contacts.phones import InvalidPhoneError, parse_phone
from functions.domain.errors import InvalidFieldError
from functions.domain.kinds import ChannelKind

TEMPLATE: Final = "template:"
EVERY_ORG: Final = "*"  #: names what all organisations may use
#: The longest entry.
ENTRY_LENGTH: Final = 530
_TEMPLATE: Final = re.compile(rf"{TEMPLATE}[A-Za-z0-9_.-]{{0,512}}\*?")
#: A short code, a name, an id of a provider.
_PLAIN: Final = re.compile(r"[A-Za-z0-9]{1,40}")
_ADDRESS: Final = re.compile(r"<([^<>]*)>\s*$")
_TOLD: Final = 5


def read_entries(entries: Iterable[str], *, field: str) -> frozenset[str]:
    """Return entries in the spelling that they are compared in. Raises InvalidFieldError."""
    return frozenset(_entry(text.strip(), field) for text in entries)


def _entry(text: str, field: str) -> str:
    if _TEMPLATE.fullmatch(text) and text != TEMPLATE:
        return text
    if text.startswith("+"):
        try:
            return parse_phone(text).e164
        except InvalidPhoneError as error:
            raise InvalidFieldError(field, f"{field}: {text} {error}") from None
    if "@" in text or "." in text:
        return _mail(text, field)
    if not _PLAIN.fullmatch(text):
        rule = "is no number, address, @domain, name, id or template:NAME"
        raise InvalidFieldError(field, f"{field}: {text[:60]!r} {rule}")
    return text.casefold()


def _mail(text: str, field: str) -> str:
    """Read a mail address, or a domain with or without its @."""
    local, _, domain = text.rpartition("@")
    read = read_email(f"{local or 'any'}@{domain}", field=field)
    return read if local else read.removeprefix("any")


def covers(entries: Collection[str], channel: ChannelKind, sender: str) -> bool:
    """Tell whether a sender, as campaigns store it, is one of these."""
    match channel:
        case ChannelKind.WEBHOOK | ChannelKind.CALLBACK:
            return True  # a name that only the organisation's own program sees
        case ChannelKind.EMAIL:
            found = _ADDRESS.search(sender)
            address = (found[1] if found else sender).strip().lower()
            return address in entries or f"@{address.rpartition('@')[2]}" in entries
        case ChannelKind.VOICE | ChannelKind.SMS | ChannelKind.WHATSAPP:
            return sender.casefold() in entries
        case _:
            assert_never(channel)


def covers_template(entries: Collection[str], name: str) -> bool:
    """Tell whether a text that the provider keeps is one of these."""
    whole = f"{TEMPLATE}{name}"
    if whole in entries:
        return True
    return any(each.endswith("*") and whole.startswith(each[:-1]) for each in entries)


def not_among(name: str, entries: Collection[str]) -> str:
    """Return the rule that somebody breaks who names what is not among these entries."""
    return f"this organisation may not use {name}, but: {_in_words(entries)}"


def _in_words(entries: Collection[str]) -> str:
    first = ", ".join(sorted(entries)[:_TOLD])
    more = len(entries) - _TOLD
    return (f"{first} and {more} more" if more > 0 else first) or "nothing"


@dataclass(frozen=True, slots=True)
class SenderGrants:
    """What the deployment lets each organisation send from; without any, all send from any."""

    by_org: Mapping[str, frozenset[str]] | None = None

    def of(self, org: str) -> frozenset[str] | None:
        """Return what an organisation may use; None: anything."""
        if self.by_org is None:
            return None
        return self.by_org.get(org, frozenset()) | self.by_org.get(EVERY_ORG, frozenset())


def read_grants(by_org: Mapping[str, Iterable[str]]) -> SenderGrants:
    """Return the grants of a deployment, none where nothing is said. Raises InvalidFieldError."""
    if not by_org:
        return SenderGrants()
    return SenderGrants({org: read_entries(each, field=org) for org, each in by_org.items()})
