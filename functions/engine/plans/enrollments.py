"""Enrollments as people look at them: a campaign's, page by page, and one with all about it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from functions.domain.campaigns.campaign import Campaign, campaign_from
from functions.domain.contacts.contact import Contact, contact_from
from functions.domain.errors import InvalidFieldError, NotFoundError
from functions.domain.kinds import CampaignKind
from functions.domain.messages.ids import whole_id
from functions.domain.messages.message import Message, message_from
from functions.domain.plans.document import SendNode, WebhookNode
from functions.domain.plans.enrollment import Enrollment, EnrollmentStatus, Move, enrollment_from
from functions.domain.plans.order import waits_for
from functions.domain.plans.plan import Plan, zone_of_walk
from functions.domain.plans.timing import Timing
from functions.domain.plans.words import Position, position, standing, why
from functions.engine import paths
from functions.engine.campaigns.lifecycle import load
from functions.engine.contacts import contacts
from functions.engine.kernel.claims import WithClaims, with_claims
from functions.engine.kernel.commits.versioned import Versioned
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.paging import Passes, page_where
from functions.engine.kernel.plan_versions import plan_of
from functions.engine.messages import statistics
from functions.engine.plans import counts
from functions.engine.plans.facts import known_of
from functions.engine.plans.writing.following import check_walks
from functions.engine.ports.store import Query, Where

#: Messages of one person that are read at once.
_AT_ONCE: Final = 20
#: Messages of many people that are read at once.
_OF_A_PAGE: Final = 500


class Found(NamedTuple):
    """An enrollment as it is stored, and its campaign."""

    campaign: Campaign
    id: str
    walk: Enrollment
    version: int

    @property
    def whole_id(self) -> str:
        """What callers know the enrollment by."""
        return whole_id(self.campaign.id, self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrollmentFilter:
    """Which enrollments of a campaign are shown: those that all of these hold for."""

    status: EnrollmentStatus | None = None
    node: str = ""  #: at which somebody stands


class Told(NamedTuple):
    """A move, and why it was made."""

    move: Move
    why: str


class Whole(NamedTuple):
    """All that is known of an enrollment."""

    sentence: str
    positions: Sequence[Position]
    moves: Sequence[Told]  #: the newest; older ones are laid aside in pages
    messages: Sequence[Message]
    zone: str


async def find(engine: Engine, org: str, campaign_id: str, id_: str) -> Found:
    """Return an enrollment. Raises NotFoundError."""
    asked = [paths.campaign(org, campaign_id), paths.enrollment(org, campaign_id, id_)]
    home, stored = await engine.store.get_many(asked)
    if home is None or stored is None:
        raise NotFoundError("Enrollment", whole_id(campaign_id, id_))
    campaign = campaign_from(org, campaign_id, home.data)
    return Found(campaign, id_, enrollment_from(stored.data), stored.version)


def as_of_now(campaign: Campaign, walk: Enrollment) -> Enrollment:
    """Return a walk as it stands: whoever was under way when the campaign ended is no more.

    The end of a campaign touches none of its enrollments, of which there may be a million.
    """
    if walk.has_ended or not campaign.has_ended:
        return walk
    status, reason = EnrollmentStatus.EXITED, f"campaign_{campaign.status}"
    return walk._replace(status=status, exit=reason, ended_at=campaign.ended_at, next_at=None)


async def page_of(
    engine: Engine,
    org: str,
    campaign_id: str,
    shown: EnrollmentFilter,
    *,
    after: str | None,
    limit: int,
) -> tuple[list[Found], str | None]:
    """Return enrollments behind the id `after`, and the id to go on behind; None at the end.

    Where they are looked for among others, a page may be short, or empty, and lead on. Raises
    NotFoundError, and InvalidFieldError for a campaign without a plan and a node that it lacks.
    """
    campaign = await load(engine, org, campaign_id)
    check_walks(campaign, "enrollment")
    if shown.node:
        await _check_known(engine, campaign, shown.node)
    collection = paths.enrollments(org, campaign_id)
    start = None if after is None else (f"{collection}/{after}",)
    where, passes = _conditions(campaign, shown)
    query = Query(collection, where, limit=limit, start_after=start)
    page = await page_where(engine, query, passes)
    found = [
        Found(campaign, each.id, enrollment_from(each.data), each.version)
        for each in page.documents
    ]
    return found, page.last and page.last.id


async def called(engine: Engine, org: str, page: Sequence[Found]) -> list[str]:
    """Return what each of a page is called: their name, else their address."""
    known = sorted({each.walk.contact for each in page if each.walk.contact})
    stored = await engine.store.get_many(known)
    people = [contact_from(each.id, each.data) for each in stored if each is not None]
    names = {paths.contact(org, each.id): _called(each) for each in people}
    return [names.get(each.walk.contact, each.walk.address) for each in page]


def _called(contact: Contact) -> str:
    whole = f"{contact.first_name} {contact.last_name}".strip()
    return whole or contact.phone or contact.email


async def of_contact(
    engine: Engine, org: str, contact_id: str, *, after: str | None, limit: int
) -> tuple[list[Found], str | None]:
    """Return a contact's enrollments of all campaigns, and the whole id to go on behind.

    Raises NotFoundError for a contact that the organisation does not have.
    """
    await contacts.load(engine, org, contact_id)
    return await of_person(engine, org, contact_id, after=after, limit=limit)


async def of_person(
    engine: Engine, org: str, who: str, *, after: str | None, limit: int
) -> tuple[list[Found], str | None]:
    """Return somebody's enrollments of all campaigns, and the whole id to go on behind."""
    start = None
    if after is not None:
        campaign_id, _, id_ = after.partition(".")
        start = (paths.enrollment(org, campaign_id, id_),)
    where = (Where("who", "==", who),)
    query = Query("enrollments", where, limit=limit, start_after=start, group=True)
    page = await page_where(engine, query)
    own = [each for each in page.documents if each.org == org]
    homes = list(dict.fromkeys(paths.parent(each.path) for each in own))
    found = await engine.store.get_many(homes) if homes else []
    campaigns = {each.path: campaign_from(org, each.id, each.data) for each in found if each}
    rows = [
        Found(campaigns[home], each.id, enrollment_from(each.data), each.version)
        for each in own
        if (home := paths.parent(each.path)) in campaigns
    ]
    last = page.last and whole_id(paths.ids(page.last.path)[1], page.last.id)
    return rows, last


