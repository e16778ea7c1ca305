"""The cookie of a session is worth nothing but in the hands of our own pages."""

import base64
from collections.abc import Mapping
from typing import Any

import pytest

from functions.web.signing_in.sessions import COOKIE
from tests.api.conftest import MakeRig
from tests.api.rig import Rig, token
from tests.api.session.browser import SECRET, SIGN_IN, Browser

HOST = "127.0.0.1:8080"
NEW = "another secret that is at least thirty-two bytes"


@pytest.fixture
async def ana(browser: Browser) -> Browser:
    """Give a browser at which an operator has signed in."""
    await browser.sign_in(token("operator"))
    return browser


async def lists(browser: Browser, **headers: str) -> int:
    """Return how it is answered who asks for the lists."""
    return (await browser.ask("GET", "/lists", **headers)).status_code


# --- Who makes the browser ask ---------------------------------------------------------------

FOREIGN: list[Mapping[str, str]] = [
    {"sec_fetch_site": ""},
    {"sec_fetch_site": "none"},
    {"sec_fetch_site": "same-site"},
    {"sec_fetch_site": "cross-site"},
    {"sec_fetch_site": "Same-Origin"},
    {"origin": "https://evil.example"},
    {"origin": "http://127.0.0.1:9090"},
    {"origin": "http://127.0.0.1"},
    {"origin": "NULL"},
    {"sec_fetch_site": "cross-site", "origin": "null"},
    {"sec_fetch_site": "", "origin": "null"},
    {"sec_fetch_site": "cross-site", "origin": f"http://{HOST}"},
]


@pytest.mark.parametrize("foreign", FOREIGN, ids=str)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_stolen_cookie_without_a_page_of_ours_is_useless(
    ana: Browser, foreign: Mapping[str, str], method: str
) -> None:
    """A foreign page, form or port, a typed address and a program get 401, and change nothing."""
    path = "/lists" if method == "GET" else "/contacts"
    answer = await ana.ask(method, path, **foreign)
    assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")
    assert "our own pages" in answer.json()["detail"]
    assert (await ana.ask("GET", "/session", **foreign)).json()["signed_in"] is False


async def test_a_page_of_ours_may_say_its_origin(ana: Browser) -> None:
    """Browsers send Origin with what changes something, in any letters."""
    for origin in (f"http://{HOST}", f"HTTPS://{HOST}"):
        assert await lists(ana, origin=origin) == 200


async def test_a_form_of_a_page_of_ours_says_no_origin(ana: Browser) -> None:
    """The console tells nobody where it is, so its forms come with null; so do a sandbox's."""
    assert await lists(ana, origin="null") == 200
    assert await lists(ana, origin="null", sec_fetch_site="cross-site") == 401


async def test_the_console_may_have_another_name_than_we_are_asked_by(make_rig: MakeRig) -> None:
    """Where what stands before us asks by another host, the origin of CONSOLE_URL counts too."""
    url = "https://clarion.example/api/console"
    browser = Browser(make_rig(**SIGN_IN, console_url=url))
    await browser.sign_in(token())
    assert await lists(browser, origin="https://clarion.example") == 200
    assert await lists(browser, origin="https://clarion.example.evil.example") == 401


@pytest.mark.parametrize("foreign", FOREIGN[2:], ids=str)
@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_no_foreign_page_signs_in_or_out(
    ana: Browser, foreign: Mapping[str, str], method: str
) -> None:
    """Neither is anybody made to work in somebody else's name, nor to sign in once more."""
    before = dict(ana.cookies)
    answer = await ana.ask(method, "/session", authorization=token("admin"), **foreign)
    assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")
    assert ana.cookies == before


async def test_a_header_goes_before_the_cookie(ana: Browser) -> None:
    """Who sends both is whom the header names, or is refused if it names nobody."""
    seen = (await ana.ask("GET", "/session", authorization=token("admin", subject="bob"))).json()
    assert (seen["subject"], seen["way"]) == ("bob", None)
    for wrong in ("Bearer x", "Basic YTpi"):
        assert await lists(ana, authorization=wrong) == 401


async def test_the_organisation_is_the_session_s(ana: Browser) -> None:
    """X-Org-Id changes nothing."""
    seen = (await ana.ask("GET", "/session", x_org_id="other")).json()
    assert seen["org"] == "acme"


# --- What it holds ---------------------------------------------------------------------------


async def test_a_cookie_tells_nobody_anything(ana: Browser) -> None:
    """It holds neither name, organisation nor role in plain text."""
    sealed = ana.cookies[COOKIE]
    plain = base64.urlsafe_b64decode(sealed + "==")
    assert not any(word in plain for word in (b"ana", b"acme", b"operator"))


