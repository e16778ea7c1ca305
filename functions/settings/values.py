"""What a setting may be: types that say what is wrong with a value, and never what a secret is."""

import json
import re
from collections.abc import Callable
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from functions.settings.providers import choices

_VALID_SECRETS: Final = 2  #: the one that seals, and the one before it
HS256_BYTES = 32  # RFC 7518, 3.2: a key is at least as long as the hash


def parsed_by(parse: Callable[[str], object]) -> AfterValidator:
    """Accept the text that `parse` can read, as it is."""

    def check(text: str) -> str:
        parse(text)
        return text

    return AfterValidator(check)


def parsed_secret(parse: Callable[[str], object]) -> AfterValidator:
    """Accept the secret text that `parse` can read, as it is, or none."""

    def check(secret: SecretStr) -> SecretStr:
        if secret:
            parse(secret.get_secret_value())
        return secret

    return AfterValidator(check)


def _check_http(url: str) -> str:
    return _check_url(url).rstrip("/")


def _check_url(url: str) -> str:
    parts = urlsplit(url)
    if url and (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or parts.username
        or parts.query
        or parts.fragment
    ):
        raise ValueError("must be http(s)://HOST, with neither user, query nor fragment")
    return url


def _check_secret_length(secret: SecretStr) -> SecretStr:
    if secret and len(secret.get_secret_value().encode()) < HS256_BYTES:
        raise ValueError("must have at least 32 bytes; `openssl rand -hex 32` prints a good one")
    return secret


def _check_session_secrets(secret: SecretStr) -> SecretStr:
    each = [part.strip() for part in secret.get_secret_value().split(",")]
    if secret and (len(each) > _VALID_SECRETS or any(len(s.encode()) < HS256_BYTES for s in each)):
        raise ValueError(
            "must be one secret, or the new one and the old one with a comma between, each of at"
            " least 32 bytes; `openssl rand -hex 32` prints a good one"
        )
    return secret


def _check_console(url: str) -> str:
    if url and not url.endswith("/console"):
        raise ValueError("must be the URL of the console, such as https://HOST/console")
    return url


def _check_email(email: str) -> str:
    if email and not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
        raise ValueError("must be the e-mail address of a service account")
    return email


def _check_mailbox(email: str) -> str:
    if email and not re.fullmatch(r"[!-~]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", email):
        raise ValueError("must be an e-mail address, such as unsubscribe@example.com")
    return email


def _split_seconds(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if not re.fullmatch(r"\s*\d+\s*(,\s*\d+\s*)*", value):
        raise ValueError("must be whole seconds separated by commas, such as 30,300,600")
    return tuple(int(part) for part in value.split(","))


def _check_rising(seconds: tuple[int, ...]) -> tuple[int, ...]:
    if any(later <= earlier for earlier, later in zip((0, *seconds), seconds, strict=False)):
        raise ValueError("must rise from one to the next, the first above 0")
    return seconds


Count = Annotated[int, Field(ge=1, le=10_000)]
Few = Annotated[int, Field(ge=1, le=100)]
Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
HttpUrl = Annotated[str, AfterValidator(_check_http)]
IssuerUrl = Annotated[str, AfterValidator(_check_url)]
ConsoleUrl = Annotated[HttpUrl, AfterValidator(_check_console)]
LongSecret = Annotated[SecretStr, AfterValidator(_check_secret_length)]
SessionSecrets = Annotated[SecretStr, AfterValidator(_check_session_secrets)]
Email = Annotated[str, AfterValidator(_check_email)]
Mailbox = Annotated[str, AfterValidator(_check_mailbox)]
RisingSeconds = Annotated[
    tuple[int, ...],
    NoDecode,
    BeforeValidator(_split_seconds),
    Field(min_length=1),
    AfterValidator(_check_rising),
]


def _read_senders(value: Any) -> Any:
    """Read the JSON of an organisation's senders; what an entry may be says sender_lists.py."""
    # Most deployments name none, and it needs the tables of phone numbers.
    from functions.domain.contacts.sender_lists import read_grants
    from functions.domain.errors import InvalidFieldError

    try:
        found = json.loads(value) if isinstance(value, str) else value
        if not isinstance(found, dict) or not all(map(_is_texts, found.values())):
            raise ValueError(_SENDERS_FORM)
        if wrong := [org for org in found if org != "*" and not _ORG.fullmatch(org)]:
            raise ValueError(f"{wrong[0]!r} is no organisation's name, which has no blanks")
        read_grants(found)
    except json.JSONDecodeError:
        raise ValueError(_SENDERS_FORM) from None
    except InvalidFieldError as error:
        raise ValueError(str(error)) from None
    return {org: tuple(each) for org, each in found.items()}


_ORG: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SENDERS_FORM: Final = 'must be JSON such as {"acme": ["+12025550111", "@acme.example"], "*": []}'


def _is_texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)


OrgSenders = Annotated[dict[str, tuple[str, ...]], NoDecode, BeforeValidator(_read_senders)]


def choice_of(kind: str) -> AfterValidator:
    """Accept what chooses a provider of this kind of channel."""

    def check(choice: str) -> str:
        if choice not in (allowed := choices(kind)):
            raise ValueError(f"must be one of {', '.join(allowed)}, not {choice!r}")
        return choice

    return AfterValidator(check)
