"""What is told of a session, and of what a client may expect here."""

from typing import Any, Final

from pydantic import BaseModel

from functions import __version__
from functions.domain.kinds import ChannelKind
from functions.web.auth import Area, Caller, Role
from functions.web.context import AppContext
from functions.web.cursors import LARGEST_PAGE
from functions.web.face import JSON_BYTES
from functions.web.fields import MaybeInstant
from functions.web.signing_in.sessions import Session, Way

NOT_SET_UP: Final = (
    "Nobody can sign in here: set SESSION_SECRET, and for an identity provider the settings beside"
    " it (docs/guide/settings.md)."
)


class ReadyChannel(BaseModel):
    """A kind of channel that somebody sends by here."""

    channel: ChannelKind
    provider: str
    simulated: bool


class ClientLimits(BaseModel):
    """What a client has to keep to."""

    page_size: int
    requests_per_s: float | None
    max_upload_bytes: int
    max_body_bytes: int
    schedule_ahead_days: int


class ShownSession(BaseModel):
    """Who is signed in, and what is here for them; with nobody signed in how one does."""

    signed_in: bool
    subject: str | None
    org: str | None
    role: Role | None
    areas: list[Area] | None
    way: Way | None
    ways: list[Way]
    hint: str | None
    expires_at: MaybeInstant
    channels: list[ReadyChannel]
    limits: ClientLimits | None
    version: str


def shown(context: AppContext, caller: Caller | None, session: Session | None) -> dict[str, Any]:
    """Return what is told to whoever asks, None: a stranger."""
    ways = context.sessions.ways
    told: dict[str, Any] = dict.fromkeys(ShownSession.model_fields)
    told |= {"signed_in": caller is not None, "ways": ways, "channels": []}
    told |= {"way": session.way if session else None, "version": __version__}
    if caller is None:
        return told | {"hint": None if ways else NOT_SET_UP}
    ends = [at for at in (caller.until, session.until if session else None) if at is not None]
    return told | {
        "subject": caller.subject,
        "org": caller.org,
        "role": caller.role,
        "areas": None if caller.areas is None else sorted(caller.areas),
        "expires_at": min(ends, default=None),
        "channels": _channels(context),
        "limits": _limits(context),
    }


def _channels(context: AppContext) -> list[dict[str, Any]]:
    return [
        {"channel": each.kind, "provider": each.name, "simulated": bool(each.pretends_to)}
        for each in context.settings.providers
    ]


def _limits(context: AppContext) -> dict[str, Any]:
    settings = context.settings
    return {
        "page_size": LARGEST_PAGE,
        "requests_per_s": settings.api_rate_per_s or None,
        "max_upload_bytes": settings.csv_max_bytes,
        "max_body_bytes": JSON_BYTES,
        "schedule_ahead_days": settings.schedule_ahead_days,
    }
