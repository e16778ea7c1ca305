"""What is stored, read back as campaigns, schedules and actions.

An action that is to come is not stored before five minutes ahead of its time: it is told from its
campaign's plan and from when its subject was scheduled, and looks like one that is.
"""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from functools import partial
from typing import Final

from functions.client.defining import BY
from functions.client.definitions import action_of
from functions.client.records import (
    Action,
    ActionState,
    CampaignRecord,
    Lateness,
    Schedule,
    Status,
)
from functions.domain.campaigns.campaign import Campaign, campaign_from
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.errors import NotFoundError
from functions.domain.kinds import CampaignKind
from functions.domain.messages.ids import enrollment_id, node_send
from functions.domain.messages.message import Message, MessageStatus
from functions.domain.plans.document import SendNode, SequenceDocument
from functions.domain.plans.enrollment import EnrollmentStatus
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.people import subject_id
from functions.engine.kernel.plan_versions import plan_of
from functions.engine.messages import statistics
from functions.engine.plans import counts
from functions.engine.plans.enrollments import (
    EnrollmentFilter,
    Found,
    find,
    messages_of,
    messages_of_page,
    of_person,
    page_of,
    to_come,
)
from functions.engine.plans.entering import Person, entered
from functions.engine.plans.migration.names import Names
from functions.engine.ports.store import Query, Where
from functions.engine.process.plan_version import PlanVersion

#: Documents that are read at once.
PAGE: Final = 200
_STATES: Final[Mapping[str, ActionState]] = {
    MessageStatus.PENDING: ActionState.PENDING,
    MessageStatus.SENDING: ActionState.PROCESSING,
    MessageStatus.SENT: ActionState.COMPLETED,
}


async def record_of(engine: Engine, campaign: Campaign) -> CampaignRecord:
    """Return a campaign as it was defined."""
    version = await plan_of(engine, campaign, campaign.plan)
    document = version.plan.document
    steps = document.steps if isinstance(document, SequenceDocument) else []
    return CampaignRecord(
        campaign.name,
        campaign.status is CampaignStatus.RUNNING,
        [action_of(step) for step in steps],
        document.timezone,
        campaign.plan,
        campaign.created_at,
        campaign.updated_at or campaign.created_at,
    )


async def campaigns(engine: Engine, org: str) -> AsyncIterator[Campaign]:
    """Yield the campaigns that were defined, the oldest first."""
    where = (Where("kind", "==", CampaignKind.SEQUENCE),)
    query = Query(paths.campaigns(org), where, ("created_at",), limit=PAGE)
    async with aclosing(engine.store.stream(query)) as parts:
        async for page in parts:
            for document in page:
                campaign = campaign_from(org, document.id, document.data)
                if campaign.created_by == BY:
                    yield campaign


async def schedules(
    engine: Engine, names: Names, campaign_id: str | None, subject: str | None
) -> AsyncIterator[Found]:
    """Yield the enrollments of a campaign, of a subject, of both, or of all."""
    if campaign_id is not None:
        campaign = await names.find(engine, campaign_id)
        found = (
            _of_campaign(engine, campaign) if subject is None else _one(engine, campaign, subject)
        )
    else:
        found = (
            _all(engine, names.org) if subject is None else _of_subject(engine, names.org, subject)
        )
    async for each in found:
        yield each


async def _all(engine: Engine, org: str) -> AsyncIterator[Found]:
    async for campaign in campaigns(engine, org):
        async for each in _of_campaign(engine, campaign):
            yield each


async def _one(engine: Engine, campaign: Campaign, subject: str) -> AsyncIterator[Found]:
    id_ = enrollment_id(await subject_id(engine, campaign.org, subject))
    with suppress(NotFoundError):
        yield await find(engine, campaign.org, campaign.id, id_)


async def _of_subject(engine: Engine, org: str, subject: str) -> AsyncIterator[Found]:
    read = partial(of_person, engine, org, await subject_id(engine, org, subject))
    async for each in _paged(read):
        yield each


async def _of_campaign(engine: Engine, campaign: Campaign) -> AsyncIterator[Found]:
    read = partial(page_of, engine, campaign.org, campaign.id, EnrollmentFilter())
    async for each in _paged(read):
        yield each


async def _paged(
    read: Callable[..., Awaitable[tuple[Sequence[Found], str | None]]],
) -> AsyncIterator[Found]:
    """Yield what a reader of pages has, from the first page to the last."""
    rows, after = await read(after=None, limit=PAGE)
    while True:
        for each in rows:
            yield each
        if after is None:
            return
        rows, after = await read(after=after, limit=PAGE)


async def with_actions(
    engine: Engine, found: AsyncIterator[Found], *, at_once: int
) -> AsyncIterator[Schedule]:
    """Yield schedules with their actions; the messages of many are read together.

    `found` are all of a campaign, and then all of the next one. With `at_once` 1 they may be any.
    """
    page: list[Found] = []
    async for each in found:
        if page and (len(page) == at_once or page[0].campaign.id != each.campaign.id):
            async for schedule in _with_actions(engine, page):
                yield schedule
            page = []
        page.append(each)
    async for schedule in _with_actions(engine, page):
        yield schedule


