"""Twilio's signature: the published vectors pass, everything else is refused."""

from dataclasses import replace
from typing import Final
from urllib.parse import urlencode

import pytest

from functions.channels.callback_urls import MAX_BODY_BYTES
from functions.channels.twilio.signature import sign, verified_form
from functions.engine.ports.channel import SignatureError, WebhookRequest

# Published in twilio-python, tests/unit/test_request_validator.py.
TOKEN: Final = "12345"
URL: Final = "https://mycompany.com/myapp.php?foo=1&bar=2"
FORM: Final = {
    "CallSid": "CA1234567890ABCDE",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
    "Caller": "+14158675309",
}
SIGNATURE: Final = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
TWICE: Final = [
    ("Sid", "CA123"),
    ("SidAccount", "AC123"),
    ("Digits", "5678"),
    ("Digits", "1234"),
    ("Digits", "1234"),
]
JSON: Final = b'{"property": "value", "boolean": true}'
JSON_URL: Final = (
    URL + "&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
)


def request(
    url: str = URL, signature: str = SIGNATURE, body: bytes | None = None, **headers: str
) -> WebhookRequest:
    """Return the published request as it would arrive; _ stands for -."""
    given = {"content_type": "application/x-www-form-urlencoded", **headers}
    named = {name.replace("_", "-"): value for name, value in given.items()}
    content = urlencode(FORM).encode() if body is None else body
    return WebhookRequest("POST", url, {**named, "x-twilio-signature": signature}, content)


@pytest.mark.parametrize(
    ("fields", "signature"),
    [(list(FORM.items()), SIGNATURE), (TWICE, "IK+Dwps556ElfBT0I3Rgjkr1wJU=")],
)
def test_the_published_signatures_are_met(fields: list[tuple[str, str]], signature: str) -> None:
    """Our signature of Twilio's published forms is Twilio's."""
    assert sign(TOKEN, URL, fields) == signature


@pytest.mark.parametrize(
    ("url", "signature"),
    [
        (URL, SIGNATURE),
        (URL.replace(".com", ".com:1234"), SIGNATURE),
        (
            URL.replace("https://mycompany.com", "http://mycompany.com:1234"),
            "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=",
        ),
        (URL, "kvajT1Ptam85bY51eRf/AJRuM3w="),
        (URL.replace("https", "http"), "0ZXoZLH/DfblKGATFgpif+LLRf4="),
    ],
    ids=["as it is", "its port left out", "its port kept", "https's port", "http's port"],
)
def test_the_port_may_be_signed_or_not(url: str, signature: str) -> None:
    """A request is Twilio's whether or not the URL that was signed has its port in it."""
    assert verified_form(request(url, signature), TOKEN) == FORM


def test_a_body_that_is_no_form_is_signed_by_its_digest() -> None:
    """Twilio's published JSON request is Twilio's, and has no form."""
    signature = "a9nBmqA0ju/hNViExpshrM61xv4="
    given = request(JSON_URL, signature, JSON, content_type="application/json")
    assert verified_form(given, TOKEN) == {}


@pytest.mark.parametrize("url", [URL, "https://[::1]:8080/a?b=it's%20me+you&c=%7E"])
def test_the_url_is_taken_letter_by_letter(url: str) -> None:
    """Nothing in the URL is written in another way before it is compared."""
    signature = sign(TOKEN, url, FORM.items())
    assert verified_form(request(url, signature), TOKEN) == FORM


def test_a_request_without_a_body_is_verified_too() -> None:
    """A request with nothing in it signs the bare URL."""
    assert verified_form(request(signature=sign(TOKEN, URL), body=b""), TOKEN) == {}


def test_a_new_field_of_twilios_does_not_matter() -> None:
    """Twilio adds fields without saying so: they are signed as the others are."""
    fields = {**FORM, "Brand New": "ü & + ="}
    signature = sign(TOKEN, URL, fields.items())
    assert (
        verified_form(request(signature=signature, body=urlencode(fields).encode()), TOKEN)
        == fields
    )


_BODY: Final = urlencode(FORM).encode()
_JSON_SIGNATURE: Final = sign(TOKEN, JSON_URL)
REFUSED: Final = {
    "no signature": request(signature=""),
    "no header": replace(request(), headers={}),
    "a forged signature": request(signature="RSOYDt4T1cUTdK1PDd93/VVr8B9="),
    "a signature beyond ASCII": request(signature="\xe9"),
    "another URL": request(URL.replace("myapp", "other")),
    "another host": request(URL.replace("mycompany", "evil")),
    "another scheme": request(URL.replace("https", "http")),
    "an added query": request(URL + "&a=b"),
    "a URL without a host": request("/myapp.php?foo=1&bar=2"),
    "an impossible port": request(URL.replace(".com", ".com:http")),
    "an altered field": request(body=_BODY.replace(b"1234", b"4321")),
    "an added field": request(body=_BODY + b"&Extra=1"),
    "a field twice": request(body=_BODY + b"&Digits=1234"),
    "a torn form": request(body=_BODY + b"&Digits"),
    "a form that is not UTF-8": request(body=_BODY + b"&a=%ff"),
    "a body that is not UTF-8": request(body=b"a=\xff"),
    "too large a body": request(body=b"a=" + b"x" * MAX_BODY_BYTES),
    "too many fields": request(body=b"&".join(b"%d=1" % n for n in range(300))),
    "an altered JSON": request(
        JSON_URL, _JSON_SIGNATURE, JSON.replace(b"true", b"false"), content_type="application/json"
    ),
    "a JSON whose digest is not signed": request(
        URL, sign(TOKEN, URL), JSON, content_type="application/json"
    ),
    "a form that calls itself JSON": request(
        URL, sign(TOKEN, URL), content_type="application/json"
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_everything_else_is_refused(name: str) -> None:
    """A request that is not exactly what Twilio signed raises SignatureError."""
    with pytest.raises(SignatureError):
        verified_form(REFUSED[name], TOKEN)


def test_another_accounts_token_does_not_verify() -> None:
    """A request signed with another token is refused."""
    with pytest.raises(SignatureError):
        verified_form(request(), TOKEN + "x")
