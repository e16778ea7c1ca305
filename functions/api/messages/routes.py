"""What became of each message of a campaign, and why."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Path, Query
from fastapi.responses import Response, StreamingResponse
from pydantic import AfterValidator, BaseModel, Field

from functions.api.spans import Span
from functions.domain.campaigns.campaign import Campaign
from functions.domain.errors import InvalidFieldError
from functions.domain.kinds import ChannelKind
from functions.domain.messages.delivery_events import MessageRef
from functions.domain.messages.ids import fallback_number, whole_id
from functions.domain.messages.message import Message, MessageStatus
from functions.domain.messages.outcomes import Outcome
from functions.domain.messages.reasons import explain
from functions.engine.campaigns import lifecycle
from functions.engine.reporting import explanation, message_search, reports
from functions.engine.reporting.message_search import Position, Search
from functions.engine.reporting.reports import MessageFilter
from functions.web.auth import Area
from functions.web.caller_route import RestRoute, Viewer
from functions.web.cursors import Page, after_id, after_instant, encode_cursor, id_cursor, page
from functions.web.fields import OPTIONAL_ID, Day, Id, MaybeInstant, not_reserved

router = APIRouter(tags=[Area.MESSAGES], route_class=RestRoute)

_CSV = "text/csv"

MessageId = Annotated[
    str,
    Path(
        pattern=r"^[A-Za-z0-9_-]{1,64}\.[A-Za-z0-9_-]{1,64}$",
        description="The campaign's id, a full stop, and the message's own.",
    ),
    AfterValidator(not_reserved),
]


class Wanted(BaseModel):
    """Which messages are listed, and how."""

    status: MessageStatus | None = None
    reason: Annotated[str, Field(max_length=200, description="Such as `busy`.")] = ""
    node: Annotated[str, Field(max_length=200, description="Of the campaign's plan.")] = ""
    min_duration_s: Annotated[
        int | None, Field(ge=0, description="Seconds of conversation at least.")
    ] = None
    max_duration_s: Annotated[
        int | None, Field(ge=0, description="Seconds of conversation at most.")
    ] = None
    cursor: Annotated[str, Field(max_length=2000, description="Where to go on.")] = ""
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    format: Literal["json", "csv"] | None = None


class MessageQuery(Span):
    """Which messages are shown; `since` and `before` are of when they were planned."""

    contact_id: Annotated[str, Field(pattern=OPTIONAL_ID, description="To whom.")] = ""
    status: MessageStatus | None = None
    channel: ChannelKind | None = None
    provider: Annotated[str, Field(max_length=50, description="Who hands them over.")] = ""
    sender: Annotated[str, Field(max_length=320, description="From whom they are.")] = ""
    reason: Annotated[str, Field(max_length=200, description="Such as `busy`.")] = ""
    outcome: Annotated[
        Outcome | None,
        Field(description="What has become of them: a figure of `GET /delivery`."),
    ] = None
    outcome_from: Annotated[
        Day | None, Field(description="When that came, a day of UTC; needs outcome.")
    ] = None
    outcome_to: Annotated[
        Day | None, Field(description="The last of these days; needs outcome.")
    ] = None

    @property
    def search(self) -> Search:
        """What is looked for. Raises InvalidFieldError for days of no outcome, or none at all."""
        for name in ("outcome_from", "outcome_to"):
            if getattr(self, name) and not self.outcome:
                raise InvalidFieldError(name, f"{name}: needs outcome, whose days it is about")
        if self.outcome_from and self.outcome_to and self.outcome_from > self.outcome_to:
            raise InvalidFieldError("outcome_to", "outcome_to: must not be before outcome_from")
        asked = self.model_dump(exclude={"cursor", "limit"})
        asked |= {"channel": self.channel or "", "outcome": self.outcome or ""}
        return Search(**asked)


class ShownMessage(BaseModel):
    """One message; `reason_words` says what its reason means."""

    id: str
    campaign_id: str
    contact_id: str | None
    to: str
    channel: ChannelKind
    step: int = Field(
        description="0 by the first channel of the campaign or node, else by a fallback."
    )
    enrollment_id: str | None = Field(description="The walk it is part of; null: of none.")
    node: str | None = Field(description="The node of the campaign's plan; null: no plan.")
    visit: int | None = Field(
        description="The number of the node among those that the person came to; null: no plan."
    )
    subject: str
    status: MessageStatus
    reason: str
    reason_words: str
    attempts: int
    due_at: MaybeInstant
    next_at: MaybeInstant
    created_at: MaybeInstant
    sent_at: MaybeInstant
    delivered_at: MaybeInstant
    answered_at: MaybeInstant
    read_at: MaybeInstant
    clicked_at: MaybeInstant
    replied_at: MaybeInstant
    complained_at: MaybeInstant
    opted_out_at: MaybeInstant
    ended_at: MaybeInstant
    duration_s: int
    machine: bool


class WholeMessage(ShownMessage):
    """One message with what it says, as it was or will be sent."""

    body: str
    html: str
    parameters: list[str]
    provider_id: str


class MessagePage(Page[ShownMessage]):
    """Some of a campaign's messages."""


