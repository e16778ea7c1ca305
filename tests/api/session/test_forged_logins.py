"""Whatever is forged, replayed or broken on the way, nobody is signed in and one is told why."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from functions.web.signing_in.sessions import COOKIE
from tests.api.conftest import MakeRig
from tests.api.session.browser import Browser, Tab
from tests.api.session.provider_server import CLIENT, CLIENT_SECRET, OpenIdProvider
from tests.web.auth.key_server import ec_key, forged, in_seconds, jwk, rsa_key, signed

SIGN_IN_PAGE = "https://clarion.example/api/console/#/sign-in"


def told(url: str) -> dict[str, str]:
    """Return what the page for signing in is told."""
    assert url.startswith(f"{SIGN_IN_PAGE}?"), url
    return {name: each[0] for name, each in parse_qs(url.partition("?")[2]).items()}


def changed(url: str, **parameters: str) -> str:
    """Return an address with other parameters; an empty one is left out."""
    parts = urlsplit(url)
    query = {name: each[0] for name, each in parse_qs(parts.query).items()} | parameters
    left = {name: value for name, value in query.items() if value}
    return parts._replace(query=urlencode(left)).geturl()


async def refused(tab: Tab, url: str, code: str) -> None:
    """See that nobody is signed in by coming back to an address, for a reason."""
    assert told(await tab.come_back(url))["error"] == code
    assert COOKIE not in tab.browser.cookies
    assert (await tab.browser.session())["signed_in"] is False


# --- State -----------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["", "x", "A" * 43, "\u00e9", "A" * 5000])
async def test_a_forged_state_is_refused(tab: Tab, provider: OpenIdProvider, state: str) -> None:
    """Without the state that this browser was given, the code is not even looked at."""
    back = await tab.authorize(await tab.leave())
    await refused(tab, changed(back, state=state), "LOGIN_EXPIRED")
    assert "/token" not in provider.asked


async def test_a_state_that_only_begins_right_is_refused(tab: Tab) -> None:
    """The cookie is found by the beginning of the state, and counts by the whole of it."""
    back = await tab.authorize(await tab.leave())
    state = parse_qs(urlsplit(back).query)["state"][0]
    await refused(tab, changed(back, state=state[:16] + "A" * 27), "LOGIN_EXPIRED")


async def test_another_browser_cannot_end_a_login(
    tab: Tab, make_rig: MakeRig, oidc: dict[str, Any], provider: OpenIdProvider
) -> None:
    """Who is sent somebody else's answer is not signed in as them."""
    back = await tab.authorize(await tab.leave())
    await refused(Tab(Browser(make_rig(**oidc))), back, "LOGIN_EXPIRED")
    assert "/token" not in provider.asked


async def test_a_login_lasts_ten_minutes(tab: Tab) -> None:
    """Whoever takes longer begins again."""
    back = await tab.authorize(await tab.leave())
    await tab.browser.rig.clock.sleep(600)
    await refused(tab, back, "LOGIN_EXPIRED")


async def test_an_answer_counts_once(tab: Tab, provider: OpenIdProvider) -> None:
    """Going back in the browser signs nobody in again, nor does a copy of the cookie."""
    url = await tab.leave()
    kept = dict(tab.browser.cookies)
    back = await tab.authorize(url)
    await tab.come_back(back)
    await tab.browser.ask("DELETE", "/session")
    await refused(tab, back, "LOGIN_EXPIRED")
    tab.browser.cookies = kept
    await refused(tab, back, "LOGIN_EXPIRED")
    assert provider.asked.count("/token") == 2


async def test_going_back_leaves_one_signed_in(tab: Tab) -> None:
    """A login that ended already takes no session away."""
    back = await tab.authorize(await tab.leave())
    await tab.come_back(back)
    assert told(await tab.come_back(back))["error"] == "LOGIN_EXPIRED"
    assert (await tab.browser.session())["signed_in"] is True


async def test_a_login_s_cookie_is_no_session_s(tab: Tab) -> None:
    """Nor the other way round, though one secret seals both."""
    back = await tab.authorize(await tab.leave())
    ((name, login),) = tab.browser.cookies.items()
    tab.browser.cookies = {COOKIE: login}
    assert (await tab.browser.session())["signed_in"] is False
    tab.browser.cookies = {name: login}
    await tab.come_back(back)
    tab.browser.cookies = {name: tab.browser.cookies[COOKIE]}
    await refused(tab, back, "LOGIN_EXPIRED")


