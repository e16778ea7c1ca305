"""Rules of recurrence over HTTP: what comes by one, before anybody trusts it; nothing is stored."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from pydantic import BaseModel, Field

from functions.domain.calendar.recurrence import first, occurrences
from functions.domain.calendar.rule_words import rule_words
from functions.domain.calendar.rules import LONGEST_RULE, InvalidRuleError, Rule, parse_rule
from functions.domain.errors import InvalidFieldError
from functions.domain.plans.parts import Zone
from functions.domain.times import zone_of
from functions.web.auth import Area
from functions.web.caller_route import RestRoute, Viewer
from functions.web.fields import Instant, RestBody, ZonedInstant, example

router = APIRouter(prefix="/recurrences", tags=[Area.CAMPAIGNS], route_class=RestRoute)

_RRULE: Final = "FREQ=MONTHLY;BYDAY=2MO;BYHOUR=9;BYMINUTE=0;COUNT=12"
#: Years in which a rule may begin: calendars and zones are known there.
_YEARS: Final = range(1970, 2201)


class TrialRule(RestBody):
    """A rule of recurrence that is not stored, and the clocks that it goes by."""

    model_config = example({"rrule": _RRULE, "zone": "America/New_York", "n": 3})

    rrule: Annotated[
        str,
        Field(
            min_length=1,
            max_length=LONGEST_RULE,
            description="A rule of RFC 5545: FREQ of a day or longer, and what goes with it.",
            examples=[_RRULE],
        ),
    ]
    zone: Annotated[Zone, Field(description="Whose clocks it goes by: a zone of a region, IANA.")]
    start: Annotated[
        ZonedInstant | None, Field(description="From when on it holds; else from now on.")
    ] = None
    n: Annotated[
        int, Field(ge=1, le=100, strict=True, description="How many occurrences are shown.")
    ] = 10


class Occurrence(BaseModel):
    """When something comes by a rule."""

    number: int = Field(description="Which one it is; the first is 1.", examples=[1])
    at: Instant = Field(description="The instant, UTC.", examples=["2026-03-09T13:00:00.000Z"])
    local: str = Field(
        description="The same as clocks of the zone show it.",
        examples=["2026-03-09T09:00:00-04:00"],
    )


class PreviewedRule(BaseModel):
    """What a rule of recurrence says, and what comes by it."""

    words: str = Field(
        description="The rule in words.",
        examples=["every second Monday of the month at 09:00, 12 times"],
    )
    zone: str = Field(description="Whose clocks it goes by.", examples=["America/New_York"])
    start: Instant = Field(description="From when on it holds.", examples=["2026-03-02T14:00:00Z"])
    occurrences: list[Occurrence] = Field(description="The first ones, in order.")
    has_more: bool = Field(description="Whether others follow those.", examples=[True])


@router.post("/preview", response_model=PreviewedRule)
async def preview_recurrence(trial: TrialRule, context: Viewer) -> Mapping[str, Any]:
    """Show what comes by a rule (RFC 5545), in words and instants; nothing is stored.

    A rule that nothing comes by within ten years is refused, and so is each part that is wrong,
    by its name.
    """
    start, zone = trial.start or context.engine.clock.now(), zone_of(trial.zone)
    if start.year not in _YEARS:
        span = f"{_YEARS[0]} and {_YEARS[-1]}"
        raise InvalidFieldError("start", f"start: must lie between the years {span}")
    try:
        rule = parse_rule(trial.rrule)
        # What never comes is looked for in centuries.
        found = await asyncio.to_thread(_first_ones, rule, start, zone, trial.n + 1)
    except InvalidRuleError as refused:
        raise InvalidFieldError("rrule", f"rrule: {refused}") from None
    return {
        "words": rule_words(rule, start, zone),
        "zone": trial.zone,
        "start": start,
        "occurrences": [
            {"number": number, "at": at, "local": at.astimezone(zone).isoformat()}
            for number, at in enumerate(found[: trial.n], start=1)
        ],
        "has_more": len(found) > trial.n,
    }


def _first_ones(rule: Rule, start: datetime, zone: ZoneInfo, most: int) -> list[datetime]:
    """Return the first occurrences. Raises InvalidRuleError where there is none."""
    first(rule, start, zone)
    return list(islice(occurrences(rule, start, zone), most))
