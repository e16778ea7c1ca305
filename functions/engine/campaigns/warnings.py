"""What a campaign was given although its author probably did not mean it."""

from collections import Counter
from datetime import datetime
from typing import Final

from functions.domain.campaigns.audience import AudienceKind
from functions.domain.campaigns.call_headers import MOST_BYTES, about_call, call_headers
from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.warnings import limit_warnings, nobody_named, past_time
from functions.domain.kinds import facts_of
from functions.domain.messages.delivery_events import MessageRef
from functions.domain.messages.reasons import explain
from functions.domain.warnings import InputWarning
from functions.engine.campaigns.content.text_checks import (
    LOOKED_AT,
    WITH_VALUES,
    doubtful_words,
    first_people,
)
from functions.engine.kernel.engine import Engine


async def warnings_of(
    engine: Engine, campaign: Campaign, *, asked: datetime | None = None
) -> list[InputWarning]:
    """Return the doubts about a campaign that has just been written; `asked`: the start given."""
    found = [*past_time(asked, now=engine.clock.now()), *limit_warnings(campaign)]
    found += await doubtful_words(engine, campaign)
    about_people = await _of_audience(engine, campaign)
    about_bot = await _untold(engine, campaign)
    return [*found, *filter(None, (about_people, about_bot))]


async def _untold(engine: Engine, campaign: Campaign) -> InputWarning | None:
    """Warn of what the bot of a call is not told of some of the people that it talks to."""
    send = campaign.own_send
    is_told = facts_of(send.channel).is_call and engine.traits_of(send.provider).tells_bot
    if not is_told or campaign.audience.kind not in WITH_VALUES:
        return None
    read = send._replace(content=send.content._replace(template="{first_name}"))  # with values
    page = await first_people(engine, campaign, read)
    ref, name = MessageRef(campaign.org, campaign.id, "0" * 40), campaign.name
    untold = Counter[str]()
    for each in page.recipients:
        id_, values = each.contact.rpartition("/")[2], each.values
        about = about_call(ref, contact=id_, to=each.address, campaign=name, values=values)
        untold.update(call_headers(about).left_out)
    if not untold:
        return None
    left_out = ", ".join(f"'{field}' of {count}" for field, count in untold.most_common(_NAMED))
    sentence = (
        f"audience: of the first {len(page.recipients)} people the bot is not told {left_out}:"
        f" {send.provider} takes letters and digits (A-Z, 0-9), {MOST_BYTES} bytes for each call;"
        " the bot can look up the rest by contactId"
    )
    return InputWarning("BOT_NOT_TOLD", "audience", sentence)


_NAMED: Final = 5  #: fields that a warning names


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