async def test_a_cookie_changed_in_any_place_is_refused(ana: Browser) -> None:
    """Whatever character of it is another one, it opens nothing."""
    sealed = ana.cookies[COOKIE]
    for place in range(0, len(sealed) - 1, 7):
        other = "A" if sealed[place] != "A" else "B"
        ana.cookies[COOKIE] = sealed[:place] + other + sealed[place + 1 :]
        assert await lists(ana) == 401


@pytest.mark.parametrize(
    "value", ["x", "=", "A" * 15, "A" * 16, "A" * 200, "A" * 100_000, "%00", "e30", "."], ids=len
)
async def test_what_is_no_cookie_of_ours_is_refused(ana: Browser, value: str) -> None:
    """Nonsense of any length is a stranger's."""
    ana.cookies[COOKIE] = value
    assert await lists(ana) == 401
    assert (await ana.session())["signed_in"] is False


async def test_another_deployment_s_cookie_is_refused(ana: Browser, make_rig: MakeRig) -> None:
    """What another secret has sealed is nothing here."""
    other = Browser(make_rig(**{**SIGN_IN, "session_secret": NEW}))
    await other.sign_in(token())
    ana.cookies = other.cookies
    assert await lists(ana) == 401


@pytest.mark.parametrize(
    ("secrets", "status"),
    [(f"{NEW},{SECRET}", 200), (f" {NEW} , {SECRET} ", 200), (f"{SECRET},{NEW}", 200), (NEW, 401)],
)
async def test_a_new_secret_ends_sessions_unless_the_old_one_stands_behind_it(
    ana: Browser, make_rig: MakeRig, secrets: str, status: int
) -> None:
    """Two secrets may be valid, so that changing one signs nobody out; the first seals."""
    later = Browser(make_rig(**{**SIGN_IN, "session_secret": secrets}))
    later.cookies = dict(ana.cookies)
    assert await lists(later) == status
    await later.sign_in(token())
    only_first = Browser(
        make_rig(**{**SIGN_IN, "session_secret": secrets.split(",", maxsplit=1)[0].strip()})
    )
    only_first.cookies = later.cookies
    assert await lists(only_first) == 200


@pytest.mark.parametrize("character", ["a", '"', "\\", "\U0001f600", "é"])
async def test_no_cookie_is_larger_than_browsers_take(browser: Browser, character: str) -> None:
    """The longest names there can be fit into 4 KB."""
    longest = token("operator", org="o" * 64, subject=character * 200)
    seen = await browser.sign_in(longest)
    assert seen["subject"] == character * 200
    assert seen == await browser.session()


# --- What is answered ------------------------------------------------------------------------


async def test_what_a_session_is_told_stays_in_no_browser(ana: Browser) -> None:
    """Answers are not to be stored, and a page that has one is told by its tag that it holds."""
    first = await ana.ask("GET", "/lists")
    assert first.headers["cache-control"] == "no-store"
    again = await ana.ask("GET", "/lists", if_none_match=first.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == "no-store"


async def test_a_session_s_answer_is_a_token_s_with_another_word_to_caches(ana: Browser) -> None:
    """With a token the same answer has the same tag, and may be kept and asked after."""
    by_session = await ana.ask("GET", "/lists")
    by_token = await ana.ask("GET", "/lists", authorization=token("operator"))
    assert by_token.content == by_session.content
    assert by_token.headers["etag"] == by_session.headers["etag"]
    assert by_token.headers["cache-control"] == "private, no-cache"


async def test_a_role_refuses_by_cookie_what_it_refuses_by_token(browser: Browser) -> None:
    """A viewer's session changes nothing, an operator's does no admin's work."""
    for role, method, path in (
        ("viewer", "POST", "/lists"),
        ("viewer", "DELETE", "/campaigns/a"),
        ("operator", "GET", "/api-keys"),
        ("operator", "PATCH", "/settings"),
        ("operator", "GET", "/settings/webhook-secret"),
    ):
        await browser.sign_in(token(role))
        answer = await browser.ask(method, path)
        assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")
        assert f"yours is {role}" in answer.json()["detail"]


async def test_functions_without_the_secret_know_no_session(ana: Browser, jwt_rig: Rig) -> None:
    """Where SESSION_SECRET is not handed out a cookie is nothing."""
    stolen: dict[str, Any] = {**ana.steal(), "sec-fetch-site": "same-origin"}
    assert (await jwt_rig.http.get("/lists", headers=stolen)).status_code == 401
