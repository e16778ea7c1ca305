"""Nodes: what one of a plan says, as a campaign that says this alone."""

from dataclasses import replace
from typing import NamedTuple

from functions.domain.campaigns.campaign import Campaign
from functions.domain.errors import InvalidFieldError
from functions.domain.plans.sends import parts_of
from functions.engine.campaigns.plans import whole_send
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.plan_versions import plan_of


class Said(NamedTuple):
    """Which of a campaign's sends is meant."""

    node: str = ""  #: of its plan; "" where it has none
    fallback: int = 0  #: 0 the node's own, 1 that of its first fallback, ...


async def as_said(engine: Engine, campaign: Campaign, said: Said) -> Campaign:
    """Return a campaign that says what a node of this one's plan does; this one without a plan.

    Raises InvalidFieldError for a node that there is not, or that sends nothing.
    """
    if not campaign.plan:
        if said.node or said.fallback:
            name = "node" if said.node else "fallback"
            sentence = "goes with a campaign of the kind journey or sequence"
            raise InvalidFieldError(name, f"{name}: {sentence}")
        return campaign
    version = await plan_of(engine, campaign, campaign.plan)
    nodes = version.plan.nodes
    if said.node not in nodes:
        named = f"the plan has no node '{said.node}'" if said.node else "is required"
        sending = next(id_ for id_, node in nodes.items() if parts_of(version.plan, node))
        sentence = f"a {campaign.kind} says what its nodes say, such as '{sending}'"
        raise InvalidFieldError("node", f"node: {named}; {sentence}")
    parts = parts_of(version.plan, nodes[said.node])
    if not parts:
        raise InvalidFieldError("node", f"node: '{said.node}' sends nothing")
    if said.fallback >= len(parts):
        sentence = f"'{said.node}' has {len(parts) - 1} of them; 0 is its own send"
        raise InvalidFieldError("fallback", f"fallback: {sentence}")
    send = await whole_send(engine, campaign, version.sends.key(said.node, said.fallback))
    said_so = send._replace(key="", quiet_hours=None)
    one = replace(campaign, own_send=said_so, fallbacks=(), routes=(), plan_routes=())
    return replace(one, plan=0, entry=None, entry_open=False)
