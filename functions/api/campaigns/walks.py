"""What a caller is shown of those who walk through a campaign's plan."""

from pydantic import BaseModel, Field

from functions.api.contacts.segments import Conditions
from functions.domain.campaigns.audience import AudienceKind
from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.entry import EntryBy
from functions.domain.plans.enrollment import EnrollmentStatus
from functions.engine.messages.statistics import Statistics
from functions.engine.plans import counts


class ShownEntry(BaseModel):
    """Who enters a plan."""

    by: EntryBy = Field(description="Upon what people enter.")
    list_id: str | None = Field(description="The list whose people enter at the start.")
    segment_id: str | None = Field(description="The segment whose people enter at the start.")
    event: str | None = Field(description="The event upon which people enter.")
    conditions: Conditions | None = Field(description="What holds for whoever may enter.")


class ShownWalks(BaseModel):
    """What has become of those who have entered a plan."""

    active: int = Field(description="People under way.")
    paused: int = Field(description="People who were paused, each alone.")
    completed: int = Field(description="People who have come to the plan's end.")
    exited: int = Field(description="People who have left, or were not let in.")
    cut_off: int = Field(description="People who were under way when the campaign was ended.")
    goal: int = Field(description="People who have reached the plan's goal.")
    exits: dict[str, int] = Field(description="People who have left, by the reason.")
    versions: dict[int, int] = Field(
        description="People under way, by the version of the plan that they walk by.",
        examples=[{"1": 12, "2": 340}],
    )


class ShownNode(BaseModel):
    """What has happened at one node of a plan, over all its versions."""

    id: str = Field(description="The node's id in the plan.", examples=["welcome"])
    here: int = Field(description="People who stand there now.")
    entered: int = Field(description="How often somebody has come there.")
    left: dict[str, int] = Field(
        description="How often each way out was taken, by the event upon which.",
        examples=[{"clicked": 3, "no_open": 1}],
    )


def shown_entry(campaign: Campaign) -> ShownEntry | None:
    """Show who enters a campaign's plan; None where it has none."""
    entry, audience = campaign.entry, campaign.audience
    if entry is None:
        return None
    return ShownEntry(
        by=EntryBy(entry.by),
        list_id=audience.id if audience.kind is AudienceKind.LIST else None,
        segment_id=audience.id if audience.kind is AudienceKind.SEGMENT else None,
        event=entry.event or None,
        conditions=dict(entry.conditions) if entry.conditions is not None else None,
    )


def shown_walks(campaign: Campaign, counted: Statistics) -> ShownWalks | None:
    """Show what has become of people; who was under way when all ended is under way no more."""
    if not campaign.plan:
        return None
    found = counts.read(counted)
    under_way = (EnrollmentStatus.ACTIVE, EnrollmentStatus.PAUSED)
    ended = campaign.has_ended
    return ShownWalks(
        active=0 if ended else found.by_status[EnrollmentStatus.ACTIVE],
        paused=0 if ended else found.by_status[EnrollmentStatus.PAUSED],
        completed=found.by_status[EnrollmentStatus.COMPLETED],
        exited=found.by_status[EnrollmentStatus.EXITED],
        cut_off=sum(found.by_status[each] for each in under_way) if ended else 0,
        goal=found.goal,
        exits=dict(found.exits),
        versions={} if ended else dict(found.versions),
    )


def shown_nodes(campaign: Campaign, counted: Statistics) -> list[ShownNode] | None:
    """Show what has happened at each node that somebody has come to; None without a plan."""
    if not campaign.plan:
        return None
    return [ShownNode(**each._asdict()) for each in counts.read(counted).nodes]
