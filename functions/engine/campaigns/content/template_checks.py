"""What a template would say: to one person, and to a whole audience before it is sent to them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.content import ParsedContent, Texts
from functions.domain.campaigns.send import Content, Send
from functions.domain.campaigns.text_warnings import text_warnings
from functions.domain.contacts.suppressions import ALL
from functions.domain.errors import InvalidFieldError, NotFoundError
from functions.domain.kinds import CampaignKind, ChannelKind
from functions.domain.templates.sms_segments import TextLength, measure
from functions.domain.templates.template import Missing, TemplateLimitError
from functions.domain.warnings import InputWarning
from functions.engine import paths
from functions.engine.campaigns.audience import Source, pages
from functions.engine.contacts import contacts, segments
from functions.engine.kernel.engine import Engine
from functions.engine.templates import templates
from functions.engine.templates.templates import TemplateBody, parse

#: For how long a check reads on.
_CHECK_FOR: Final = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Trial:
    """What a template says to one person."""

    texts: Texts | None  #: None: they would be left out, for what they lack
    template: str
    missing: list[str]  #: needed fields that neither they nor the defaults have
    length: TextLength


@dataclass(frozen=True, slots=True)
class Check:
    """What people of an audience lack."""

    checked: int  #: people who would be contacted
    complete: bool  #: False: there are more, for whom there was no time
    missing: Mapping[str, int]  #: by field, how many have none
    warnings: Sequence[InputWarning] = ()


async def values_of(engine: Engine, org: str, contact_id: str) -> Mapping[str, str]:
    """Return what a template may say of a contact. Raises NotFoundError."""
    return (await contacts.load(engine, org, contact_id)).value.values


def preview(wording: TemplateBody, values: Mapping[str, str]) -> Trial:
    """Fill in a template. Raises InvalidTemplateError, and InvalidFieldError if it is cut off."""
    content = parse(wording)
    lacking = _lacking(content, wording, values)
    missing = Missing(wording.missing)
    if lacking and missing is not Missing.BLANK:
        return Trial(None, wording.text, lacking, measure(""))
    try:
        texts = content.render(values, missing=missing, defaults=wording.defaults)
    except TemplateLimitError as error:
        raise InvalidFieldError("text", f"text: {error}") from None
    return Trial(texts, wording.text, lacking, measure(texts.body))


def _lacking(content: ParsedContent, wording: TemplateBody, values: Mapping[str, str]) -> list[str]:
    return content.missing(values, defaults=wording.stand_ins)


async def check(engine: Engine, org: str, wording: TemplateBody, audience: Audience) -> Check:
    """Count what the people of an audience lack, as far as can be read in a while.

    It walks the audience as a launch does: who would be left out anyway is not counted. Raises
    InvalidTemplateError, and NotFoundError for a list or segment that there is not.
    """
    content = parse(wording)
    await _require(engine, org, audience)
    deadline = engine.clock.now() + _CHECK_FOR
    said = Content(wording.text, subject=wording.subject, html=wording.html)
    channel = ChannelKind(wording.channel or ChannelKind.SMS)
    scopes = frozenset({ALL, channel, CampaignKind.BROADCAST})
    source = Source(org, audience, Send("", channel, "", "", said), scopes)
    checked, missing, have, complete = 0, Counter[str](), set[str](), True
    async with aclosing(pages(engine, source, None)) as walk:
        async for page in walk:
            reached = [each for each in page.recipients if not each.skip_reason]
            checked += len(reached)
            for recipient in reached:
                missing.update(_lacking(content, wording, recipient.values))
                have.update(name for name, value in recipient.values.items() if value)
            if page.cursor is not None and engine.clock.now() >= deadline:
                complete = False
                break
    if checked and complete:
        parts = content.parts(body="text")
        warnings = text_warnings(parts, have | set(wording.stand_ins), channel=wording.channel)
    else:
        warnings = await templates.doubtful_words(engine, org, wording, have=have)
    return Check(checked, complete=complete, missing=missing, warnings=warnings)


async def _require(engine: Engine, org: str, audience: Audience) -> None:
    id_ = audience.id
    if audience.kind is AudienceKind.SEGMENT:
        await segments.load(engine, org, id_)
    if audience.kind is AudienceKind.LIST and not await engine.store.get(paths.list_(org, id_)):
        raise NotFoundError("List", id_)
