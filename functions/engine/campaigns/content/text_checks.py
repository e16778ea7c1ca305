"""Doubtful words in what a campaign says: told, or refused where nobody may lack a field."""

from collections.abc import Collection
from contextlib import aclosing
from dataclasses import replace
from typing import Final, NamedTuple

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.content import ParsedContent, Texts, texts_of
from functions.domain.campaigns.send import Send
from functions.domain.campaigns.text_warnings import refuse_doubts, text_warnings
from functions.domain.templates.template import Missing, Template
from functions.domain.warnings import InputWarning
from functions.engine.campaigns.audience import Page, pages, source_of
from functions.engine.kernel.engine import Engine
from functions.engine.templates.known_fields import asked_for, known_attributes

#: People that are looked at; whether anybody else has a field, all contacts tell.
LOOKED_AT: Final = 100
#: The messages of others are repeated as they were.
WITH_VALUES: Final = frozenset(
    {AudienceKind.RECIPIENTS, AudienceKind.LIST, AudienceKind.SEGMENT, AudienceKind.EVERYONE}
)


class _Said(NamedTuple):
    """The texts of one send, by their fields."""

    send: Send
    parts: dict[str, Template]


async def first_people(engine: Engine, campaign: Campaign, send: Send) -> Page:
    """Return the first part of an audience, as a send reaches it."""
    few = replace(engine, limits=replace(engine.limits, launch_page=LOOKED_AT))
    async with aclosing(pages(few, source_of(campaign, send), None)) as walk:
        async for page in walk:
            return page
    return Page([], None)


async def doubtful_words(engine: Engine, campaign: Campaign) -> list[InputWarning]:
    """Return the doubts about the words of a campaign and its fallbacks."""
    said = _said(campaign)
    known, _ = await _known(engine, campaign, said, with_people=True)
    return [
        warning
        for send, parts in said
        for warning in text_warnings(parts, known | set(_stand_ins(send)), channel=send.channel)
    ]


async def text_doubts(
    engine: Engine, campaign: Campaign, texts: Texts, have: Collection[str], *, body: str
) -> list[InputWarning]:
    """Return the doubts about texts that a campaign's own send may say to somebody."""
    send = campaign.own_send
    parts = ParsedContent.parse(texts, body=body).parts(body=body)
    known = await known_attributes(engine, campaign.org, parts.values())
    return text_warnings(parts, {*known, *have, *_stand_ins(send)}, channel=send.channel)


async def refuse_before_start(
    engine: Engine, campaign: Campaign, audience: Audience | None = None
) -> None:
    """Refuse what a campaign's texts ask of its audience, or of another one, in vain.

    Raises InvalidFieldError as `refuse_doubtful_words` does.
    """
    sent = replace(campaign, audience=audience or campaign.audience)
    await refuse_doubtful_words(engine, sent, with_people=True)


async def refuse_doubtful_words(
    engine: Engine, campaign: Campaign, *, with_people: bool = False
) -> None:
    """Raise InvalidFieldError where nobody may lack a field and a text asks for none that is.

    `with_people`: a field that nobody of the audience has is one of these.
    """
    if campaign.own_send.content.missing != Missing.REFUSE:
        return
    said = _said(campaign)
    known, people_known = await _known(engine, campaign, said, with_people=with_people)
    for _, parts in said:
        refuse_doubts(parts, known, people_known=people_known)


def _said(campaign: Campaign) -> list[_Said]:
    named = [("", campaign.own_send)]
    named += [(f"fallbacks.{at}.", each.send) for at, each in enumerate(campaign.fallbacks)]
    return [
        _Said(send, ParsedContent.parse(texts_of(send), prefix=prefix).parts(prefix=prefix))
        for prefix, send in named
        if any(texts_of(send))
    ]


def _stand_ins(send: Send) -> Collection[str]:
    """Return the fields that everybody has a text for."""
    return send.content.defaults if send.content.missing == Missing.DEFAULT else ()


async def _known(
    engine: Engine, campaign: Campaign, said: list[_Said], *, with_people: bool
) -> tuple[frozenset[str], bool]:
    """Return the attributes that people have, and whether that is all of the audience."""
    parts = [part for each in said for part in each.parts.values()]
    if not asked_for(parts):
        return frozenset(), False
    if with_people and campaign.audience.kind in WITH_VALUES:
        page = await first_people(engine, campaign, said[0].send)
        have = frozenset(
            name for each in page.recipients for name, value in each.values.items() if value
        )
        if page.recipients and page.cursor is None:
            return have, True
        known = await known_attributes(engine, campaign.org, parts)
        everyone = campaign.audience.kind is AudienceKind.EVERYONE and bool(known)
        return known | have, everyone
    return await known_attributes(engine, campaign.org, parts), False
