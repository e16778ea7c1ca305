"""Only our scheduler and our task queue get at the functions that work for them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import httpx
import pytest

from functions.settings.load import load_settings
from functions.web.auth import ForbiddenError, UnauthenticatedError
from functions.web.invoker import Invoker
from functions.web.jwks import KeysUnavailableError
from tests.clock import MovedClock
from tests.web.auth.key_server import (
    KeyServer,
    certificate,
    ec_key,
    forged,
    in_seconds,
    public_pem,
    rsa_key,
    serve_keys,
    signed,
)

ACCOUNT = "invoker@clarion.iam.gserviceaccount.com"
AUDIENCE = "https://clarion.example"
#: What Cloud Run puts in place of a signature that it has checked.
REMOVED = "SIGNATURE_REMOVED_BY_GOOGLE"

MakeInvoker: TypeAlias = Callable[..., Invoker]


@pytest.fixture
def clock() -> MovedClock:
    """Give a clock that the test moves."""
    return MovedClock(datetime.now(UTC))


@pytest.fixture
def google() -> Iterator[KeyServer]:
    """Serve the certificate of the key "a"."""
    with serve_keys() as server:
        server.document = {"a": certificate(rsa_key("a"))}
        yield server


@pytest.fixture
async def make_invoker(google: KeyServer, clock: MovedClock) -> AsyncIterator[MakeInvoker]:
    """Give a function that makes an invoker check from settings."""
    async with httpx.AsyncClient() as http:

        def make(**settings: Any) -> Invoker:
            read = load_settings(_env_file=None, **settings)
            return Invoker(read, http=http, clock=clock, certificates_url=google.url)

        yield make


@pytest.fixture
def local(make_invoker: MakeInvoker) -> Invoker:
    """Give the check of INVOKER_AUTH=off."""
    return make_invoker()


@pytest.fixture
def oidc(make_invoker: MakeInvoker) -> Invoker:
    """Give the check of INVOKER_AUTH=oidc."""
    return make_invoker(
        invoker_auth="oidc", invoker_service_account=ACCOUNT, invoker_audience=AUDIENCE
    )


@pytest.fixture
def iam(make_invoker: MakeInvoker) -> Invoker:
    """Give the check of INVOKER_AUTH=iam, on Cloud Run as it must be."""
    return make_invoker(
        invoker_auth="iam",
        invoker_service_account=ACCOUNT,
        invoker_audience=AUDIENCE,
        k_service="clarion",
        store_url="firestore://clarion",
        queue_url="cloudtasks://clarion/europe-west1/tasks",
        public_base_url=AUDIENCE,
        auth_mode="jwt",
        jwt_secret="x" * 32,
        voice_provider="plivo",
        plivo_auth_id="MA0",
        plivo_auth_token="token",
    )


def claims(**changes: Any) -> dict[str, Any]:
    """Give the claims of a good token, changed; None leaves one out."""
    good = {
        "iss": "https://accounts.google.com",
        "aud": AUDIENCE,
        "sub": "100000000000000000001",
        "email": ACCOUNT,
        "email_verified": True,
        "iat": in_seconds(0),
        "exp": in_seconds(3600),
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def stripped(**changes: Any) -> str:
    """Make a token as Cloud Run hands it on."""
    token = signed(claims(**changes), rsa_key("a"))
    return f"{token.rpartition('.')[0]}.{REMOVED}"


async def verify(invoker: Invoker, token: str, **headers: str) -> None:
    """Ask whether a request with this bearer token is admitted."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    await invoker.verify({"authorization": f"Bearer {token}", **headers}, "192.0.2.1")


WRONG_CLAIMS = [
    {"aud": "https://other.example"},
    {"aud": None},
    {"aud": [AUDIENCE, "https://other.example"]},
    {"exp": in_seconds(-3600)},
    {"exp": None},
    {"exp": "soon"},
    {"email": "somebody@clarion.iam.gserviceaccount.com"},
    {"email": ACCOUNT.upper()},
    {"email": None},
    {"email_verified": False},
    {"email_verified": "true"},
    {"email_verified": None},
    {"iss": "https://evil.example"},
    {"iss": None},
    {"iss": "https://accounts.google.com.evil.example"},
]


