"""Launch: one message for each person of the audience, or the reason why there is none.

Each page's messages are committed together with the cursor behind them, conditional on the
lane's version: a crash or a second launcher can neither repeat nor skip a page.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog

from functions.domain.campaign import Campaign, CampaignStatus
from functions.domain.fallback import next_message
from functions.domain.message import (
    Message,
    MessageStatus,
    lane_number,
    message_id,
    send_lane,
)
from functions.domain.windows import UnknownZoneError
from functions.engine import hours, lanes, paths, tallies
from functions.engine.audience import Page, Person, pages
from functions.engine.campaigns import LAUNCH, fail, lane_names, stop
from functions.engine.core import Engine
from functions.engine.handover import at_hand
from functions.engine.lanes import Lease
from functions.engine.ports import Add, Create, Document, Update
from functions.engine.wording import UnsayableError, Wording

log = structlog.get_logger()


async def launch(engine: Engine, org: str, campaign_id: str) -> None:
    """Create the messages of a campaign, continuing where an earlier task stopped."""
    lease = await lanes.acquire(engine, org, campaign_id, LAUNCH)
    if lease is None:
        return
    if lease.data["done"]:
        await _finish(lease)
    elif await _bot_is_ready(lease):
        await _create_messages(lease)


async def _bot_is_ready(lease: Lease) -> bool:
    """Wake the campaign's bot, once a start; a bot that does not answer pauses the campaign."""
    engine, campaign = lease.engine, lease.campaign
    needed = engine.traits(campaign).needs_bot
    if not needed or campaign.bot_ready or campaign.has_ended:
        return True
    if await engine.bots.is_ready(campaign.bot_url):
        ready = Update(paths.campaign(campaign.org, campaign.id), {"bot_ready": True})
        return await lease.commit(lease.renewal(), ready)
    await stop(engine, campaign, "bot_not_ready")
    return False


async def _create_messages(lease: Lease) -> None:
    """Commit page after page; while one is being committed the next is planned."""
    planner = Planner(lease.engine, lease.campaign)
    committed: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    committed.set_result(True)
    with lease.engine.handover.filling(lease.campaign):
        try:
            async for page in pages(lease.engine, lease.campaign, lease.data.get("cursor")):
                plan = planner.plan(page.people)
                if not await committed or lease.is_late:
                    break
                committed = asyncio.create_task(_commit_page(lease, planner, plan, page))
                await asyncio.sleep(0)  # it begins, and only then is the next page planned
            if not await committed:
                return
        finally:
            committed.cancel()
    if not lease.data["done"]:
        await lease.hand_on()
        return
    log.info("campaign_launched", campaign_id=lease.campaign.id, planned=lease.data["planned"])
    await _finish(lease)


async def _finish(lease: Lease) -> None:
    """Wake the lanes, and rest only then: if we die before, the check has us do it again."""
    if lease.data.get("planned", 1):  # a single message was made with its campaign
        await _wake_lanes(lease)
    else:  # completed, it would look as if it had done its work
        await fail(lease.engine, lease.campaign, reason="no_recipients")
    await lease.release(None)


async def _wake_lanes(lease: Lease) -> None:
    engine, campaign = lease.engine, lease.campaign
    for name in lane_names(campaign):
        await lanes.wake(
            engine, campaign.org, campaign.id, name, at=engine.clock.now(), interrupt=False
        )


async def _commit_page(lease: Lease, planner: "Planner", plan: "Plan", page: Page) -> bool:
    """Commit a page and its cursor; False if the lane was taken away."""
    first = "planned" not in lease.data
    while (versions := await _write_page(lease, plan, page)) is None:
        if await lease.is_lost():
            return False
        await planner.drop_existing(plan)
    _hand_over(lease, plan, versions)
    if first and page.cursor is not None:
        await _wake_lanes(lease)
    return True


async def _write_page(lease: Lease, plan: "Plan", page: Page) -> list[int] | None:
    """Commit a page once; return its messages' versions first, None after a conflict."""
    return await lease.write(
        _progress(lease, plan, page), *plan.writes(), *plan.tally(lease.campaign)
    )


def _hand_over(lease: Lease, plan: "Plan", versions: list[int]) -> None:
    """Leave the messages that are due to the lanes, where these are at work in this process."""
    now, campaign = lease.engine.clock.now(), lease.campaign
    due: defaultdict[str, list[Document]] = defaultdict(list)
    for (path, message), version in zip(plan.messages.items(), versions, strict=False):
        if message["status"] == MessageStatus.PENDING and message["next_at"] <= now:
            due[message["lane"]].append(Document(path, version, message))
    most = at_hand(campaign, lease.engine.limits.dispatch_page)
    for lane, messages in due.items():
        lease.engine.handover.give(campaign, lane, messages, most=most)


def _progress(lease: Lease, plan: "Plan", page: Page) -> Update:
    done = page.cursor is None
    planned = lease.data.get("planned", 0) + len(plan.messages)
    return lease.renewal(cursor=page.cursor, planned=planned, done=done)