def _conditions(
    campaign: Campaign, shown: EnrollmentFilter
) -> tuple[tuple[Where, ...], Passes | None]:
    """Return the condition that an index serves, and the filter for what is left."""
    status, node = shown.status, shown.node

    def passes(data: Mapping[str, Any]) -> bool:
        walk = as_of_now(campaign, enrollment_from(data))
        stands = any(thread.node == node for thread in walk.threads.values())
        return status in {None, walk.status} and (not node or stands)

    if node and campaign.kind is CampaignKind.JOURNEY:
        return (Where("node", "==", node),), passes if status else None
    if campaign.has_ended or node:
        return (), passes if status or node else None
    return ((Where("status", "==", status),) if status else ()), None


async def _check_known(engine: Engine, campaign: Campaign, node: str) -> None:
    """Refuse a node that the plan does not have, and at which nobody has ever stood."""
    plan = (await plan_of(engine, campaign, campaign.plan)).plan
    if node not in plan.nodes:
        found = counts.read(await statistics.read_one(engine, campaign))
        if node not in {each.id for each in found.nodes}:
            check_node(plan, node)


def check_node(plan: Plan, node: str) -> None:
    """Refuse a node that a plan does not have. Raises InvalidFieldError."""
    if node not in plan.nodes:
        raise InvalidFieldError("node", f"node: the plan has no node '{node}'")