# --- The code --------------------------------------------------------------------------------


async def test_another_login_s_code_is_refused(
    tab: Tab, make_rig: MakeRig, oidc: dict[str, Any]
) -> None:
    """A code that was stolen from somebody is worth nothing in the thief's own login (PKCE)."""
    victim = Tab(Browser(make_rig(**oidc)))
    stolen = parse_qs(urlsplit(await victim.authorize(await victim.leave())).query)["code"][0]
    back = await tab.authorize(await tab.leave())
    await refused(tab, changed(back, code=stolen), "LOGIN_EXPIRED")


@pytest.mark.parametrize(
    ("code", "error"),
    [("unknown", "LOGIN_EXPIRED"), ("a" * 4000, "LOGIN_EXPIRED"), ("", "LOGIN_FAILED")],
)
async def test_a_code_that_the_provider_does_not_know_is_refused(
    tab: Tab, code: str, error: str
) -> None:
    """So is none."""
    back = await tab.authorize(await tab.leave())
    await refused(tab, changed(back, code=code), error)


async def test_another_issuer_s_answer_is_refused(tab: Tab, provider: OpenIdProvider) -> None:
    """An answer that says who gives it has to be the provider's (RFC 9207)."""
    back = await tab.authorize(await tab.leave())
    await refused(tab, changed(back, iss="https://evil.example"), "LOGIN_FAILED")
    assert "/token" not in provider.asked


async def test_whoever_does_not_want_to_is_back_where_they_began(
    tab: Tab, logged: list[Any]
) -> None:
    """What the provider refuses is told, with the place to go to later."""
    back = await tab.authorize(await tab.leave("#/lists"))
    no = changed(back, code="", error="access_denied", error_description="Ann said no")
    assert told(await tab.come_back(no)) == {"error": "LOGIN_CANCELLED", "next": "#/lists"}
    (line,) = [line for line in logged if line["event"] == "sign_in_failed"]
    assert (line["failure"], "access_denied" in line["error"]) == ("LOGIN_CANCELLED", True)


# --- The ID token ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"nonce": 7},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "another"},
        {"aud": None},
        {"aud": [CLIENT, "another"]},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"azp": "another"},
        {"exp": in_seconds(-3600)},
        {"exp": None},
        {"exp": "soon"},
        {"iat": None},
        {"iat": in_seconds(3600)},
        {"nbf": in_seconds(3600)},
        {"sub": None},
    ],
    ids=",".join,
)
async def test_an_id_token_with_a_wrong_claim_is_refused(
    tab: Tab, provider: OpenIdProvider, claims: dict[str, Any]
) -> None:
    """Made by another, for another, for another login, or at another time, it names nobody."""
    provider.claims = claims
    await refused(tab, await tab.authorize(await tab.leave()), "LOGIN_FAILED")


SIGNED: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "another key": lambda claims: signed(claims, rsa_key("other")),
    "an unknown key": lambda claims: signed(claims, rsa_key("a"), kid="zz"),
    "another kind of key": lambda claims: signed(claims, ec_key("e"), algorithm="ES256"),
    "the client's secret": lambda claims: signed(claims, CLIENT_SECRET, algorithm="HS256"),
    "nothing": lambda claims: forged({"alg": "none", "kid": "a"}, claims),
    "no kid": lambda claims: forged({"alg": "RS256"}, claims, b""),
    "nonsense": lambda _: "a.b.c",
    "no token": lambda _: None,
    "no text": lambda _: 7,
}


@pytest.mark.parametrize("by", SIGNED)
async def test_an_id_token_that_the_provider_has_not_signed_is_refused(
    tab: Tab, provider: OpenIdProvider, by: str
) -> None:
    """Signed by another key or algorithm, or by nobody, it names nobody."""
    provider.sign = SIGNED[by]
    assert jwk("a", rsa_key("a"))["kid"] == "a"
    await refused(tab, await tab.authorize(await tab.leave()), "LOGIN_FAILED")


