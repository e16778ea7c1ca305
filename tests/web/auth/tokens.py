"""Tokens, good and bad, and whom an authenticator takes their bearers for."""

from typing import Any

from functions.web.auth import (
    Authenticator,
    Caller,
    Role,
)
from tests.web.auth.key_server import (
    in_seconds,
    signed,
)

SECRET = "correct horse battery staple, 32 bytes and more"
ISSUER = "https://id.example"
AUDIENCE = "clarion"
ANA = Caller("ana", "acme", Role.OPERATOR)


def claims(**changes: Any) -> dict[str, Any]:
    """Give the claims of a good token, changed; None leaves one out."""
    good = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "iat": in_seconds(0),
        "exp": in_seconds(3600),
        "sub": "ana",
        "org": "acme",
        "role": "operator",
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def by_secret(**changes: Any) -> str:
    """Sign a token with the shared secret."""
    return signed(claims(**changes), SECRET, algorithm="HS256")


async def call(authenticator: Authenticator, token: str, **headers: str) -> Caller:
    """Ask who sends a request with this bearer token."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return await authenticator.caller({"authorization": f"Bearer {token}", **headers}, "192.0.2.1")