# --- off -------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", None])
async def test_off_admits_this_machine(local: Invoker, host: str | None) -> None:
    """Without authentication the local queue and the local check are admitted."""
    await local.verify({}, host)


async def test_off_refuses_other_machines(local: Invoker) -> None:
    """Without authentication no other machine is admitted, directly or through a tunnel."""
    with pytest.raises(ForbiddenError):
        await local.verify({}, "192.0.2.1")
    with pytest.raises(ForbiddenError):
        await local.verify({"x-forwarded-for": "192.0.2.1"}, "127.0.0.1")


async def test_off_refuses_everybody_where_others_are_led_here(make_invoker: MakeInvoker) -> None:
    """A proxy that marks nothing hands on strangers as if they were local: they see no campaign."""
    with pytest.raises(ForbiddenError, match="INVOKER_AUTH=oidc"):
        await make_invoker(public_base_url=AUDIENCE, auth_mode="jwt", jwt_secret="x" * 32).verify(
            {"host": "127.0.0.1:8080"}, "127.0.0.1"
        )


# --- oidc ------------------------------------------------------------------------------------


@pytest.mark.parametrize("issuer", ["https://accounts.google.com", "accounts.google.com"])
async def test_google_s_token_of_our_account_is_admitted(oidc: Invoker, issuer: str) -> None:
    """A token that Google signed for our service account and our URL is admitted."""
    await verify(oidc, signed(claims(iss=issuer), rsa_key("a")))


@pytest.mark.parametrize(
    "changes", [*WRONG_CLAIMS, {"iat": in_seconds(3600)}, {"iat": None}], ids=",".join
)
async def test_google_s_token_for_anything_else_is_refused(
    oidc: Invoker, changes: dict[str, Any]
) -> None:
    """Google signs tokens for everybody: account, audience, issuer and time must all be ours."""
    with pytest.raises(UnauthenticatedError):
        await verify(oidc, signed(claims(**changes), rsa_key("a")))


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(signed(claims(), rsa_key("b")), id="another key under Google's id"),
        pytest.param(signed(claims(), rsa_key("b"), kid="b"), id="unknown id"),
        pytest.param(signed(claims(), ec_key("e"), algorithm="ES256"), id="ES256 for an RSA key"),
        pytest.param(signed(claims(), rsa_key("a"), algorithm="RS512"), id="another algorithm"),
        pytest.param(forged({"alg": "none", "kid": "a"}, claims()), id="alg none"),
        pytest.param(
            forged({"alg": "HS256", "kid": "a"}, claims(), public_pem(rsa_key("a"))),
            id="the public key taken for a shared secret",
        ),
        pytest.param(
            forged({"alg": "HS256", "kid": "a"}, claims(), certificate(rsa_key("a")).encode()),
            id="the certificate taken for a shared secret",
        ),
        pytest.param(forged({"alg": "RS256"}, claims()), id="no key id"),
        pytest.param(forged({"alg": ["RS256"], "kid": "a"}, claims()), id="algorithm not a text"),
        pytest.param(forged({"alg": "RS256", "kid": {}}, claims()), id="key id not a text"),
        pytest.param(stripped(), id="signature removed"),
        pytest.param("x.y.z", id="garbage"),
        pytest.param("é.ü.ö", id="garbage beyond ASCII"),
        pytest.param("....", id="dots"),
        pytest.param("", id="nothing"),
    ],
)
async def test_what_google_did_not_sign_is_refused(oidc: Invoker, token: str) -> None:
    """Neither another key nor a trick with the algorithm gets in."""
    with pytest.raises(UnauthenticatedError):
        await verify(oidc, token)


@pytest.mark.parametrize("headers", [{}, {"authorization": ""}, {"authorization": "Basic YTpi"}])
async def test_task_and_scheduler_headers_prove_nothing(
    oidc: Invoker, iam: Invoker, headers: dict[str, str]
) -> None:
    """A request without a token is refused, whatever it says of itself and wherever it is from."""
    claimed = {"x-cloudscheduler": "true", "x-cloudtasks-taskname": "t", "user-agent": "Google"}
    for invoker in (oidc, iam):
        with pytest.raises(UnauthenticatedError, match="bearer token"):
            await invoker.verify(claimed | headers, "127.0.0.1")