class ShownStep(BaseModel):
    """Something that happened; `at` is null for what still goes on."""

    at: MaybeInstant
    what: Literal["planned", "campaign", "walk", "sent", "receipt", "state"]
    words: str
    reason: str


class Why(BaseModel):
    """Why a message is where it is: in a sentence, and step by step, oldest first.

    `waits_for`: in a walk that stands at the message's node, what leads on from there.
    """

    id: str
    status: MessageStatus
    reason: str
    answer: str
    campaign_id: str
    enrollment_id: str | None = Field(description="The walk it is part of; null: of none.")
    node: str | None = Field(description="The node of the campaign's plan; null: no plan.")
    visit: int | None = Field(description="Which node of the walk it was, from 1; null: no plan.")
    trail: list[ShownStep]
    waits_for: list[str] = Field(description="What may lead on from the node, in words.")


@router.get("/messages", response_model=MessagePage)
async def search_messages(
    context: Viewer, wanted: Annotated[MessageQuery, Query()]
) -> dict[str, Any]:
    """Show messages across campaigns: a contact's the newest first, else campaign by campaign.

    What is read for a page has its bounds: it may be short, or empty, and still lead on.
    """
    after, limit = _position(wanted.cursor), wanted.limit
    found = await message_search.search(
        context.engine, context.org, wanted.search, after=after, limit=limit
    )
    end = found.end
    following = end and encode_cursor([end.at, whole_id(end.campaign, end.message)])
    return page([_shown(*each) for each in found.messages], following)


def _position(cursor: str) -> Position | None:
    decoded = after_instant(cursor)
    if decoded is None:
        return None
    campaign, _, message = decoded[1].partition(".")
    if not campaign:
        raise InvalidFieldError("cursor", "cursor: must be a next_cursor that an earlier page gave")
    return Position(decoded[0], campaign, message)


@router.get("/messages/{message_id}", response_model=WholeMessage)
async def get_message(message_id: MessageId, context: Viewer) -> dict[str, Any]:
    """Show one message."""
    return _shown(*await explanation.find(context.engine, _ref(context.org, message_id)))


@router.get("/messages/{message_id}/why", response_model=Why)
async def explain_message(message_id: MessageId, context: Viewer) -> dict[str, Any]:
    """Say why somebody did, or did not, get a message."""
    found = await explanation.why(context.engine, _ref(context.org, message_id))
    return {
        "id": message_id,
        "status": found.message.status,
        "reason": found.message.reason,
        "answer": found.answer,
        "campaign_id": found.campaign.id,
        **reports.place_of(found.campaign, found.message),
        "trail": found.lines,
        "waits_for": found.waits_for,
    }


@router.get(
    "/campaigns/{campaign_id}/messages",
    response_model=MessagePage,
    responses={200: {"content": {_CSV: {"schema": {"type": "string"}}}}},
)
async def list_messages(
    campaign_id: Id,
    context: Viewer,
    wanted: Annotated[Wanted, Query()],
    accept: Annotated[str, Header(include_in_schema=False)] = "",
) -> dict[str, Any] | Response:
    """Show a campaign's messages page by page, or all of them as CSV.

    Messages are looked through for a reason, a node or a duration: a page may be short, and
    still lead on.
    """
    engine = context.engine
    shown = MessageFilter(
        status=wanted.status,
        reason=wanted.reason,
        node=wanted.node,
        min_duration_s=wanted.min_duration_s,
        max_duration_s=wanted.max_duration_s,
    )
    campaign = await lifecycle.load(engine, context.org, campaign_id)
    if wanted.format == "csv" or (wanted.format is None and accept.startswith(_CSV)):
        lines = reports.as_csv(engine, campaign, shown)
        headers = {"content-disposition": f'attachment; filename="{campaign.id}.csv"'}
        return StreamingResponse(lines, media_type=_CSV, headers=headers)
    found = await reports.messages(
        engine,
        campaign,
        shown,
        cursor=after_id(wanted.cursor) or "",
        limit=wanted.limit,
    )
    rows = [_shown(campaign, message) for message in found.rows]
    return page(rows, id_cursor(found.cursor))


def _ref(org: str, message_id: str) -> MessageRef:
    campaign, _, message = message_id.partition(".")
    return MessageRef(org, campaign, message)


def _shown(campaign: Campaign, message: Message) -> dict[str, Any]:
    return {
        **message._asdict(),
        "id": whole_id(campaign.id, message.id),
        "campaign_id": campaign.id,
        "contact_id": message.contact.rpartition("/contacts/")[2] or None,
        "to": message.address,
        "step": fallback_number(message.send),
        **reports.place_of(campaign, message),
        "channel": campaign.send(message.send).channel,
        "reason_words": explain(message.reason),
        "attempts": message.attempt,
    }
