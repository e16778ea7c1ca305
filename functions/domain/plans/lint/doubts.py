"""Doubts: words of a plan's texts that look like fields and are none, and links where none work."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from functions.domain.campaigns.content import parse_text
from functions.domain.campaigns.text_warnings import text_warnings
from functions.domain.errors import InvalidFieldError
from functions.domain.kinds import ChannelKind
from functions.domain.plans.document import (
    ContentPart,
    Document,
    Node,
    PlanDocument,
    SendNode,
    UpdateNode,
    WebhookNode,
)
from functions.domain.plans.lint.findings import Finding, warning
from functions.domain.plans.plan import channel_of, nodes_of
from functions.domain.templates.template import Template

#: The codes of these findings.
DOUBTS: Final = frozenset({"word_in_braces", "unknown_field", "link_not_here"})


class PartTexts(NamedTuple):
    """The texts of one send of a node, or those that a node writes, by their members."""

    place: Sequence[str | int]
    channel: ChannelKind | None
    parts: Mapping[str, Template]


def templates_of(document: Document) -> list[PartTexts]:
    """Return every text of a plan that can be read; what is wrong with others content.py tells."""
    member = "nodes" if isinstance(document, PlanDocument) else "steps"
    return [
        PartTexts(place, channel, _parsed(texts))
        for number, node in enumerate(nodes_of(document))
        for place, channel, texts in _of_node(document, node, (member, number))
    ]


def doubts(
    texts: Iterable[PartTexts], known: Collection[str] | None, *, may_have_more: bool = False
) -> Iterator[Finding]:
    """Find doubtful words in a plan's texts.

    `known` are the attributes that people have; None where nobody knows yet. With `may_have_more`
    somebody may have others: a field is doubted only where it is nearly another one.
    """
    for place, channel, parts in texts:
        for doubt in text_warnings(parts, known, channel=channel, may_have_more=may_have_more):
            sentence = doubt.message.removeprefix(f"{doubt.field}: ")
            there = (*place, *path_of(doubt.field))
            yield warning(doubt.code.lower(), there, f"{there[-1]}: {sentence}")


def texts_of(part: ContentPart) -> dict[str, str | None]:
    """Return the texts of a send by their members, parameters by their numbers."""
    texts = {"body": part.body, "subject": part.subject, "html": part.html}
    more = {f"parameters.{number}": text for number, text in enumerate(part.parameters or ())}
    return {**texts, **more}


def path_of(text: str) -> Sequence[str | int]:
    """Return where a text stands within its part."""
    name, _, number = text.partition(".")
    return (name, int(number)) if number else (name,)


def _of_node(
    document: Document, node: Node, at: tuple[str, int]
) -> Iterator[tuple[Sequence[str | int], ChannelKind | None, Mapping[str, str | None]]]:
    match node:
        case SendNode():
            yield at, channel_of(document, node), texts_of(node)
            for number, fallback in enumerate(node.fallbacks):
                yield (*at, "fallbacks", number), fallback.channel, texts_of(fallback)
        case WebhookNode():
            yield at, ChannelKind.WEBHOOK, {"body": node.body}
        case UpdateNode():
            yield (*at, "fields"), None, node.fields
        case _:
            return


def _parsed(texts: Mapping[str, str | None]) -> dict[str, Template]:
    parsed = {}
    for name, text in texts.items():
        if text:
            with suppress(InvalidFieldError):
                parsed[name] = parse_text(text, field=name, html=name == "html")
    return parsed
