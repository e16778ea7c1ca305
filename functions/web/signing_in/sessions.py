"""Sessions: who has signed in, sealed into a cookie that no script can read.

Nothing is stored, so signing out takes the cookie away, and new secrets end all sessions. One that
was begun with an API key holds the key itself: revoking that ends it at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

from fastapi.responses import Response

from functions.engine.ports.clock import Clock
from functions.settings.model import Settings
from functions.web.auth import Caller, Role
from functions.web.signing_in.seals import Seals

#: Browsers take a cookie of such a name over TLS or from localhost only, and for this host alone.
COOKIE: Final = "__Host-clarion"
#: How long a session lasts, whatever is done in it.
LONGEST: Final = timedelta(hours=8)
_PURPOSE: Final = "session"


class Way(StrEnum):
    """How somebody has signed in."""

    OIDC = "oidc"  #: at the identity provider
    TOKEN = "token"  # noqa: S105  #: with a token of the identity provider, or of JWT_SECRET
    KEY = "key"  #: with an API key


class SignInOffError(Exception):
    """Nobody can sign in here, or not so."""

    code = "SIGN_IN_OFF"


@dataclass(frozen=True, slots=True)
class Session:
    """What a cookie says: who calls, or with which API key."""

    way: Way
    who: Caller | str
    until: datetime


class Sessions:
    """Makes the cookies of sessions, and reads them."""

    def __init__(self, settings: Settings, *, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self.seals = Seals(settings.session_secrets, clock=clock)
        #: Whether anybody can sign in.
        self.is_on = settings.auth_mode != "off" and bool(settings.session_secrets)
        #: As an Origin names us: what stands before us may ask us by another name than browsers do.
        self.own_hosts = frozenset({urlsplit(settings.console_url).netloc.lower()} - {""})

    @property
    def ways(self) -> list[Way]:
        """How somebody may sign in; an API key is a token to them."""
        if not self.is_on:
            return []
        return [Way.OIDC, Way.TOKEN] if self._settings.oidc_issuer else [Way.TOKEN]

    def begin(self, response: Response, way: Way, who: Caller | str) -> Session:
        """Have the browser keep a session; one of a token ends with it, if that is sooner."""
        until = now = self._clock.now()
        until += LONGEST
        if isinstance(who, Caller) and who.until is not None:
            until = min(until, who.until)
        sealed = self.seals.seal(_PURPOSE, {"way": way, **_content(who)}, until=until)
        keep(response, COOKIE, sealed, until - now)
        return Session(way, who, until)

    def read(self, cookies: Mapping[str, str]) -> Session | None:
        """Return the session of a browser; None where there is none that lasts."""
        if not self.is_on or (sealed := cookies.get(COOKIE)) is None:
            return None
        opened = self.seals.opened(_PURPOSE, sealed)
        if opened is None:
            return None
        return Session(Way(opened.content["way"]), _who(opened.content), opened.until)


def keep(response: Response, name: str, value: str, lasts: timedelta) -> None:
    """Have the browser keep a cookie for us alone."""
    response.set_cookie(
        name,
        value,
        max_age=int(lasts.total_seconds()),
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",
    )


def forget(response: Response, name: str) -> None:
    """Have the browser forget a cookie."""
    keep(response, name, "", timedelta())


def _content(who: Caller | str) -> Mapping[str, Any]:
    if isinstance(who, str):
        return {"key": who}
    return {"sub": who.subject, "org": who.org, "role": who.role}


def _who(content: Mapping[str, Any]) -> Caller | str:
    if "key" in content:
        return str(content["key"])
    return Caller(content["sub"], content["org"], Role(content["role"]))
