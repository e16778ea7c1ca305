"""What a campaign says although its author probably did not mean it."""

from collections.abc import Iterator
from datetime import datetime

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.times import iso
from functions.domain.warnings import InputWarning


def past_time(asked: datetime | None, *, now: datetime) -> list[InputWarning]:
    """Warn of a start that has passed already: the campaign stays a draft."""
    if asked is None or asked > now:
        return []
    sentence = f"scheduled_at: {iso(asked)} has passed; the campaign is a draft and does not start"
    return [InputWarning("TIME_HAS_PASSED", "scheduled_at", sentence)]


def limit_warnings(campaign: Campaign) -> Iterator[InputWarning]:
    """Yield the limits of a campaign that cannot have an effect; 0 people: nobody knows yet."""
    people, canary, guardrail = campaign.total, campaign.canary, campaign.guardrail
    if canary and 0 < people <= canary.first:
        sentence = f"canary.first: all {people} people are among the first {canary.first}"
        yield InputWarning("CANARY_IS_EVERYBODY", "canary", sentence)
    if guardrail and 0 < people < guardrail.of_last:
        sentence = (
            f"guardrail.of_last: there are {people} people, so {guardrail.of_last} messages are"
            " never looked at and nothing pauses the campaign"
        )
        yield InputWarning("GUARDRAIL_NEVER_ACTS", "guardrail", sentence)
    rate, own = campaign.own_send.rate_per_s, campaign.own_rate_per_s
    if own is not None and rate is not None and rate < own:
        sentence = f"rate_per_s: at most {rate:g} a second are sent here, not {own:g}"
        yield InputWarning("RATE_IS_LOWER", "rate_per_s", sentence)


def nobody_named(campaign: Campaign) -> InputWarning | None:
    """Warn of a scheduled campaign to which nobody has been named yet."""
    if campaign.total or campaign.status is not CampaignStatus.SCHEDULED:
        return None
    sentence = "audience: nobody is named yet; name somebody before its time, or it will fail"
    return InputWarning("AUDIENCE_IS_EMPTY", "audience", sentence)
