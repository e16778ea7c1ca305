"""Minting a token for AUTH_MODE=jwt with a shared secret: `python -m functions token`."""

import re
from datetime import timedelta
from typing import Annotated, Any, Final

import jwt
import typer

from functions.bootstrap.clock import SystemClock
from functions.cli.runtime import MISUSED, AsJson, fail, show, told_errors
from functions.settings.load import load_settings
from functions.web.auth import ORG, Role

_SUBJECT: Final = re.compile(r"[ -~]{1,200}")


def _named_org(value: str) -> str:
    if not ORG.fullmatch(value):
        raise typer.BadParameter("has 1 to 64 letters, digits, hyphens or underscores")
    return value


def _subject(value: str) -> str:
    if not _SUBJECT.fullmatch(value) or value.startswith("key:"):
        raise typer.BadParameter("has 1 to 200 printable characters, and does not begin with key:")
    return value


def mint_token(
    org: Annotated[str, typer.Option(callback=_named_org, help="The organisation.")] = "default",
    role: Annotated[Role, typer.Option(help="viewer reads, operator also sends.")] = Role.VIEWER,
    subject: Annotated[
        str, typer.Option(callback=_subject, help="Who it is for; stands in the audit trail.")
    ] = "cli",
    hours: Annotated[
        float, typer.Option(min=0.01, max=24 * 366, help="It ends after so many.")
    ] = 1,
    *,
    as_json: AsJson = False,
) -> None:
    """Print a token that JWT_SECRET signs, for a server with the same secret.

    Without `--hours` it lasts an hour. Where an identity provider publishes keys it signs tokens.
    """
    with told_errors():
        settings = load_settings()
    secret = settings.jwt_secret.get_secret_value()
    if not secret:
        needed = "AUTH_MODE=jwt and JWT_SECRET of the server"
        why = (
            "identity provider signs the tokens" if settings.jwt_jwks_url else "nothing signs them"
        )
        fail(MISUSED, f"JWT_SECRET: is not set, so {why}; `token` needs {needed}")
    now = SystemClock().now()
    ends = now + timedelta(hours=hours)
    claims: dict[str, Any] = {
        "sub": subject,
        "org": org,
        "role": role.value,
        "iat": now,
        "exp": ends,
    }
    if settings.jwt_issuer:
        claims["iss"] = settings.jwt_issuer
    if settings.jwt_audience:
        claims["aud"] = settings.jwt_audience
    made = jwt.encode(claims, secret, algorithm="HS256")
    if as_json:
        show({"token": made, "org": org, "role": role.value, "expiresAt": ends}, as_json=True)
        return
    typer.echo(f"For {subject} of {org}, {role.value}, until {ends:%Y-%m-%d %H:%M} UTC:", err=True)
    typer.echo(made)
