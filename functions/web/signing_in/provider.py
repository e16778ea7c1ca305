"""Signing in at an OpenID provider: code flow with PKCE, the code exchanged by us."""

from collections.abc import Mapping
from enum import StrEnum
from hmac import compare_digest
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

import httpx
import jwt

from functions.engine.ports.clock import Clock
from functions.settings.model import Settings
from functions.web.auth import SKEW_S, Caller, Role, UnauthenticatedError, key_id, named_caller
from functions.web.jwks import KeyRing, KeysUnavailableError, read_jwks
from functions.web.signing_in.discovery import Discovery, DiscoveryError, Metadata
from functions.web.signing_in.logins import Login

_SERVER_ERROR: Final = 500
_SHOWN: Final = 100  #: characters of what the provider says that we repeat in the log


class Failure(StrEnum):
    """Why signing in came to nothing, in a word for the console."""

    EXPIRED = "LOGIN_EXPIRED"  #: begun too long ago, elsewhere, or ended already
    CANCELLED = "LOGIN_CANCELLED"  #: the person, or the provider, did not want to
    FAILED = "LOGIN_FAILED"  #: what the provider says does not hold
    NOT_A_MEMBER = "NOT_A_MEMBER"  #: the provider names no organisation or role of ours
    UNAVAILABLE = "PROVIDER_UNAVAILABLE"  #: the provider does not answer


class LoginError(Exception):
    """Signing in came to nothing."""

    def __init__(self, failure: Failure, why: str) -> None:
        super().__init__(why)
        self.failure = failure


