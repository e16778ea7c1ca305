"""An organisation's own settings: read when a campaign is made, changed by its admins."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import structlog

from functions.domain.contacts.sender_lists import covers, not_among
from functions.domain.errors import InvalidFieldError, StaleError
from functions.domain.kinds import ChannelKind
from functions.domain.organisation import (
    Organisation,
    changed,
    differences,
    organisation_fields,
    organisation_from,
)
from functions.engine import paths
from functions.engine.kernel import audit_trail
from functions.engine.kernel.commits.modify import modify
from functions.engine.kernel.commits.versioned import Versioned
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Create, Document, Set, Write

log = structlog.get_logger()

#: The code of a refusal to send from what belongs to another organisation.
SENDER_NOT_ALLOWED: Final = "SENDER_NOT_ALLOWED"


async def load(engine: Engine, org: str) -> Organisation:
    """Return an organisation's settings; where it has decided nothing, the defaults."""
    return (await load_versioned(engine, org)).value


async def load_versioned(engine: Engine, org: str) -> Versioned[Organisation]:
    """Return an organisation's settings with their version."""
    return _stored(await engine.store.get(paths.organisation(org)))


def _stored(document: Document | None) -> Versioned[Organisation]:
    if document is None:
        return Versioned(Organisation(), 0)
    return Versioned(organisation_from(document.data), document.version)


async def update(
    engine: Engine, org: str, changes: Mapping[str, Any], *, by: str, if_version: int | None
) -> Versioned[Organisation]:
    """Change fields of an organisation's settings; a map among them is merged, key by key.

    Campaigns that are made from now on follow them. The audit trail tells the fields from what to
    what; changing nothing leaves no trace. Raises InvalidFieldError, and StaleError where the
    settings have not `if_version`.
    """
    return await _change(engine, org, changes, by=by, if_version=if_version, whole=False)


async def replace(
    engine: Engine, org: str, fields: Mapping[str, Any], *, by: str, if_version: int | None
) -> Versioned[Organisation]:
    """Replace fields of an organisation's settings as `update` changes them, maps as a whole."""
    return await _change(engine, org, fields, by=by, if_version=if_version, whole=True)


async def _change(
    engine: Engine,
    org: str,
    changes: Mapping[str, Any],
    *,
    by: str,
    if_version: int | None,
    whole: bool,
) -> Versioned[Organisation]:
    now = engine.clock.now()
    limits: dict[str, float | None] = {
        channel: engine.rate_of(name) for channel, name in engine.providers.items()
    }

    def decide(documents: list[Document | None]) -> tuple[list[str], Sequence[Write]]:
        before, version = _stored(documents[0])
        if if_version not in {None, version}:
            raise StaleError("Settings")
        after, names = changed(before, changes, limits, by=by, now=now, whole=whole)
        if not names:
            return names, ()
        _check_defaults(sender_lists(engine, org, after), after)
        entry = _audit(org, differences(before, after, names), after, now)
        return names, [_set(org, after, version), entry]

    names = await modify(engine.store, [paths.organisation(org)], decide)
    if names:
        log.info("settings_changed", org=org, by=by, fields=names)
    return await load_versioned(engine, org)


def sender_lists(engine: Engine, org: str, decided: Organisation) -> list[frozenset[str]]:
    """Return the lists of senders that hold for an organisation; a sender must be in each."""
    granted, narrowed = engine.senders.of(org), decided.allowed_senders
    lists = [] if granted is None else [granted]
    return lists if narrowed is None else [*lists, frozenset(narrowed)]


def _check_defaults(lists: Sequence[frozenset[str]], after: Organisation) -> None:
    for name, sender in after.senders.items():
        for entries in lists:
            if not covers(entries, ChannelKind(name), sender):
                field = f"senders.{name}"
                problem = f"{field}: {not_among(sender, entries)}"
                raise InvalidFieldError(field, problem, code=SENDER_NOT_ALLOWED)


def _set(org: str, after: Organisation, version: int) -> Write:
    path, data = paths.organisation(org), organisation_fields(after)
    return Set(path, data, version) if version else Create(path, data)


def _audit(org: str, changes: Mapping[str, Any], after: Organisation, now: datetime) -> Create:
    return audit_trail.entry(
        org,
        f"settings-{after.revision}",
        action="change_settings",
        by=after.updated_by,
        at=now,
        fields=list(changes),
        changes=changes,
    )
