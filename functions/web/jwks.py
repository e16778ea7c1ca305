"""The public keys that an identity provider publishes, cached by key id."""

import asyncio
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import httpx
import structlog

from functions.engine.ports.clock import Clock

if TYPE_CHECKING:
    from jwt import PyJWK

Key = TypeVar("Key")

ALGORITHMS = ("RS256", "ES256")
REFETCH_PAUSE = timedelta(minutes=1)  #: between two fetches for unknown key ids
RETRY_PAUSE = timedelta(seconds=5)  #: after a fetch that failed
STALE_FOR = timedelta(hours=1)  #: how long keys outlive their max-age while fetches fail
DEFAULT_AGE = timedelta(hours=1)
LONGEST_AGE = timedelta(days=1)

log = structlog.get_logger()


class KeysUnavailableError(Exception):
    """The identity provider does not answer, so nobody can tell whether a token is good."""

    def __init__(self, url: str) -> None:
        super().__init__(f"The keys that tokens are checked with cannot be fetched from {url}.")
        self.url = url


class KeyRing(Generic[Key]):
    """Keys by id, fetched when one is needed and kept for as long as the answer's max-age says.

    An unknown id is most likely a new key and fetches once more, but at most once a minute:
    forged ids must not turn us against the provider. Requests at once share one fetch.
    """

    def __init__(
        self,
        url: str,
        read: Callable[[Any], Mapping[str, Key]],
        *,
        http: httpx.AsyncClient,
        clock: Clock,
    ) -> None:
        self._url = url
        self._read = read
        self._http = http
        self._clock = clock
        self._lock = asyncio.Lock()
        self._keys: Mapping[str, Key] = {}
        self._fresh_until = self._next_fetch_at = datetime(1970, 1, 1, tzinfo=UTC)

    async def find(self, key_id: str) -> Key | None:
        """Return the key of that id, None if the provider has none.

        Raises KeysUnavailableError where that cannot be known.
        """
        if self._must_fetch(key_id):
            async with self._lock:
                if self._must_fetch(key_id):  # another request may just have done it
                    await self._fetch()
        return self._known(key_id)

    def _must_fetch(self, key_id: str) -> bool:
        now = self._clock.now()
        wanted = now >= self._fresh_until or key_id not in self._keys
        return wanted and now >= self._next_fetch_at

    async def _fetch(self) -> None:
        now = self._clock.now()
        try:
            response = (await self._http.get(self._url)).raise_for_status()
            self._keys = self._read(response.json())
        except (httpx.HTTPError, ValueError) as error:
            log.warning("keys_fetch_failed", url=self._url, error=repr(error))
            self._next_fetch_at = now + RETRY_PAUSE
            return
        self._fresh_until = now + max_age(response.headers.get("cache-control", ""))
        self._next_fetch_at = now + REFETCH_PAUSE

    def _known(self, key_id: str) -> Key | None:
        now = self._clock.now()
        if key_id in self._keys and now < self._fresh_until + STALE_FOR:
            return self._keys[key_id]
        if now < self._fresh_until:
            return None
        raise KeysUnavailableError(self._url)


def max_age(cache_control: str) -> timedelta:
    """Return how long an answer may be kept, between a minute and a day."""
    found = re.search(r"(?:^|[\s,])max-age=(\d{1,9})", cache_control)
    age = timedelta(seconds=int(found[1])) if found else DEFAULT_AGE
    return min(max(age, REFETCH_PAUSE), LONGEST_AGE)


def read_jwks(document: Any) -> "dict[str, PyJWK]":
    """Read a JSON Web Key Set: its RS256 and ES256 signing keys. Raises ValueError."""
    from jwt import PyJWKSet, PyJWTError

    keys = document.get("keys") if isinstance(document, dict) else None
    try:
        usable = PyJWKSet(keys or []).keys
    except PyJWTError as error:
        raise ValueError(str(error)) from error
    return {key.key_id: key for key in usable if isinstance(key.key_id, str) and _signs(key)}


def _signs(key: "PyJWK") -> bool:
    return key.algorithm_name in ALGORITHMS and key.public_key_use in {None, "sig"}


def read_certificates(document: Any) -> dict[str, str]:
    """Read Google's certificates, PEM by key id. Raises ValueError."""
    if not isinstance(document, dict) or not all(isinstance(pem, str) for pem in document.values()):
        raise ValueError("Certificates must be a JSON object of PEM texts.")
    return document
