"""Callers are who their tokens say, and nobody else."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
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
from functions.web.jwks import KeysUnavailableError
from tests.clock import MovedClock
from tests.web.key_server import (
    KeyServer,
    ec_key,
    forged,
    in_seconds,
    jwk,
    public_pem,
    rsa_key,
    serve_keys,
    signed,
)

SECRET = "correct horse battery staple, 32 bytes and more"
ISSUER = "https://id.example"
AUDIENCE = "clarion"
ANA = Caller("ana", "acme", Role.OPERATOR)


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """Give a real HTTP client."""
    async with httpx.AsyncClient() as client:
        yield client


@pytest.fixture
def clock() -> MovedClock:
    """Give a clock that the test moves."""
    return MovedClock(datetime.now(UTC))


@pytest.fixture
def keys() -> Iterator[KeyServer]:
    """Serve the RSA key "a" and the P-256 key "e"."""
    with serve_keys() as server:
        server.document = {"keys": [jwk("a", rsa_key("a")), jwk("e", ec_key("e"))]}
        yield server


@pytest.fixture
def local(http: httpx.AsyncClient, clock: MovedClock) -> Authenticator:
    """Give the authenticator of AUTH_MODE=off."""
    return Authenticator(load_settings(_env_file=None), http=http, clock=clock)


@pytest.fixture
def shared(http: httpx.AsyncClient, clock: MovedClock) -> Authenticator:
    """Give the authenticator of a shared secret."""
    settings = load_settings(
        _env_file=None,
        auth_mode="jwt",
        jwt_secret=SECRET,
        jwt_issuer=ISSUER,
        jwt_audience=AUDIENCE,
    )
    return Authenticator(settings, http=http, clock=clock)


@pytest.fixture
def published(http: httpx.AsyncClient, clock: MovedClock, keys: KeyServer) -> Authenticator:
    """Give the authenticator of published keys."""
    settings = load_settings(
        _env_file=None,
        auth_mode="jwt",
        jwt_jwks_url=keys.url,
        jwt_issuer=ISSUER,
        jwt_audience=AUDIENCE,
    )
    return Authenticator(settings, http=http, clock=clock)


def claims(**changes: Any) -> dict[str, Any]:
    """Give the claims of a good token, changed; None leaves one out."""
    good = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "iat": in_seconds(0),
        "exp": in_seconds(3600),
        "sub": "ana",
        "org": "acme",
        "role": "operator",
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def by_secret(**changes: Any) -> str:
    """Sign a token with the shared secret."""
    return signed(claims(**changes), SECRET, algorithm="HS256")


async def call(authenticator: Authenticator, token: str, **headers: str) -> Caller:
    """Ask who sends a request with this bearer token."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return await authenticator.caller({"authorization": f"Bearer {token}", **headers}, "192.0.2.1")


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
        {"sub": "a" * 256},
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


# --- jwt, published keys ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "kid", "algorithm"), [(rsa_key("a"), "a", "RS256"), (ec_key("e"), "e", "ES256")]
)
async def test_a_published_key_signs(
    published: Authenticator, key: Any, kid: str, algorithm: str
) -> None:
    """RS256 and ES256 tokens of a published key are taken."""
    assert await call(published, signed(claims(), key, kid=kid, algorithm=algorithm)) == ANA


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(signed(claims(), rsa_key("b")), id="another key under a known id"),
        pytest.param(signed(claims(), rsa_key("b"), kid="b"), id="unknown id"),
        pytest.param(signed(claims(), ec_key("e"), algorithm="ES256"), id="ES256 for an RSA key"),
        pytest.param(signed(claims(), rsa_key("a"), algorithm="RS512"), id="another algorithm"),
        pytest.param(signed(claims(aud="another"), rsa_key("a")), id="another audience"),
        pytest.param(signed(claims(iss="https://evil.example"), rsa_key("a")), id="issuer"),
        pytest.param(signed(claims(exp=in_seconds(-99)), rsa_key("a")), id="expired"),
        pytest.param(forged({"alg": "none", "kid": "a"}, claims()), id="alg none"),
        pytest.param(
            forged({"alg": "HS256", "kid": "a"}, claims(), public_pem(rsa_key("a"))),
            id="the public key taken for a shared secret",
        ),
        pytest.param(forged({"alg": "RS256"}, claims()), id="no id"),
        pytest.param(forged({"alg": "RS256", "kid": ["a"]}, claims()), id="an id that is no text"),
    ],
)
async def test_a_token_that_no_published_key_signed_is_refused(
    published: Authenticator, token: str
) -> None:
    """Neither another key nor a trick with the algorithm gets in."""
    with pytest.raises(UnauthenticatedError):
        await call(published, token)


