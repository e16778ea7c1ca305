"""What a campaign was given although its author probably did not mean it."""

from collections import Counter
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from typing import Final

from functions.domain.campaigns.audience import AudienceKind
from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.warnings import limit_warnings, nobody_named, past_time
from functions.domain.messages.reasons import explain
from functions.domain.warnings import InputWarning
from functions.engine.campaigns.audience import Page, pages, source_of
from functions.engine.kernel.engine import Engine

#: People that are looked at; of a larger audience somebody can surely be reached.
_LOOKED_AT: Final = 100


async def warnings_of(
    engine: Engine, campaign: Campaign, *, asked: datetime | None = None
) -> list[InputWarning]:
    """Return the doubts about a campaign that has just been written; `asked`: the start given."""
    found = [*past_time(asked, now=engine.clock.now()), *limit_warnings(campaign)]
    about_people = await _of_audience(engine, campaign)
    return [*found, about_people] if about_people else found


async def _of_audience(engine: Engine, campaign: Campaign) -> InputWarning | None:
    if campaign.audience.kind is AudienceKind.RECIPIENTS and not campaign.total:
        return nobody_named(campaign)
    return await _unreachable(engine, campaign) if campaign.total <= _LOOKED_AT else None


async def _unreachable(engine: Engine, campaign: Campaign) -> InputWarning | None:
    """Warn of a small audience of which nobody can be reached."""
    page = await _first(engine, campaign)
    reasons = Counter(each.skip_reason for each in page.recipients)
    if page.cursor is not None or reasons[""]:
        return None
    if not page.recipients:
        empty = _EMPTY.get(campaign.audience.kind, "nobody is left in it")
        sentence = f"audience: {empty}; until somebody is, nothing is sent"
        return InputWarning("AUDIENCE_IS_EMPTY", "audience", sentence)
    causes = "; ".join(f"{count}: {explain(reason)}" for reason, count in reasons.most_common())
    sentence = f"audience: none of the {len(page.recipients)} people can be reached ({causes})"
    return InputWarning("AUDIENCE_IS_UNREACHABLE", "audience", sentence)


#: What an audience is like that has nobody in it.
_EMPTY: Final = {
    AudienceKind.LIST: "the list has nobody on it",
    AudienceKind.SEGMENT: "the segment holds for nobody",
    AudienceKind.EVERYONE: "no contact is active",
}


async def _first(engine: Engine, campaign: Campaign) -> Page:
    """Return the first part of an audience, as the campaign's own send reaches it."""
    few = replace(engine, limits=replace(engine.limits, launch_page=_LOOKED_AT))
    async with aclosing(pages(few, source_of(campaign, campaign.own_send), None)) as walk:
        async for page in walk:
            return page
    return Page([], None)
