"""API keys: tokens of ours beside those of an identity provider, each for one program.

A token names its own path, so one read finds it. Of its secret only the digest is stored: whoever
reads the store cannot make a token of it. 256 random bits need no slow hash.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Any, Final

import structlog

from functions.domain.errors import InvalidFieldError, NotFoundError
from functions.engine import paths
from functions.engine.kernel import audit_trail
from functions.engine.kernel.commits.modify import modify
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.paging import page_by_id
from functions.engine.ports.store import Create, Document, StoreError, Update, Write

log = structlog.get_logger()

PREFIX: Final = "clarion_"
_TOKEN: Final = re.compile(
    rf"{PREFIX}(?P<org>[A-Za-z0-9_-]{{1,64}})_(?P<id>[0-9a-f]{{16}})_(?P<secret>[0-9a-f]{{64}})"
)
_ID_BYTES: Final = 8
_SECRET_BYTES: Final = 32
_NOTED_EVERY: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """One key, as stored under orgs/{org}/api_keys/{id} beside the digest of its secret."""

    id: str
    org: str
    name: str
    role: str
    areas: Sequence[str] | None  #: None: all
    created_at: datetime
    created_by: str
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None  #: to the minute

    def is_valid(self, now: datetime) -> bool:
        """Whether the key is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """What a new key shall be."""

    name: str
    role: str
    by: str
    areas: Sequence[str] | None = None
    expires_at: datetime | None = None


_NAMES = frozenset(field.name for field in fields(ApiKey)) - {"id", "org"}


def _key_from(document: Document) -> ApiKey:
    stored = {name: value for name, value in document.data.items() if name in _NAMES}
    return ApiKey(id=document.id, org=document.org, **stored)


async def create(engine: Engine, org: str, new: NewKey) -> tuple[ApiKey, str]:
    """Make a key; return it and its token, which nobody can tell again.

    Raises InvalidFieldError for an end that does not lie ahead.
    """
    now = engine.clock.now()
    if new.expires_at is not None and new.expires_at <= now:
        raise InvalidFieldError("expires_at", "expires_at must be in the future")
    key = ApiKey(
        id=secrets.token_hex(_ID_BYTES),
        org=org,
        name=new.name,
        role=new.role,
        areas=None if new.areas is None else list(new.areas),
        created_at=now,
        created_by=new.by,
        expires_at=new.expires_at,
    )
    secret = secrets.token_hex(_SECRET_BYTES)
    document = {**{name: getattr(key, name) for name in _NAMES}, "digest": _digest(secret)}
    await engine.store.commit(
        Create(paths.api_key(org, key.id), document), _audit(key, "create", new.by, now)
    )
    log.info("api_key_created", org=org, api_key=key.id, by=new.by)
    return key, f"{PREFIX}{org}_{key.id}_{secret}"


async def page_of(
    engine: Engine, org: str, *, limit: int, after: str | None
) -> tuple[list[ApiKey], str | None]:
    """Return a page of an organisation's keys by id, and the last id where more may follow."""
    found, following = await page_by_id(engine, paths.api_keys(org), after=after, limit=limit)
    return [_key_from(document) for document in found], following


async def revoke(engine: Engine, org: str, id_: str, *, by: str) -> None:
    """End a key at once and for good; once more is no mistake. Raises NotFoundError."""
    now = engine.clock.now()

    def decide(documents: list[Document | None]) -> tuple[bool, Sequence[Write]]:
        document = documents[0]
        if document is None:
            raise NotFoundError("API key", id_)
        if document.data["revoked_at"] is not None:
            return False, ()
        update = Update(document.path, {"revoked_at": now}, document.version)
        return True, [update, _audit(_key_from(document), "revoke", by, now)]

    if await modify(engine.store, [paths.api_key(org, id_)], decide):
        log.info("api_key_revoked", org=org, api_key=id_, by=by)


def org_of_token(token: str) -> str:
    """Return the organisation that a token names, "" where it is none of ours."""
    named = _TOKEN.fullmatch(token)
    return named["org"] if named else ""


async def identify(engine: Engine, token: str) -> ApiKey | None:
    """Return the key of a token; None of an unknown, revoked or expired one, without saying why."""
    named = _TOKEN.fullmatch(token)
    if named is None or paths.RESERVED.fullmatch(named["org"]):
        return None
    document = await engine.store.get(paths.api_key(named["org"], named["id"]))
    data: Mapping[str, Any] = document.data if document else {"digest": ""}
    is_right = compare_digest(_digest(named["secret"]), data["digest"])
    if document is None or not is_right:
        return None
    key = _key_from(document)
    now = engine.clock.now()
    if not key.is_valid(now):
        return None
    if key.last_used_at is None or now - key.last_used_at >= _NOTED_EVERY:
        await _note_use(engine, document, now)
    return key


async def _note_use(engine: Engine, document: Document, now: datetime) -> None:
    try:
        update = Update(document.path, {"last_used_at": now}, document.version)
        await engine.store.commit(update)
    except StoreError:
        return  # Another request was faster, or a function that only reads may not write.


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def _audit(key: ApiKey, action: str, by: str, now: datetime) -> Write:
    id_, about = f"api-key-{key.id}-{action}", {"api_key": key.id, "name": key.name}
    return audit_trail.entry(key.org, id_, action=action, by=by, at=now, **about)
