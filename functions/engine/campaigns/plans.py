"""The plans of campaigns: each version is stored once and never changed."""

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.content import Texts, texts_of
from functions.domain.campaigns.send import Send
from functions.domain.messages.ids import is_of_node, node_send
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.plan_versions import plan_of
from functions.engine.ports.store import Delete, Write


async def whole_send(engine: Engine, campaign: Campaign, key: str) -> Send:
    """Return the send that a message names, with what it says."""
    send = campaign.send(key)
    if not is_of_node(key):
        return send
    named = node_send(key)
    version = await plan_of(engine, campaign, named.version)
    return version.sends.send(send, named.node, named.number)


async def longest_texts(engine: Engine, campaign: Campaign) -> Texts:
    """Return the longest texts that a campaign's own messages, or those of its plan, may have.

    Raises NotFoundError where its plan is gone.
    """
    if not campaign.plan:
        return texts_of(campaign.own_send)
    from functions.domain.plans.sends import parts_of

    plan = (await plan_of(engine, campaign, campaign.plan)).plan
    contents = (part.content for node in plan.nodes.values() for part in parts_of(plan, node))
    said = (texts_of(campaign.own_send._replace(content=each)) for each in contents)
    return max(said, key=lambda texts: texts.bytes)


async def delete_older(engine: Engine, campaign: Campaign) -> None:
    """Remove the versions of a draft's plan that it does not follow any more."""
    numbers, chunk = range(1, campaign.plan), engine.limits.chunk
    for first in range(0, len(numbers), chunk):
        part = numbers[first : first + chunk]
        old = [Delete(paths.plan(campaign.org, campaign.id, number)) for number in part]
        await engine.store.commit(*old)


def delete_newest(campaign: Campaign) -> list[Write]:
    """Return the write that removes the version which a campaign follows, if it has a plan."""
    if not campaign.plan:
        return []
    return [Delete(paths.plan(campaign.org, campaign.id, campaign.plan))]
