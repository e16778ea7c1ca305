"""What a campaign was given although its author probably did not mean it."""

from collections import Counter
from datetime import datetime
from typing import Final

from functions.domain.campaigns.audience import AudienceKind
from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.warnings import limit_warnings, nobody_named, past_time
from functions.domain.messages.reasons import explain
from functions.domain.warnings import InputWarning
from functions.engine.campaigns.text_checks import LOOKED_AT, doubtful_words, first_people
from functions.engine.kernel.engine import Engine


async def warnings_of(
    engine: Engine, campaign: Campaign, *, asked: datetime | None = None
) -> list[InputWarning]:
    """Return the doubts about a campaign that has just been written; `asked`: the start given."""
    found = [*past_time(asked, now=engine.clock.now()), *limit_warnings(campaign)]
    found += await doubtful_words(engine, campaign)
    about_people = await _of_audience(engine, campaign)
    return [*found, about_people] if about_people else found


async def _of_audience(engine: Engine, campaign: Campaign) -> InputWarning | None:
    if campaign.audience.kind is AudienceKind.RECIPIENTS and not campaign.total:
        return nobody_named(campaign)
    # Of a larger audience somebody can surely be reached.
    return await _unreachable(engine, campaign) if campaign.total <= LOOKED_AT else None


async def _unreachable(engine: Engine, campaign: Campaign) -> InputWarning | None:
    """Warn of a small audience of which nobody can be reached."""
    page = await first_people(engine, campaign, campaign.own_send)
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
