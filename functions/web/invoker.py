"""Whether a request comes from our scheduler or task queue: by Google's identity, nothing else.

Headers such as X-CloudScheduler or X-CloudTasks-TaskName prove nothing: anybody can send them.
"""

from collections.abc import Mapping
from typing import Any, assert_never

import httpx

from functions.engine.ports.clock import Clock
from functions.settings.model import Settings
from functions.settings.urls import is_loopback_url
from functions.web.auth import (
    SKEW_S,
    ForbiddenError,
    UnauthenticatedError,
    bearer,
    key_id,
    require_local,
)
from functions.web.jwks import KeyRing, read_certificates

CERTIFICATES_URL = "https://www.googleapis.com/oauth2/v1/certs"
ISSUERS = ("https://accounts.google.com", "accounts.google.com")


class Invoker:
    """Admits the one service account of INVOKER_SERVICE_ACCOUNT, by INVOKER_AUTH.

    off: only this machine, and nobody where PUBLIC_BASE_URL leads others to it. oidc: Google's ID
    token, fully verified here. iam: Cloud Run has verified the token and removed its signature;
    the account is still checked here, for others may be allowed to call the service. The service
    must require authentication.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        http: httpx.AsyncClient,
        clock: Clock,
        certificates_url: str = CERTIFICATES_URL,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._certificates = KeyRing(certificates_url, read_certificates, http=http, clock=clock)

    async def verify(self, headers: Mapping[str, str], client_host: str | None) -> None:
        """Admit a request by its headers (names in lower case) and its peer's address.

        Raises UnauthenticatedError, ForbiddenError (off) or KeysUnavailableError (oidc).
        """
        match self._settings.invoker_auth:
            case "off":
                self._require_local(headers, client_host)
            case "oidc":
                self._check(await self._verified(bearer(headers)))
            case "iam":
                self._check(self._stripped(headers))
            case mode:
                assert_never(mode)

    def _require_local(self, headers: Mapping[str, str], client_host: str | None) -> None:
        # Whom a proxy on this machine hands on may look local; nobody of ours comes by it.
        if not is_loopback_url(self._settings.public_base_url):
            raise ForbiddenError("Where PUBLIC_BASE_URL is public this needs INVOKER_AUTH=oidc.")
        require_local(headers, client_host)

    async def _verified(self, token: str) -> Mapping[str, Any]:
        certificate = await self._certificates.find(key_id(token))
        if certificate is None:
            raise UnauthenticatedError("The token is signed with a key that Google has not.")
        return _claims(token, certificate)

    def _stripped(self, headers: Mapping[str, str]) -> Mapping[str, Any]:
        # Where this header is present Cloud Run checks it, and passes Authorization on unchecked.
        if "x-serverless-authorization" in headers:
            raise UnauthenticatedError("X-Serverless-Authorization is not taken.")
        claims = _claims(bearer(headers), None)
        expires, now = claims.get("exp"), self._clock.now().timestamp()
        if not isinstance(expires, int | float) or not now < expires + SKEW_S:
            raise UnauthenticatedError("The token has expired.")
        return claims

    def _check(self, claims: Mapping[str, Any]) -> None:
        audience = self._settings.invoker_audience
        if claims.get("iss") not in ISSUERS:
            raise UnauthenticatedError("The token is not issued by Google.")
        if audience and claims.get("aud") != audience:
            raise UnauthenticatedError("The token is made for another audience.")
        if claims.get("email_verified") is not True:
            raise UnauthenticatedError("The token's e-mail address is not verified.")
        if claims.get("email") != self._settings.invoker_service_account:
            raise UnauthenticatedError("The token is not of the invoker's service account.")


def _claims(token: str, certificate: str | None) -> Mapping[str, Any]:
    """Read a token, verified with a certificate if given. A refusal repeats nothing of use."""
    from google.auth import exceptions, jwt

    try:
        claims: Mapping[str, Any] = jwt.decode(  # type: ignore[no-untyped-call] # has no types
            token, certificate, verify=certificate is not None, clock_skew_in_seconds=SKEW_S
        )
    except exceptions.InvalidValue as error:  # expired, not valid yet, or another algorithm
        raise UnauthenticatedError(f"The token is refused: {error}.") from None
    except (exceptions.GoogleAuthError, ValueError, TypeError, RecursionError):
        raise UnauthenticatedError("The token is malformed or not signed by Google.") from None
    return claims
