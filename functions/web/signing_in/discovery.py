"""Where the identity provider is and what it can do, as it tells itself (OpenID Discovery 1.0)."""

import asyncio
from datetime import UTC, datetime
from typing import Any, Final

import httpx
import structlog
from pydantic import BaseModel, ValidationError

from functions.engine.ports.clock import Clock
from functions.settings.urls import is_safe_url
from functions.web.jwks import RETRY_PAUSE, max_age

log = structlog.get_logger()

#: Where we or a browser go, as the document says.
_ENDPOINTS: Final = {
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
    "end_session_endpoint",
}
_PATH: Final = "/.well-known/openid-configuration"


class DiscoveryError(Exception):
    """What the provider publishes cannot be fetched, or is not to be trusted."""


class Metadata(BaseModel):
    """What we need of the document."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str | None = None
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]

    @property
    def takes_secret_in_header(self) -> bool:
        """Whether we may prove who we are by HTTP Basic, which every provider should know."""
        return "client_secret_basic" in self.token_endpoint_auth_methods_supported


class Discovery:
    """The document of one issuer, fetched when it is needed and kept for its max-age.

    While the provider does not answer the last one counts. Requests at once share one fetch, and
    after one that failed there is a pause: strangers must not turn us against the provider.
    """

    def __init__(self, issuer: str, *, http: httpx.AsyncClient, clock: Clock) -> None:
        self._issuer = issuer
        self._http = http
        self._clock = clock
        self._lock = asyncio.Lock()
        self._known: Metadata | None = None
        self._failure = ""
        self._next_fetch_at = datetime(1970, 1, 1, tzinfo=UTC)

    async def metadata(self) -> Metadata:
        """Return what the provider publishes. Raises DiscoveryError."""
        async with self._lock:
            if self._clock.now() >= self._next_fetch_at:
                await self._fetch()
        if self._known is None:
            raise DiscoveryError(self._failure)
        return self._known

    async def _fetch(self) -> None:
        now, url = self._clock.now(), self._issuer.rstrip("/") + _PATH
        try:
            answer = (await self._http.get(url)).raise_for_status()
            self._known = self._read(answer.json())
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, DiscoveryError) as error:
            self._failure = f"{url}: {error or type(error).__name__}"
            log.warning("discovery_failed", url=url, error=repr(error))
            self._next_fetch_at = now + RETRY_PAUSE
            return
        self._next_fetch_at = now + max_age(answer.headers.get("cache-control", ""))

    def _read(self, document: Any) -> Metadata:
        try:
            found = Metadata.model_validate(document)
        except ValidationError as error:
            names = ", ".join(str(each["loc"][0]) for each in error.errors() if each["loc"])
            raise DiscoveryError(f"says nothing usable of {names or 'anything'}") from None
        if found.issuer != self._issuer:
            raise DiscoveryError(f"calls itself {found.issuer!r}: write OIDC_ISSUER just so")
        for name, url in found.model_dump(include=_ENDPOINTS, exclude_none=True).items():
            if not is_safe_url(url):
                raise DiscoveryError(f"names a {name} without TLS")
        return found
