"""Campaigns made from others: retries and duplicates."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.errors import InvalidFieldError, NameTakenError
from functions.domain.kinds import CampaignKind
from functions.domain.messages.message import MessageStatus
from functions.engine.campaigns.creation import NAME_LENGTH, create_named
from functions.engine.campaigns.in_force import with_rules
from functions.engine.campaigns.lifecycle import load
from functions.engine.kernel.engine import Engine
from functions.engine.messages import statistics


async def retry(engine: Engine, org: str, id_: str, *, by: str, unknown: bool) -> Campaign:
    """Create and start a campaign to the recipients whom campaign `id_` did not reach.

    Recipients whose outcome is unknown may have been reached: they are included only if `unknown`
    is True. Raises NotFoundError, and InvalidFieldError where nobody is left to reach.
    """
    source = await load(engine, org, id_)
    if source.plan:
        sentence = f"Cannot retry a {source.kind}: whoever is to walk once more enters once more"
        raise InvalidFieldError("campaignId", sentence)
    if not source.has_ended:
        raise InvalidFieldError("campaignId", f"Cannot retry {source.status} campaign")
    statuses = [MessageStatus.FAILED, *([MessageStatus.UNKNOWN] if unknown else [])]
    counts = await statistics.read_one(engine, source)
    # Whom another channel was tried for counts by what became of that.
    total = counts.exhausted + sum(counts[status] - counts.followed(status) for status in statuses)
    if total == 0:
        raise InvalidFieldError("campaignId", "There is nobody to call again in this campaign")
    statuses += [MessageStatus.SKIPPED, MessageStatus.EXPIRED] if counts.exhausted else []
    audience = Audience(AudienceKind.RETRY, id_, statuses)
    campaign = copy_of(source, now=engine.clock.now(), by=by)
    campaign = replace(campaign, kind=CampaignKind.BROADCAST, audience=audience, total=total)
    return await _create_numbered(engine, await with_rules(engine, campaign))


def copy_of(source: Campaign, *, now: datetime, by: str) -> Campaign:
    """Return a copy of a campaign that is new and runs from now on."""
    return replace(
        source,
        **_NOT_YET,
        id=uuid4().hex,
        status=CampaignStatus.RUNNING,
        epoch=1,
        created_at=now,
        created_by=by,
        updated_at=now,
        started_at=now,
        not_after=if_future(source.not_after, now=now),
    )


def if_future(at: datetime | None, *, now: datetime) -> datetime | None:
    """Return an instant that lies ahead; None for an instant that has passed."""
    return at if at is not None and at > now else None


#: What has happened to a campaign, and not to one that repeats it.
_PAST: Final = frozenset(
    {
        "scheduled_at",
        "scheduled_by",
        "paused_at",
        "resumed_at",
        "ended_at",
        "reason",
        "trouble",
        "attention",
        "canary_passed",
        "bot_ready",
        "series",
        "repeat",
        "counts",
        "open_tier",
        "recall",
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
        name = campaign.name[: NAME_LENGTH - len(suffix)] + suffix
        try:
            return await create_named(engine, replace(campaign, name=name))
        except NameTakenError:
            number += 1
