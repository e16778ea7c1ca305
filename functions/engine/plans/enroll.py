"""Enroll: people enter the plan of a campaign that runs, some at once.

An enrollment's id is derived from whose it is: it is created once, however many ask for it at the
same moment. The lane that walks it makes its first message.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.entry import CONTINUE, PARALLEL, Entry, EntryBy
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.contacts.contact import Contact, contact_from, is_being_erased
from functions.domain.errors import WrongStatusError
from functions.domain.messages.ids import lane_number
from functions.domain.organisation import zones_for
from functions.domain.plans.enrollment import Enrollment, enrollment_from
from functions.domain.plans.leaving import is_forgotten
from functions.domain.plans.plan import Plan
from functions.domain.plans.versions.continuing import rest_of
from functions.engine import paths
from functions.engine.campaigns.lifecycle import load
from functions.engine.contacts.contacts import still_there
from functions.engine.contacts.known_by import ids_of
from functions.engine.contacts.leaving import leave
from functions.engine.contacts.suppressions import kept_out
from functions.engine.kernel import lanes
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.people import subject_id
from functions.engine.kernel.plan_versions import plan_of
from functions.engine.notifications.outbox import Decision, modify_with_notices
from functions.engine.plans.changes import record_walks
from functions.engine.plans.decisions import Decided, Walk
from functions.engine.plans.entering import Person, entered
from functions.engine.plans.entry import (
    EntryResult,
    barring_scopes,
    filtered,
    older_plans,
    result_of,
)
from functions.engine.plans.migration.asked import look_again
from functions.engine.plans.pages import without_older
from functions.engine.plans.writing.following import check_walks
from functions.engine.ports.store import Document

#: People who enter in one commit.
_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrant:
    """Somebody who is to enter, by one of these; addresses in their stored spelling."""

    contact_id: str = ""
    address: str = ""  #: E.164, or e-mail in lower case
    subject: str = ""  #: what a caller calls whoever it is, where that is no contact
    region: str = ""  #: of a phone number
    zones: Sequence[str] = ()
    key: str = ""
    data: Mapping[str, str] | None = None
    event: str = ""  #: the id of the custom event upon which they enter


class Entered(NamedTuple):
    """What has become of an entrant."""

    result: EntryResult
    id: str = ""  #: of their enrollment in this campaign
    reason: str = ""  #: why they were refused
    enrollment: Enrollment | None = None


class _Candidate(NamedTuple):
    """An entrant whom we know, and why they may not enter; "" where they may."""

    person: Person
    reason: str = ""
    is_stored: bool = False  #: as a contact, which was read

    @property
    def id(self) -> str:
        """The id of their enrollment."""
        return self.person.enrollment_id


async def enroll(
    engine: Engine,
    org: str,
    campaign_id: str,
    entrants: Sequence[Entrant],
    *,
    by: EntryBy = EntryBy.API,
    at: datetime | None = None,
    per_minute: int | None = None,
) -> list[Entered]:
    """Let people enter a campaign's plan; each is told what became of it, in order.

    They begin at `at` (None: now), `per_minute` of them each minute from then on (None: all at
    once). Raises NotFoundError, InvalidFieldError for a campaign without a plan, and
    WrongStatusError where nobody may enter now.
    """
    campaign = await load(engine, org, campaign_id)
    check_open(campaign)
    start = max(at or engine.clock.now(), engine.clock.now())
    results: list[Entered] = []
    for first in range(0, len(entrants), _AT_ONCE):
        part = entrants[first : first + _AT_ONCE]
        begins = [start + _stagger(first + number, per_minute) for number in range(len(part))]
        results += await _enroll(engine, campaign, part, begins, by)
    return await _confirmed(engine, campaign, results)


def check_open(campaign: Campaign) -> None:
    """Raise InvalidFieldError or WrongStatusError where nobody may enter a campaign's plan now."""
    check_walks(campaign, "enroll")
    if campaign.status not in _OPEN or not campaign.entry_open:
        status = campaign.status if campaign.status not in _OPEN else "closed"
        raise WrongStatusError("enter", status, already=False, ended=campaign.has_ended)


_OPEN: Final = frozenset({CampaignStatus.RUNNING, CampaignStatus.PAUSED})


