"""What the tests of callers are given: an authenticator of each mode."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import httpx
import pytest

from functions.settings.load import load_settings
from functions.web.auth import Authenticator
from tests.clock import MovedClock
from tests.web.auth.key_server import KeyServer, ec_key, jwk, rsa_key, serve_keys
from tests.web.auth.tokens import AUDIENCE, ISSUER, SECRET


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
