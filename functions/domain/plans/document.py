"""The JSON of a plan, as people and programs write it: shapes, limits, and a sentence a member.

Keys are camelCase, values snake_case. /schemas/plan.json is made of these models; what JSON Schema
cannot say is in linter.py.
"""

from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    model_validator,
)
from pydantic.alias_generators import to_camel

from functions.domain.kinds import ChannelKind
from functions.domain.plans.durations import parse_duration
from functions.domain.times import TIME_OF_DAY, UnknownZoneError, is_zone

MAX_NODES: Final = 500


def _region_zone(name: str) -> str:
    # The database has PST8PDT and EST too: they are no place's time, and EST has no summer.
    if "/" not in name or not is_zone(name):
        raise ValueError(f"{UnknownZoneError(name)} of a region: write America/New_York, not EST")
    return name


def _duration(text: str) -> str:
    parse_duration(text)
    return text


NodeId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
EventName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Zone = Annotated[str, Field(max_length=64), AfterValidator(_region_zone)]
DurationText = Annotated[str, Field(max_length=64), AfterValidator(_duration)]
TimeOfDay = Annotated[str, Field(pattern=f"^{TIME_OF_DAY}$")]
Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Text = Annotated[str, Field(max_length=10_000)]
Value = Annotated[str, Field(max_length=1000)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Part(BaseModel):
    """A part of a plan: members in camelCase, none that we do not know."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", frozen=True, str_strip_whitespace=True
    )


class QuietHoursPart(Part):
    """Nobody is reached from start up to but not including end, in the person's own zone."""

    start: TimeOfDay = Field(description="First minute of the quiet hours, HH:MM.")
    end: TimeOfDay = Field(description="First minute after them, HH:MM; earlier means overnight.")


class Transition(Part):
    """A way out of a node: the event that it is taken on, and where it leads.

    Of the transitions that name an event the first whose timing holds is taken.
    """

    on: EventName = Field(
        description="An event of message or person, such as opened, clicked, failed or a custom"
        " name; no_open, no_click, no_reply where that has not come; elapsed when time is up."
    )
    to: NodeId = Field(description="The id of the node that it leads to.")
    within: DurationText | None = Field(
        default=None, description="The event counts up to so long after the node's send or entry."
    )
    after: DurationText | None = Field(
        default=None,
        description="It counts from so long after it; of no_* and elapsed: when they come.",
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> "Transition":
        if self.within is not None and self.after is not None:
            raise ValueError("must not have both within and after")
        return self


class Until(Part):
    """An instant to wait for: the next such weekday, a day of the calendar, or a time of day."""

    weekday: Weekday | None = Field(default=None, description="The next such day, today included.")
    date: Day | None = Field(default=None, description="A day, YYYY-MM-DD.")
    time: TimeOfDay = Field(default="00:00", description="The time of that day, HH:MM local time.")


class Schedule(Part):
    """When a message is due: so long after the node was entered, or at an instant."""

    delay: DurationText | None = Field(default=None, description="So long after entering the node.")
    at: AwareDatetime | None = Field(default=None, description="At this instant, ISO 8601.")
    until: Until | None = Field(default=None, description="At the next such time in their zone.")

    @model_validator(mode="after")
    def _one(self) -> "Schedule":
        if sum(each is not None for each in (self.delay, self.at, self.until)) > 1:
            raise ValueError("must have one of delay, at and until")
        return self


class ContentPart(Part):
    """What one channel says, and from where."""

    sender: Annotated[str, Field(max_length=255)] | None = Field(
        default=None, description="The number or address that people see."
    )
    subject: Annotated[str, Field(max_length=255)] | None = Field(
        default=None, description="Subject of a mail; a template."
    )
    body: Text | None = Field(default=None, description="The text; a template.")
    html: Annotated[str, Field(max_length=100_000)] | None = Field(
        default=None, description="The HTML of a mail; a template."
    )
    provider_template: Annotated[str, Field(max_length=512)] | None = Field(
        default=None, description="The name of a text that the provider keeps."
    )
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$")] | None = Field(
        default=None, description="Language of the provider's text, such as en_US."
    )
    parameters: Annotated[list[Value], Field(max_length=10)] | None = Field(
        default=None, description="What the provider's text is filled in with, each a template."
    )
    bot_url: Annotated[str, Field(max_length=2048)] | None = Field(
        default=None, description="Where an answered call is connected to, wss://."
    )
    webhook_url: Annotated[str, Field(max_length=2048)] | None = Field(
        default=None, description="Where a webhook message is posted to, https://."
    )


class FallbackPart(ContentPart):
    """The same said by another channel, where the message before did not reach the person."""

    channel: ChannelKind = Field(description="The channel that follows.")
    after: Annotated[list[EventName], Field(min_length=1, max_length=20)] = Field(
        default=["failed"], description="The reasons for which it follows."
    )
    wait: DurationText = Field(default="PT0S", description="How long it waits before it follows.")


class _Node(Part):
    id: NodeId = Field(description="Names the node within the plan.")
    transitions: Annotated[list[Transition], Field(max_length=50)] = Field(
        default=[], description="The ways out, in the order in which they are tried."
    )


class SendNode(_Node, ContentPart):
    """Says something by a channel, and waits for what comes of it."""

    action: Literal["send"] = Field(description="Says something.")
    channel: ChannelKind | None = Field(
        default=None, description="By what means; else the plan's default, else email."
    )
    schedule: Schedule = Field(default=Schedule(), description="When it is due; else at once.")
    expires_after: DurationText | None = Field(
        default=None, description="Not sent any more so long after it was due."
    )
    fallbacks: Annotated[list[FallbackPart], Field(max_length=3)] = Field(
        default=[], description="By which channels the same is said if it does not arrive."
    )


class WaitNode(_Node):
    """Waits for an event, or for time to pass."""

    action: Literal["wait"] = Field(description="Waits.")


class Branch(Part):
    """A share of the people, and where they go."""

    to: NodeId = Field(description="The id of the node that it leads to.")
    weight: Annotated[int, Field(ge=0, le=1_000_000)] = Field(
        description="Its share, as a part of the sum of all weights."
    )


class SplitNode(Part):
    """Sends each person along one of several ways, by lot."""

    id: NodeId = Field(description="Names the node within the plan.")
    action: Literal["split"] = Field(description="Chooses a way by lot.")
    branches: Annotated[list[Branch], Field(min_length=2, max_length=20)] = Field(
        description="The ways, with their weights."
    )
    sticky: bool = Field(default=True, description="Whether a second visit takes the same way.")


class UpdateNode(Part):
    """Writes fields of the contact, and goes on."""

    id: NodeId = Field(description="Names the node within the plan.")
    action: Literal["update_contact"] = Field(description="Writes fields of the contact.")
    fields: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")], Value] = Field(
        min_length=1, max_length=20, description="The fields and their new values, each a template."
    )
    to: NodeId = Field(description="The id of the node that it leads to.")


