"""The JSON of a plan, as people and programs write it: a journey by its nodes, or a sequence.

schema.py makes the JSON Schema of these models; what that cannot say is told by lint/.
"""

import json
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    Discriminator,
    Field,
    StrictBool,
    model_validator,
)

from functions.domain.kinds import ChannelKind
from functions.domain.plans.parts import (
    LANGUAGE_PATTERN,
    Branch,
    Defaults,
    DurationText,
    EventName,
    Exit,
    Goal,
    IntervalPart,
    NodeId,
    Part,
    QuietHoursPart,
    Repeat,
    Schedule,
    StepDefaults,
    TimeOfDay,
    Transition,
    Zone,
)

MAX_NODES: Final = 500

Text = Annotated[str, Field(max_length=10_000)]
Value = Annotated[str, Field(max_length=1000)]
Url = Annotated[str, Field(max_length=2048)]
#: UTF-8 bytes of a callback's JSON.
_CALLBACK_BYTES: Final = 10_000


def _callback(given: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(given.get("id"), str) or not given["id"]:
        raise ValueError("id: names what is to be done: must be a text")
    try:
        text = json.dumps(given, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError):
        raise ValueError("must hold nothing but what JSON has") from None
    if len(text.encode()) > _CALLBACK_BYTES:
        raise ValueError(f"must be at most {_CALLBACK_BYTES:,} bytes of JSON")
    return given


_ID: Final = {"type": "string", "description": "Names what is to be done.", "examples": ["mail"]}
Callback = Annotated[
    dict[str, Any],
    Field(json_schema_extra={"properties": {"id": _ID}, "required": ["id"]}),
    AfterValidator(_callback),
]


class ContentPart(Part):
    """What one channel says, and from where."""

    sender: Annotated[str, Field(max_length=360)] | None = Field(
        default=None,
        description="The number or address that people see; else the organisation's own.",
        examples=["Ann of Example <ann@example.com>", "+12025550123"],
    )
    subject: Annotated[str, Field(max_length=255)] | None = Field(
        default=None,
        description="Subject of a mail; a template.",
        examples=["Welcome, {{ first_name }}"],
    )
    body: Text | None = Field(
        default=None,
        description="The text; a template.",
        examples=["Hi {{ first_name | default: 'there' }}, good to have you."],
    )
    html: Annotated[str, Field(max_length=100_000)] | None = Field(
        default=None,
        description="The HTML of a mail; a template.",
        examples=["<p>Hi {{ first_name }}</p>"],
    )
    provider_template: Annotated[str, Field(max_length=512)] | None = Field(
        default=None,
        description="The name of a text that the provider keeps.",
        examples=["order_update"],
    )
    language: Annotated[str, Field(pattern=LANGUAGE_PATTERN)] | None = Field(
        default=None, description="Language of the provider's text.", examples=["en_US"]
    )
    parameters: Annotated[list[Value], Field(max_length=10)] | None = Field(
        default=None,
        description="What the provider's text is filled in with, each a template.",
        examples=[["{{ first_name }}"]],
    )
    callback: Callback | None = Field(
        default=None,
        description="Of a callback: what the program is told that runs Clarion as a library; its"
        " id names what is to be done.",
        examples=[{"id": "sendEmail", "view": "welcome"}],
    )
    bot_url: Url | None = Field(
        default=None,
        description="Where an answered call is connected to, wss://.",
        examples=["wss://bot.example.com/talk"],
    )
    machine_detection: Literal["true", "hangup"] | None = Field(
        default=None,
        description="Whether a call listens for answering machines, so that machine comes; hangup:"
        " and ends upon one.",
        examples=["true"],
    )
    webhook_url: Url | None = Field(
        default=None,
        description="Where a webhook message is posted to, https://.",
        examples=["https://example.com/hooks/clarion"],
    )


class FallbackPart(ContentPart):
    """The same said by another channel, where the message before did not reach the person."""

    channel: ChannelKind = Field(description="The channel that follows.", examples=["sms"])
    after: Annotated[list[EventName], Field(min_length=1, max_length=20)] = Field(
        default=["failed"],
        description="The reasons for which it follows: failed, not_delivered, unknown, no_address"
        " or the code of a failure.",
        examples=[["not_delivered"]],
    )
    wait: DurationText = Field(
        default="PT0S", description="How long it waits before it follows.", examples=["PT10M"]
    )


class Saying(ContentPart):
    """What a send says by a channel, until when, and by which channels else."""

    channel: ChannelKind | None = Field(
        default=None,
        description="By what means; else the plan's default, else email.",
        examples=["email"],
    )
    expires_after: DurationText | None = Field(
        default=None, description="Not sent any more so long after it was due.", examples=["P2D"]
    )
    fallbacks: Annotated[list[FallbackPart], Field(max_length=3)] = Field(
        default=[],
        description="By which channels the same is said if it does not arrive.",
        examples=[[{"channel": "sms", "body": "Hi {{ first_name }}"}]],
    )


class _Named(Part):
    id: NodeId = Field(description="Names the node within the plan.", examples=["welcome"])


class _Waiting(_Named):
    transitions: Annotated[list[Transition], Field(max_length=50)] = Field(
        default=[],
        description="The ways out, in the order in which they are tried.",
        examples=[[{"on": "clicked", "to": "thanks"}]],
    )


class SendNode(_Waiting, Saying):
    """Says something by a channel, and waits for what comes of it."""

    action: Literal["send"] = Field(description="Says something.", examples=["send"])
    schedule: Schedule = Field(
        default=Schedule(),
        description="When it is due; else at once.",
        examples=[{"delay": "PT1H"}],
    )


class WaitNode(_Waiting):
    """Waits for an event, or for time to pass."""

    action: Literal["wait"] = Field(description="Waits.", examples=["wait"])


class SplitNode(_Named):
    """Sends each person along one of several ways, by lot."""

    action: Literal["split"] = Field(description="Chooses a way by lot.", examples=["split"])
    branches: Annotated[list[Branch], Field(min_length=2, max_length=20)] = Field(
        description="The ways, with their weights.",
        examples=[[{"to": "short", "weight": 50}, {"to": "long", "weight": 50}]],
    )
    sticky: StrictBool = Field(
        default=True,
        description="Whether a second visit takes the same way.",
        examples=[True],
    )

    @model_validator(mode="after")
    def _somebody_goes(self) -> "SplitNode":
        if not any(branch.weight for branch in self.branches):
            raise ValueError("one of the branches needs a weight above 0")
        return self


class UpdateNode(_Named):
    """Writes fields of the contact, and goes on."""

    action: Literal["update_contact"] = Field(
        description="Writes fields of the contact.", examples=["update_contact"]
    )
    fields: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")], Value] = Field(
        min_length=1,
        max_length=20,
        description="The fields and their new values, each a template.",
        examples=[{"stage": "welcomed"}],
    )
    to: NodeId = Field(description="The id of the node that it leads to.", examples=["bye"])


