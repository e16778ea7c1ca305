"""Plivo's signature V3: who may call us back, and with what.

The header holds base64(HMAC-SHA256(auth token, message)). The message is the URL as Plivo saw
it, without fragment and query, then "?" and the sorted query, ".", the sorted form as key-value
pairs without separators, ".", and the nonce; parts that are empty fall away with their signs.
Published vectors: utils_test.go of plivo-go.
"""

import hmac
from base64 import b64encode
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from functions.channels.callbacks import MAX_BODY_BYTES
from functions.engine.ports import SignatureError, WebhookRequest

NONCE_HEADER: Final = "x-plivo-signature-v3-nonce"
#: Made with the (sub)account's token, and with the main account's: either may be ours.
SIGNATURE_HEADERS: Final = ("x-plivo-signature-v3", "x-plivo-signature-ma-v3")

_MAX_FIELDS: Final = 200


def sign_v3(auth_token: str, *, method: str, url: str, form: Mapping[str, str], nonce: str) -> str:
    """Return Plivo's signature of a request; the form of a GET is part of its query."""
    text = f"{_signed_url(method, url, form)}.{nonce}"
    return b64encode(hmac.digest(auth_token.encode(), text.encode(), sha256)).decode()


def verified_form(request: WebhookRequest, auth_token: str) -> dict[str, str]:
    """Return the form of a request that Plivo signed; SignatureError for every other request."""
    nonce = request.headers.get(NONCE_HEADER, "")
    if not nonce:
        raise SignatureError("The callback has no signature nonce.")
    form = _form(request)
    expected = sign_v3(
        auth_token, method=request.method, url=request.url, form=form, nonce=nonce
    ).encode()
    if not any(hmac.compare_digest(expected, given) for given in _signatures(request)):
        raise SignatureError("The callback's signature is missing or wrong.")
    return form


def _signed_url(method: str, url: str, form: Mapping[str, str]) -> str:
    parts = urlsplit(url)
    base = f"{parts.scheme}://{parts.netloc}{parts.path}"
    query = parse_qsl(parts.query, keep_blank_values=True)
    if method == "GET":
        merged = _query({**dict(query), **form}.items())
        return f"{base}?{merged}" if merged else base
    fields = "".join(f"{key}{value}" for key, value in sorted(form.items()))
    if not query and not form:
        return base
    return f"{base}?{_query(query)}{'.' if query and form else ''}{fields}"


def _query(pairs: Iterable[tuple[str, str]]) -> str:
    return "&".join(f"{key}={value}" for key, value in sorted(pairs))


def _signatures(request: WebhookRequest) -> list[bytes]:
    values = [request.headers.get(name, "") for name in SIGNATURE_HEADERS]
    return [part.strip().encode() for value in values for part in value.split(",")]


def _form(request: WebhookRequest) -> dict[str, str]:
    """Parse the form strictly: what cannot be read one way only cannot be verified."""
    if len(request.body) > MAX_BODY_BYTES:
        raise SignatureError(f"The callback's body is over {MAX_BODY_BYTES} bytes.")
    if request.method == "GET" or not request.body:
        return {}
    try:
        pairs = parse_qsl(
            request.body.decode(),
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