class WebhookNode(_Node):
    """Posts to the organisation's server, and waits for what comes of it."""

    action: Literal["webhook"] = Field(description="Posts to a server.")
    url: Annotated[str, Field(max_length=2048)] = Field(description="Where to, https://.")
    body: Text | None = Field(default=None, description="A text to post; a template.")
    schedule: Schedule = Field(default=Schedule(), description="When it is due; else at once.")
    expires_after: DurationText | None = Field(
        default=None, description="Not posted any more so long after it was due."
    )


class StopNode(Part):
    """Ends the walk."""

    id: NodeId = Field(description="Names the node within the plan.")
    action: Literal["stop"] = Field(description="Ends the walk.")
    transitions: list[Transition] = Field(
        default=[], max_length=0, description="None: nothing leads on from here."
    )


Node: TypeAlias = Annotated[
    SendNode | WaitNode | SplitNode | UpdateNode | WebhookNode | StopNode, Discriminator("action")
]


class Defaults(Part):
    """What holds where a node does not say otherwise."""

    channel: ChannelKind = Field(default=ChannelKind.EMAIL, description="Of its send nodes.")
    timers: dict[
        Annotated[str, Field(pattern=r"^(no_[a-z0-9_]+|elapsed)_after$")], DurationText
    ] = Field(default={}, description="When no_* and elapsed come, such as no_open_after: PT72H.")


class Exit(Part):
    """An event upon which somebody leaves the plan, wherever they stand."""

    on: EventName = Field(description="The event.")
    reason: EventName = Field(
        alias="as", default="exited", description="What the end is called in statistics."
    )


class Goal(Part):
    """What the plan is for: whoever does it has reached the goal, and leaves."""

    on: EventName = Field(description="The event.")
    within: DurationText | None = Field(
        default=None, description="It counts up to so long after entering the plan."
    )


class PlanDocument(Part):
    """A journey: what is said to a person, when, and what follows from what they do."""

    version: Literal["1.0"] = Field(default="1.0", description="Of this way of writing plans.")
    timezone: Zone = Field(
        default="Etc/UTC", description="The zone of whoever has none, and of calendar units."
    )
    quiet_hours: QuietHoursPart | None = Field(
        default=None, description="Hours in which nothing is sent."
    )
    defaults: Defaults = Field(default=Defaults(), description="What holds if a node says nothing.")
    exits: Annotated[list[Exit], Field(max_length=20)] = Field(
        default=[], description="Events that end a walk."
    )
    goal: Goal | None = Field(default=None, description="What the plan is for.")
    start_node_id: NodeId = Field(description="The id of the node at which everybody begins.")
    nodes: Annotated[list[Node], Field(min_length=1, max_length=MAX_NODES)] = Field(
        description="The nodes, in any order."
    )


def schema(document: type[Part] = PlanDocument) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a document."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return {**dialect, **document.model_json_schema(by_alias=True)}
