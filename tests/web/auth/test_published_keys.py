"""Tokens signed by an identity provider that publishes its keys."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from functions.web.auth import (
    Authenticator,
    UnauthenticatedError,
)
from functions.web.jwks import KeysUnavailableError
from tests.clock import MovedClock
from tests.web.auth.key_server import (
    KeyServer,
    ec_key,
    forged,
    in_seconds,
    jwk,
    public_pem,
    rsa_key,
    signed,
)
from tests.web.auth.tokens import (
    ANA,
    call,
    claims,
)


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