async def test_a_refusal_holds_no_part_of_the_token(oidc: Invoker) -> None:
    """A refusal is written to logs and answers, so it repeats nothing of the token."""
    for token in (signed(claims(), rsa_key("b")), signed(claims(aud="x"), rsa_key("a")), "ab.cd"):
        with pytest.raises(UnauthenticatedError) as caught:
            await verify(oidc, token)
        assert not any(part in str(caught.value) for part in token.split("."))


async def test_certificates_are_fetched_once(oidc: Invoker, google: KeyServer) -> None:
    """Many requests at once, and later ones within max-age, share one fetch."""
    token = signed(claims(), rsa_key("a"))
    await asyncio.gather(*(verify(oidc, token) for _ in range(10)))
    await verify(oidc, token)
    assert google.fetches == 1


async def test_a_rotated_key_is_found(oidc: Invoker, google: KeyServer, clock: MovedClock) -> None:
    """A token of Google's next key fetches the certificates again."""
    await verify(oidc, signed(claims(), rsa_key("a")))
    google.document = {"b": certificate(rsa_key("b"))}
    clock.advance(timedelta(minutes=1))
    await verify(oidc, signed(claims(), rsa_key("b"), kid="b"))
    assert google.fetches == 2


async def test_forged_key_ids_fetch_once_a_minute(
    oidc: Invoker, google: KeyServer, clock: MovedClock
) -> None:
    """A flood of made-up key ids does not become a flood of fetches."""
    for minute in range(3):
        for number in range(5):
            with pytest.raises(UnauthenticatedError):
                await verify(oidc, signed(claims(), rsa_key("b"), kid=f"{minute}-{number}"))
        clock.advance(timedelta(minutes=1))
    assert google.fetches == 3


@pytest.mark.parametrize(
    ("status", "document"), [(503, {}), (302, {}), (200, []), (200, {"a": 1}), (200, None)]
)
async def test_without_certificates_nobody_is_admitted(
    oidc: Invoker, google: KeyServer, status: int, document: Any
) -> None:
    """While Google's certificates cannot be had, a good token is neither admitted nor refused."""
    google.status, google.document = status, document
    with pytest.raises(KeysUnavailableError):
        await verify(oidc, signed(claims(), rsa_key("a")))


# --- iam -------------------------------------------------------------------------------------


async def test_cloud_run_s_word_is_taken(iam: Invoker, google: KeyServer) -> None:
    """A token that Cloud Run checked and stripped of its signature is admitted, without a fetch."""
    await verify(iam, stripped())
    assert google.fetches == 0


@pytest.mark.parametrize("changes", WRONG_CLAIMS, ids=",".join)
async def test_cloud_run_s_word_for_anything_else_is_refused(
    iam: Invoker, changes: dict[str, Any]
) -> None:
    """Whoever else may call the service may not invoke the functions of scheduler and queue."""
    with pytest.raises(UnauthenticatedError):
        await verify(iam, stripped(**changes))


@pytest.mark.parametrize("token", ["x.y.z", "a.b", "é.ü.ö", "...", f"e30.W10.{REMOVED}"])
async def test_garbage_is_refused_on_cloud_run(iam: Invoker, token: str) -> None:
    """What is no token is refused, and never an error of ours."""
    with pytest.raises(UnauthenticatedError):
        await verify(iam, token)


async def test_an_unchecked_authorization_is_refused(iam: Invoker) -> None:
    """Where X-Serverless-Authorization is what Cloud Run checked, Authorization proves nothing."""
    with pytest.raises(UnauthenticatedError, match="X-Serverless-Authorization"):
        await verify(iam, stripped(), x_serverless_authorization=f"Bearer {stripped()}")


async def test_a_stripped_token_expires_by_our_clock(iam: Invoker, clock: MovedClock) -> None:
    """A token that was good an hour ago is refused."""
    token = stripped()
    clock.advance(timedelta(seconds=3600 + 31))
    with pytest.raises(UnauthenticatedError, match="expired"):
        await verify(iam, token)
