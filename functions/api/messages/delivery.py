"""What became of an organisation's messages, by day, channel, provider and sender."""

from datetime import date, timedelta
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from functions.api.lateness import Spread, shown_spread
from functions.domain.errors import InvalidFieldError
from functions.domain.kinds import ChannelKind
from functions.domain.messages.outcomes import Outcome
from functions.domain.messages.reasons import explain
from functions.engine.messages.tallies import Sender, today
from functions.engine.reporting import delivery
from functions.engine.reporting.delivery import Figures, Report, Throttle, Wanted
from functions.web.auth import Area
from functions.web.caller_route import RestRoute, Viewer
from functions.web.fields import Day, Instant, MaybeInstant

router = APIRouter(tags=[Area.MESSAGES], route_class=RestRoute)

#: Days of one report at most, and where none are asked for.
_MOST_DAYS: Final = 92
_USUAL_DAYS: Final = 7


class DeliveryQuery(BaseModel):
    """Which days, and of whose messages."""

    first: Annotated[
        Day | None,
        Field(alias="from", description="The first day, of UTC; without it, a week of days."),
    ] = None
    last: Annotated[
        Day | None, Field(alias="to", description="The last day, of UTC; without it, today.")
    ] = None
    channel: ChannelKind | None = None
    provider: Annotated[str, Field(max_length=50, description="Who hands them over.")] = ""
    sender: Annotated[str, Field(max_length=320, description="From whom they are.")] = ""


class OutcomeReason(BaseModel):
    """How many messages have ended so for one reason."""

    status: Outcome
    reason: str
    count: int


class DeliveryFigures(BaseModel):
    """What became of messages, each figure on the day on which that happened.

    `sent` are all that a provider has taken, whatever came of that. Those whose outcome is unknown
    count on the day on which they were due.
    """

    sent: int
    delivered: int
    read: int
    failed: int
    skipped: int
    cancelled: int
    expired: int
    unknown: int
    clicked: int
    replied: int
    complained: int
    opted_out: int
    bounced: int = Field(description="Of those that failed: nobody is there, or they came back.")
    reasons: list[OutcomeReason]
    lateness: Spread = Field(
        description="How long after they were due messages were sent; up to a quarter above the"
        " true value."
    )


class ShownThrottle(BaseModel):
    """How fast a sender may send now, whichever campaign it sends for."""

    rate_per_s: float | None = Field(description="Its usual rate; null: any.")
    allowed_per_s: float | None = Field(description="Its rate now; null: any.")
    share: float = Field(description="Of its usual rate; below 1: its provider has slowed us down.")
    slowed_at: MaybeInstant = Field(description="When its provider last did; null: never.")
    whole_again_at: MaybeInstant = Field(
        description="When it has all of its rate again if nothing else happens; null: it has."
    )
    held_until: MaybeInstant = Field(
        description="Nothing is sent before then, as its provider asks; null: it may send."
    )
    left_today: int | None = Field(
        description="How many it may still send today, being warmed up; null: any number."
    )


class SenderFigures(DeliveryFigures):
    """What became of one sender's messages on all of the days."""

    channel: ChannelKind
    provider: str
    sender: str
    throttle: ShownThrottle = Field(description="How fast it may send now.")


class DayFigures(DeliveryFigures):
    """What became of one sender's messages on one day."""

    day: date = Field(description="A day of UTC.")
    channel: ChannelKind
    provider: str
    sender: str


class DeliveryReport(BaseModel):
    """What became of the organisation's messages on some days.

    `left_out` campaigns at work, or just ended, have counted what is not among the figures yet:
    there are more of them than are read at a time.
    """

    first: date = Field(alias="from", description="The first day.")
    last: date = Field(alias="to", description="The last day.")
    zone: Literal["UTC"] = Field(description="Whose days they are.")
    now: Instant
    total: DeliveryFigures = Field(description="Of all senders, on all days.")
    senders: list[SenderFigures] = Field(description="Each sender, the one that sent most first.")
    days: list[DayFigures] = Field(description="Each day of each sender, the newest first.")
    reason_words: dict[str, str] = Field(description="What each reason means.")
    left_out: int = Field(description="Campaigns whose newest counts were not read.")


@router.get("/delivery", response_model=DeliveryReport)
async def get_delivery(
    context: Viewer, wanted: Annotated[DeliveryQuery, Query()]
) -> dict[str, Any]:
    """Show what became of messages by day, channel, provider, sender and reason."""
    asked = _checked(wanted, today(context.engine.clock.now()))
    return _shown(asked, await delivery.report(context.engine, context.org, asked))


def _checked(wanted: DeliveryQuery, now: date) -> Wanted:
    """Return what is wanted, with the usual days. Raises InvalidFieldError."""
    last = wanted.last or now
    first = wanted.first or last - timedelta(days=_USUAL_DAYS - 1)
    if first > last:
        raise InvalidFieldError("to", f"to: must not be before from, {first}")
    if (last - first).days >= _MOST_DAYS:
        raise InvalidFieldError("from", f"from: must be within {_MOST_DAYS} days of to, {last}")
    return Wanted(first, last, wanted.channel or "", wanted.provider, wanted.sender)


def _shown(asked: Wanted, found: Report) -> dict[str, Any]:
    senders = sorted(found.senders, key=lambda each: (-found.senders[each].outcomes["sent"], each))
    days = sorted(found.days, key=lambda each: (-each[0].toordinal(), each[1]))
    return {
        "from": asked.first,
        "to": asked.last,
        "zone": "UTC",
        "now": found.now,
        "total": _figures(found.total),
        "senders": [
            {**_named(each), **_figures(found.senders[each]), "throttle": _throttle(found, each)}
            for each in senders
        ],
        "days": [{"day": day, **_named(of), **_figures(found.days[day, of])} for day, of in days],
        "reason_words": {reason: explain(reason) for _, reason in sorted(found.total.reasons)},
        "left_out": found.left_out,
    }


def _named(sender: Sender) -> dict[str, str]:
    return sender._asdict()


def _throttle(found: Report, sender: Sender) -> dict[str, Any]:
    throttle: Throttle = found.throttles[sender]
    return {**throttle._asdict(), "share": round(throttle.share, 3)}


def _figures(figures: Figures) -> dict[str, Any]:
    reasons = sorted(figures.reasons.items(), key=lambda each: (-each[1], each[0]))
    return {
        **{str(outcome): figures.outcomes[outcome] for outcome in Outcome},
        "reasons": [
            {"status": status, "reason": reason, "count": count}
            for (status, reason), count in reasons
            if count
        ],
        "lateness": shown_spread(figures.lateness),
    }
