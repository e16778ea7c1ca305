"""Plivo's signatures: who may call us back, and with what.

V3, of calls: the header holds base64(HMAC-SHA256(auth token, message)). The message is the URL as
Plivo saw it, without fragment and query, then "?" and the sorted query, ".", the sorted form as
key-value pairs without separators, ".", and the nonce; parts that are empty fall away with their
signs.
V2, of texts: the message is the URL without fragment and query, and the nonce.
Published vectors: utils_test.go of plivo-go.
"""

import hmac
from base64 import b64encode
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from functions.channels.callback_urls import check_signature, read_form
from functions.engine.ports.channel import SignatureError, WebhookRequest

NONCE_HEADER: Final = "x-plivo-signature-v3-nonce"
NONCE_V2_HEADER: Final = "x-plivo-signature-v2-nonce"
#: Made with the (sub)account's token, and with the main account's: either may be ours.
SIGNATURE_HEADERS: Final = ("x-plivo-signature-v3", "x-plivo-signature-ma-v3")
SIGNATURE_V2_HEADERS: Final = ("x-plivo-signature-v2", "x-plivo-signature-ma-v2")


def sign_v3(auth_token: str, *, method: str, url: str, form: Mapping[str, str], nonce: str) -> str:
    """Return Plivo's signature of a request; the form of a GET is part of its query."""
    return _digest(auth_token, f"{_signed_url(method, url, form)}.{nonce}")


def sign_v2(auth_token: str, *, url: str, nonce: str) -> str:
    """Return Plivo's older signature, which says nothing of a request's form and query."""
    return _digest(auth_token, f"{_base(url)}{nonce}")


def verified_form(request: WebhookRequest, auth_token: str) -> dict[str, str]:
    """Return the form of a request that Plivo signed; SignatureError for every other request."""
    nonce, form = _nonce(request, NONCE_HEADER), _form(request)
    expected = sign_v3(auth_token, method=request.method, url=request.url, form=form, nonce=nonce)
    _check(request, SIGNATURE_HEADERS, expected)
    return form


def verified_text_form(request: WebhookRequest, auth_token: str) -> dict[str, str]:
    """Return the form of a request about a text, which Plivo promises to sign as V2 alone.

    Where it comes with V3 as well, V3 must hold: only that vouches for the form. So with V2 the
    secrecy of the URL and nonce, which is TLS's, is what keeps others from making up a form.
    """
    if NONCE_HEADER in request.headers:
        return verified_form(request, auth_token)
    nonce = _nonce(request, NONCE_V2_HEADER)
    _check(request, SIGNATURE_V2_HEADERS, sign_v2(auth_token, url=request.url, nonce=nonce))
    return _form(request)


def _nonce(request: WebhookRequest, header: str) -> str:
    nonce = request.headers.get(header, "")
    if not nonce:
        raise SignatureError("The callback has no signature nonce.")
    return nonce


def _check(request: WebhookRequest, headers: Iterable[str], expected: str) -> None:
    """Raise SignatureError unless one of the signatures that came is the expected one."""
    values = ",".join(request.headers.get(name, "") for name in headers)
    check_signature(expected, *(part.strip() for part in values.split(",")))


def _digest(auth_token: str, text: str) -> str:
    return b64encode(hmac.digest(auth_token.encode(), text.encode(), sha256)).decode()


def _base(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


def _signed_url(method: str, url: str, form: Mapping[str, str]) -> str:
    base = _base(url)
    query = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    if method == "GET":
        merged = _query({**dict(query), **form}.items())
        return f"{base}?{merged}" if merged else base
    fields = "".join(f"{key}{value}" for key, value in sorted(form.items()))
    if not query and not form:
        return base
    return f"{base}?{_query(query)}{'.' if query and form else ''}{fields}"


def _query(pairs: Iterable[tuple[str, str]]) -> str:
    return "&".join(f"{key}={value}" for key, value in sorted(pairs))


def _form(request: WebhookRequest) -> dict[str, str]:
    return {} if request.method == "GET" else read_form(request.body)
