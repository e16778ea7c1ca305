"""What a caller is shown of whom a campaign is for, when it may send, and what stops it."""

from pydantic import BaseModel, Field

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.campaign import Campaign
from functions.web.fields import Weekday


class ShownAudience(BaseModel):
    """Whom a campaign is for.

    `id` is the list's, the segment's, or that of the campaign whose people a retry is for.
    """

    kind: AudienceKind = Field(description="Where its people come from.")
    id: str
    statuses: str = Field(
        "",
        description="Of a retry alone: which messages of that campaign, with commas between.",
        exclude_if=lambda statuses: not statuses,
    )


class ShownSendWindow(BaseModel):
    """When people are to be reached, in their own time."""

    start: str
    end: str
    days: list[Weekday]


class ShownGuardrail(BaseModel):
    """When a campaign is paused, by the failures among its last messages."""

    failed_percent: int
    of_last: int


class ShownCanary(BaseModel):
    """How many messages go first, and how many of them may fail."""

    first: int
    failed_percent: int
    wait_s: int


def shown_audience(audience: Audience) -> ShownAudience:
    """Show whom a campaign is for."""
    return ShownAudience(kind=audience.kind, id=audience.id, statuses=",".join(audience.statuses))


def shown_window(campaign: Campaign) -> ShownSendWindow | None:
    """Show when a campaign may send; None: whenever people may be contacted."""
    window = campaign.send_window
    return None if window is None else ShownSendWindow.model_validate(window._asdict())


def shown_guardrail(campaign: Campaign) -> ShownGuardrail | None:
    """Show what pauses a campaign."""
    guardrail = campaign.guardrail
    return None if guardrail is None else ShownGuardrail(**guardrail._asdict())


def shown_canary(campaign: Campaign) -> ShownCanary | None:
    """Show what a campaign tries first."""
    canary = campaign.canary
    return None if canary is None else ShownCanary(**canary._asdict())