def _stagger(number: int, per_minute: int | None) -> timedelta:
    return timedelta(minutes=number // per_minute) if per_minute else timedelta()


async def _enroll(
    engine: Engine,
    campaign: Campaign,
    entrants: Sequence[Entrant],
    begins: Sequence[datetime],
    by: EntryBy,
) -> list[Entered]:
    candidates = await _candidates(engine, campaign, entrants)
    version = await plan_of(engine, campaign, campaign.plan)
    asked = list(dict.fromkeys(each.id for each in candidates if not each.reason))
    olders = await older_plans(engine, campaign, asked)
    known = list(dict.fromkeys(each.person.contact for each in candidates if each.is_stored))

    def decide(documents: list[Document | None]) -> Decision[list[Entered]]:
        walks, people = documents[: len(asked)], documents[len(asked) :]
        stored = {d.id: Walk(d.id, enrollment_from(d.data), d.version) for d in walks if d}
        there = {d.path: d for d in people if d and not is_being_erased(d.data)}
        entrance = _Entrance(campaign, version.plan, olders, stored, by, engine.clock.now())
        results = [
            entrance.enter(_unless_gone(candidate, there), at)
            for candidate, at in zip(candidates, begins, strict=True)
        ]
        new = entrance.new
        if not new:
            return results, [], ()
        writes, notices = record_walks(engine, campaign, new)
        # Whoever is erased at this very moment must not stay behind in a walk.
        named = {each.after.contact for each in new} & there.keys()
        return results, [*writes, *(still_there(there[path]) for path in named)], notices

    collection = paths.enrollments(campaign.org, campaign.id)
    wanted = [*(f"{collection}/{id_}" for id_ in asked), *known]
    results = await modify_with_notices(engine, campaign.org, wanted, decide)
    # Whoever is under way already may have been let in by a process that died before this.
    # Read after the commit: resuming wakes every lane, and till then none is to be looked at.
    found = await load(engine, campaign.org, campaign.id)
    if found.status is not CampaignStatus.PAUSED:
        await wake(engine, campaign, [(each.id, each.enrollment) for each in results])
    if found.plan != campaign.plan:
        await look_again(engine, found, campaign.plan)
    await _heed_bars(
        engine, campaign, {each.person.address for each in candidates if not each.reason} - {""}
    )
    return results


async def _heed_bars(engine: Engine, campaign: Campaign, addresses: Collection[str]) -> None:
    """Take out again whose address was barred while they were let in."""
    org, kind = campaign.org, campaign.kind
    scopes = barring_scopes(campaign)
    for address in await kept_out(engine, org, addresses, scopes=scopes):
        await leave(engine, org, address, scope=kind, event="suppressed")


class _Entrance:
    """Decides about those who are to enter in one commit, one after the other."""

    def __init__(
        self,
        campaign: Campaign,
        plan: Plan,
        olders: Mapping[int, Plan],
        stored: Mapping[str, Walk],
        by: EntryBy,
        now: datetime,
    ) -> None:
        self._campaign, self._plan, self._olders = campaign, plan, olders
        self._stored, self._by, self._now = dict(stored), by, now
        self.new: list[Decided] = []

    def enter(self, candidate: _Candidate, at: datetime) -> Entered:
        """Return what becomes of somebody; who enters is in `new`."""
        person, id_ = candidate.person, candidate.id
        if candidate.reason:
            return Entered(EntryResult.REFUSED, reason=candidate.reason)
        walk = self._stored.get(id_)
        before = walk.enrollment if walk else None
        rule = self._campaign.entry or Entry(EntryBy.API)
        if before is not None and person.event and person.event == before.event:
            return Entered(EntryResult.ALREADY, id_, enrollment=before)
        result = result_of(rule, before, now=self._now)
        if result is not EntryResult.ENROLLED:
            return Entered(result, id_, enrollment=before)
        rest = None
        if before is not None and not is_forgotten(before) and rule.reentry == CONTINUE:
            rest = rest_of(self._olders.get(before.plan), self._plan, before, at=at)
            if not rest.starts:
                return Entered(EntryResult.ALREADY_WAS, id_, enrollment=before)
        after = entered(self._campaign, self._plan, person, by=self._by, at=at, rest=rest)
        decided = Decided(walk or Walk(id_, after), after)
        if before is not None:
            older, decided.pages = without_older(self._campaign, id_, before, keep=0)
            decided.after = after._replace(entry=before.entry + 1, pages=older.pages)
        self.new.append(decided)
        self._stored[id_] = Walk(id_, decided.after)
        return Entered(result, id_, enrollment=decided.after)


async def _candidates(
    engine: Engine, campaign: Campaign, entrants: Sequence[Entrant]
) -> list[_Candidate]:
    """Return whom entrants are, by one read of all contacts, and who of them may not enter."""
    org = campaign.org
    ids = await _ids_of(engine, org, entrants)
    found = await engine.store.get_many([paths.contact(org, id_) for id_ in ids])
    contacts = [d and contact_from(d.id, d.data) for d in found]
    candidates = [
        _Candidate(
            _person(campaign, each, id_, contact), _why_not(each, document), document is not None
        )
        for each, id_, contact, document in zip(entrants, ids, contacts, found, strict=True)
    ]
    may = [each.person for each in candidates if not each.reason]
    out = await filtered(engine, campaign, {person.contact for person in may})
    addresses = {person.address for person in may if person.address}
    barred = await kept_out(engine, org, addresses, scopes=barring_scopes(campaign))
    return [
        each._replace(reason=each.reason or _barred(each.person, out, barred))
        for each in candidates
    ]


def _unless_gone(candidate: _Candidate, there: Collection[str]) -> _Candidate:
    """Return a candidate, refused where they were stored and have been erased since."""
    if candidate.reason or not candidate.is_stored or candidate.person.contact in there:
        return candidate
    return candidate._replace(reason="contact_erased")


async def _ids_of(engine: Engine, org: str, entrants: Sequence[Entrant]) -> list[str]:
    """Return the ids of entrants; who is named by a mail address may be a contact with a number."""
    addresses = {each.address for each in entrants if each.address and not each.contact_id}
    known = await ids_of(engine, org, addresses)
    return [
        each.contact_id or known.get(each.address) or await subject_id(engine, org, each.subject)
        for each in entrants
    ]


def _person(campaign: Campaign, entrant: Entrant, id_: str, contact: Contact | None) -> Person:
    """Return who an entrant is: a contact, somebody with an address, or whatever a caller names.

    A key tells walks apart where one person has several: elsewhere it would let them in twice.
    """
    rule = campaign.entry
    has_several = rule is not None and rule.reentry == PARALLEL
    zones = contact.zones if contact else entrant.zones
    return Person(
        entrant.subject or id_,
        id_,
        paths.contact(campaign.org, id_),
        entrant.address or (contact and (contact.phone or contact.email)) or "",
        contact.region if contact else entrant.region,
        zones_for(zones, campaign.rules.default_zone),
        entrant.key if has_several else "",
        entrant.data or {},
        entrant.event,
    )


def _why_not(entrant: Entrant, document: Document | None) -> str:
    """Return why somebody may not enter, by what is stored of them; "" where they may."""
    if document is None:
        return "not_found" if entrant.contact_id else ""
    if is_being_erased(document.data):
        return "contact_erased"
    return "" if document.data["active"] else "inactive"


def _barred(person: Person, out: Collection[str], barred: Collection[str]) -> str:
    if person.contact in out:
        return "entry_filter"
    return "suppressed" if person.address in barred else ""


async def wake(
    engine: Engine, campaign: Campaign, walks: Sequence[tuple[str, Enrollment | None]]
) -> None:
    """Have the lanes of walks look at them as soon as they are due."""
    firsts: dict[int, datetime] = {}
    for id_, walk in walks:
        if walk is not None and walk.next_at is not None:
            number = lane_number(id_, campaign.lanes)
            firsts[number] = min(walk.next_at, firsts.get(number, walk.next_at))
    for number, at in firsts.items():
        org, id_ = campaign.org, campaign.id
        await lanes.wake(engine, org, id_, str(number), at=at, reopen=True)


async def _confirmed(engine: Engine, campaign: Campaign, results: list[Entered]) -> list[Entered]:
    """Return the results; those who came when the campaign had just ended have not entered."""
    if all(each.result is not EntryResult.ENROLLED for each in results):
        return results
    now = await load(engine, campaign.org, campaign.id)
    if not now.has_ended:
        return results
    refused = Entered(EntryResult.REFUSED, reason=f"campaign_{now.status}")
    return [refused if each.result is EntryResult.ENROLLED else each for each in results]
