"""A campaign under its organisation's rules: provider, rate and lanes."""

from dataclasses import replace

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.rules_in_force import rules_of
from functions.domain.campaigns.send import Send
from functions.domain.campaigns.validation import checked
from functions.domain.messages.ids import fallback_key
from functions.domain.organisation import Organisation
from functions.engine.accounts import organisation
from functions.engine.campaigns.senders import check_senders, provider_of, sender_of
from functions.engine.kernel.engine import Engine


async def with_rules(engine: Engine, campaign: Campaign) -> Campaign:
    """Return a new campaign under its organisation's own rules."""
    decided = await organisation.load(engine, campaign.org)
    return with_organisation(engine, decided, campaign)


def with_organisation(engine: Engine, decided: Organisation, campaign: Campaign) -> Campaign:
    """Return a campaign under an organisation's rules, checked, its fallbacks included.

    Raises InvalidFieldError as `checked` does, for a fallback by a channel that nobody sends by,
    and for a sender that the organisation may not use.
    """

    def placed(send: Send) -> Send:
        """Return a send with its sender and its rate."""
        rates = (
            engine.rate_of(send.provider),
            decided.rates.get(send.channel),
            campaign.own_rate_per_s,
        )
        return send._replace(
            sender=sender_of(engine, decided, send),
            rate_per_s=min((rate for rate in rates if rate is not None), default=None),
        )

    own_send = placed(campaign.own_send)
    fallbacks = [
        fallback._replace(send=placed(_of_campaign(engine, campaign, fallback.send, number)))
        for number, fallback in enumerate(campaign.fallbacks)
    ]
    placed_campaign = replace(
        campaign,
        own_send=own_send,
        fallbacks=fallbacks,
        routes=tuple(map(placed, campaign.routes)),
        rules=rules_of(decided),
    )
    ruled = checked(replace(placed_campaign, lanes=lanes_of(engine, placed_campaign)))
    check_senders(engine, decided, ruled)
    return ruled


def _of_campaign(engine: Engine, campaign: Campaign, send: Send, number: int) -> Send:
    """Return a fallback's send with its key and provider, and what its campaign says for it."""
    own = campaign.own_send.content
    return send._replace(
        key=fallback_key(number + 1),
        provider=provider_of(engine, send.channel, field=f"fallbacks.{number}.channel"),
        content=send.content._replace(
            machine_detection=own.machine_detection, missing=own.missing, defaults=own.defaults
        ),
    )


def lanes_of(engine: Engine, campaign: Campaign) -> int:
    """Return how many lanes a new campaign has; people who walk need some whatever its rate."""
    if not campaign.plan:
        return lanes_for(engine, campaign, campaign.total)
    return _MANY if campaign.total > _LARGE else engine.limits.lanes


#: A campaign with a plan and a larger audience than this has so many lanes: the timers of one lane
#: are a range of keys, of which Firestore writes some 500 a second.
_LARGE, _MANY = 200_000, 16


#: A call takes its slot for so many seconds at least, mostly for longer.
_CALL_S = 5


def lanes_for(engine: Engine, campaign: Campaign, total: int) -> int:
    """Return how many lanes pay: one for each fifty sends a second or fifty thousand messages."""
    rate = attainable_rate(engine, campaign)
    useful = total // 50_000 if rate is None else int(rate // 50)
    return min(engine.limits.lanes, useful + 1)


def attainable_rate(engine: Engine, campaign: Campaign) -> float | None:
    """Return how many messages a second a campaign's own send can come to; None: any number.

    None is faster than its sender may be, nor than its organisation's live calls let it.
    """
    send = campaign.own_send
    rates = [send.rate_per_s, campaign.rules.sender_rates.get(send.channel)]
    if engine.holds_live_call(send):
        rates.append(engine.limits.live_calls_per_org / _CALL_S)
    return min((each for each in rates if each is not None), default=None)
