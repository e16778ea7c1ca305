"""Addresses: where a channel reaches somebody, and from which ones it may send."""

import re
from typing import Final, assert_never

from functions.domain.contacts.emails import read_email
from functions.domain.contacts.phones import InvalidPhoneError, parse_phone
from functions.domain.errors import InvalidFieldError
from functions.domain.kinds import ChannelKind
from functions.domain.templates.one_line import one_line

#: The longest sender: a name of a hundred characters, and an e-mail address of 254.
SENDER_LENGTH: Final = 360
_NAME_LENGTH: Final = 100
#: A name in letters and digits that people see instead of a number, a short code, and what Twilio
#: calls a pool of numbers.
_NO_NUMBER: Final = re.compile(
    r"(?=[0-9]*[A-Za-z])[A-Za-z0-9]{1,11}|[0-9]{5,6}|MG[0-9a-fA-F]{32}", re.ASCII
)
#: What Meta calls a number that WhatsApp messages come from.
_WHATSAPP_ID: Final = re.compile(r"[0-9]{10,20}")
_POOL: Final = re.compile(r"MG[0-9a-fA-F]{32}")
_NAMED: Final = re.compile(r'(?:"(?P<quoted>[^"]*)"|(?P<plain>[^"<>]*?))\s*<(?P<address>[^<>]*)>')
#: What RFC 5322 wants quoted in a name.
_SPECIAL: Final = re.compile(r"[()\[\]:;@,.]")


def phone_and_email(address: str) -> tuple[str, str]:
    """Return an address as the phone number or the e-mail address it is; the other one is ""."""
    return ("", address) if "@" in address else (address, "")


def address_for(channel: ChannelKind, *, phone: str, email: str) -> str:
    """Return at which of somebody's addresses a channel reaches them, "" where at none."""
    match channel:
        case ChannelKind.EMAIL:
            return email
        case ChannelKind.WEBHOOK | ChannelKind.CALLBACK:
            return phone or email
        case ChannelKind.VOICE | ChannelKind.SMS | ChannelKind.WHATSAPP:
            return phone
        case _:
            assert_never(channel)


def check_sender(channel: ChannelKind, text: str, *, field: str) -> str:
    """Return a sender as it is stored. Raises InvalidFieldError naming the channel's rule."""
    match channel:
        case ChannelKind.EMAIL:
            return _mail_sender(text.strip(), field)
        case ChannelKind.WEBHOOK | ChannelKind.CALLBACK:
            return check_name(text.strip(), field=field)
        case ChannelKind.SMS if _NO_NUMBER.fullmatch(text.strip()):
            return text.strip()
        case ChannelKind.WHATSAPP if is_whatsapp_id(text.strip()) or is_pool(text.strip()):
            return text.strip()
        case ChannelKind.VOICE | ChannelKind.SMS | ChannelKind.WHATSAPP:
            return _number(text, field)
        case _:
            assert_never(channel)


def is_pool(text: str) -> bool:
    """Tell whether a sender is a pool of numbers, which Twilio calls a Messaging Service."""
    return _POOL.fullmatch(text) is not None


def is_whatsapp_id(text: str) -> bool:
    """Tell whether a sender is Meta's id of a number, and not the number itself."""
    return _WHATSAPP_ID.fullmatch(text) is not None


def _number(text: str, field: str) -> str:
    try:
        return parse_phone(text).e164
    except InvalidPhoneError as error:
        raise InvalidFieldError(field, f"{field}: {error}") from None


def _mail_sender(text: str, field: str) -> str:
    named = _NAMED.fullmatch(text)
    if named is None:
        return _required(text, field)
    address = _required(named["address"].strip(), field)
    name = check_name((named["quoted"] or named["plain"] or "").strip(), field=field)
    shown = f'"{name}"' if _SPECIAL.search(name) else name
    return f"{shown} <{address}>" if name else address


def _required(address: str, field: str) -> str:
    if not address:
        raise InvalidFieldError(field, f"{field}: must be name@example.com or Name <address>")
    return read_email(address, field=field)


def check_name(text: str, *, field: str) -> str:
    """Return a name that people see. Raises InvalidFieldError."""
    if len(text) > _NAME_LENGTH or text != one_line(text) or "\\" in text:
        rule = f"a name is one line of at most {_NAME_LENGTH} characters, without a backslash"
        raise InvalidFieldError(field, f"{field}: {rule}")
    return text
