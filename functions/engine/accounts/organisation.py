"""An organisation's own settings: read when a campaign is made, changed by its admins."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import structlog

from functions.domain.errors import StaleError
from functions.domain.organisation import (
    Organisation,
    changed,
    differences,
    organisation_fields,
    organisation_from,
)
from functions.engine import paths
from functions.engine.kernel import audit_trail
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.modify import modify
from functions.engine.ports.store import Create, Document, Set, Write

log = structlog.get_logger()


class Stored(NamedTuple):
    """An organisation's settings and the version they have in the store, 0 before the first."""

    organisation: Organisation
    version: int


async def load(engine: Engine, org: str) -> Organisation:
    """Return an organisation's settings; where it has decided nothing, the defaults."""
    return (await load_stored(engine, org)).organisation


async def load_stored(engine: Engine, org: str) -> Stored:
    """Return an organisation's settings with their version."""
    return _stored(await engine.store.get(paths.organisation(org)))


def _stored(document: Document | None) -> Stored:
    if document is None:
        return Stored(Organisation(), 0)
    return Stored(organisation_from(document.data), document.version)


async def change(
    engine: Engine,
    org: str,
    changes: Mapping[str, Any],
    *,
    by: str,
    if_version: int | None,
    whole: bool = False,
) -> Stored:
    """Change fields of an organisation's settings, and tell the audit trail from what to what.

    With `whole`, what a map among them does not name goes. Campaigns that are made from now on
    follow them. Changing nothing leaves no trace. Raises InvalidFieldError, and StaleError where
    the settings have not `if_version`.
    """
    now, limits = engine.clock.now(), _limits(engine)

    def decide(documents: list[Document | None]) -> tuple[list[str], Sequence[Write]]:
        before, version = _stored(documents[0])
        if if_version not in {None, version}:
            raise StaleError("Settings")
        after, names = changed(before, changes, limits, by=by, now=now, whole=whole)
        if not names:
            return names, ()
        trail = _audit(org, differences(before, after, names), after, now)
        return names, [_set(org, after, version), trail]

    names = await modify(engine.store, [paths.organisation(org)], decide)
    if names:
        log.info("settings_changed", org=org, by=by, fields=names)
    return await load_stored(engine, org)


def _limits(engine: Engine) -> dict[str, float | None]:
    """Return how many messages a second each channel sends at most in this deployment."""
    return {channel: engine.rate_of(provider) for channel, provider in engine.providers.items()}


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
