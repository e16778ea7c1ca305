"""The planner: for each recipient a message, or the reason why there is none."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from functools import partial
from typing import Any, Final, TypeAlias

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.fallbacks import Next, next_message
from functions.domain.campaigns.send import Send
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.messages.ids import lane_number, message_id, send_lane
from functions.domain.messages.message import Message, MessageStatus, planned, skipped
from functions.domain.times import UnknownZoneError
from functions.engine import paths
from functions.engine.campaigns.content.rendering import CannotRenderError, Renderer
from functions.engine.campaigns.recipient import Recipient
from functions.engine.eligibility import sending_hours
from functions.engine.kernel.engine import Engine
from functions.engine.messages.counting import Increments
from functions.engine.ports.store import Create, Write

#: Where somebody is, the earliest instant, and the time of day that was asked for.
_Where: TypeAlias = tuple[str, tuple[str, ...], datetime, time | None]


#: Places and times whose opening is remembered.
_REMEMBERED: Final = 1000


@dataclass(slots=True)
class Plan:
    """The messages of one page, by path."""

    messages: dict[str, dict[str, Any]] = field(default_factory=dict)

    def writes(self) -> Iterable[Create]:
        """Return the writes that create the messages."""
        return [Create(path, message) for path, message in self.messages.items()]

    def statistics(self, campaign: Campaign, *, now: datetime) -> list[Write]:
        """Return the writes that count the messages."""
        increments = Increments(campaign, now=now)
        increments.create(self.messages)
        return increments.writes()


class Planner:
    """Decides for each recipient of one of a campaign's sends whether and when it is sent."""

    def __init__(self, engine: Engine, campaign: Campaign, send: Send, *, salt: bytes) -> None:
        self._engine = engine
        self._hours = sending_hours.of(engine, campaign, send)
        self._campaign = campaign
        self._send = send
        #: Makes the id of a subject's message; the salt is that of the organisation's ids.
        self._id = partial(message_id, salt, campaign.id, send=send.key)
        #: What each message says of its send: nothing of the campaign's own.
        self._named: dict[str, Any] = {"send": send.key} if send.key else {}
        self._collection = paths.messages(campaign.org, campaign.id)
        self._lanes = [send_lane(number) for number in range(campaign.lanes)]
        self._now = engine.clock.now()
        self._renderer = Renderer(send)
        self._openings: dict[_Where, datetime | None] = {}

    def plan(self, recipients: Iterable[Recipient]) -> Plan:
        """Return a message for each recipient; a message that is not sent says why."""
        self._now = self._engine.clock.now()
        self._openings.clear()
        plan = Plan()
        messages = plan.messages
        for recipient in recipients:
            id_ = self._id(recipient.address or recipient.contact)
            message = self._decide(id_, recipient)
            if message["status"] != MessageStatus.PENDING and recipient.contact:
                # The address is left to whoever can be reached there.
                id_ = self._id(recipient.contact)
            path = f"{self._collection}/{id_}"
            if path in messages:
                if not _is_met_again(messages[path], recipient.contact):
                    self._add_duplicate(plan, recipient)
                continue
            messages[path] = message
            if recipient.skip_reason:
                self._add_follower(plan, id_, recipient, message)
        return plan

    def _decide(self, id_: str, recipient: Recipient) -> dict[str, Any]:
        """Return a recipient's message: planned, or skipped with the reason."""
        if recipient.skip_reason:
            return self._skipped(recipient, recipient.skip_reason)
        if self._campaign.status is not CampaignStatus.RUNNING:
            reason = f"campaign_{self._campaign.status}"
            return self._skipped(recipient, reason, MessageStatus.CANCELLED)
        return self._timed(id_, recipient, self._now, self._named)

    def of_walk(
        self,
        id_: str,
        recipient: Recipient,
        at: datetime,
        of_node: Mapping[str, Any],
        shown: time | None = None,
    ) -> dict[str, Any]:
        """Return the message with this id that a walk has come to, not to be sent before `at`.

        `of_node` is what it holds of its walk and its node; `shown` the time of day that the node
        asks for, which the message keeps where its day is closed.
        """
        self._now = self._engine.clock.now()
        if recipient.skip_reason:
            return skipped(recipient, recipient.skip_reason, now=self._now, **of_node)
        fields = self._timed(id_, recipient, max(at, self._now), of_node, shown)
        if at < self._now == fields.get("due_at"):
            fields["due_at"] = at  # it was promised for then: how late it is, is told
        return fields

    def _timed(
        self,
        id_: str,
        recipient: Recipient,
        at: datetime,
        named: Mapping[str, Any],
        shown: time | None = None,
    ) -> dict[str, Any]:
        """Return a recipient's message for the first instant at which they may be reached.

        That is not before `at`. `named` is what the message says of its send.
        """
        now = self._now
        try:
            due_at = self._opening(recipient, at, shown)
        except UnknownZoneError:
            return skipped(recipient, "invalid_zone", now=now, **named)
        if due_at is None:
            return skipped(recipient, "no_common_window", now=now, **named)
        last = named.get("not_after")
        if self._campaign.expires_by(due_at) or (last and due_at >= last):
            status = MessageStatus.EXPIRED
            return skipped(recipient, "expired", now=now, status=status, **named)
        try:
            texts = self._renderer.of(recipient)
        except CannotRenderError as error:
            return skipped(recipient, str(error), now=now, **named)
        more = {**named, **texts} if named else texts
        if due_at > at:
            more = {**more, "reason": "quiet_hours"}
        return planned(recipient, self._lane(id_), due_at, now, more)

    def _add_follower(
        self, plan: Plan, id_: str, recipient: Recipient, skip: dict[str, Any]
    ) -> None:
        """Add the message by another channel to somebody who cannot be reached by this one."""
        if self._campaign.status is not CampaignStatus.RUNNING:
            return
        following = self.follower_of(id_, recipient, skip, {"send": self._send.key})
        if following is not None:
            plan.messages[f"{self._collection}/{following.id}"] = following.fields

    def follower_of(
        self, id_: str, recipient: Recipient, skip: dict[str, Any], named: Mapping[str, Any]
    ) -> Next | None:
        """Return the message by another channel where this one cannot reach somebody.

        `named` is what the skipped message says of its send; it is marked as followed.
        """
        address, zones = recipient.address, recipient.zones
        pending = Message(
            id_, address, MessageStatus.PENDING, self._lane(id_), zones=zones, **named
        )
        following = next_message(self._campaign, pending, skip, now=self._now)
        if following is not None:
            skip["followed"] = True
        return following

    async def drop_existing(self, plan: Plan) -> None:
        """Turn messages that an earlier page has already made into skipped duplicates."""
        found = await self._engine.store.get_many(list(plan.messages))
        for document in found:
            if document is not None:
                message = plan.messages.pop(document.path)
                where = (message["contact"], message["address"], message["region"])
                if not _is_met_again(document.data, message["contact"]):
                    self._add_duplicate(plan, Recipient(*where, zones=[]))

    def _add_duplicate(self, plan: Plan, recipient: Recipient) -> None:
        id_ = self._id(f"duplicate {recipient.contact}")
        plan.messages[f"{self._collection}/{id_}"] = self._skipped(recipient, "duplicate_address")

    def _lane(self, id_: str) -> str:
        return self._lanes[lane_number(id_, len(self._lanes))]

    def _skipped(
        self, to: Recipient, reason: str, status: MessageStatus = MessageStatus.SKIPPED
    ) -> dict[str, Any]:
        return skipped(to, reason, now=self._now, status=status, **self._named)

    def _opening(self, recipient: Recipient, at: datetime, shown: time | None) -> datetime | None:
        if not self._hours.are_kept:
            return at
        where = (recipient.region, tuple(recipient.zones), at, shown)
        if where not in self._openings:
            if len(self._openings) >= _REMEMBERED:
                self._openings.clear()
            self._openings[where] = self._hours.next_open(*where[:2], now=at, shown=shown)
        return self._openings[where]


def _is_met_again(message: Mapping[str, Any], contact: str) -> bool:
    """Tell whether a message is for this contact: put on a list again while it is read."""
    return bool(contact) and message["contact"] == contact
