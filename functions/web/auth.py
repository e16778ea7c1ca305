"""Who is calling: the subject, the org and the role of a request to the public faces."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import urlsplit

import httpx

from functions.domain.plain_text import whole
from functions.engine.accounts.api_keys import PREFIX, ApiKey
from functions.engine.ports.clock import Clock
from functions.settings.model import Settings
from functions.settings.urls import is_loopback
from functions.web.jwks import KeyRing, read_jwks
from functions.web.origins import is_foreign_page

if TYPE_CHECKING:
    import jwt

SKEW_S = 30  #: how far the clocks of a token's issuer and ours may differ
ORG = re.compile(r"(?!__.*__$)[A-Za-z0-9_-]{1,64}")  # Firestore keeps such names to itself
SUBJECT_LENGTH = 200
#: Names of ours in the audit trail: nobody's token may pass for one of them.
_OUR_NAMES = frozenset({"clarion", "local"})
_KEY = "key:"


class UnauthenticatedError(Exception):
    """The request does not prove who sends it."""

    code = "UNAUTHENTICATED"


class ForbiddenError(Exception):
    """The request's sender is known and may not do this."""

    code = "FORBIDDEN"


class ForeignHostError(ForbiddenError):
    """The request is sent to a name that is not ours."""

    def __init__(self) -> None:
        super().__init__("Without authentication only requests to localhost are answered.")


class InvalidOrgError(ValueError):
    """X-Org-Id does not name an org."""

    code = "INVALID_FIELD"
    field = "X-Org-Id"

    def __init__(self) -> None:
        super().__init__(
            "X-Org-Id must be 1 to 64 letters, digits, hyphens or underscores,"
            " without two underscores at both ends."
        )


class Role(StrEnum):
    """What a caller may do in its org; each role may do what those before it may."""

    VIEWER = "viewer"  #: read
    OPERATOR = "operator"  #: and create, start, pause and cancel
    ADMIN = "admin"  #: and everything else

    def covers(self, needed: "Role") -> bool:
        """Whether this role may do what `needed` may."""
        return _ROLES.index(self) >= _ROLES.index(needed)


_ROLES = tuple(Role)


class Area(StrEnum):
    """A part of the API, by the tag of its routes; an API key may be kept to some of them."""

    CAMPAIGNS = "campaigns"
    ENROLLMENTS = "enrollments"
    MESSAGES = "messages"
    CONTACTS = "contacts"
    LISTS = "lists"
    SEGMENTS = "segments"
    SUPPRESSIONS = "suppressions"
    TEMPLATES = "templates"
    SUBSCRIPTIONS = "subscriptions"
    SETTINGS = "settings"
    API_KEYS = "api-keys"
    STATUS = "status"
    EVENTS = "events"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request, and for which org."""

    subject: str
    org: str
    role: Role
    areas: frozenset[str] | None = None  #: None: all
    #: When the token or key that names the caller ends; None: not at all.
    until: datetime | None = field(default=None, compare=False)

    def require(self, needed: Role) -> None:
        """Raise ForbiddenError unless the caller's role covers `needed`."""
        if not self.role.covers(needed):
            raise ForbiddenError(f"This needs the role {needed}; yours is {self.role}.")

    def may_use(self, area: Area) -> bool:
        """Whether the caller may use an area."""
        return self.areas is None or area in self.areas

    def require_area(self, needed: frozenset[str]) -> None:
        """Raise ForbiddenError unless the caller may use one of these areas."""
        if self.areas is not None and self.areas.isdisjoint(needed):
            mine, asked = ", ".join(sorted(self.areas)), ", ".join(sorted(needed))
            raise ForbiddenError(f"This belongs to {asked}; your key is for {mine}.")


class _Trust(NamedTuple):
    """The key that a token must be signed with, and the one algorithm that goes with it."""

    key: "jwt.PyJWK | str"
    algorithm: str


class Callers(Protocol):
    """Tells who calls."""

    async def caller(self, headers: Mapping[str, str], client_host: str | None) -> Caller:
        """Tell who sent a request, by its headers and its peer's address; raises who may not."""
        ...


