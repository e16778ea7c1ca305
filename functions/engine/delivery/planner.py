"""The planner: for each recipient a message, or the reason why there is none."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.fallbacks import next_message
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.messages.ids import lane_number, message_id, send_lane
from functions.domain.messages.message import Message, MessageStatus
from functions.domain.times import UnknownZoneError
from functions.engine import paths
from functions.engine.campaigns.lifecycle import LAUNCH
from functions.engine.campaigns.recipient import Person
from functions.engine.campaigns.rendering import UnsayableError, Wording
from functions.engine.eligibility import sending_hours
from functions.engine.kernel.engine import Engine
from functions.engine.messages import statistics
from functions.engine.ports.store import Add, Create


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
        counted = statistics.created(campaign, LAUNCH, statuses, followed=followed)
        return [counted] if statuses else []


class Planner:
    """Decides for each person whether and when they are contacted."""

    def __init__(self, engine: Engine, campaign: Campaign) -> None:
        self._engine = engine
        self._hours = sending_hours.of(engine, campaign)
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
