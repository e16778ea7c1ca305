"""Whether and when somebody may be contacted, over REST."""

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from functions.domain.kinds import CampaignKind, ChannelKind
from functions.domain.messages.reasons import explain
from functions.engine.reporting.ahead import reach
from functions.engine.reporting.ahead.reach import ChannelReach
from functions.web.auth import Area
from functions.web.caller_route import RestRoute, Viewer
from functions.web.fields import Id, Instant, MaybeInstant

router = APIRouter(prefix="/contacts", tags=[Area.CONTACTS], route_class=RestRoute)


class ShownChannelReach(BaseModel):
    """Whether somebody may be contacted by a channel, by the rules of today."""

    channel: ChannelKind
    may: Literal["now", "later", "never"] = Field(description="Whether, and if so when.")
    allowed_from: MaybeInstant = Field(description="When they may be contacted; null: never.")
    reason: str | None = Field(description="Why not now; null where they may be.")
    reason_words: str = Field(description="The reason in words; empty where there is none.")
    barred_kinds: list[CampaignKind] = Field(
        description="Kinds of campaign that they are suppressed for, whatever the channel."
    )


class ShownReach(BaseModel):
    """By which of the channels that are set up somebody may be contacted."""

    contact_id: str
    now: Instant
    channels: list[ShownChannelReach]


@router.get("/{contact_id}/reach", response_model=ShownReach)
async def get_reach(contact_id: Id, context: Viewer) -> dict[str, Any]:
    """Tell for each channel whether somebody may be contacted now, from when, or why never.

    It is what a broadcast's message would get: suppressions, quiet hours, the rules of countries
    and caps are those of now. A campaign's own hours may add to them, and a suppression for one
    kind of campaign, which leaves the channel to the others, is told in `barred_kinds`.
    """
    found = await reach.of(context.engine, context.org, contact_id)
    channels = [_shown(each, is_now=each.from_at == found.now) for each in found.channels]
    return {"contact_id": contact_id, "now": found.now, "channels": channels}


def _shown(of: ChannelReach, *, is_now: bool) -> dict[str, Any]:
    later = "now" if is_now else "later"
    return {
        "channel": of.channel,
        "may": later if of.from_at else "never",
        "allowed_from": of.from_at,
        "reason": of.reason or None,
        "reason_words": explain(of.reason) if of.reason else "",
        "barred_kinds": of.barred_kinds,
    }
