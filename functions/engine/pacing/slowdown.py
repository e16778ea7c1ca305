"""A sender slows down when its provider asks for it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

import structlog

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.send import Send
from functions.domain.messages.send_outcomes import Deferred, SendOutcome, Unknown
from functions.engine.kernel.commits.modify import modify
from functions.engine.kernel.engine import Engine
from functions.engine.pacing import rate_scopes
from functions.engine.pacing.rate_scopes import State
from functions.engine.ports.store import Document, Write

log = structlog.get_logger()


async def slow_down_if_asked(
    engine: Engine, campaign: Campaign, send: Send, outcomes: Sequence[SendOutcome]
) -> None:
    """Slow the sender down where the provider's answers to a chunk ask for it.

    One answer that says that we are too fast asks for it, and so does no answer to most messages:
    more would not help a provider that is down.
    """
    asked = [o for o in outcomes if isinstance(o, Deferred) and o.throttled]
    lost = [o for o in outcomes if isinstance(o, Unknown) or _is_unreachable(o)]
    if asked or 2 * len(lost) > len(outcomes):
        pauses = [o.retry_after for o in asked if o.retry_after is not None]
        await slow_down(engine, campaign, send, max(pauses, default=None))


def _is_unreachable(outcome: SendOutcome) -> bool:
    return isinstance(outcome, Deferred) and outcome.reason == "provider_unreachable"


async def slow_down(
    engine: Engine, campaign: Campaign, send: Send, pause: timedelta | None = None
) -> None:
    """Slow down a sender whose provider has said that it is too fast.

    All campaigns of the sender keep to it, and send nothing for the length of `pause`. What this
    process has reserved at the rate before is given back. Another process finds out when it
    reserves next, or by what the provider answers it.
    """
    sender = rate_scopes.sender(engine, campaign.org, send, campaign.rules)
    span = engine.memory.reserved.of(sender.path)

    def decide(documents: list[Document | None]) -> tuple[_Cut, list[Write]]:
        now = engine.clock.now()
        state, was_ours = State(sender, documents[0]), had.is_ours(documents[0])
        slowdown, had_room_at = state.slowdown.cut(now), had.begins_at(documents[0])
        free_at = max(had_room_at or now, now + (pause or timedelta()))
        if slowdown == state.slowdown and free_at == had_room_at:
            return _Cut(None, was_ours), []
        return _Cut(slowdown.share, was_ours), [state.slowed(slowdown, free_at)]

    async with span.lock:
        had = span.set_aside()
        cut = await modify(engine.store, [sender.path], decide)
        if cut.share is None and cut.was_ours:
            span.put_back(had)
    if cut.share is not None:
        log.info("sender_slowed_down", campaign_id=campaign.id, share=cut.share)


class _Cut(NamedTuple):
    """What has become of a sender's rate."""

    share: float | None  #: what is left of it; None where nothing has changed
    was_ours: bool  #: nobody else had changed it since we looked