async def _with_actions(engine: Engine, page: Sequence[Found]) -> AsyncIterator[Schedule]:
    messages = await messages_of_page(engine, page) if page else {}
    for each in page:
        actions = await _actions_of(engine, each, messages[each.id])
        yield without_actions(each)._replace(actions=actions)


async def schedule_of(engine: Engine, found: Found) -> Schedule:
    """Return a subject of a campaign, with all actions they have had and will have."""
    is_new = not found.version
    stored = [] if is_new else (await messages_of(engine, found)).messages
    actions = await _actions_of(engine, found, [each.value for each in stored])
    return without_actions(found)._replace(actions=actions)


def without_actions(found: Found) -> Schedule:
    """Return a subject of a campaign, without their actions."""
    campaign, walk = found.campaign, found.walk
    runs = campaign.status is CampaignStatus.RUNNING
    is_active = runs and walk.status in {EnrollmentStatus.ACTIVE, EnrollmentStatus.COMPLETED}
    return Schedule(campaign.name, walk.subject, is_active, walk.entered_at)


async def _actions_of(engine: Engine, found: Found, messages: Sequence[Message]) -> list[Action]:
    """Return the actions of a subject, in the order in which they are expected."""
    version = await plan_of(engine, found.campaign, found.walk.plan)
    runs = found.campaign.status is CampaignStatus.RUNNING
    made = [await _made(engine, found, each) for each in messages if _is_shown(each)]
    shown = [*made, *_to_come(found, version)]
    shown = [each for each in shown if runs or each.state is not ActionState.PENDING]
    return sorted(shown, key=_expected)


def _expected(action: Action) -> tuple[bool, datetime, str]:
    """Return by what actions are in order: those that wait for another one come last."""
    at = action.expected_at
    return at is None, at or datetime.max.replace(tzinfo=UTC), action.action_id


def _is_shown(message: Message) -> bool:
    """Tell whether an action is told of; one that was unscheduled is there no more."""
    return message.status != MessageStatus.CANCELLED


async def _made(engine: Engine, found: Found, message: Message) -> Action:
    """Return an action as the definition had it by which it was made."""
    sent = node_send(message.send)
    node = (await plan_of(engine, found.campaign, sent.version)).plan.nodes[sent.node]
    said = node.callback if isinstance(node, SendNode) else None
    return Action(
        found.campaign.name,
        sent.node,
        found.walk.subject,
        _STATES.get(message.status, ActionState.FAILED),
        message.due_at or message.created_at or found.walk.entered_at,
        said or {},
        message.sent_at,
        message.sent_at or message.ended_at,
        message.log or message.reason,
    )


def _to_come(found: Found, version: PlanVersion) -> Iterator[Action]:
    """Yield the actions whose messages are not made yet."""
    walk = found.walk
    for node, due in to_come(found.campaign.id, version.plan, walk):
        said = node.callback if isinstance(node, SendNode) else None
        name, pending = found.campaign.name, ActionState.PENDING
        yield Action(name, node.id, walk.subject, pending, due, said or {})


async def would_be(engine: Engine, campaign: Campaign, subject: str) -> list[Action]:
    """Return the actions of somebody who would be scheduled now."""
    version = await plan_of(engine, campaign, campaign.plan)
    who = await subject_id(engine, campaign.org, subject)
    walk = entered(campaign, version.plan, Person(subject, who, ""), by="", at=engine.clock.now())
    found = Found(campaign, enrollment_id(who), walk, 0)
    return sorted(_to_come(found, version), key=_expected)


async def status(engine: Engine, org: str) -> Status:
    """Count everything, by the statistics alone."""
    found = [campaign async for campaign in campaigns(engine, org)]
    active = sum(each.status is CampaignStatus.RUNNING for each in found)
    messages, walks, late = Counter[str](), Counter[str](), Counter[int]()
    to_come = 0
    for counted in await statistics.read(engine, found):
        messages.update(counted.by_status)
        read = counts.read(counted)
        walks.update(read.by_status)
        to_come += sum(node.here for node in read.nodes)
        late.update(counted.lateness)
    states = dict.fromkeys(map(str, ActionState), 0)
    del messages[MessageStatus.CANCELLED]
    for state, count in messages.items():
        states[_STATES.get(state, ActionState.FAILED)] += count
    states[ActionState.PENDING] += to_come
    p50, p95, p99 = statistics.spread(late).shares.values()
    schedules_by = {
        "active": walks[EnrollmentStatus.ACTIVE] + walks[EnrollmentStatus.PAUSED],
        "completed": walks[EnrollmentStatus.COMPLETED],
        "unscheduled": walks[EnrollmentStatus.EXITED],
    }
    by_state = {"active": active, "inactive": len(found) - active}
    return Status(by_state, schedules_by, states, Lateness(p50, p95, p99))
