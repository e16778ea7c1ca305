"""Refusals: a campaign whose provider refuses not the people but us is paused, with the reason.

One refusal may be of one person's server alone, so it takes several, with little going well in
between. They are counted by campaign, in a document that is read and written when somebody has
refused us, and at no other time.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import structlog

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.messages.message import MessageStatus
from functions.engine import paths
from functions.engine.campaigns.lifecycle import stop
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.modify import modify
from functions.engine.messages import statistics
from functions.engine.ports.store import Create, Document, Set, Write

log = structlog.get_logger()

#: So many refusals pause a campaign of which nothing has gone well,
FEW: Final = 3
#: and so many one of which something has, where they outnumber what went well meanwhile.
MANY: Final = 20

_ARRIVED: Final = (
    MessageStatus.DELIVERED,
    MessageStatus.ANSWERED,
    MessageStatus.READ,
    MessageStatus.COMPLETED,
)


class Told(StrEnum):
    """Where a refusal is told, which decides what goes well: to be taken, or to arrive."""

    BY_ANSWER = "answer"
    BY_RECEIPT = "receipt"


_WELL: Final = {Told.BY_ANSWER: (MessageStatus.SENT, *_ARRIVED), Told.BY_RECEIPT: _ARRIVED}


async def note(engine: Engine, campaign: Campaign, told: Told, reasons: Sequence[str]) -> bool:
    """Count refusals of us, with their reasons; True where they have paused the campaign."""
    if campaign.status is not CampaignStatus.RUNNING:
        return False
    counts = await statistics.read_one(engine, campaign)
    well = sum(counts[status] for status in _WELL[told])
    path = paths.refusals(campaign.org, campaign.id)

    def decide(documents: list[Document | None]) -> tuple[bool, Sequence[Write]]:
        document = documents[0]
        before = document.data if document else {}
        refused, since = _counted(before.get(told.value) or {}, len(reasons), well)
        too_many = refused >= (MANY if well else FEW)
        # Whoever resumes the campaign has looked at the reason: it is counted anew.
        after = {**before, told.value: {"refused": 0 if too_many else refused, "well": since}}
        write = Set(path, after, document.version) if document else Create(path, after)
        return too_many, [write]

    too_many = await modify(engine.store, [path], decide)
    log.warning("refused_by_provider", campaign_id=campaign.id, reasons=sorted(set(reasons)))
    if too_many:
        await stop(engine, campaign, reasons[-1])
    return too_many


def _counted(before: dict[str, int], refused: int, well: int) -> tuple[int, int]:
    """Return the refusals since a moment, and what had gone well by then.

    The moment is put forward once more has gone well since then than was refused.
    """
    known, since = before.get("refused", 0), before.get("well", well)
    if well - since > known:
        return refused, well
    return known + refused, since
