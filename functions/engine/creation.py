"""Creation: new campaigns to a list, to those who were not reached, or of one message."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final
from uuid import uuid4

from functions.domain.campaign import (
    AudienceKind,
    Campaign,
    CampaignKind,
    CampaignStatus,
    ChannelKind,
    check_start_time,
)
from functions.domain.contact import contact_id
from functions.domain.errors import (
    InvalidFieldError,
    NameTakenError,
    NotFoundError,
)
from functions.domain.message import MessageStatus, lane_number, message_id, send_lane
from functions.domain.organisation import Organisation
from functions.domain.phones import Phone
from functions.engine import organisation, paths, tallies
from functions.engine.audience import Person
from functions.engine.campaigns import LAUNCH, create_campaign, load
from functions.engine.core import Engine
from functions.engine.ports import ConflictError, Create

_NAME_LENGTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a new campaign shall be. `scheduled_at` None starts it at once."""

    name: str
    sender: str
    bot_url: str
    provider: str
    by: str
    client_id: str | None = None
    machine_detection: str = ""
    scheduled_at: datetime | None = None
    scheduled_by: str | None = None


async def create_for_list(engine: Engine, org: str, wish: Wish, list_id: str) -> Campaign:
    """Create a broadcast to a list and start or schedule it.

    Raises InvalidFieldError (time not ahead), NotFoundError (list), NameTakenError.
    """
    if wish.scheduled_at is not None:
        check_start_time(wish.scheduled_at, now=engine.clock.now())
    people = await engine.store.get(paths.lists(org, list_id))
    if people is None:
        raise NotFoundError("List", list_id)
    audience = {"kind": AudienceKind.LIST, "id": list_id}
    campaign = _new(engine, org, wish, audience, total=people.data["size"])
    return await _create_named(engine, await ruled(engine, campaign))


async def retry(engine: Engine, org: str, id_: str, *, by: str, unknown: bool) -> Campaign:
    """Create and start a campaign that calls again those whom campaign `id_` did not reach.

    Those whose outcome is unknown may have been reached: they are called only where `unknown`
    says so. Raises NotFoundError, and InvalidFieldError where there is nobody to call.
    """
    source = await load(engine, org, id_)
    if not source.has_ended:
        raise InvalidFieldError("campaignId", f"Cannot retry {source.status} campaign")
    statuses = [MessageStatus.FAILED, *([MessageStatus.UNKNOWN] if unknown else [])]
    tally = await tallies.read_one(engine, source)
    # Whom another channel was tried for counts by what became of that.
    total = tally.gave_up + sum(tally[status] - tally.followed(status) for status in statuses)
    if total == 0:
        raise InvalidFieldError("campaignId", "There is nobody to call again in this campaign")
    statuses += [MessageStatus.SKIPPED, MessageStatus.EXPIRED] if tally.gave_up else []
    audience = {"kind": AudienceKind.RETRY, "id": id_, "statuses": ",".join(statuses)}
    campaign = anew(source, now=engine.clock.now(), by=by)
    campaign = replace(campaign, kind=CampaignKind.BROADCAST, audience=audience, total=total)
    return await _create_numbered(engine, await ruled(engine, campaign))


def anew(source: Campaign, *, now: datetime, by: str) -> Campaign:
    """Return a campaign that runs from now on as another one was written."""
    return replace(
        source,
        **_NOT_YET,
        id=uuid4().hex,
        status=CampaignStatus.RUNNING,
        epoch=1,
        created_at=now,
        created_by=by,
        started_at=now,
        not_after=ahead(source.not_after, now=now),
    )


def ahead(at: datetime | None, *, now: datetime) -> datetime | None:
    """Return an instant that lies ahead, None for one that has passed."""
    return at if at is not None and at > now else None


#: What has happened to a campaign, and not to one that repeats it.
_PAST: Final = frozenset(
    {
        "updated_at",
        "scheduled_at",
        "scheduled_by",
        "paused_at",
        "resumed_at",
        "ended_at",
        "reason",
        "trouble",
        "canary_passed",
        "bot_ready",
    }
)
_NOT_YET: Final[Mapping[str, Any]] = {
    f.name: f.default for f in fields(Campaign) if f.name in _PAST
}


async def _create_numbered(engine: Engine, campaign: Campaign) -> Campaign:
    """Create a retry under the first free name of "NAME (retry N)"."""
    number = 1
    while True:
        suffix = f" (retry {number})"
        name = campaign.name[: _NAME_LENGTH - len(suffix)] + suffix
        try:
            return await _create_named(engine, replace(campaign, name=name))
        except NameTakenError:
            number += 1


async def call_once(engine: Engine, org: str, wish: Wish, to: Phone) -> tuple[Campaign, str]:
    """Call one number now, as a campaign of its own; returns it and the message's id."""
    path = paths.contact(org, contact_id(to.e164))
    person = Person(path, to.e164, to.region, to.zones)
    house = await organisation.load(engine, org)
    call = replace(
        _new(engine, org, wish, {}, total=1),
        # No cap holds it back, but it is counted.
        country_rules=house.country_rules,
        frequency_caps=house.frequency_caps,
    )
    return await send_once(engine, call, person)


