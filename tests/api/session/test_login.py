"""People sign in at an identity provider, and come back as who it says they are."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from functions.web.signing_in.sessions import COOKIE
from tests.api.conftest import MakeRig
from tests.api.rig import token
from tests.api.session.browser import Browser, Tab
from tests.api.session.provider_server import CLIENT, OpenIdProvider

CONSOLE = "https://clarion.example/api/console"


async def test_one_signs_in_at_the_provider(
    tab: Tab, provider: OpenIdProvider, logged: list[Any]
) -> None:
    """There and back, one is signed in for eight hours and is where one wanted to go."""
    assert (await tab.browser.session())["ways"] == ["oidc", "token"]
    assert await tab.sign_in("#/campaigns/abc?status=sent") == (
        f"{CONSOLE}/#/campaigns/abc?status=sent"
    )
    seen = await tab.browser.session()
    assert (seen["subject"], seen["org"], seen["role"]) == ("auth0|ann", "acme", "operator")
    assert (seen["way"], seen["expires_at"]) == ("oidc", "2026-03-02T20:00:00.000Z")
    assert set(tab.browser.cookies) == {COOKIE}
    assert (await tab.browser.ask("GET", "/lists")).status_code == 200
    assert provider.asked[-2:] == ["/token", "/keys"]
    (line,) = [line for line in logged if line["event"] == "signed_in"]
    assert (line["by"], line["org"], line["way"]) == ("auth0|ann", "acme", "oidc")


async def test_what_the_provider_is_told_gives_nothing_away(tab: Tab) -> None:
    """The verifier stays sealed in the browser, and no two logins have anything in common."""
    first, second = [
        {name: each[0] for name, each in parse_qs(urlsplit(await tab.leave()).query).items()}
        for _ in range(2)
    ]
    assert first["redirect_uri"] == "https://clarion.example/api/session/callback"
    assert (first["scope"], first["client_id"]) == ("openid", CLIENT)
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name]) == 43
        assert first[name] != second[name]
    assert first["state"] not in str(tab.browser.cookies.values())


async def test_two_tabs_sign_in_at_once(tab: Tab) -> None:
    """Each comes back to its own place, whichever was first."""
    places = ["#/one", "#/two"]
    left = [await tab.leave(place) for place in places]
    back = [await tab.authorize(url) for url in left]
    ended = [await tab.come_back(url) for url in reversed(back)]
    assert ended == [f"{CONSOLE}/#/two", f"{CONSOLE}/#/one"]
    assert set(tab.browser.cookies) == {COOKIE}


async def test_logins_that_nobody_ends_do_not_pile_up(tab: Tab) -> None:
    """A browser keeps few of them, so that its requests do not become too large for us."""
    for _ in range(20):
        last = await tab.leave("#/" + "a" * 512)
        assert len(tab.browser.cookies) <= 5
    assert (await tab.come_back(await tab.authorize(last))).startswith(f"{CONSOLE}/#/aaa")


@pytest.mark.parametrize(
    "place",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/campaigns",
        "campaigns",
        "#campaigns",
        "#/a\\b",
        "#/a\r\nSet-Cookie: x=y",
        "#/a b",
        "#/<script>",
        "#/" + "a" * 513,
        "javascript:alert(1)",
        "?#/",
    ],
)
async def test_nobody_is_led_elsewhere(tab: Tab, place: str) -> None:
    """What is no place of the console is forgotten: one ends on its first page."""
    assert await tab.sign_in(place) == f"{CONSOLE}/#/"


async def test_a_foreign_page_begins_no_login(tab: Tab, provider: OpenIdProvider) -> None:
    """It leads to the page for signing in; a link that was typed or kept works."""
    for site in ("cross-site", "same-site"):
        led = await tab.leave("#/lists", sec_fetch_site=site)
        assert led == f"{CONSOLE}/#/sign-in?next=%23%2Flists"
    assert (tab.browser.cookies, provider.asked) == ({}, [])
    assert (await tab.leave(sec_fetch_site="none")).startswith(provider.url)


@pytest.mark.parametrize(
    ("claims", "role"),
    [
        ({"role": "viewer"}, "viewer"),
        ({"role": ["viewer"]}, "viewer"),
        ({"role": ["staff", "operator", "viewer"]}, "operator"),
        ({"role": ["viewer", "admin", "operator"], "org": ["acme"]}, "admin"),
        ({"aud": [CLIENT]}, "operator"),
        ({"aud": [CLIENT, "another"], "azp": CLIENT}, "operator"),
    ],
    ids=str,
)
async def test_a_claim_may_be_a_list(
    tab: Tab, provider: OpenIdProvider, claims: dict[str, Any], role: str
) -> None:
    """Of several roles or groups the greatest that is ours counts."""
    provider.claims = claims
    assert await tab.sign_in() == f"{CONSOLE}/#/"
    assert (await tab.browser.session())["role"] == role


async def test_claims_may_have_other_names(
    make_rig: MakeRig, oidc: dict[str, Any], provider: OpenIdProvider
) -> None:
    """OIDC_ORG_CLAIM and OIDC_ROLE_CLAIM name them; those of other names count for nothing."""
    names = {"oidc_org_claim": "https://clarion.example/org", "oidc_role_claim": "roles"}
    tab = Tab(Browser(make_rig(**oidc, **names)))
    provider.claims = {"https://clarion.example/org": "other", "roles": ["viewer"]}
    await tab.sign_in()
    seen = await tab.browser.session()
    assert (seen["org"], seen["role"]) == ("other", "viewer")


async def test_a_provider_may_want_the_secret_in_the_form(
    tab: Tab, provider: OpenIdProvider
) -> None:
    """It says so in its metadata."""
    provider.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert await tab.sign_in() == f"{CONSOLE}/#/"


async def test_keys_and_metadata_are_fetched_once(tab: Tab, provider: OpenIdProvider) -> None:
    """The second login asks for its tokens only."""
    await tab.sign_in()
    provider.asked.clear()
    await tab.sign_in()
    assert provider.asked == ["/authorize", "/token"]


# --- Out again -------------------------------------------------------------------------------


async def test_signing_out_ends_at_the_provider(tab: Tab, provider: OpenIdProvider) -> None:
    """The answer says where to go, and the provider where to come back to."""
    await tab.sign_in()
    answer = await tab.browser.ask("DELETE", "/session")
    told = urlsplit(answer.json()["end_session_url"])
    assert f"{told.scheme}://{told.netloc}{told.path}" == f"{provider.url}/logout"
    assert parse_qs(told.query) == {
        "client_id": [CLIENT],
        "post_logout_redirect_uri": [f"{CONSOLE}/"],
    }
    assert tab.browser.cookies == {}


async def test_who_did_not_sign_in_there_is_not_sent_there(tab: Tab) -> None:
    """A session of a token ends here; so does that of a provider that has no such page."""
    await tab.browser.sign_in(token())
    assert (await tab.browser.ask("DELETE", "/session")).json() == {"end_session_url": None}


@pytest.mark.parametrize("end", [None, "away"])
async def test_one_is_signed_out_whatever_the_provider_can(
    tab: Tab, provider: OpenIdProvider, end: str | None, make_rig: MakeRig, oidc: dict[str, Any]
) -> None:
    """Without such a page there, and while it is away, one is signed out here all the same."""
    provider.metadata = {"end_session_endpoint": None}
    await tab.sign_in()
    later = Browser(make_rig(**oidc))
    later.cookies = tab.browser.cookies
    if end:
        provider.status = {"/.well-known/openid-configuration": 500}
    answer = await later.ask("DELETE", "/session")
    assert (answer.status_code, answer.json()) == (200, {"end_session_url": None})
    assert later.cookies == {}


async def test_without_a_provider_there_is_no_login(browser: Browser) -> None:
    """Both addresses answer that nobody signs in so."""
    for path in ("/session/login", "/session/callback?code=a&state=b"):
        answer = await browser.ask("GET", path)
        assert (answer.status_code, answer.json()["code"]) == (403, "SIGN_IN_OFF")
