"""Audience count: whom a campaign would reach if it started, before it does.

The audience is read as the launch reads it, and decided about by what decides there; nothing is
written. Of a large audience a part is looked at, in the order of ids that tell nothing, so that it
speaks for the others.
"""

from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, TypeAlias

from functions.domain.campaigns.audience import AudienceKind
from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.errors import NotFoundError, WrongStatusError
from functions.domain.messages.message import MessageStatus
from functions.engine.campaigns.audience import Page, pages, source_of
from functions.engine.campaigns.audience_size import audience_and_size
from functions.engine.campaigns.lifecycle import load
from functions.engine.campaigns.plans import whole_send
from functions.engine.campaigns.writing.series import renewal
from functions.engine.contacts import segments
from functions.engine.eligibility.planner import Planner
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.people import salt_of
from functions.engine.kernel.plan_versions import plan_of
from functions.engine.plans.admission import Admission, first_send

#: People who are looked at; of more than these the others are concluded from them.
LOOKED_AT: Final = 10_000
#: For how long people are looked at.
_COUNT_FOR: Final = timedelta(seconds=10)

HasGone: TypeAlias = Callable[[], Awaitable[bool]]
"""Tells whether nobody waits for the answer any more."""


@dataclass(slots=True)
class Tally:
    """What would become of the people who were looked at."""

    reached: int = 0  #: a message is made for them; of a plan: they enter
    waiting: int = 0  #: those of them whose hours have to open first
    by_fallback: int = 0  #: the campaign's own channel cannot reach them, the next one is tried
    reasons: Counter[str] = field(default_factory=Counter)  #: why the others are not

    @property
    def not_reached(self) -> int:
        """People who would get nothing."""
        return self.reasons.total()

    @property
    def looked_at(self) -> int:
        """All who were looked at."""
        return self.reached + self.by_fallback + self.not_reached


class AudienceCount(NamedTuple):
    """Whom a campaign would reach if it started at an instant."""

    campaign: Campaign
    counted_at: datetime
    at: datetime  #: when it would start
    tally: Tally
    total: int | None  #: people in the audience; None where only reading on would tell
    exact: bool  #: everybody was looked at


@dataclass(frozen=True, slots=True)
class _StillClock:
    """A clock that stands at the instant of the start."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        raise NotImplementedError(seconds)


_Judge: TypeAlias = Callable[[Page, Tally], Awaitable[None]]


async def count(
    engine: Engine, org: str, id_: str, *, at: datetime | None, has_gone: HasGone
) -> AudienceCount:
    """Count whom a campaign that has not started would reach.

    It would start `at`; None, or an instant that has passed: at its time, if that lies ahead, else
    now. Raises NotFoundError, WrongStatusError, and InvalidFieldError for the run of a series that
    may not be sent any more.
    """
    campaign = await load(engine, org, id_)
    if campaign.started_at is not None or campaign.has_ended:
        raise WrongStatusError("count", campaign.status, already=False, ended=campaign.has_ended)
    now = engine.clock.now()
    start = max(now, at or campaign.scheduled_at or now)
    as_started = await _as_started(engine, campaign)
    tally, whole = Tally(), True
    if campaign.launches:
        then = replace(engine, clock=_StillClock(start))
        judge, source = await _judge(then, as_started)
        deadline = now + _COUNT_FOR
        async with aclosing(source) as walk:
            async for page in walk:
                await judge(page, tally)
                if page.cursor is None:
                    break
                late = engine.clock.now() >= deadline or tally.looked_at >= LOOKED_AT
                if late or await has_gone():
                    whole = False
                    break
    size = None if whole else await _size(engine, campaign)
    total = tally.looked_at if whole else size and max(size, tally.looked_at)
    return AudienceCount(campaign, now, start, tally, total, whole)


async def _as_started(engine: Engine, campaign: Campaign) -> Campaign:
    """Return a campaign as its launch finds it; the run of a series by the rules of today."""
    renewed = await renewal(engine, campaign)
    return replace(campaign, **{**renewed(campaign), "status": CampaignStatus.RUNNING})


async def _judge(engine: Engine, campaign: Campaign) -> tuple[_Judge, AsyncGenerator[Page, None]]:
    """Return what decides about a page as the launch does, and the pages."""
    if not campaign.plan:
        send = campaign.own_send
        planner = Planner(engine, campaign, send, salt=await salt_of(engine, campaign.org))
        return _Messages(planner), pages(engine, source_of(campaign, send), None)
    version = await plan_of(engine, campaign, campaign.plan)
    send = await whole_send(engine, campaign, first_send(version))
    admission = Admission(engine, campaign, version.plan)
    return _Entries(admission), pages(engine, source_of(campaign, send), None)


class _Messages:
    """Counts the messages that a broadcast would make, each address once."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner
        self._seen: set[str] = set()

    async def __call__(self, page: Page, tally: Tally) -> None:
        for path, message in self._planner.plan(page.recipients).messages.items():
            if message.get("send"):
                continue  # it follows a message that was counted
            if path in self._seen:
                tally.reasons["duplicate_address"] += 1
            else:
                self._seen.add(path)
                _add(tally, message)


def _add(tally: Tally, message: Mapping[str, Any]) -> None:
    if message["status"] == MessageStatus.PENDING:
        tally.reached += 1
        tally.waiting += "reason" in message
    elif message.get("followed"):
        tally.by_fallback += 1
    else:
        tally.reasons[message["reason"]] += 1


class _Entries:
    """Counts the people who would enter a plan."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission

    async def __call__(self, page: Page, tally: Tally) -> None:
        walks = await self._admission.walks(page.recipients)
        for walk, _ in walks.values():
            if walk.enrollment.has_ended:
                tally.reasons[walk.enrollment.exit] += 1
            else:
                tally.reached += 1


async def _size(engine: Engine, campaign: Campaign) -> int | None:
    """Return how many people are in an audience, where that is known without reading them."""
    org, audience = campaign.org, campaign.audience
    if audience.kind is AudienceKind.SEGMENT:
        try:
            condition = await segments.condition(engine, org, audience.id)
        except NotFoundError:
            return 0
        return await segments.known_size(engine, org, condition)
    if audience.kind is AudienceKind.RECIPIENTS:
        return campaign.total
    return (await audience_and_size(engine, org, campaign.id, audience))[1]
