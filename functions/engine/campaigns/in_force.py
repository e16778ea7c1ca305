"""A campaign under its organisation's rules: provider, rate and lanes."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from functions.domain.campaigns.campaign import Campaign
from functions.domain.errors import (
    InvalidFieldError,
)
from functions.domain.kinds import ChannelKind
from functions.domain.organisation import Organisation
from functions.engine.accounts import organisation
from functions.engine.kernel.engine import Engine


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
