"""What a browser keeps between leaving for the identity provider and coming back.

Each login has a cookie of its own, so that two tabs may sign in at once. Like sessions it is
sealed, and nothing is stored.
"""

import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Final

from fastapi.responses import Response

from functions.web.signing_in.seals import Seals
from functions.web.signing_in.sessions import COOKIE, forget, keep

LONGEST: Final = timedelta(minutes=10)
_PREFIX: Final = f"{COOKIE}-login-"
_NAMED_BY: Final = 16  #: characters of the state
#: Logins that a browser has begun and not ended, at most: a header holds no more cookies than so.
_MOST: Final = 5
_PURPOSE: Final = "login"
#: A place in the console, and nothing else: no address of another page.
_PLACE: Final = re.compile(r"#/[A-Za-z0-9/._~%=&?:@,+!'()*;$-]{0,512}")


def _random() -> str:
    return secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True)
class Login:
    """One attempt to sign in."""

    place: str  #: of the console, to go to afterwards; "" for its first page
    state: str = field(default_factory=_random)  #: ties the answer to this browser
    nonce: str = field(default_factory=_random)  #: ties the ID token to this login
    verifier: str = field(default_factory=_random)  #: proves who asked for the code (RFC 7636)

    @property
    def challenge(self) -> str:
        """What the provider is told of the verifier: S256."""
        return urlsafe_b64encode(sha256(self.verifier.encode()).digest()).decode().rstrip("=")

    @property
    def cookie(self) -> str:
        """The name of its cookie."""
        return _PREFIX + self.state[:_NAMED_BY]


def place_in_console(asked: str) -> str:
    """Return a place of the console that a request names, "" for what is none."""
    return asked if _PLACE.fullmatch(asked) else ""


def begin(seals: Seals, login: Login, cookies: Mapping[str, str], *, now: datetime) -> Response:
    """Return a response that has the browser keep a login, and not too many of them."""
    response = Response(status_code=303)
    begun = [name for name in cookies if name.startswith(_PREFIX)]
    for name in begun if len(begun) >= _MOST else ():
        forget(response, name)
    sealed = seals.seal(_PURPOSE, asdict(login), until=now + LONGEST)
    keep(response, login.cookie, sealed, LONGEST)
    return response


def begun(seals: Seals, cookies: Mapping[str, str], state: str) -> Login | None:
    """Return the login that a state belongs to; None of one that this browser has not begun."""
    sealed = cookies.get(_PREFIX + state[:_NAMED_BY], "")
    opened = seals.opened(_PURPOSE, sealed)
    if opened is None or not compare_digest(opened.content["state"].encode(), state.encode()):
        return None
    return Login(**opened.content)
