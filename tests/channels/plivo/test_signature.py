"""Plivo's signatures: published vectors pass, everything else is refused."""

from dataclasses import replace
from typing import Final
from urllib.parse import urlencode

import pytest

from functions.channels.callback_urls import MAX_BODY_BYTES
from functions.channels.plivo.signature import sign_v2, sign_v3, verified_form
from functions.engine.ports.channel import SignatureError, WebhookRequest

# Published in plivo-go, utils_test.go (and in plivo-ruby and plivo-dotnet).
NONCE: Final = "31627761595286130198"
TOKEN: Final = "Y2Q2ZDgxZmY5YWRiOTI5YmQ1Njg0MTAxZWIyOTc4"
URL: Final = "https://plivobin.non-prod.plivops.com/api/v1/validate_signature03.xml"
FORM: Final = {
    "Direction": "outbound",
    "From": "19792014278",
    "ALegUUID": "3e82ae9d-2c78-4d85-b1a4-6eae7dbafb36",
    "CallStatus": "in-progress",
    "BillRate": "0.002",
    "ParentAuthID": "MANWVLYTK4ZWU1YTY4QA",
    "To": "sip:PlivoSignature382029104058171078704104@phone-qa.voice.plivodev.com",
    "ALegRequestUUID": "3e82ae9d-2c78-4d85-b1a4-6eae7dbafb36",
    "CallUUID": "3e82ae9d-2c78-4d85-b1a4-6eae7dbafb36",
    "RequestUUID": "3e82ae9d-2c78-4d85-b1a4-6eae7dbafb36",
    "SIP-H-To": "<sip:PlivoSignature382029104058171078704104@52.9.11.55;transport=udp>;tag=1",
    "SessionStart": "2020-04-08 11:34:33.238707",
    "Event": "StartApp",
}
VECTORS: Final = [
    ("POST", URL + "/?a=b&c=d", "k7Pusd4OxCIjR5IfA9iedDNu/h/gbdYqdzG/MiYtd1c="),
    ("GET", URL + "/?a=b&c=d", "UBq8jAtd32wR8EK9VgxbBn4n5rpI/l1H9iN4WfSEHFQ="),
    ("POST", URL, "iAjE5QqI37mbkYe4w3jTMudqEzbDufdqi7sYwTu64e0="),
    ("GET", URL, "i/MQsaQSAd6fiKhOh2qeeeLHZ9faldADSb3/7+Akfbc="),
]


@pytest.mark.parametrize(("method", "url", "signature"), VECTORS)
def test_the_published_vectors_are_met(method: str, url: str, signature: str) -> None:
    """Our signature of Plivo's published requests is Plivo's."""
    assert sign_v3(TOKEN, method=method, url=url, form=FORM, nonce=NONCE) == signature


@pytest.mark.parametrize("url", ["https://answer.url", "https://answer.url?a=b#c"])
def test_the_published_vector_of_texts_is_met(url: str) -> None:
    """Our signature V2 of Plivo's published request is Plivo's, whatever its query."""
    signature = sign_v2("my_auth_token", url=url, nonce="12345")
    assert signature == "ehV3IKhLysWBxC1sy8INm0qGoQYdYsHwuoKjsX7FsXc="


def published() -> WebhookRequest:
    """Return the published POST as it would arrive."""
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-plivo-signature-v3": VECTORS[2][2],
        "x-plivo-signature-v3-nonce": NONCE,
    }
    return WebhookRequest("POST", URL, headers, urlencode(FORM).encode())


def with_headers(**changes: str) -> WebhookRequest:
    """Return the published POST with other headers; _ stands for -."""
    headers = {name.replace("_", "-"): value for name, value in changes.items()}
    return replace(published(), headers={**published().headers, **headers})


def test_a_signed_request_gives_its_form() -> None:
    """The form of a request that Plivo signed is returned as it was sent."""
    assert verified_form(published(), TOKEN) == FORM


@pytest.mark.parametrize(
    "request_",
    [
        with_headers(x_plivo_signature_v3=f"b2xk, {VECTORS[2][2]},bmV3"),
        with_headers(x_plivo_signature_v3="b2xk", x_plivo_signature_ma_v3=VECTORS[2][2]),
    ],
    ids=["one of several", "the main account's"],
)
def test_any_of_several_signatures_will_do(request_: WebhookRequest) -> None:
    """Plivo sends one signature per token: one that is ours is enough."""
    assert verified_form(request_, TOKEN) == FORM


def test_a_request_without_form_and_query_is_verified_too() -> None:
    """An empty form signs the bare URL and the nonce."""
    signature = sign_v3(TOKEN, method="POST", url=URL, form={}, nonce=NONCE)
    request = replace(with_headers(x_plivo_signature_v3=signature), body=b"")
    assert verified_form(request, TOKEN) == {}


REFUSED: Final = {
    "no signature": with_headers(x_plivo_signature_v3=""),
    "a forged signature": with_headers(x_plivo_signature_v3="iAjE5QqI37mbkYe4w3jTMudq="),
    "a signature beyond ASCII": with_headers(x_plivo_signature_v3="\xe9"),
    "no nonce": with_headers(x_plivo_signature_v3_nonce=""),
    "another nonce": with_headers(x_plivo_signature_v3_nonce="1"),
    "another URL": replace(published(), url=URL + "/other"),
    "another host": replace(published(), url=URL.replace("plivobin", "evil")),
    "an added query": replace(published(), url=URL + "?a=b"),
    "another method": replace(published(), method="GET"),
    "an altered field": replace(published(), body=published().body.replace(b"outb", b"inb")),
    "an added field": replace(published(), body=published().body + b"&Extra=1"),
    "a field twice": replace(published(), body=published().body + b"&Event=StartApp"),
    "a torn form": replace(published(), body=published().body + b"&Event"),
    "a form that is not UTF-8": replace(published(), body=published().body + b"&a=%ff"),
    "a body that is not UTF-8": replace(published(), body=b"a=\xff"),
    "another encoding": replace(published(), body=b'{"Event":"StartApp"}'),
    "too large a body": replace(published(), body=b"a=" + b"x" * MAX_BODY_BYTES),
    "too many fields": replace(published(), body=b"&".join(b"%d=1" % n for n in range(300))),
}


@pytest.mark.parametrize("name", REFUSED)
def test_everything_else_is_refused(name: str) -> None:
    """A request that is not exactly what Plivo signed raises SignatureError."""
    with pytest.raises(SignatureError):
        verified_form(REFUSED[name], TOKEN)


def test_another_accounts_token_does_not_verify() -> None:
    """A request signed with another token is refused."""
    with pytest.raises(SignatureError):
        verified_form(published(), TOKEN + "x")
