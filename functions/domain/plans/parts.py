"""The small parts of a plan's JSON: names, times, ways out, exits, each with a sentence a member.

Keys are camelCase, values snake_case.
"""

from typing import Annotated, Final, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)
from pydantic.alias_generators import to_camel

from functions.domain.calendar.durations import PATTERN, parse_duration
from functions.domain.calendar.intervals import Interval, parse_hours, parse_offset
from functions.domain.calendar.rules import LONGEST_RULE, Rule, parse_rule
from functions.domain.kinds import ChannelKind
from functions.domain.times import TIME_OF_DAY, UnknownZoneError, is_zone


def _region_zone(name: str) -> str:
    # The database has PST8PDT and EST too: they are no place's time, and EST has no summer.
    if "/" not in name or not is_zone(name):
        raise ValueError(
            f"{UnknownZoneError(name)} of a region: write America/New_York, not EST, or Etc/UTC"
        )
    return name


def _duration(text: str) -> str:
    parse_duration(text)
    return text


def _offset(text: str) -> str:
    parse_offset(text)
    return text


def _hours(text: str) -> str:
    parse_hours(text)
    return text


def _rule(text: str) -> str:
    parse_rule(text)
    return text


ID_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
EVENT_PATTERN: Final = r"^[a-z][a-z0-9_]{0,63}$"
TIME_PATTERN: Final = f"^{TIME_OF_DAY}$"
DAY_PATTERN: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
LANGUAGE_PATTERN: Final = r"^[a-z]{2,3}(_[A-Z]{2})?$"
TIMER_PATTERN: Final = r"^(no_[a-z0-9_]+|elapsed)_after$"


def _text(given: object) -> object:
    if not isinstance(given, str):
        raise ValueError("must be a text in ISO 8601")  # noqa: TRY004  pydantic wants ValueError
    return given