async def whole(engine: Engine, found: Found) -> Whole:
    """Return all that is known of an enrollment, in words where people will read it."""
    campaign, walk = found.campaign, found.walk
    plan = (await plan_of(engine, campaign, walk.plan)).plan
    zone = zone_of_walk(plan, walk.zones, walk.entered_at)
    (known,) = await known_of(engine, campaign, [walk])
    seen = as_of_now(campaign, walk)
    now, lots = engine.clock.now(), campaign.id
    return Whole(
        standing(seen, zone=zone),
        [] if seen.has_ended else position(plan, walk, known.facts, zone=zone, now=now, lots=lots),
        [Told(move, why(move, zone=zone)) for move in walk.moves],
        [each.value for each in (await messages_of(engine, found)).messages],
        zone.key,
    )


async def older_moves(engine: Engine, found: Found, page: int) -> Sequence[Told]:
    """Return a page of the moves that were laid aside, from 1; the last one has the newest."""
    stored = await engine.store.get(
        paths.moves(found.campaign.org, found.campaign.id, found.id, page)
    )
    if stored is None:
        return ()
    plan = (await plan_of(engine, found.campaign, found.walk.plan)).plan
    zone = zone_of_walk(plan, found.walk.zones, found.walk.entered_at)
    moves = [Move(**move) for move in stored.data["moves"]]
    return [Told(move, why(move, zone=zone)) for move in moves]


async def messages_of(engine: Engine, found: Found) -> WithClaims:
    """Return every message of an enrollment as it stands, the oldest first."""
    messages = await _between(engine, found, found, at_once=_AT_ONCE)
    own = [each for each in messages if each.value.enrollment == found.id]
    own.sort(key=lambda each: each.value.created_at or found.campaign.created_at)
    return await with_claims(engine, found.campaign, own)


async def messages_of_page(engine: Engine, page: Sequence[Found]) -> dict[str, list[Message]]:
    """Return the messages of a campaign's enrollments as they stand, by the ids of these.

    The page holds all there are between its first and its last one, by id: so few reads do.
    """
    messages = await _between(engine, page[0], page[-1], at_once=_OF_A_PAGE)
    found: dict[str, list[Message]] = {each.id: [] for each in page}
    own = [each for each in messages if each.value.enrollment in found]
    for each in (await with_claims(engine, page[0].campaign, own)).messages:
        found[each.value.enrollment].append(each.value)
    return found


async def _between(
    engine: Engine, first: Found, last: Found, *, at_once: int
) -> list[Versioned[Message]]:
    """Return the messages to the people of two enrollments, and of those between them.

    The ids of all messages to one person begin alike, and as their enrollments' do.
    """
    collection = paths.messages(first.campaign.org, first.campaign.id)
    begin, end = (each.id[: len(each.walk.who)] for each in (first, last))
    query = Query(collection, limit=at_once, start_after=(f"{collection}/{begin}",))
    messages: list[Versioned[Message]] = []
    while True:
        read = await engine.store.query(query)
        within = [each for each in read if each.id[: len(end)] <= end]
        messages += [Versioned(message_from(d.id, d.data), d.version) for d in within]
        if len(within) < at_once:
            return messages
        query = query.after(read[-1])


class Following(NamedTuple):
    """What is to be sent next of a walk."""

    node: str
    what: str
    at: datetime


def following(campaign: str, plan: Plan, walk: Enrollment) -> Following | None:
    """Return what is sent next as far as it is known without anything happening meanwhile."""
    known = [
        Following(node.id, f"{node.action} {node.id}", due)
        for node, due in to_come(campaign, plan, walk)
        if due is not None
    ]
    return min(known, key=lambda each: each.at, default=None)


def to_come(
    campaign: str, plan: Plan, walk: Enrollment
) -> Iterator[tuple[SendNode | WebhookNode, datetime | None]]:
    """Yield where somebody gets a message that is not made yet, and when it is due.

    None: that counts from the end of another step, which lies ahead.
    """
    zone = zone_of_walk(plan, walk.zones, walk.entered_at)
    timing = Timing(zone, walk.entered_at, campaign, walk.subject, walk.began)
    for thread in walk.threads.values():
        node = plan.nodes[thread.node]
        if not isinstance(node, SendNode | WebhookNode):
            continue
        waits = waits_for(plan, thread, walk.threads, walk.began)
        due = None if waits else timing.ahead(node, thread)
        if waits or due is not None:
            yield node, due