class WebhookNode(_Waiting):
    """Posts to the organisation's server, and waits for what comes of it."""

    action: Literal["webhook"] = Field(description="Posts to a server.", examples=["webhook"])
    url: Url = Field(
        description="Where to, https://.", examples=["https://example.com/hooks/clarion"]
    )
    body: Text | None = Field(
        default=None, description="A text to post; a template.", examples=["{{ first_name }}"]
    )
    schedule: Schedule = Field(
        default=Schedule(),
        description="When it is due; else at once.",
        examples=[{"delay": "PT1H"}],
    )
    expires_after: DurationText | None = Field(
        default=None,
        description="Not posted any more so long after it was due.",
        examples=["P2D"],
    )


class StopNode(_Named):
    """Ends the walk."""

    action: Literal["stop"] = Field(description="Ends the walk.", examples=["stop"])
    transitions: Annotated[list[Transition], Field(max_length=50)] = Field(
        default=[], description="None: nothing leads on from here.", examples=[[]]
    )


Node: TypeAlias = Annotated[
    SendNode | WaitNode | SplitNode | UpdateNode | WebhookNode | StopNode, Discriminator("action")
]


class StepNode(SendNode):
    """A step of a sequence as a node: nothing leads on from it, and it may come again."""

    repeat: Repeat | None = None
    after: NodeId | None = None


