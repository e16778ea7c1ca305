"""The campaigns that receipts are about, as this process has read them a moment ago, or anew.

Each receipt needs its message's campaign, of which little ever changes once it has started: by what
its messages go, how many lanes it has, what follows them. What may have changed since (whether it
is paused or has ended) is asked for anew by whoever decides by it.
"""

from collections.abc import Sequence

from functions.domain.campaigns.campaign import Campaign, campaign_from
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Document, Write


def known(engine: Engine, org: str, id_: str) -> Campaign | None:
    """Return a campaign as it was up to two seconds ago; None where it is to be read."""
    return engine.memory.campaigns.get(paths.campaign(org, id_), now=engine.clock.now())


async def load_anew(engine: Engine, org: str, id_: str) -> Campaign | None:
    """Return a campaign as it stands, which may have been paused or have ended just now."""
    return keep(engine, await engine.store.get(paths.campaign(org, id_)))


def forget_changed(engine: Engine, writes: Sequence[Write]) -> None:
    """Have the campaigns read again that have just been written."""
    for write in writes:
        engine.memory.campaigns.forget(write.path)


def keep(engine: Engine, document: Document | None) -> Campaign | None:
    """Return the campaign that was read, and remember it for a moment."""
    if document is None:
        return None
    campaign = campaign_from(document.org, document.id, document.data)
    engine.memory.campaigns.keep(document.path, campaign, now=engine.clock.now())
    return campaign
