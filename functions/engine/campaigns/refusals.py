"""Refusals: a campaign whose provider refuses not the people but us is paused, with the reason.

One refusal may be of one person's server alone, so it takes several, with little going well in
between. They are counted by campaign, in a document that is read and written when somebody has
refused us, and at no other time.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

import structlog

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.messages.message import MessageStatus
from functions.engine import paths
from functions.engine.campaigns.lifecycle import stop
from functions.engine.kernel.commits.modify import modify
from functions.engine.kernel.engine import Engine
from functions.engine.messages import statistics
from functions.engine.ports.store import Create, Document, Set, Write

log = structlog.get_logger()

#: So many refusals pause a campaign of which nothing has gone well, of one person or of several.
FEW: Final = 3
#: So many people refused, or half of a small campaign, pause one of which something has, where
#: they outnumber those whom it went well with meanwhile.
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


class Refused(NamedTuple):
    """Refusals of us, as they come together or are counted."""

    refusals: int
    people: int  #: refused for the first time


async def note(
    engine: Engine, campaign: Campaign, told: Told, refused: Refused, *, reasons: Sequence[str]
) -> bool:
    """Count refusals of us, with their reasons; True where they have paused the campaign."""
    if campaign.status is not CampaignStatus.RUNNING:
        return False
    counts = await statistics.read_one(engine, campaign)
    well = sum(counts[status] for status in _WELL[told])
    waits = counts[MessageStatus.SENT] if told is Told.BY_RECEIPT else 0
    total = max(campaign.total, counts.total)
    path = paths.refusals(campaign.org, campaign.id)

    def decide(documents: list[Document | None]) -> tuple[bool, Sequence[Write]]:
        document = documents[0]
        before = document.data if document else {}
        since, all_ = _counted(before.get(told.value) or {}, refused, well)
        too_many = _too_many(all_, well=well, waits=waits, total=total)
        # Whoever resumes the campaign has looked at the reason: it is counted anew.
        kept = Refused(0, 0) if too_many else all_
        after = {**before, told.value: {**kept._asdict(), "well": since}}
        write = Set(path, after, document.version) if document else Create(path, after)
        return too_many, [write]

    too_many = await modify(engine.store, [path], decide)
    log.warning("refused_by_provider", campaign_id=campaign.id, reasons=sorted(set(reasons)))
    if too_many:
        await stop(engine, campaign, reasons[-1])
    return too_many


def _counted(before: Mapping[str, int], refused: Refused, well: int) -> tuple[int, Refused]:
    """Return what had gone well by some moment, and the refusals since then.

    The moment is put forward once more has gone well since then than people were refused.
    """
    known = Refused(before.get("refusals", 0), before.get("people", 0))
    since = before.get("well", well)
    if well - since > known.people:
        return well, refused
    return since, Refused(known.refusals + refused.refusals, known.people + refused.people)


def _too_many(refused: Refused, *, well: int, waits: int, total: int) -> bool:
    """Tell whether a campaign to so many people is refused and not some of them alone.

    Nothing goes well where a carrier never tells that a text has arrived: with many that wait for
    a receipt, a tenth of them has to be refused.

    Once something has gone well, people count once: those of one server are tried again and again
    when all the others are done.
    """
    if not well:
        return refused.refusals >= max(FEW, waits // 10)
    return refused.people >= min(MANY, max(FEW, total // 2))