class Step(Saying):
    """A message of a sequence, so long after the entry or another step, once or again and again."""

    id: NodeId = Field(description="Names the step within the plan.", examples=["day-2"])
    offset: DurationText | None = Field(
        default=None,
        description="How long after the entry, or the step before it, it is due; P0D: at once.",
        examples=["P2D"],
    )
    after: NodeId | None = Field(
        default=None,
        description="The id of another step: offset, interval and repeat count from when that is"
        " over for this person, instead of from the entry.",
        examples=["hello"],
    )
    time: TimeOfDay | None = Field(
        default=None,
        description="At this time, HH:MM, of the local day to which the offset leads; a day later"
        " where this lies before the entry.",
        examples=["10:00"],
    )
    interval: IntervalPart | None = Field(
        default=None,
        description="Instead of an offset: within a range after the entry, at hours of the day.",
        examples=[{"offset": "2days-5days", "time": "10:00-15:00"}],
    )
    repeat: Repeat | None = Field(
        default=None,
        description="How it comes again; a rule may stand without an offset.",
        examples=[{"rrule": "FREQ=WEEKLY;BYDAY=MO;BYHOUR=9;BYMINUTE=0", "count": 52}],
    )

    @model_validator(mode="after")
    def _says_when(self) -> "Step":
        if self.offset is not None and self.interval is not None:
            raise ValueError("must not have both offset and interval")
        has_rule = self.repeat is not None and self.repeat.rrule is not None
        has_start = has_rule or self.after is not None
        if self.offset is None and self.interval is None and not has_start:
            raise ValueError(
                "must have an offset, an interval or a rule to repeat by, or come after a step"
            )
        if self.time is not None and self.interval is not None:
            raise ValueError("time goes with offset; interval has a time of its own")
        return self

    @property
    def node(self) -> StepNode:
        """The step as a node that nothing leads on from."""
        said = {name: getattr(self, name) for name in Saying.model_fields}
        delay = self.offset if self.interval is None else None
        if delay is None and self.time is not None:
            delay = "P0D"
        schedule = Schedule(delay=delay, time=self.time, interval=self.interval)
        return StepNode.model_construct(
            id=self.id,
            action="send",
            schedule=schedule,
            repeat=self.repeat,
            after=self.after,
            **said,
        )


class _Whole(Part):
    version: Literal["1.0"] = Field(
        default="1.0", description="Of this way of writing plans.", examples=["1.0"]
    )
    timezone: Zone = Field(
        default="Etc/UTC",
        description="The zone, by its IANA name, of whoever has none.",
        examples=["America/New_York"],
    )
    quiet_hours: QuietHoursPart | None = Field(
        default=None,
        description="Hours in which nothing is sent.",
        examples=[{"start": "21:00", "end": "07:30"}],
    )
    exits: Annotated[list[Exit], Field(max_length=20)] = Field(
        default=[],
        description="Events that end a walk.",
        examples=[[{"on": "replied", "as": "answered"}]],
    )
    goal: Goal | None = Field(
        default=None,
        description="What the plan is for.",
        examples=[{"on": "purchase", "within": "P14D"}],
    )


class PlanDocument(_Whole):
    """A journey: what is said to a person, when, and what follows from what they do."""

    defaults: Defaults = Field(
        default=Defaults(),
        description="What holds if a node says nothing.",
        examples=[{"channel": "email", "timers": {"no_open_after": "PT72H"}}],
    )
    start_node_id: NodeId = Field(
        description="The id of the node at which everybody begins.", examples=["welcome"]
    )
    nodes: Annotated[list[Node], Field(min_length=1, max_length=MAX_NODES)] = Field(
        description="The nodes, in any order.",
        examples=[[{"id": "welcome", "action": "send", "subject": "Hi", "body": "Hi."}]],
    )


class SequenceDocument(_Whole):
    """A sequence: messages at fixed times after somebody has entered, whatever they do."""

    defaults: StepDefaults = Field(
        default=StepDefaults(),
        description="What holds if a step says nothing.",
        examples=[{"channel": "sms"}],
    )
    steps: Annotated[list[Step], Field(min_length=1, max_length=MAX_NODES)] = Field(
        description="The messages, in any order.",
        examples=[[{"id": "hello", "offset": "P0D", "subject": "Hi", "body": "Hi."}]],
    )


Document: TypeAlias = PlanDocument | SequenceDocument
