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
from functions.engine.campaigns.recipient import Recipient
from functions.engine.campaigns.rendering import CannotRenderError, Renderer
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
    """Decides for each recipient whether and when they are contacted."""

    def __init__(self, engine: Engine, campaign: Campaign) -> None:
        self._engine = engine
        self._hours = sending_hours.of(engine, campaign, campaign.own_send)
        self._campaign = campaign
        self._collection = paths.messages(campaign.org, campaign.id)
        self._now = engine.clock.now()
        self._renderer = Renderer(campaign.own_send)
        self._openings: dict[tuple[str, tuple[str, ...]], datetime | None] = {}

    def plan(self, recipients: list[Recipient]) -> Plan:
        """Return a message for each recipient; those not to be contacted get one that says why."""
        self._now = self._engine.clock.now()
        self._openings.clear()
        plan = Plan()
        for recipient in recipients:
            id_ = message_id(self._campaign.id, recipient.address or recipient.contact)
            path = self._path(id_)
            if path in plan.messages:
                path = self._duplicate_path(recipient.contact)
                plan.messages[path] = self._skip(recipient, "duplicate_address")
            elif recipient.skip_reason:
                plan.messages |= self._barred(id_, recipient)
            else:
                plan.messages[path] = self._message(id_, recipient)
        return plan

    def _barred(self, id_: str, recipient: Recipient) -> dict[str, dict[str, Any]]:
        """Return why somebody is not contacted, and their message by another channel if any."""
        skip = self._skip(recipient, recipient.skip_reason)
        if self._campaign.status is not CampaignStatus.RUNNING:
            return {self._path(id_): skip}
        lane = send_lane(lane_number(id_, self._campaign.lanes))
        planned = Message(
            id_, recipient.address, MessageStatus.PENDING, lane, zones=recipient.zones
        )
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
            recipient = Recipient(message["contact"], message["address"], message["region"], [])
            duplicate = self._skip(recipient, "duplicate_address")
            plan.messages[self._duplicate_path(recipient.contact)] = duplicate

    def _path(self, id_: str) -> str:
        return f"{self._collection}/{id_}"

    def _duplicate_path(self, contact: str) -> str:
        return self._path(message_id(self._campaign.id, f"duplicate {contact}"))

    def _message(self, id_: str, recipient: Recipient) -> dict[str, Any]:
        if self._campaign.status is not CampaignStatus.RUNNING:
            reason = f"campaign_{self._campaign.status}"
            return self._skip(recipient, reason, MessageStatus.CANCELLED)
        try:
            due_at = self._opening(recipient)
        except UnknownZoneError:
            return self._skip(recipient, "invalid_zone")
        if due_at is None:
            return self._skip(recipient, "no_common_window")
        if self._campaign.expires_by(due_at):
            return self._skip(recipient, "expired", MessageStatus.EXPIRED)
        message = {
            "contact": recipient.contact,
            "address": recipient.address,
            "region": recipient.region,
            "zones": recipient.zones,
            "status": MessageStatus.PENDING,
            "lane": send_lane(lane_number(id_, self._campaign.lanes)),
            "due_at": due_at,
            "next_at": due_at,
            "created_at": self._now,
        }
        if due_at > self._now:
            message["reason"] = "quiet_hours"
        return self._worded(message, recipient)

    def _worded(self, message: dict[str, Any], recipient: Recipient) -> dict[str, Any]:
        """Add what this recipient will be told, or skip them where that cannot be said."""
        try:
            said = self._renderer.of(recipient)
        except CannotRenderError as error:
            return self._skip(recipient, str(error))
        return {**message, **said} if said else message

    def _skip(
        self, recipient: Recipient, reason: str, status: MessageStatus = MessageStatus.SKIPPED
    ) -> dict[str, Any]:
        return {
            "contact": recipient.contact,
            "address": recipient.address,
            "region": recipient.region,
            "status": status,
            "reason": reason,
            "created_at": self._now,
            "ended_at": self._now,
        }

    def _opening(self, recipient: Recipient) -> datetime | None:
        if not self._hours.are_kept:
            return self._now
        where = (recipient.region, tuple(recipient.zones))
        if where not in self._openings:
            self._openings[where] = self._hours.next_open(*where, now=self._now)
        return self._openings[where]