class Provider:
    """The identity provider of OIDC_ISSUER. What it cannot do raises LoginError."""

    def __init__(self, settings: Settings, *, http: httpx.AsyncClient, clock: Clock) -> None:
        self._settings = settings
        self._http = http
        self._clock = clock
        self._discovery = Discovery(settings.oidc_issuer, http=http, clock=clock)
        self._rings: dict[str, KeyRing[jwt.PyJWK]] = {}

    async def metadata(self) -> Metadata:
        """Return what the provider publishes of itself."""
        try:
            return await self._discovery.metadata()
        except DiscoveryError as error:
            raise LoginError(Failure.UNAVAILABLE, str(error)) from None

    async def examine(self) -> Metadata:
        """Return the same, having seen that the keys of ID tokens are there as well."""
        metadata = await self.metadata()
        try:
            await self._ring(metadata.jwks_uri).find("")
        except KeysUnavailableError as error:
            raise LoginError(Failure.UNAVAILABLE, str(error)) from None
        return metadata

    async def authorization_url(self, login: Login) -> str:
        """Return where the browser goes to sign in."""
        told = {
            "response_type": "code",
            "client_id": self._settings.oidc_client_id,
            "redirect_uri": self._settings.callback_url,
            "scope": "openid",
            "state": login.state,
            "nonce": login.nonce,
            "code_challenge": login.challenge,
            "code_challenge_method": "S256",
        }
        return _with((await self.metadata()).authorization_endpoint, told)

    async def end_session_url(self) -> str | None:
        """Return where the browser goes to sign out there as well; None of a provider without."""
        end = (await self.metadata()).end_session_endpoint
        told = {
            "client_id": self._settings.oidc_client_id,
            "post_logout_redirect_uri": f"{self._settings.console_url}/",
        }
        return None if end is None else _with(end, told)

    async def caller(self, login: Login, answered: Mapping[str, str]) -> Caller:
        """Return who has signed in, by what the provider has sent the browser back with."""
        if answered.get("iss", self._settings.oidc_issuer) != self._settings.oidc_issuer:
            raise LoginError(Failure.FAILED, "another issuer answers")  # RFC 9207
        if error := answered.get("error"):
            raise LoginError(Failure.CANCELLED, f"the provider says {error[:_SHOWN]!r}")
        if not (code := answered.get("code")):
            raise LoginError(Failure.FAILED, "the provider sends no code")
        metadata = await self.metadata()
        token = await self._exchange(metadata, login, code)
        claims = await self._verified(metadata, token)
        if not compare_digest(str(claims["nonce"]).encode(), login.nonce.encode()):
            raise LoginError(Failure.FAILED, "the ID token belongs to another login")
        return self._member(claims)

    async def _exchange(self, metadata: Metadata, login: Login, code: str) -> str:
        """Return the ID token that a code is worth."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._settings.callback_url,
            "code_verifier": login.verifier,
        }
        try:
            answer = await self._http.post(metadata.token_endpoint, **self._proven(metadata, form))
        except httpx.HTTPError as error:
            raise LoginError(Failure.UNAVAILABLE, f"no token: {error!r}") from None
        return _id_token(answer)

    def _proven(self, metadata: Metadata, form: Mapping[str, str]) -> dict[str, Any]:
        """Return a form and the proof of who sends it, in the way that the provider takes."""
        id_ = self._settings.oidc_client_id
        secret = self._settings.oidc_client_secret.get_secret_value()
        if metadata.takes_secret_in_header:
            # RFC 6749, 2.3.1: both are encoded as a form's values are.
            return {"data": form, "auth": (quote_plus(id_), quote_plus(secret))}
        return {"data": {**form, "client_id": id_, "client_secret": secret}}

    async def _verified(self, metadata: Metadata, token: str) -> Mapping[str, Any]:
        ring = self._ring(metadata.jwks_uri)
        try:
            return self._claims(token, await ring.find(key_id(token)))
        except KeysUnavailableError as error:
            raise LoginError(Failure.UNAVAILABLE, str(error)) from None
        except (UnauthenticatedError, jwt.PyJWTError, ValueError, ArithmeticError) as error:
            raise LoginError(Failure.FAILED, f"the ID token is refused: {error}") from None

    def _claims(self, token: str, key: jwt.PyJWK | None) -> Mapping[str, Any]:
        if key is None:
            raise UnauthenticatedError("it is signed with a key that its issuer has not")
        client = self._settings.oidc_client_id
        claims: Mapping[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            issuer=self._settings.oidc_issuer,
            audience=client,
            leeway=SKEW_S,
            options={"require": ["iss", "aud", "exp", "iat", "sub", "nonce"]},
        )
        # OpenID Connect Core, 3.1.3.7: made for several, it names the one that asked for it.
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else client) != client:
            raise UnauthenticatedError("it was made for another client")
        return claims

    def _ring(self, url: str) -> KeyRing[jwt.PyJWK]:
        if url not in self._rings:
            ring = KeyRing(url, read_jwks, http=self._http, clock=self._clock)
            self._rings = {url: ring}
        return self._rings[url]

    def _member(self, claims: Mapping[str, Any]) -> Caller:
        org = claims.get(self._settings.oidc_org_claim)
        role = claims.get(self._settings.oidc_role_claim)
        try:
            return named_caller(claims["sub"], _only(org), _greatest(role), until=None)
        except UnauthenticatedError as error:
            raise LoginError(Failure.NOT_A_MEMBER, str(error)) from None


def _with(url: str, parameters: Mapping[str, str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(parameters)}"


def _id_token(answer: httpx.Response) -> str:
    """Return the ID token of a token endpoint's answer."""
    try:
        told = answer.json()
    except ValueError:
        told = None
    told = told if isinstance(told, dict) else {}
    if answer.is_success and isinstance(told.get("id_token"), str):
        return str(told["id_token"])
    why = f"{answer.status_code} {str(told.get('error', ''))[:_SHOWN]!r} for the code"
    if answer.status_code >= _SERVER_ERROR:
        raise LoginError(Failure.UNAVAILABLE, why)
    is_spent = told.get("error") == "invalid_grant"
    raise LoginError(Failure.EXPIRED if is_spent else Failure.FAILED, why)


def _only(org: Any) -> Any:
    """Return the organisation of a claim, which may be a list of one."""
    return org[0] if isinstance(org, list) and len(org) == 1 else org


def _greatest(role: Any) -> Any:
    """Return the role of a claim: of a list of roles or groups the greatest that is ours."""
    if not isinstance(role, list):
        return role
    return max((each for each in Role if each in role), key=list(Role).index, default=None)
