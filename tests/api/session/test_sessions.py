"""Who is signed in is told to everybody; with a token or an API key one signs in, and out again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions import __version__
from functions.web.signing_in.sessions import COOKIE
from tests.api.conftest import MakeRig
from tests.api.organisation.test_api_keys import bearer, make
from tests.api.rig import JWT, Rig, token
from tests.api.session.browser import SIGN_IN, Browser

NOBODY = {
    "signed_in": False,
    "subject": None,
    "org": None,
    "role": None,
    "areas": None,
    "way": None,
    "ways": ["token"],
    "hint": None,
    "expires_at": None,
    "channels": [],
    "limits": None,
    "version": __version__,
}

# --- Who is signed in ------------------------------------------------------------------------


async def test_on_a_laptop_everybody_is_signed_in(rig: Rig) -> None:
    """Without authentication who asks is the admin of an organisation, and need not sign in."""
    seen = (await rig.get("/session", x_org_id="acme")).json()
    channels, seen["channels"] = seen["channels"], []
    assert seen == {
        **NOBODY,
        "signed_in": True,
        "subject": "local",
        "org": "acme",
        "role": "admin",
        "ways": [],
        "limits": {
            "page_size": 1000,
            "requests_per_s": 50.0,
            "max_upload_bytes": 50_000_000,
            "max_body_bytes": 1_000_000,
            "schedule_ahead_days": 14,
        },
    }
    assert [each["channel"] for each in channels] == [
        "voice",
        "sms",
        "whatsapp",
        "email",
        "webhook",
    ]
    assert channels[0] == {
        "channel": "voice",
        "provider": "simulator",
        "simulated": True,
    }
    assert (await rig.get("/session")).json()["org"] == "default"
    assert (await rig.get("/session", x_org_id="a/b")).json()["field"] == "X-Org-Id"


async def test_a_stranger_is_told_how_to_sign_in(browser: Browser) -> None:
    """Whoever is not signed in gets 200 and the ways, and learns nothing of the deployment."""
    answer = await browser.ask("GET", "/session")
    assert (answer.status_code, answer.json()) == (200, NOBODY)
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers


async def test_without_a_secret_one_is_told_what_to_set(jwt_rig: Rig) -> None:
    """Where nobody can sign in the answer says which setting is missing."""
    browser = Browser(jwt_rig)
    seen = await browser.session()
    assert (seen["ways"], seen["signed_in"]) == ([], False)
    assert "SESSION_SECRET" in seen["hint"]
    answer = await browser.ask("POST", "/session", authorization=token())
    assert (answer.status_code, answer.json()["code"]) == (403, "SIGN_IN_OFF")
    assert "SESSION_SECRET" in answer.json()["detail"]
    assert browser.cookies == {}


async def test_a_laptop_signs_nobody_in(rig: Rig) -> None:
    """Without authentication there is nothing to sign in to."""
    answer = await Browser(rig).ask("POST", "/session", authorization="Bearer x")
    assert (answer.status_code, answer.json()["code"]) == (403, "SIGN_IN_OFF")


async def test_a_program_is_told_who_it_is(browser: Browser) -> None:
    """A bearer token is answered as a session is; a wrong one is refused."""
    seen = (await browser.ask("GET", "/session", authorization=token("viewer"))).json()
    assert (seen["subject"], seen["role"], seen["way"]) == ("ana", "viewer", None)
    assert seen["expires_at"] is not None
    wrong = await browser.ask("GET", "/session", authorization="Bearer x")
    assert (wrong.status_code, wrong.json()["code"]) == (401, "UNAUTHENTICATED")


# --- Signing in ------------------------------------------------------------------------------


async def test_a_token_becomes_a_session(browser: Browser, logged: list[Any]) -> None:
    """Whoever signs in with a token asks with the cookie from then on, as who the token says."""
    seen = await browser.sign_in(token("operator", org="acme"))
    assert seen == await browser.session()
    assert (seen["signed_in"], seen["subject"], seen["org"]) == (True, "ana", "acme")
    assert (seen["role"], seen["way"], seen["areas"]) == ("operator", "token", None)
    assert seen["expires_at"] == "2026-03-02T20:00:00.000Z"
    assert browser.set[COOKIE]["max-age"] == str(8 * 3600)
    assert (await browser.ask("GET", "/lists")).status_code == 200
    assert {"event": "signed_in", "org": "acme", "by": "ana", "way": "token"}.items() <= next(
        line.items() for line in logged if line["event"] == "signed_in"
    )


async def test_a_session_ends_after_eight_hours_whatever_is_done(browser: Browser) -> None:
    """No request makes it longer, and after its end one is asked to sign in again."""
    await browser.sign_in(token())
    await browser.rig.clock.sleep(8 * 3600 - 1)
    assert (await browser.ask("GET", "/lists")).status_code == 200
    again = await browser.ask("POST", "/session")
    assert (again.status_code, again.json()["code"]) == (401, "UNAUTHENTICATED")
    await browser.rig.clock.sleep(1)
    ended = await browser.ask("GET", "/lists")
    assert (ended.status_code, ended.json()["code"]) == (401, "UNAUTHENTICATED")
    assert "sign in again" in ended.json()["detail"]
    assert await browser.session() == NOBODY


async def test_a_session_ends_with_its_token(browser: Browser) -> None:
    """A token of an hour gives no session of eight."""
    now = datetime.now(UTC)
    browser.rig.clock.advance(now - browser.rig.clock.now())
    seen = await browser.sign_in(token())
    ends = datetime.fromisoformat(seen["expires_at"])
    assert now + timedelta(minutes=59) < ends <= now + timedelta(minutes=61)
    assert int(browser.set[COOKIE]["max-age"]) <= 3600
    browser.rig.clock.advance(ends - now)
    assert await browser.session() == NOBODY


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer x", "Basic YTpi", "Bearer a.b.c"])
async def test_who_proves_nothing_gets_no_session(browser: Browser, authorization: str) -> None:
    """Signing in without a token that counts is 401, and no cookie is set."""
    answer = await browser.ask("POST", "/session", authorization=authorization)
    assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")
    assert browser.cookies == {}


# --- API keys --------------------------------------------------------------------------------


async def test_a_key_signs_in_as_the_key_that_it_is(browser: Browser) -> None:
    """A session of an API key has the key's role and areas."""
    made = await make(browser.rig, role="viewer", areas=["lists"])
    seen = await browser.sign_in(bearer(made["token"]))
    assert (seen["subject"], seen["way"]) == (f"key:{made['id']}", "key")
    assert (seen["role"], seen["areas"]) == ("viewer", ["lists"])
    assert (await browser.ask("GET", "/lists")).status_code == 200
    other = await browser.ask("GET", "/campaigns")
    assert (other.status_code, other.json()["code"]) == (403, "FORBIDDEN")


