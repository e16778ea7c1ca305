"""What subscriptions are told, as the document's webhooks: one for each type of event."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from functions.domain.campaigns.status import CampaignStatus
from functions.domain.kinds import ChannelKind
from functions.domain.messages.message import MessageStatus
from functions.domain.notifications.events import TEST, EventType
from functions.domain.plans.enrollment import EnrollmentStatus
from functions.web.fields import Instant, MaybeInstant

#: Described, never served: these are the receiver's.
router: Final = APIRouter(tags=["notifications"])


class _Told(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CampaignData(_Told):
    """A campaign whose status has changed."""

    campaign_id: str
    name: str
    channel: ChannelKind
    status: CampaignStatus
    reason: str | None
    reason_words: str | None
    scheduled_at: MaybeInstant
    started_at: MaybeInstant
    ended_at: MaybeInstant


class MessageData(_Told):
    """A message that has reached somebody, or has failed for good."""

    campaign_id: str
    message_id: str
    contact_id: str | None
    channel: ChannelKind
    status: MessageStatus
    reason: str | None
    attempt: int


class ReplyData(_Told):
    """A text that somebody has sent, and the message that it answers, if any."""

    inbound_id: str
    contact_id: str
    campaign_id: str | None
    message_id: str | None


class OptOutData(_Told):
    """Somebody who must not be contacted any more."""

    contact_id: str
    scope: str
    reason: str


class WalkData(_Told):
    """Somebody's walk through a campaign's plan. `reason`: why they left it."""

    campaign_id: str
    enrollment_id: str = Field(description="The enrollment.")
    contact_id: str | None
    subject: str = Field(description="The contact's id, or what you call whoever walks.")
    key: str | None = Field(description="Tells the walk from others of the same subject.")
    status: EnrollmentStatus
    reason: str | None
    entered_at: Instant = Field(description="When they entered.")
    ended_at: MaybeInstant


class MoveData(WalkData):
    """A walk that has come to another node: from where, to where, upon which event and when."""

    from_: str = Field(alias="from", description="The node that they have left.")
    to: str = Field(description="The node that they have come to.")
    on: str = Field(description="The event upon which they went on.")
    moved_at: Instant = Field(description="When it happened; it may be noticed later.")


class TestData(_Told):
    """A test of a subscription."""

    __test__ = False

    subscription_id: str


class _Event(_Told):
    id: str = Field(description="The same at each attempt: also in the header webhook-id.")
    type: str = Field(description="Which type of event it is.")
    timestamp: Instant = Field(description="When it happened.")
    org: str = Field(description="The organisation that it happened in.")


class CampaignEvent(_Event):
    """Tells of a campaign."""

    data: CampaignData = Field(description="The campaign.")


class MessageEvent(_Event):
    """Tells of a message."""

    data: MessageData = Field(description="The message.")


class ReplyEvent(_Event):
    """Tells of a reply."""

    data: ReplyData = Field(description="The reply.")


class OptOutEvent(_Event):
    """Tells of an opt-out."""

    data: OptOutData = Field(description="Who, and from what.")


class WalkEvent(_Event):
    """Tells of a walk."""

    data: WalkData = Field(description="The walk.")


class MoveEvent(_Event):
    """Tells of a move of a walk."""

    data: MoveData = Field(description="The walk, and the move.")


class TestEvent(_Event):
    """Tells that a subscription works."""

    __test__ = False

    data: TestData = Field(description="The subscription.")


#: What is posted of types of events; of all others, a campaign.
_BODIES: Final[Mapping[str, type[_Event]]] = {
    EventType.MESSAGE_REPLIED: ReplyEvent,
    EventType.MESSAGE_DELIVERED: MessageEvent,
    EventType.MESSAGE_FAILED: MessageEvent,
    EventType.CONTACT_OPTED_OUT: OptOutEvent,
    EventType.ENROLLMENT_ENTERED: WalkEvent,
    EventType.ENROLLMENT_MOVED: MoveEvent,
    EventType.ENROLLMENT_COMPLETED: WalkEvent,
    EventType.ENROLLMENT_EXITED: WalkEvent,
    EventType.GOAL_REACHED: WalkEvent,
    TEST: TestEvent,
}


def event_of(type_: str) -> type[_Event]:
    """Return what a receiver is posted of a type of event."""
    return _BODIES.get(type_, CampaignEvent)


def _receiver(body: type[_Event]) -> Callable[..., Any]:
    def receive(event: _Event) -> None:
        """Answer 2xx within ten seconds; anything else has it posted again."""

    receive.__annotations__["event"] = body
    return receive


for _type in (*EventType, TEST):
    router.add_api_route(
        _type,
        _receiver(event_of(_type)),
        methods=["POST"],
        status_code=204,
        operation_id=f"hear_of_{_type.replace('.', '_')}",
        summary=f"Posted to a subscription's URL: {_type}",
    )