@pytest.mark.parametrize(
    "claims",
    [
        {"org": None},
        {"org": ""},
        {"org": "a/b"},
        {"org": "__acme__"},
        {"org": ["acme", "other"]},
        {"org": []},
        {"org": 7},
        {"role": None},
        {"role": ""},
        {"role": "root"},
        {"role": ["root", "ADMIN"]},
        {"role": []},
        {"role": {"admin": True}},
        {"sub": "key:abc"},
        {"sub": "local"},
    ],
    ids=str,
)
async def test_who_has_no_organisation_or_role_of_ours_is_no_member(
    tab: Tab, provider: OpenIdProvider, claims: dict[str, Any]
) -> None:
    """The provider knows them, and Clarion does not."""
    provider.claims = claims
    await refused(tab, await tab.authorize(await tab.leave()), "NOT_A_MEMBER")


# --- The provider ----------------------------------------------------------------------------

DISCOVERY = "/.well-known/openid-configuration"
WRONG: list[dict[str, Any]] = [
    {"issuer": "https://evil.example"},
    {"issuer": None},
    {"token_endpoint": "http://evil.example/token"},
    {"authorization_endpoint": "http://evil.example/authorize"},
    {"authorization_endpoint": "javascript:alert(1)"},
    {"end_session_endpoint": "javascript:alert(1)"},
    {"jwks_uri": "http://evil.example/keys"},
    {"jwks_uri": 7},
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
async def test_a_provider_that_describes_itself_wrongly_is_not_trusted(
    tab: Tab, provider: OpenIdProvider, wrong: dict[str, Any]
) -> None:
    """Another issuer, or pages without TLS, are nowhere to send anybody to."""
    provider.metadata = wrong
    assert told(await tab.leave("#/lists")) == {"error": "PROVIDER_UNAVAILABLE", "next": "#/lists"}
    assert tab.browser.cookies == {}


async def test_a_provider_that_was_away_is_asked_again(tab: Tab, provider: OpenIdProvider) -> None:
    """Not with every attempt, so that strangers cannot turn us against it, but soon."""
    provider.status = {DISCOVERY: 500}
    for _ in range(3):
        assert told(await tab.leave())["error"] == "PROVIDER_UNAVAILABLE"
    assert provider.asked == [DISCOVERY]
    provider.status = {}
    await tab.browser.rig.clock.sleep(5)
    assert (await tab.leave()).startswith(provider.url)


async def test_a_provider_that_is_away_later_is_known_still(
    tab: Tab, provider: OpenIdProvider
) -> None:
    """What it has published counts until it publishes something else."""
    await tab.leave()
    provider.status = {DISCOVERY: 500}
    await tab.browser.rig.clock.sleep(86_400)
    assert await tab.sign_in() == "https://clarion.example/api/console/#/"
    assert provider.asked.count(DISCOVERY) == 2


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/token", 500, "PROVIDER_UNAVAILABLE"),
        ("/token", 503, "PROVIDER_UNAVAILABLE"),
        ("/token", 403, "LOGIN_FAILED"),
        ("/token", 302, "LOGIN_FAILED"),
        ("/keys", 500, "PROVIDER_UNAVAILABLE"),
    ],
)
async def test_a_provider_that_breaks_on_the_way_is_told_apart(
    tab: Tab, provider: OpenIdProvider, path: str, status: int, code: str
) -> None:
    """Whether to try again later or to ask somebody."""
    provider.status = {path: status}
    await refused(tab, await tab.authorize(await tab.leave()), code)


async def test_a_wrong_secret_of_ours_is_for_the_admin(
    make_rig: MakeRig, oidc: dict[str, Any], logged: list[Any]
) -> None:
    """The log says what the provider says, and neither code nor secret."""
    tab = Tab(Browser(make_rig(**{**oidc, "oidc_client_secret": "wrong"})))
    back = await tab.authorize(await tab.leave())
    await refused(tab, back, "LOGIN_FAILED")
    (line,) = [line for line in logged if line["event"] == "sign_in_failed"]
    assert "invalid_client" in line["error"]
    assert not any(word in str(logged) for word in ("code-0", "wrong'"))