NodeId = Annotated[str, Field(pattern=ID_PATTERN)]
EventName = Annotated[str, Field(pattern=EVENT_PATTERN)]
Zone = Annotated[str, Field(max_length=64), AfterValidator(_region_zone)]
DurationText = Annotated[
    str,
    Field(max_length=64, json_schema_extra={"pattern": f"^{PATTERN}$"}),
    AfterValidator(_duration),
]
TimeOfDay = Annotated[str, Field(pattern=TIME_PATTERN)]
OffsetText = Annotated[str, Field(max_length=200), AfterValidator(_offset)]
HoursText = Annotated[str, Field(max_length=20), AfterValidator(_hours)]
RuleText = Annotated[str, Field(max_length=LONGEST_RULE), AfterValidator(_rule)]
Day = Annotated[str, Field(pattern=DAY_PATTERN)]
Instant = Annotated[AwareDatetime, BeforeValidator(_text)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Part(BaseModel):
    """A part of a plan: members in camelCase, none that we do not know."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        str_strip_whitespace=True,
        defer_build=True,  # most processes that import this read no plan: cold start counts
    )


class QuietHoursPart(Part):
    """Nobody is reached from start up to but not including end, in the person's own zone."""

    start: TimeOfDay = Field(
        description="First minute of the quiet hours, HH:MM.", examples=["21:00"]
    )
    end: TimeOfDay = Field(
        description="First minute after them, HH:MM; earlier means overnight, equal means none.",
        examples=["07:30"],
    )


class Transition(Part):
    """A way out of a node: the event that it is taken on, and where it leads.

    Of the transitions that name an event the first whose timing holds is taken.
    """

    on: EventName = Field(
        description="An event of message or person, such as opened, clicked, failed or a custom"
        " name; no_open, no_click, no_reply where that has not come; elapsed when time is up.",
        examples=["clicked"],
    )
    to: NodeId = Field(
        description="The id of the node that it leads to.", examples=["thanks", "reminder"]
    )
    within: DurationText | None = Field(
        default=None,
        description="The event counts up to so long after the node's send or entry.",
        examples=["PT72H"],
    )
    after: DurationText | None = Field(
        default=None,
        description="It counts from so long after it; of no_* and elapsed: when they come.",
        examples=["P3D"],
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> "Transition":
        if self.within is not None and self.after is not None:
            raise ValueError("must not have both within and after")
        return self


class Until(Part):
    """An instant to wait for: the next such weekday, a day of the calendar, or a time of day."""

    weekday: Weekday | None = Field(
        default=None, description="The next such day, today included.", examples=["tue"]
    )
    date: Day | None = Field(
        default=None, description="A day, YYYY-MM-DD.", examples=["2027-03-01"]
    )
    time: TimeOfDay = Field(
        default="00:00",
        description="The time of that day, HH:MM local time.",
        examples=["10:00"],
    )

    @model_validator(mode="after")
    def _one_day(self) -> "Until":
        if self.weekday is not None and self.date is not None:
            raise ValueError("must not have both weekday and date")
        return self


class IntervalPart(Part):
    """How long to wait, within a range and at hours of the day; one instant is drawn from it.

    The same person draws the same instant for the same node, whoever computes it.
    """

    offset: OffsetText = Field(
        description="Terms with blanks between them, or a range A-B; in years, quarters, months,"
        " weeks, days (of the calendar), hours, minutes, seconds, milliseconds.",
        examples=["2days-5days", "1day 2hours 25minutes"],
    )
    time: HoursText | None = Field(
        default=None,
        description="At this time H:M of the day to which the offset leads, or within these hours"
        " H:M-H:M, overnight ones too; a day later where they have passed.",
        examples=["10:00-15:00", "10:00"],
    )

    @property
    def interval(self) -> Interval:
        """The interval that it stands for."""
        return Interval(parse_offset(self.offset), parse_hours(self.time) if self.time else None)


class Repeat(Part):
    """How a step comes again: by a rule of the calendar, or so long after it has come."""

    rrule: RuleText | None = Field(
        default=None,
        description="A rule of RFC 5545, from the step's first time on, in the person's zone.",
        examples=["FREQ=MONTHLY;BYDAY=2MO;BYHOUR=9;BYMINUTE=0"],
    )
    interval: IntervalPart | None = Field(
        default=None,
        description="So long after each time it was due.",
        examples=[{"offset": "7days", "time": "10:00"}],
    )
    count: Annotated[int, Field(ge=1, le=100_000, strict=True)] | None = Field(
        default=None, description="How often it comes, the first time included.", examples=[12]
    )
    until: Instant | None = Field(
        default=None,
        description="It does not come after this instant, ISO 8601 with a zone.",
        examples=["2027-12-31T23:59:59-05:00"],
    )

    @model_validator(mode="after")
    def _one_way(self) -> "Repeat":
        if (self.rrule is None) is (self.interval is None):
            raise ValueError("must have one of rrule and interval")
        rule = self.rule
        if rule is not None and rule.times is not None and self.count is not None:
            raise ValueError("must not have count beside the rule's COUNT")
        if rule is not None and rule.until is not None and self.until is not None:
            raise ValueError("must not have until beside the rule's UNTIL")
        return self

    @property
    def rule(self) -> Rule | None:
        """The rule that it comes by, if it does by one."""
        return parse_rule(self.rrule) if self.rrule is not None else None


class Schedule(Part):
    """When a message is due: so long after the node was entered, or at an instant."""

    delay: DurationText | None = Field(
        default=None, description="So long after entering the node.", examples=["P2D"]
    )
    time: TimeOfDay | None = Field(
        default=None,
        description="With delay: at this time, HH:MM, of the local day to which that leads; a day"
        " later where this lies before the entry.",
        examples=["10:00"],
    )
    at: Instant | None = Field(
        default=None,
        description="At this instant, ISO 8601 with a zone.",
        examples=["2027-03-01T09:00:00-05:00"],
    )
    until: Until | None = Field(
        default=None,
        description="At the next such time in their zone.",
        examples=[{"weekday": "tue", "time": "10:00"}],
    )
    interval: IntervalPart | None = Field(
        default=None,
        description="Within a range after entering the node, at hours of the day.",
        examples=[{"offset": "2days-5days", "time": "10:00-15:00"}],
    )

    @model_validator(mode="after")
    def _one(self) -> "Schedule":
        ways = (self.delay, self.at, self.until, self.interval)
        if sum(each is not None for each in ways) > 1:
            raise ValueError("must have one of delay, at, until and interval")
        if self.time is not None and self.delay is None:
            raise ValueError("time goes with delay; until and interval have a time of their own")
        return self


class Branch(Part):
    """A share of the people, and where they go."""

    to: NodeId = Field(
        description="The id of the node that it leads to.", examples=["short", "long"]
    )
    weight: Annotated[int, Field(ge=0, le=1_000_000, strict=True)] = Field(
        description="Its share, as a part of the sum of all weights.", examples=[50]
    )


class StepDefaults(Part):
    """What holds where a step does not say otherwise."""

    channel: ChannelKind = Field(
        default=ChannelKind.EMAIL, description="By what means it says it.", examples=["email"]
    )


class Defaults(StepDefaults):
    """What holds where a node does not say otherwise."""

    timers: dict[Annotated[str, Field(pattern=TIMER_PATTERN)], DurationText] = Field(
        default={},
        description="When no_* and elapsed come where their transition does not say: by the"
        " event's name and _after.",
        examples=[{"no_open_after": "PT72H", "no_click_after": "PT24H"}],
    )


class Exit(Part):
    """An event upon which somebody leaves the plan, wherever they stand."""

    on: EventName = Field(description="The event.", examples=["replied"])
    reason: EventName = Field(
        alias="as",
        default="exited",
        description="What the end is called in statistics.",
        examples=["answered"],
    )


class Goal(Part):
    """What the plan is for: whoever does it has reached the goal, and leaves."""

    on: EventName = Field(description="The event.", examples=["purchase"])
    within: DurationText | None = Field(
        default=None,
        description="It counts up to so long after entering the plan.",
        examples=["P14D"],
    )
