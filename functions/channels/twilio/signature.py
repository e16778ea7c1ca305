"""Twilio's signature: who may call us back, and with what.

The header holds base64(HMAC-SHA1(auth token, message)). The message is the URL as Twilio knows
it, followed by the form's fields, sorted, as key-value pairs without separators. Whether the URL
has its port in it differs from service to service. A body that is no form is signed by its
SHA-256, in the query's bodySHA256. Source: "Webhooks security" in Twilio's documentation;
published vectors: tests/unit/test_request_validator.py of twilio-python.
"""

import hmac
from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha1, sha256
from typing import Final
from urllib.parse import parse_qs, urlsplit

from functions.channels.callback_urls import check_signature, check_size, read_form
from functions.engine.ports.channel import SignatureError, WebhookRequest

SIGNATURE_HEADER: Final = "x-twilio-signature"

_FORM: Final = "application/x-www-form-urlencoded"
_PORTS: Final = {"https": 443, "http": 80}


def sign(auth_token: str, url: str, fields: Iterable[tuple[str, str]] = ()) -> str:
    """Return Twilio's signature of a URL and a form, of which a repeated pair counts once."""
    text = url + "".join(key + value for key, value in sorted(set(fields)))
    return b64encode(hmac.digest(auth_token.encode(), text.encode(), sha1)).decode()


def verified_form(request: WebhookRequest, auth_token: str) -> dict[str, str]:
    """Return the form of a request that Twilio signed, empty where its body is none of ours.

    SignatureError for every other request.
    """
    check_size(request.body)
    form = read_form(request.body) if _is_form(request) else {}
    if request.body and not _is_form(request):
        _check_body(request)
    expected = [sign(auth_token, url, form.items()) for url in _urls(request.url)]
    check_signature(request.headers.get(SIGNATURE_HEADER, ""), *expected)
    return form


def _is_form(request: WebhookRequest) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM


def _check_body(request: WebhookRequest) -> None:
    """Compare a body that is no form with its digest in the URL, which is signed."""
    digests = parse_qs(urlsplit(request.url).query).get("bodySHA256", [""])
    expected = sha256(request.body).hexdigest().encode()
    if not hmac.compare_digest(expected, digests[0].encode()):
        raise SignatureError("The callback's body is not the one that was signed.")


def _urls(url: str) -> list[str]:
    """Return the URL with and without its port, and otherwise letter by letter as it is."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise SignatureError("The callback's URL cannot be read.") from error
    bare = parts.netloc if port is None else parts.netloc.removesuffix(f":{port}")
    standard = port or _PORTS.get(parts.scheme)
    return [url.replace(parts.netloc, netloc, 1) for netloc in (bare, f"{bare}:{standard}")]