@dataclass(slots=True)
class Plan:
    """The messages of one page, by path, and who each of them is for."""

    messages: dict[str, dict[str, Any]] = field(default_factory=dict)

    def writes(self) -> Iterable[Create]:
        """Return the writes that create the messages."""
        return [Create(path, message) for path, message in self.messages.items()]

    def tally(self, campaign: Campaign) -> list[Add]:
        """Return the write that counts the messages."""
        statuses = [message["status"] for message in self.messages.values()]
        followed = [each["status"] for each in self.messages.values() if each.get("followed")]
        counted = tallies.created(campaign, LAUNCH, statuses, followed=followed)
        return [counted] if statuses else []


class Planner:
    """Decides for each person whether and when they are contacted."""

    def __init__(self, engine: Engine, campaign: Campaign) -> None:
        self._engine = engine
        self._hours = hours.of(engine, campaign)
        self._campaign = campaign
        self._collection = paths.messages(campaign.org, campaign.id)
        self._now = engine.clock.now()
        self._wording = Wording(campaign)
        self._openings: dict[tuple[str, tuple[str, ...]], datetime | None] = {}

    def plan(self, people: list[Person]) -> Plan:
        """Return a message for each person; those not to be contacted get one that says why."""
        self._now = self._engine.clock.now()
        self._openings.clear()
        plan = Plan()
        for person in people:
            id_ = message_id(self._campaign.id, person.address or person.contact)
            path = self._path(id_)
            if path in plan.messages:
                path = self._duplicate_path(person.contact)
                plan.messages[path] = self._skip(person, "duplicate_address")
            elif person.bar:
                plan.messages |= self._barred(id_, person)
            else:
                plan.messages[path] = self._message(id_, person)
        return plan

    def _barred(self, id_: str, person: Person) -> dict[str, dict[str, Any]]:
        """Return why somebody is not contacted, and their message by another channel if any."""
        skip = self._skip(person, person.bar)
        if self._campaign.status is not CampaignStatus.RUNNING:
            return {self._path(id_): skip}
        lane = send_lane(lane_number(id_, self._campaign.lanes))
        planned = Message(id_, person.address, MessageStatus.PENDING, lane, zones=person.zones)
        following = next_message(self._campaign, planned, skip, now=self._now)
        if following is None:
            return {self._path(id_): skip}
        return {
            self._path(id_): {**skip, "followed": True},
            self._path(following.id): following.fields,
        }

    async def drop_existing(self, plan: Plan) -> None:
        """Turn messages that an earlier page has already made into skipped duplicates."""
        found = await self._engine.store.get_many(list(plan.messages))
        for document in found:
            if document is None:
                continue
            message = plan.messages.pop(document.path)
            person = Person(message["contact"], message["address"], message["region"], [])
            duplicate = self._skip(person, "duplicate_address")
            plan.messages[self._duplicate_path(person.contact)] = duplicate

    def _path(self, id_: str) -> str:
        return f"{self._collection}/{id_}"

    def _duplicate_path(self, contact: str) -> str:
        return self._path(message_id(self._campaign.id, f"duplicate {contact}"))

    def _message(self, id_: str, person: Person) -> dict[str, Any]:
        if self._campaign.status is not CampaignStatus.RUNNING:
            reason = f"campaign_{self._campaign.status}"
            return self._skip(person, reason, MessageStatus.CANCELLED)
        try:
            due_at = self._opening(person)
        except UnknownZoneError:
            return self._skip(person, "invalid_zone")
        if due_at is None:
            return self._skip(person, "no_common_window")
        if self._campaign.expires_by(due_at):
            return self._skip(person, "expired", MessageStatus.EXPIRED)
        message = {
            "contact": person.contact,
            "address": person.address,
            "region": person.region,
            "zones": person.zones,
            "status": MessageStatus.PENDING,
            "lane": send_lane(lane_number(id_, self._campaign.lanes)),
            "due_at": due_at,
            "next_at": due_at,
            "created_at": self._now,
        }
        if due_at > self._now:
            message["reason"] = "quiet_hours"
        return self._worded(message, person)

    def _worded(self, message: dict[str, Any], person: Person) -> dict[str, Any]:
        """Add what this person will be told, or skip them where that cannot be said."""
        try:
            said = self._wording.of(person)
        except UnsayableError as error:
            return self._skip(person, str(error))
        return {**message, **said} if said else message

    def _skip(
        self, person: Person, reason: str, status: MessageStatus = MessageStatus.SKIPPED
    ) -> dict[str, Any]:
        return {
            "contact": person.contact,
            "address": person.address,
            "region": person.region,
            "status": status,
            "reason": reason,
            "created_at": self._now,
            "ended_at": self._now,
        }

    def _opening(self, person: Person) -> datetime | None:
        if not self._hours.are_kept:
            return self._now
        where = (person.region, tuple(person.zones))
        if where not in self._openings:
            self._openings[where] = self._hours.next_open(*where, now=self._now)
        return self._openings[where]
