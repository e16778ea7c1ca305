"""Content: whether each channel can say what it is to say, and mistakes in templates."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from pydantic.alias_generators import to_camel

from functions.domain.campaigns.content import parse_text
from functions.domain.campaigns.send import Send
from functions.domain.campaigns.validation import check_reasons, faults
from functions.domain.contacts.contact import LENGTHS, read_details
from functions.domain.errors import InvalidFieldError
from functions.domain.kinds import ChannelKind, facts_of
from functions.domain.plans.document import (
    ContentPart,
    Document,
    Node,
    PlanDocument,
    SendNode,
    UpdateNode,
    WebhookNode,
)
from functions.domain.plans.lint.basis import Basis
from functions.domain.plans.lint.doubts import path_of, texts_of
from functions.domain.plans.lint.findings import Finding, error
from functions.domain.plans.plan import channel_of, nodes_of
from functions.domain.plans.sends import content_of
from functions.domain.urls.public_urls import BOT_SCHEMES, WEB_SCHEMES, check_public_url

#: How a campaign calls what a plan calls otherwise.
_OURS: Final = {"base_template": "body"}
#: What a person is known by: to change it would make another person.
_IDENTITY: Final = "phone"


def of_plan(document: Document, basis: Basis) -> Iterator[Finding]:
    """Find what is wrong with what the nodes or steps of a plan say and write."""
    member = "nodes" if isinstance(document, PlanDocument) else "steps"
    for number, node in enumerate(nodes_of(document)):
        yield from _of_node(document, node, (member, number), basis)


def _of_node(
    document: Document, node: Node, at: tuple[str, int], basis: Basis
) -> Iterator[Finding]:
    match node:
        case SendNode():
            yield from _said(channel_of(document, node), node, at, basis)
            for number, fallback in enumerate(node.fallbacks):
                here = (*at, "fallbacks", number)
                yield from _said(fallback.channel, fallback, here, basis)
                yield from _reasons(fallback.after, (*here, "after"))
        case WebhookNode():
            yield from _templates({"body": node.body}, at)
            yield from _url(node.url, WEB_SCHEMES, (*at, "url"), basis)
        case UpdateNode():
            for name, text in node.fields.items():
                yield from _written(name, text, (*at, "fields", name))
        case _:
            return


def _said(
    kind: ChannelKind, part: ContentPart, at: Sequence[str | int], basis: Basis
) -> Iterator[Finding]:
    """Find what a channel lacks and what it cannot say, and mistakes in texts and URLs."""
    for fault in faults(Send("", kind, "", part.sender or "", content_of(part))):
        yield error(*_of_field(fault, part, at))
    if part.machine_detection and not facts_of(kind).is_call:
        sentence = f"machineDetection: calls listen for machines, and not the channel {kind}"
        yield error("content", (*at, "machineDetection"), sentence)
    yield from _templates(texts_of(part), at)
    yield from _url(part.bot_url, BOT_SCHEMES, (*at, "botUrl"), basis)
    yield from _url(part.webhook_url, WEB_SCHEMES, (*at, "webhookUrl"), basis)


def _reasons(reasons: Sequence[str], place: Sequence[str | int]) -> Iterator[Finding]:
    for number, reason in enumerate(reasons):
        try:
            check_reasons([reason], "after")
        except InvalidFieldError as mistake:
            yield error("reason", (*place, number), str(mistake))


def _of_field(
    fault: InvalidFieldError, part: ContentPart, at: Sequence[str | int]
) -> tuple[str, Sequence[str | int], str]:
    """Return code, place and sentence of what is wrong with a field, in the plan's own words."""
    ours = _OURS.get(fault.field, fault.field)
    member = to_camel(ours)
    sentence = str(fault).removeprefix(f"{fault.field}: ")
    value = getattr(part, ours)
    place = at if value is None else (*at, member)
    return "content" if value else "content_missing", place, f"{member}: {sentence}"


def _templates(texts: Mapping[str, str | None], at: Sequence[str | int]) -> Iterator[Finding]:
    """Find mistakes in texts."""
    for name, text in texts.items():
        try:
            parse_text(text or "", field=name, html=name == "html")
        except InvalidFieldError as mistake:
            yield error("template", (*at, *path_of(name)), str(mistake))


def _url(
    url: str | None, schemes: Collection[str], place: Sequence[str | int], basis: Basis
) -> Iterator[Finding]:
    if not url:
        return
    try:
        check_public_url(url, schemes=schemes, allow_private=basis.allow_private)
    except ValueError as problem:
        yield error("url", place, f"{place[-1]}: {problem}")


def _written(name: str, text: str, place: Sequence[str | int]) -> Iterator[Finding]:
    """Find what cannot be written of a contact: a value without templates is known already."""
    if name == _IDENTITY:
        yield error("field", place, f"{name}: people are known by it; it cannot be changed")
        return
    value = "" if "{" in text else text
    try:
        parse_text(text, field=name)
        read_details({name: value} if name in LENGTHS else {"attributes": {name: value}})
    except InvalidFieldError as mistake:
        code = "template" if mistake.code == "INVALID_TEMPLATE" else "field"
        yield error(code, place, str(mistake).removeprefix("attributes."))