async def test_a_published_shared_secret_does_not_count(
    published: Authenticator, keys: KeyServer
) -> None:
    """Keys for other algorithms or uses in a key set are left aside."""
    encryption = jwk("b", rsa_key("b")) | {"use": "enc"}
    keys.document["keys"] += [{"kty": "oct", "k": "c2VjcmV0", "kid": "s"}, encryption]
    for token in (
        forged({"alg": "HS256", "kid": "s"}, claims(), b"secret"),
        signed(claims(), rsa_key("b"), kid="b"),
    ):
        with pytest.raises(UnauthenticatedError):
            await call(published, token)


async def test_keys_are_fetched_once(published: Authenticator, keys: KeyServer) -> None:
    """Many requests at once, and later ones within max-age, share one fetch."""
    token = signed(claims(), rsa_key("a"))
    await asyncio.gather(*(call(published, token) for _ in range(10)))
    await call(published, token)
    assert keys.fetches == 1


async def test_keys_are_fetched_again_after_max_age(
    published: Authenticator, keys: KeyServer, clock: MovedClock
) -> None:
    """A key that the provider withdrew stops counting when max-age has passed."""
    token = signed(claims(), rsa_key("a"))
    await call(published, token)
    keys.document = {"keys": [jwk("b", rsa_key("b"))]}
    clock.advance(timedelta(seconds=20_001))
    with pytest.raises(UnauthenticatedError):
        await call(published, token)
    assert keys.fetches == 2


async def test_a_new_key_is_found(
    published: Authenticator, keys: KeyServer, clock: MovedClock
) -> None:
    """A token of a key that was published later fetches the keys again."""
    await call(published, signed(claims(), rsa_key("a")))
    keys.document["keys"].append(jwk("b", rsa_key("b")))
    clock.advance(timedelta(minutes=1))
    assert await call(published, signed(claims(), rsa_key("b"), kid="b")) == ANA
    assert keys.fetches == 2


async def test_forged_key_ids_fetch_once_a_minute(
    published: Authenticator, keys: KeyServer, clock: MovedClock
) -> None:
    """A flood of made-up key ids does not become a flood of fetches."""
    for minute in range(3):
        for number in range(5):
            with pytest.raises(UnauthenticatedError):
                await call(published, signed(claims(), rsa_key("b"), kid=f"{minute}-{number}"))
        clock.advance(timedelta(minutes=1))
    assert keys.fetches == 3


async def test_a_provider_that_is_down_is_not_the_caller_s_fault(
    published: Authenticator, keys: KeyServer, clock: MovedClock
) -> None:
    """Without keys nobody can be judged, which is no refusal; five seconds later we try again."""
    token = signed(claims(), rsa_key("a"))
    keys.status = 503
    for _ in range(3):
        with pytest.raises(KeysUnavailableError, match=keys.url):
            await call(published, token)
    assert keys.fetches == 1
    keys.status = 200
    clock.advance(timedelta(seconds=5))
    assert await call(published, token) == ANA


async def test_known_keys_outlive_a_short_outage(
    published: Authenticator, keys: KeyServer, clock: MovedClock
) -> None:
    """While the provider is down its keys count for an hour longer, and no longer."""
    token = signed(claims(), rsa_key("a"))
    await call(published, token)
    keys.status = 500
    clock.advance(timedelta(seconds=20_000 + 3599))
    assert await call(published, token) == ANA
    clock.advance(timedelta(seconds=5))
    with pytest.raises(KeysUnavailableError):
        await call(published, token)


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