async def send_once(engine: Engine, campaign: Campaign, to: Person) -> tuple[Campaign, str]:
    """Tell one person now what is to be said to them, in the manner of `campaign`.

    It is a campaign of its own; returns it and the message's id.
    """
    now = engine.clock.now()
    single = replace(
        campaign,
        kind=CampaignKind.SINGLE,
        not_after=None,  # it is sent now
        name=f"{campaign.name} {campaign.id}"[:_NAME_LENGTH],
        audience={"kind": CampaignKind.SINGLE, "id": contact_id(to.address)},
        lanes=1,
    )
    id_ = message_id(single.id, to.address)
    message = {
        "contact": to.contact,
        "address": to.address,
        "region": to.region,
        "zones": list(to.zones),
        "status": MessageStatus.PENDING,
        "lane": send_lane(lane_number(id_, single.lanes)),
        "due_at": now,
        "next_at": now,
        "created_at": now,
        **(to.said.stored if to.said else {}),
    }
    create = Create(f"{paths.messages(single.org, single.id)}/{id_}", message)
    tally = tallies.created(single, LAUNCH, [MessageStatus.PENDING])
    return await create_campaign(engine, single, create, tally), id_


def _new(engine: Engine, org: str, wish: Wish, audience: dict[str, str], *, total: int) -> Campaign:
    now = engine.clock.now()
    immediate = wish.scheduled_at is None
    rate = engine.rate_of(wish.provider)
    return Campaign(
        id=uuid4().hex,
        org=org,
        name=wish.name,
        kind=CampaignKind.BROADCAST,
        status=CampaignStatus.RUNNING if immediate else CampaignStatus.SCHEDULED,
        epoch=1,
        provider=wish.provider,
        sender=wish.sender,
        bot_url=wish.bot_url,
        audience=audience,
        lanes=lanes_for(rate, total, engine),
        rate_per_s=rate,
        total=total,
        client_id=wish.client_id,
        machine_detection=wish.machine_detection,
        created_at=now,
        created_by=wish.by,
        scheduled_at=wish.scheduled_at,
        scheduled_by=wish.scheduled_by if wish.scheduled_at else None,
        started_at=now if immediate else None,
    )


async def ruled(engine: Engine, campaign: Campaign) -> Campaign:
    """Return a new campaign under its organisation's own rules."""
    return under(engine, await organisation.load(engine, campaign.org), campaign)


def under(engine: Engine, house: Organisation, campaign: Campaign) -> Campaign:
    """Return a campaign under these rules, its fallbacks included.

    Raises InvalidFieldError for a fallback by a channel that nobody sends by.
    """
    own = campaign.own_rate_per_s
    rate = _rate(engine, house, campaign.channel, campaign.provider, own)
    return replace(
        campaign,
        sender=campaign.sender or house.senders.get(campaign.channel, ""),
        rate_per_s=rate,
        lanes=lanes_for(rate, campaign.total, engine),
        fallbacks=[
            _fallback(engine, house, fallback, number, own)
            for number, fallback in enumerate(campaign.fallbacks)
        ],
        quiet_hours=house.quiet_hours,
        default_zone=house.default_zone,
        country_rules=house.country_rules,
        frequency_caps=house.frequency_caps,
        sender_rates=house.rates,
        warm_up=house.warm_up,
        poll_after_s=house.polling_schedule_s,
    )


def _fallback(
    engine: Engine,
    house: Organisation,
    fallback: Mapping[str, Any],
    number: int,
    own: float | None,
) -> dict[str, Any]:
    """Return a fallback with who sends for it, from which sender and how fast."""
    channel = ChannelKind(fallback["channel"])
    provider = provider_of(engine, channel, field=f"fallbacks.{number}.channel")
    sender = fallback.get("sender") or house.senders.get(channel, "")
    rate = _rate(engine, house, channel, provider, own)
    return {**fallback, "provider": provider, "sender": sender, "rate_per_s": rate}


def _rate(
    engine: Engine, house: Organisation, channel: ChannelKind, provider: str, own: float | None
) -> float | None:
    """Return the lowest of the rates that the deployment, the organisation and a campaign set."""
    allowed = (engine.rate_of(provider), house.rates.get(channel), own)
    return min((each for each in allowed if each is not None), default=None)


def provider_of(engine: Engine, channel: ChannelKind, *, field: str = "channel") -> str:
    """Return who sends for a channel. Raises InvalidFieldError where nobody does."""
    provider = engine.providers.get(channel)
    if provider is None:
        raise InvalidFieldError(field, f"{field}: no provider is set up for {channel}")
    return provider


def lanes_for(rate: float | None, total: int, engine: Engine) -> int:
    """Return how many lanes pay: one for each fifty sends a second or fifty thousand messages."""
    useful = total // 50_000 if rate is None else int(rate // 50)
    return min(engine.limits.lanes, useful + 1)


async def _create_named(engine: Engine, campaign: Campaign) -> Campaign:
    """Create a campaign whose name no other of these has. Raises NameTakenError."""
    key = blake2b(campaign.name.encode(), digest_size=16).hexdigest()
    claim = Create(paths.campaign_name(campaign.org, key), {"campaign": campaign.id})
    try:
        return await create_campaign(engine, campaign, claim)
    except ConflictError:
        raise NameTakenError("Campaign", campaign.name) from None