async def test_a_revoked_key_ends_its_sessions_at_once(browser: Browser) -> None:
    """The next request after the revocation is refused."""
    made = await make(browser.rig)
    await browser.sign_in(bearer(made["token"]))
    assert (await browser.ask("GET", "/lists")).status_code == 200
    admin = {"authorization": token("admin")}
    await browser.rig.http.delete(f"/api-keys/{made['id']}", headers=admin)
    assert (await browser.ask("GET", "/lists")).status_code == 401
    assert await browser.session() == NOBODY


async def test_a_key_s_end_is_its_sessions_end(browser: Browser) -> None:
    """A key that expires within eight hours ends its session then."""
    made = await make(browser.rig, expires_at="2026-03-02T13:00:00Z")
    seen = await browser.sign_in(bearer(made["token"]))
    assert seen["expires_at"] == "2026-03-02T13:00:00.000Z"
    assert (await browser.session())["expires_at"] == seen["expires_at"]
    await browser.rig.clock.sleep(3600)
    assert await browser.session() == NOBODY


async def test_keys_cannot_be_guessed_by_signing_in(browser: Browser) -> None:
    """Wrong keys are refused more and more slowly here as well."""
    answers = []
    for n in range(12):
        key = f"Bearer clarion_acme_{'0' * 16}_{n:064x}"
        answers.append(await browser.ask("POST", "/session", authorization=key))
    assert [each.status_code for each in answers] == [401] * 5 + [429] * 7
    assert int(answers[-1].headers["retry-after"]) > 0


# --- Signing out -----------------------------------------------------------------------------


async def test_signing_out_takes_the_cookie_away(browser: Browser) -> None:
    """After it the browser is a stranger's; once more does no harm."""
    await browser.sign_in(token())
    for _ in range(2):
        answer = await browser.ask("DELETE", "/session")
        assert (answer.status_code, answer.json()) == (200, {"end_session_url": None})
        assert browser.cookies == {}
        assert await browser.session() == NOBODY


# --- What sessions cost ----------------------------------------------------------------------


async def test_a_session_counts_to_its_organisation_s_rate(make_rig: MakeRig) -> None:
    """Asking who is signed in is a request like any other; a stranger's counts for nobody."""
    browser = Browser(make_rig(**SIGN_IN, api_rate_per_s=1))
    await browser.sign_in(token())
    answers = [await browser.ask("GET", "/session") for _ in range(4)]
    assert [each.status_code for each in answers] == [200, 200, 429, 429]
    assert answers[0].headers["ratelimit"].startswith('"organisation";r=1;')
    browser.cookies.clear()
    assert (await browser.session())["signed_in"] is False


async def test_off_needs_no_secret_and_jwt_alone_signs_nobody_in(jwt_rig: Rig) -> None:
    """A cookie counts for nothing where nobody can sign in."""
    answer = await jwt_rig.get("/lists", cookie=f"{COOKIE}=x", sec_fetch_site="same-origin")
    assert (answer.status_code, answer.json()["detail"]) == (
        401,
        "This needs an Authorization header with a bearer token.",
    )
    assert JWT["auth_mode"] == "jwt"
