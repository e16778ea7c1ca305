"""Suppressions: the people whom no campaign may contact, at its launch and while it sends."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import structlog

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.send import Send
from functions.domain.contacts import suppressions
from functions.domain.contacts.contact import contact_id
from functions.domain.contacts.number_spellings import one_spelling
from functions.domain.contacts.suppressions import (
    Bar,
    Suppression,
    suppression_fields,
    suppression_from,
)
from functions.domain.notifications.events import opt_out_notice
from functions.engine import paths
from functions.engine.contacts.leaving import leave
from functions.engine.kernel import audit_trail
from functions.engine.kernel.commits.modify import at_version, modify
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.paging import page_by_id
from functions.engine.kernel.people import id_of, salt_of
from functions.engine.notifications.outbox import Decision, modify_with_notices
from functions.engine.ports.store import Create, Delete, Document, Query, Set, Where, Write

log = structlog.get_logger()


async def suppress(
    engine: Engine,
    org: str,
    address: str,
    *,
    scope: str = suppressions.ALL,
    reason: str,
    until: datetime | None = None,
    by: str,
    said_at: datetime | None = None,
) -> bool:
    """Bar an address (E.164, or e-mail in lower case); False if it was, for as long, already.

    The first reason is the one that is kept. `said_at` is when the person asked for it, where that
    was before now. A bar that does not end by itself takes the person out of the plans that it
    leaves no channel of. Raises InvalidFieldError.
    """
    suppressions.check(scope, until, now=engine.clock.now())
    id_ = await id_of(engine, org, address)

    def decide(documents: list[Document | None]) -> Decision[bool]:
        # The instant of this try: whoever looks for what is new must not have looked beyond it.
        now = engine.clock.now()
        document = documents[0]
        known = _known(document) or Suppression(id_, address, now, {})
        bar = Bar(reason, min(said_at or now, now), until, by)
        after = suppressions.barred(known, scope, bar, now=now)
        if after is None:
            again = suppressions.said_again(known, scope, bar)
            return False, [_stored(org, document, again)] if again else [], []
        entry = {"scope": scope, "reason": reason, "until": until}
        trail = _audit(org, id_, "suppress", by, now, entry)
        notice = opt_out_notice(id_, scope, reason, at=now)
        return True, [_stored(org, document, after), trail], [notice]

    is_new = await modify_with_notices(engine, org, [paths.suppression(org, id_)], decide)
    if is_new:
        log.info("address_suppressed", org=org, suppression_id=id_, scope=scope, by=by)
    if Bar(reason, engine.clock.now(), until, by).ends_walks:
        # Again for a bar that is known: whoever stored it may have died before this.
        event = reason if reason == _COMPLAINED else _UNSUBSCRIBED
        await leave(engine, org, address, scope=scope, event=event)
    return is_new


_COMPLAINED, _UNSUBSCRIBED = "complained", "unsubscribed"


async def share_bars(engine: Engine, org: str, *, of: str, to: str) -> None:
    """Bar an address as another address of the same person is barred now."""
    known, now = await find(engine, org, of), engine.clock.now()
    for scope, bar in known.scopes.items() if known else ():
        if bar.holds(now):
            await suppress(
                engine,
                org,
                to,
                scope=scope,
                reason=bar.reason,
                until=bar.until,
                by=bar.by,
                said_at=bar.at,
            )


def _known(document: Document | None) -> Suppression | None:
    return suppression_from(document.id, document.data) if document else None


def _stored(org: str, document: Document | None, after: Suppression) -> Write:
    path, fields = paths.suppression(org, after.id), suppression_fields(after)
    return Create(path, fields) if document is None else Set(path, fields, document.version)


async def lift(
    engine: Engine, org: str, address: str, *, scope: str = suppressions.ALL, by: str
) -> bool:
    """Let an address be contacted again under a scope; False if it could be."""
    id_ = await id_of(engine, org, address)

    def decide(documents: list[Document | None]) -> tuple[bool, Sequence[Write]]:
        document = documents[0]
        known = _known(document)
        if document is None or known is None or scope not in known.scopes:
            return False, []
        left = _left(org, document, suppressions.lifted(known, scope))
        entry = {"scope": scope}
        return True, [left, _audit(org, id_, "lift", by, engine.clock.now(), entry)]

    was_barred = await modify(engine.store, [paths.suppression(org, id_)], decide)
    if was_barred:
        log.info("suppression_lifted", org=org, suppression_id=id_, scope=scope, by=by)
    return was_barred


def _left(org: str, document: Document, after: Suppression | None) -> Write:
    if after is None:
        return Delete(document.path, document.version)
    return _stored(org, document, after)


async def opt_in(engine: Engine, org: str, address: str, *, at: datetime, by: str) -> bool:
    """Let somebody be contacted again who says so at this time; False if they had not opted out.

    What else bars them, and what they have opted out of since, stays.
    """
    id_ = await id_of(engine, org, address)

    def decide(documents: list[Document | None]) -> tuple[bool, Sequence[Write]]:
        document = documents[0]
        if document is None:
            return False, []
        known = suppression_from(document.id, document.data)
        after = suppressions.opted_in(known, at)
        if after == known:
            return False, []
        lifted = sorted(known.scopes.keys() - (after.scopes if after else {}).keys())
        entry = {"scope": ", ".join(lifted)}
        trail = _audit(org, id_, "opt_in", by, engine.clock.now(), entry)
        return True, [_left(org, document, after), trail]

    was_barred = await modify(engine.store, [paths.suppression(org, id_)], decide)
    if was_barred:
        log.info("contact_opted_in", org=org, suppression_id=id_, by=by)
    return was_barred


def _audit(org: str, id_: str, action: str, by: str, now: datetime, entry: dict[str, Any]) -> Write:
    """Return the entry in the audit trail, which knows the address by its id alone."""
    name = f"suppression-{uuid4().hex}"  # an address may be barred and freed any number of times
    return audit_trail.entry(org, name, action=action, by=by, at=now, suppression=id_, **entry)


async def load(engine: Engine, org: str, id_: str) -> Suppression:
    """Return a suppression by its id. Raises NotFoundError."""
    document = at_version(await engine.store.get(paths.suppression(org, id_)), "Suppression", id_)
    return suppression_from(document.id, document.data)


async def find(engine: Engine, org: str, address: str) -> Suppression | None:
    """Return the suppression of an address, None where it has none."""
    id_ = await id_of(engine, org, address)
    return _known(await engine.store.get(paths.suppression(org, id_)))


async def page_of(
    engine: Engine, org: str, *, after: str | None, limit: int
) -> tuple[list[Suppression], str | None]:
    """Return suppressions behind the id `after`, by id, and the id to go on behind."""
    found, following = await page_by_id(engine, paths.suppressions(org), after=after, limit=limit)
    return [suppression_from(document.id, document.data) for document in found], following


async def suppressed_among(
    engine: Engine,
    org: str,
    addresses: Collection[str],
    *,
    scopes: Collection[str],
    now: datetime,
) -> set[str]:
    """Return the given addresses that are suppressed under one of the scopes."""
    if not addresses or not await engine.store.query(Query(paths.suppressions(org), limit=1)):
        return set()  # Nobody is: the usual case, and far cheaper than asking for each.
    return await _barred(engine, org, addresses, scopes=scopes, now=now)


async def kept_out(
    engine: Engine, org: str, addresses: Collection[str], *, scopes: Collection[str]
) -> set[str]:
    """Return the given addresses that are suppressed so that nobody enters a plan by them."""
    if not addresses or not await engine.store.query(Query(paths.suppressions(org), limit=1)):
        return set()
    found = await _found(engine, org, addresses)
    return {address for address, each in found.items() if each.keeps_out(scopes)}


async def _barred(
    engine: Engine,
    org: str,
    addresses: Collection[str],
    *,
    scopes: Collection[str],
    now: datetime,
) -> set[str]:
    found = await _found(engine, org, addresses)
    return {address for address, each in found.items() if each.bars(scopes, now=now)}


async def _found(engine: Engine, org: str, addresses: Collection[str]) -> dict[str, Suppression]:
    """Return what bars the given addresses; it may be spelt in another way."""
    asked, salt = list(addresses), await salt_of(engine, org)
    documents = await engine.store.get_many(
        [paths.suppression(org, contact_id(salt, address)) for address in asked]
    )
    found = zip(asked, map(_known, documents), strict=True)
    return {address: each for address, each in found if each is not None}


async def barred_scopes(engine: Engine, org: str, address: str) -> set[str]:
    """Return the scopes under which an address is suppressed now."""
    known = await find(engine, org, address)
    now = engine.clock.now()
    return {scope for scope, bar in known.scopes.items() if bar.holds(now)} if known else set()


#: How soon whoever is suppressed is left out by a campaign that is sending.
_LOOK_EVERY: Final = timedelta(seconds=1)
#: A suppression is stamped by another clock than ours, and is seen a little later than stamped:
#: each look goes back so far,
_LOOK_BACK: Final = timedelta(seconds=10)
#: and now and then much farther, for a clock that is wrong or a commit that took very long.
_LOOK_FAR_BACK: Final = timedelta(minutes=5)
_LOOK_FAR_EVERY: Final = timedelta(minutes=1)
#: More than so many new ones are not remembered: each message is asked for instead.
_REMEMBERED: Final = 1000


class FreshSuppressions:
    """Who was suppressed since a campaign's launch, which has left out those before.

    Looking costs one query, and reads what is new since the last look.
    """

    def __init__(self, engine: Engine, campaign: Campaign, send: Send) -> None:
        self._engine = engine
        self._campaign = campaign
        self._scopes = campaign.suppression_scopes(send)
        self._seen: set[str] = set()
        self._too_many = False
        #: Nobody has looked yet: the first look begins before the launch.
        self._looked_at = self._since = campaign.started_at or campaign.created_at
        self._looked_far_at: datetime | None = None

    def begin_at(self, at: datetime) -> None:
        """Look no farther back than `at`: those to come were not barred then.

        A plan's messages are made all the time, each to somebody who was looked up; its campaign
        may have begun long ago. What was not looked through is, should an earlier one come.
        """
        if self._looked_far_at is None or at < self._since:
            self._since = self._looked_at = at
            self._looked_far_at = None

    async def among(self, addresses: Iterable[str]) -> set[str]:
        """Return the given addresses that the campaign must not contact any more."""
        now = self._engine.clock.now()
        if self._is_due(now):
            await self._look(now)
        if not self._seen:
            return set()
        asked = [each for each in addresses if self._too_many or one_spelling(each) in self._seen]
        if not asked:
            return set()
        # What was seen may have been lifted or have expired, or be of another scope.
        return await _barred(self._engine, self._campaign.org, asked, scopes=self._scopes, now=now)

    def _is_due(self, now: datetime) -> bool:
        if self._looked_far_at is None:
            return True
        return not self._too_many and now - self._looked_at >= _LOOK_EVERY

    async def _look(self, now: datetime) -> None:
        last = self._looked_far_at
        is_far = last is None or now - last >= _LOOK_FAR_EVERY
        since = self._looked_at - (_LOOK_FAR_BACK if is_far else _LOOK_BACK)
        query = Query(
            paths.suppressions(self._campaign.org),
            (Where("at", ">", since),),
            ("at",),
            limit=_REMEMBERED + 1,
        )
        found = await self._engine.store.query(query)
        self._seen.update(one_spelling(document.data["address"]) for document in found)
        self._too_many = len(self._seen) > _REMEMBERED
        self._looked_at, self._looked_far_at = now, now if is_far else last
