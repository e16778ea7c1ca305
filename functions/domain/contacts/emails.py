"""E-mail addresses: one spelling per mailbox, by the rules of email-validator; no DNS is asked."""

import re
from functools import lru_cache
from typing import Final

from functions.domain.errors import InvalidFieldError

_LENGTH: Final = 254  #: characters in all (RFC 5321, 4.5.3.1.3, without its angle brackets)
_LOCAL_LENGTH: Final = 64  #: characters before the @ (RFC 5321, 4.5.3.1.1)
#: What stands before the @ of nearly every address: atoms and single dots (RFC 5322, 3.2.3).
_ATOM: Final = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_DOMAINS: Final = 10_000  #: remembered: an import of many people names few


class _InvalidError(ValueError):
    """The text is no address; the message says why."""


def read_email(text: str, *, field: str = "email") -> str:
    """Return an e-mail address as it is stored: lower case, the domain in ASCII; "" for none.

    A domain in another script is kept as mail servers name it (xn--...), and so compares equal
    to what they report. Raises InvalidFieldError, which names the rule that is broken.
    """
    address = text.strip().lower()
    if not address:
        return ""
    try:
        return _address(address)
    except _InvalidError as error:
        sentence = f"{field}: must look like name@example.com: {error}"
        raise InvalidFieldError(field, sentence) from None


def _address(text: str) -> str:
    local, _, domain = text.rpartition("@")
    if not _LOCAL.fullmatch(local):
        return _checked(text)  # most likely wrong, and the library says what is
    address = f"{local}@{_host(domain)}"
    if len(local) > _LOCAL_LENGTH:
        raise _InvalidError(f"more than {_LOCAL_LENGTH} characters stand before the @")
    if len(address) > _LENGTH:
        raise _InvalidError(f"it has more than {_LENGTH} characters")
    return address


@lru_cache(_DOMAINS)
def _host(domain: str) -> str:
    """Return a domain in ASCII. To check it takes as long as to check a whole address: 40 us."""
    return _checked(f"a@{domain}").removeprefix("a@")


def _checked(address: str) -> str:
    # Its tables take a while to load, and most functions never read an address.
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(address, check_deliverability=False, allow_smtputf8=False)
    except (EmailNotValidError, UnicodeError) as error:
        raise _InvalidError(_plain(error)) from None
    return found.ascii_email or ""


def _plain(error: ValueError) -> str:
    text = "it is not valid Unicode" if isinstance(error, UnicodeError) else str(error)
    return text.removesuffix(".")