class KnownCaller:
    """Takes every request for the same caller's: the application is this caller's own."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def caller(self, headers: Mapping[str, str], client_host: str | None) -> Caller:  # noqa: ARG002  the protocol's signature
        """Return the caller."""
        return self._caller


class Authenticator:
    """Tells callers by AUTH_MODE.

    off: whoever is on this machine is an admin of the org in X-Org-Id ("default" without it).
    jwt: a bearer token signed by JWT_SECRET or a key of JWT_JWKS_URL names sub, org and role.
    """

    def __init__(self, settings: Settings, *, http: httpx.AsyncClient, clock: Clock) -> None:
        self._settings = settings
        self._keys = KeyRing(settings.jwt_jwks_url, read_jwks, http=http, clock=clock)

    async def caller(self, headers: Mapping[str, str], client_host: str | None) -> Caller:
        """Tell who sent a request, by its headers (names in lower case) and its peer's address.

        Raises UnauthenticatedError, ForbiddenError, InvalidOrgError or KeysUnavailableError.
        """
        if self._settings.auth_mode == "off":
            require_local(headers, client_host)
            return Caller("local", _named_org(headers), Role.ADMIN)
        token = bearer(headers)
        claims = self._claims(token, await self._trust(token))
        subject, org, role = claims["sub"], claims["org"], claims["role"]
        return named_caller(subject, org, role, until=_instant(claims["exp"]))

    async def _trust(self, token: str) -> _Trust:
        if not self._settings.jwt_jwks_url:
            return _Trust(self._settings.jwt_secret.get_secret_value(), "HS256")
        if (key := await self._keys.find(key_id(token))) is None:
            raise UnauthenticatedError("The token is signed with a key that its issuer has not.")
        return _Trust(key, key.algorithm_name)

    def _claims(self, token: str, trust: _Trust) -> dict[str, Any]:
        import jwt

        try:
            return jwt.decode(
                token,
                trust.key,
                # Never what the token's header asks for: RFC 8725, 3.1.
                algorithms=[trust.algorithm],
                issuer=self._settings.jwt_issuer or None,
                audience=self._settings.jwt_audience or None,
                leeway=SKEW_S,
                options={
                    "require": ["exp", "sub", "org", "role"],
                    "verify_aud": bool(self._settings.jwt_audience),
                },
            )
        except jwt.PyJWTError as error:
            raise UnauthenticatedError(f"The token is refused: {whole(str(error))}.") from None
        except (ValueError, ArithmeticError, TypeError, RecursionError):
            raise UnauthenticatedError("The token is refused: it cannot be read.") from None


def key_caller(key: ApiKey) -> Caller:
    """Return who calls with an API key."""
    areas = None if key.areas is None else frozenset(key.areas)
    return Caller(f"{_KEY}{key.id}", key.org, Role(key.role), areas, until=key.expires_at)


def named_caller(subject: Any, org: Any, role: Any, *, until: datetime | None) -> Caller:
    """Return whom a token names; raises UnauthenticatedError for what is no such name."""
    _check_subject(subject)
    if not isinstance(org, str) or not ORG.fullmatch(org):
        raise UnauthenticatedError("The token's org is not an org's name.")
    if role not in list(Role):
        raise UnauthenticatedError(f"The token's role must be one of {', '.join(Role)}.")
    return Caller(subject, org, Role(role), until=until)


def _instant(exp: Any) -> datetime | None:
    """Return when a token ends; None of a time that no calendar has."""
    try:
        return datetime.fromtimestamp(float(exp), UTC)
    except (OverflowError, OSError, ValueError):
        return None


def _check_subject(subject: Any) -> None:
    """Raise UnauthenticatedError for a sub that cannot be shown, or passes for somebody of ours."""
    if not isinstance(subject, str) or not 0 < len(subject) <= SUBJECT_LENGTH:
        raise UnauthenticatedError(f"The token's sub must have 1 to {SUBJECT_LENGTH} characters.")
    if not subject.isprintable() or subject != subject.strip():
        sentence = "The token's sub must be printable, without blanks around it."
        raise UnauthenticatedError(sentence)
    folded = unicodedata.normalize("NFKC", subject).casefold()
    if folded.startswith(_KEY) or folded in _OUR_NAMES:
        raise UnauthenticatedError("The token's sub must not be a name that Clarion itself uses.")


def _named_org(headers: Mapping[str, str]) -> str:
    org = headers.get("x-org-id", "default")
    if not ORG.fullmatch(org):
        raise InvalidOrgError
    return org


def bearer(headers: Mapping[str, str]) -> str:
    """Return the token of an Authorization header; raises UnauthenticatedError without one."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise UnauthenticatedError("This needs an Authorization header with a bearer token.")
    return token.strip()


def presented_key(headers: Mapping[str, str]) -> str | None:
    """Return the bearer token where it is an API key of ours."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and token.startswith(PREFIX) else None


def key_id(token: str) -> str:
    """Return the id of the key that a token claims to be signed with."""
    import jwt

    try:
        kid = jwt.get_unverified_header(token).get("kid")
    except jwt.PyJWTError as error:
        raise UnauthenticatedError(f"The token is refused: {whole(str(error))}.") from None
    except (ValueError, RecursionError):
        raise UnauthenticatedError("The token is refused: it cannot be read.") from None
    if not isinstance(kid, str):
        raise UnauthenticatedError("The token does not say which key it is signed with (kid).")
    return kid


def require_local(headers: Mapping[str, str], client_host: str | None) -> None:
    """Raise ForbiddenError unless a request was sent on this machine (None: in this process).

    A tunnel or proxy on this machine hands on requests from anywhere: what it marks as
    forwarded is refused. So is what a browser on this machine sends for a page of another site.
    """
    if "forwarded" in headers or "x-forwarded-for" in headers:
        raise ForbiddenError("Without authentication forwarded requests are not answered.")
    if client_host is not None and not is_loopback(client_host):
        raise ForbiddenError("Without authentication only this machine is answered.")
    # Another site's name may have been made to lead here (DNS rebinding).
    if client_host is not None and not _is_own_host(headers.get("host", "")):
        raise ForeignHostError
    if is_foreign_page(headers):
        raise ForbiddenError("Without authentication pages of other sites are not answered.")


def require_own_host(host: str, settings: Settings) -> None:
    """Raise ForeignHostError where nobody needs a token and a request names another's host."""
    if settings.auth_mode == "off" and not _is_own_host(host):
        raise ForeignHostError


@lru_cache(maxsize=16)
def _is_own_host(host: str) -> bool:
    """Tell whether a Host header is left out, or names this machine."""
    try:
        return not host or is_loopback(urlsplit(f"//{host.lower()}").hostname or "")
    except ValueError:
        return False
