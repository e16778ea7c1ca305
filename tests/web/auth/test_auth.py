"""Callers are who their tokens say, and nobody else."""

from typing import Any

import httpx
import pytest

from functions.settings.load import load_settings
from functions.web.auth import (
    Authenticator,
    Caller,
    ForbiddenError,
    InvalidOrgError,
    Role,
    UnauthenticatedError,
)
from tests.clock import MovedClock
from tests.web.auth.key_server import (
    forged,
    in_seconds,
    signed,
)
from tests.web.auth.tokens import (
    ANA,
    SECRET,
    by_secret,
    call,
    claims,
)

# --- off -------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", None])
async def test_off_makes_this_machine_an_admin(local: Authenticator, host: str | None) -> None:
    """Without authentication a request of this machine or process is an admin of "default"."""
    assert await local.caller({}, host) == Caller("local", "default", Role.ADMIN)


async def test_off_takes_the_org_from_a_header(local: Authenticator) -> None:
    """Without authentication X-Org-Id picks the org."""
    assert (await local.caller({"x-org-id": "acme_2-b"}, "127.0.0.1")).org == "acme_2-b"


@pytest.mark.parametrize("org", ["", "a/b", "..", "é", "a" * 65, "a\n", "a b", "__a__"])
async def test_off_refuses_what_is_no_org(local: Authenticator, org: str) -> None:
    """An X-Org-Id that could name another path is refused."""
    with pytest.raises(InvalidOrgError, match="X-Org-Id"):
        await local.caller({"x-org-id": org}, "127.0.0.1")


@pytest.mark.parametrize("host", ["192.0.2.1", "10.0.0.5", "2001:db8::1", "", "testclient"])
async def test_off_refuses_other_machines(local: Authenticator, host: str) -> None:
    """Without authentication no other machine is answered."""
    with pytest.raises(ForbiddenError):
        await local.caller({}, host)


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded"])
async def test_off_refuses_what_a_tunnel_hands_on(local: Authenticator, header: str) -> None:
    """A tunnel that ends on this machine does not open it to the world."""
    with pytest.raises(ForbiddenError):
        await local.caller({header: "127.0.0.1"}, "127.0.0.1")


# --- jwt, shared secret ----------------------------------------------------------------------


async def test_a_signed_token_names_the_caller(shared: Authenticator) -> None:
    """A token signed with the secret tells subject, org and role."""
    assert await call(shared, by_secret()) == ANA


async def test_a_header_cannot_change_the_org(shared: Authenticator) -> None:
    """The org comes from the token alone: X-Org-Id is not looked at."""
    assert await call(shared, by_secret(), x_org_id="other") == ANA


async def test_issuer_and_audience_count_only_where_set(
    http: httpx.AsyncClient, clock: MovedClock
) -> None:
    """Without JWT_ISSUER and JWT_AUDIENCE a token of any issuer and audience is taken."""
    settings = load_settings(_env_file=None, auth_mode="jwt", jwt_secret=SECRET)
    authenticator = Authenticator(settings, http=http, clock=clock)
    for token in (by_secret(), by_secret(iss=None, aud=None)):
        assert await call(authenticator, token) == ANA


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": in_seconds(-3600)},
        {"exp": None},
        {"exp": "soon"},
        {"nbf": in_seconds(3600)},
        {"iat": in_seconds(3600)},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "another"},
        {"aud": None},
        {"sub": None},
        {"sub": ""},
        {"sub": "a" * 201},
        {"org": None},
        {"org": "a/b"},
        {"org": "__acme__"},
        {"org": ""},
        {"org": "acme\n"},
        {"org": 7},
        {"org": ["acme"]},
        {"role": None},
        {"role": "root"},
        {"role": "ADMIN"},
        {"role": ["admin"]},
    ],
    ids=",".join,
)
async def test_a_signed_token_with_a_wrong_claim_is_refused(
    shared: Authenticator, changes: dict[str, Any]
) -> None:
    """Every claim that is missing, stale, foreign or malformed refuses the token."""
    with pytest.raises(UnauthenticatedError):
        await call(shared, by_secret(**changes))


async def test_without_a_secret_no_token_counts(http: httpx.AsyncClient, clock: MovedClock) -> None:
    """A function that is given no secret takes no token, not even one signed with an empty one."""
    blank = load_settings("health", _env_file=None, **SPLIT)
    authenticator = Authenticator(blank, http=http, clock=clock)
    for secret in (b"", SECRET.encode()):
        with pytest.raises(UnauthenticatedError):
            await call(authenticator, forged({"alg": "HS256"}, claims(), secret))


#: As on Cloud Run: the functions are processes of their own.
SPLIT = {
    "auth_mode": "jwt",
    "queue_url": "cloudtasks://p/l/q",
    "voice_provider": "plivo",
    "plivo_auth_id": "MA0",
    "plivo_api_url": "http://127.0.0.1:1",
}


async def test_another_secret_is_refused(shared: Authenticator) -> None:
    """A token signed with another secret is refused."""
    with pytest.raises(UnauthenticatedError, match="Signature"):
        await call(shared, signed(claims(), "x" * 40, algorithm="HS256"))


@pytest.mark.parametrize("algorithm", ["none", "None", "HS512", "RS256", "", 7])
async def test_only_hs256_goes_with_the_secret(shared: Authenticator, algorithm: Any) -> None:
    """The token's own idea of its algorithm is never followed."""
    with pytest.raises(UnauthenticatedError):
        await call(shared, forged({"alg": algorithm}, claims()))


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "Bearer x",
        "Bearer a.b.c",
        "Bearer ..",
        "Bearer é.ü.ß",
    ],
)
async def test_garbage_is_refused(
    shared: Authenticator, published: Authenticator, authorization: str
) -> None:
    """What is no bearer token is refused, and never an error of ours."""
    for authenticator in (shared, published):
        with pytest.raises(UnauthenticatedError):
            await authenticator.caller({"authorization": authorization}, "127.0.0.1")


async def test_a_request_without_a_token_is_refused(shared: Authenticator) -> None:
    """No Authorization header, no caller: not even from this machine."""
    with pytest.raises(UnauthenticatedError, match="bearer token"):
        await shared.caller({"x-org-id": "acme"}, "127.0.0.1")


async def test_a_refusal_holds_no_part_of_the_token(shared: Authenticator) -> None:
    """A refusal is written to logs and answers, so it repeats nothing of the token."""
    token = by_secret(aud="another")
    with pytest.raises(UnauthenticatedError) as caught:
        await call(shared, token)
    assert not any(part in str(caught.value) for part in token.split("."))
    assert SECRET not in str(caught.value)


# --- roles -----------------------------------------------------------------------------------


def test_roles_build_on_one_another() -> None:
    """A viewer may do less than an operator, an operator less than an admin."""
    assert [[mine.covers(needed) for needed in Role] for mine in Role] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]


def test_a_caller_without_the_role_is_told_which_it_needs() -> None:
    """What the role does not cover is refused by name."""
    ANA.require(Role.VIEWER)
    ANA.require(Role.OPERATOR)
    with pytest.raises(ForbiddenError, match="needs the role admin; yours is operator"):
        ANA.require(Role.ADMIN)
