"""The linter of plans: what JSON Schema cannot say, each finding at its place.

A plan without errors leads everybody to an end: every node that waits has a way out that time
takes, and no circle can be gone round without waiting.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic import ValidationError

from functions.domain.campaigns.content import ParsedContent, Texts
from functions.domain.errors import InvalidFieldError
from functions.domain.kinds import ChannelKind, facts_of
from functions.domain.plans.document import (
    ContentPart,
    Node,
    PlanDocument,
    SendNode,
    Transition,
    WaitNode,
    WebhookNode,
)
from functions.domain.plans.durations import Duration, parse_duration
from functions.domain.plans.findings import Finding, Level, of_shape, pointer
from functions.domain.plans.graph import Edge, circles, edges, reachable
from functions.domain.plans.plan import ELAPSED, awaited, is_timer, timer_of, ways_out

_LONGEST_WAIT: Final = timedelta(days=5 * 366)
_DAY: Final = timedelta(days=1)
_INSTANT: Final = timedelta(seconds=1)


def read_plan(given: object, *, now: datetime) -> tuple[PlanDocument | None, list[Finding]]:
    """Read a plan from JSON's values; None where it is not shaped as a plan, and all findings."""
    try:
        document = PlanDocument.model_validate(given)
    except ValidationError as error:
        shape = error.errors(include_url=False, include_context=False, include_input=False)
        return None, [of_shape(each, given) for each in shape]
    return document, lint(document, now=now)


def lint(document: PlanDocument, *, now: datetime) -> list[Finding]:
    """Return what is wrong with a plan that is shaped as one, errors first."""
    graph = list(edges(document))
    found = [
        *_ids(document, graph),
        *_reach(document, graph),
        *_circles(document, graph),
        *(
            finding
            for number, node in enumerate(document.nodes)
            for finding in _node(document, node, ("nodes", number), now)
        ),
    ]
    return sorted(found, key=lambda finding: finding.level is not Level.ERROR)


def _error(code: str, place: Sequence[str | int], sentence: str, hint: str = "") -> Finding:
    return Finding(Level.ERROR, code, pointer(*place), sentence, hint)


def _warning(code: str, place: Sequence[str | int], sentence: str, hint: str = "") -> Finding:
    return Finding(Level.WARNING, code, pointer(*place), sentence, hint)


# --- The graph ----------------------------------------------------------------------------------


def _ids(document: PlanDocument, graph: Sequence[Edge]) -> Iterator[Finding]:
    ids = Counter(node.id for node in document.nodes)
    seen: set[str] = set()
    for number, node in enumerate(document.nodes):
        if node.id in seen:
            sentence = f"there is another node with the id '{node.id}'"
            yield _error("duplicate_id", ("nodes", number, "id"), sentence)
        seen.add(node.id)
    if document.start_node_id not in ids:
        sentence = f"there is no node '{document.start_node_id}' to start at"
        yield _error("unknown_start", ("startNodeId",), sentence)
    for edge in graph:
        if edge.target not in ids:
            sentence = f"there is no node '{edge.target}' to go to"
            yield _error("unknown_target", edge.place, sentence)


def _reach(document: PlanDocument, graph: Sequence[Edge]) -> Iterator[Finding]:
    found = reachable(document.start_node_id, graph)
    for number, node in enumerate(document.nodes):
        if node.id not in found:
            sentence = f"nothing leads to the node '{node.id}'"
            yield _warning("unreachable", ("nodes", number), sentence)


def _circles(document: PlanDocument, graph: Sequence[Edge]) -> Iterator[Finding]:
    numbers = {node.id: number for number, node in enumerate(document.nodes)}
    instant = [edge for edge in graph if edge.by_itself and edge.soonest < _INSTANT]
    for ids in circles(instant):
        sentence = f"{', '.join(sorted(ids))} can be gone round without waiting"
        hint = "put a wait, or an after, into the circle"
        yield _error("loop_without_wait", ("nodes", numbers[ids[0]]), sentence, hint)
    if any(True for _ in circles(instant)):
        return
    often = [edge for edge in graph if edge.soonest < _DAY]
    for ids in circles(often):
        sends = [i for i in ids if isinstance(document.nodes[numbers[i]], SendNode | WebhookNode)]
        if sends:
            sentence = f"{', '.join(sorted(ids))} can send to one person more than once a day"
            yield _warning("loop_sends_often", ("nodes", numbers[sends[0]]), sentence)


# --- A node -------------------------------------------------------------------------------------


def _node(
    document: PlanDocument, node: Node, at: tuple[str, int], now: datetime
) -> Iterator[Finding]:
    for number, way in enumerate(ways_out(node)):
        yield from _way(document, node, way, (*at, "transitions", number))
    if isinstance(node, SendNode | WebhookNode):
        yield from _schedule(node, at, now)
        yield from _content(document, node, at)
    ways = ways_out(node)
    if isinstance(node, WaitNode) and not ways:
        sentence = f"the node '{node.id}' waits for nothing and leads nowhere"
        yield _error("leads_nowhere", at, sentence, "give it transitions, or stop before it")
    elif ways and not any(_always_leads_on(document, ways, way) for way in ways):
        sentence = f"somebody could stand at '{node.id}' for ever"
        hint = "add {'on': 'elapsed', 'after': ...}, or let every event before no_* lead on"
        yield _error("waits_for_ever", at, sentence, hint)


def _way(
    document: PlanDocument, node: Node, way: Transition, place: Sequence[str | int]
) -> Iterator[Finding]:
    timer = timer_of(document, way)
    if is_timer(way.on):
        if way.within is not None:
            sentence = f"{way.on} comes when time is up: it has an after and no within"
            yield _error("timer_within", (*place, "within"), sentence)
        elif timer is None:
            sentence = f"{way.on} never comes: neither it nor the plan's timers say after what time"
            yield _error("timer_without_time", (*place, "on"), sentence, "add an after")
    elif way.after is not None:
        sentence = f"only the first {way.on} is judged: one that comes earlier leads nowhere"
        yield _warning("after_on_event", (*place, "after"), sentence)
    if timer is not None and timer.nominal > _LONGEST_WAIT:
        yield _error("waits_too_long", place, "nobody is kept waiting for over five years")
    if not _can_happen(document, node, way.on):
        sentence = f"'{way.on}' is nothing that can happen to what this node sends"
        yield _warning("event_never_comes", (*place, "on"), sentence)


def _always_leads_on(document: PlanDocument, ways: Sequence[Transition], timer: Transition) -> bool:
    """Tell whether time takes this way, or the event that stops it leads on in any case."""
    wait = timer_of(document, timer)
    if wait is None:
        return False
    if timer.on == ELAPSED:
        return True
    event = awaited(timer.on)
    return any(
        way.on == event
        and way.after is None
        and (way.within is None or _covers(parse_duration(way.within), wait))
        for way in ways
    )


def _covers(limit: Duration, wait: Duration) -> bool:
    """Tell whether a limit lasts at least as long, whatever calendars and clocks do meanwhile."""
    if (limit.months, limit.days) == (wait.months, wait.days):
        return limit.exact >= wait.exact
    slack = 3 * _DAY if limit.months != wait.months else timedelta(hours=3)
    return limit.nominal >= wait.nominal + slack


def _can_happen(document: PlanDocument, node: Node, event: str) -> bool:
    """Tell whether what a node sends can have an event; custom events always can."""
    name = awaited(event) if is_timer(event) else event
    if name not in _OF_SOME or isinstance(node, WaitNode):
        return True
    kind = _channel(document, node)
    return kind in _OF_SOME[name]


_CALLS: Final = frozenset({ChannelKind.VOICE})
_TEXTS: Final = frozenset({ChannelKind.SMS, ChannelKind.WHATSAPP})
_MAILS: Final = frozenset({ChannelKind.EMAIL})
#: Events that messages of some channels alone can have.
_OF_SOME: Final[Mapping[str, frozenset[ChannelKind]]] = {
    "opened": _MAILS | {ChannelKind.WHATSAPP},
    "clicked": _MAILS | _TEXTS,
    "replied": _TEXTS | _MAILS,
    "bounced": _MAILS,
    "complained": _MAILS,
    "answered": _CALLS,
    "no_answer": _CALLS,
    "busy": _CALLS,
    "machine": _CALLS,
}


def _channel(document: PlanDocument, node: Node) -> ChannelKind:
    if isinstance(node, WebhookNode):
        return ChannelKind.WEBHOOK
    named = node.channel if isinstance(node, SendNode) else None
    return named or document.defaults.channel


# --- What is said, and when ---------------------------------------------------------------------


def _schedule(
    node: SendNode | WebhookNode, at: tuple[str, int], now: datetime
) -> Iterator[Finding]:
    schedule, place = node.schedule, (*at, "schedule")
    if schedule.at is not None and schedule.at <= now:
        yield _error("at_in_the_past", (*place, "at"), "at: lies in the past")
    if schedule.until is not None and schedule.until.date is not None:
        try:
            day = datetime.fromisoformat(schedule.until.date).replace(tzinfo=UTC)
        except ValueError:
            sentence = f"there is no day {schedule.until.date}"
            yield _error("no_such_day", (*place, "until", "date"), sentence)
            return
        if day + 2 * _DAY <= now:
            yield _error("at_in_the_past", (*place, "until", "date"), "date: lies in the past")


def _content(
    document: PlanDocument, node: SendNode | WebhookNode, at: tuple[str, int]
) -> Iterator[Finding]:
    kind = _channel(document, node)
    if isinstance(node, WebhookNode):
        yield from _templates({"body": node.body or ""}, at)
        return
    yield from _said(kind, node, at)
    for number, fallback in enumerate(node.fallbacks):
        yield from _said(fallback.channel, fallback, (*at, "fallbacks", number))


def _said(kind: ChannelKind, content: ContentPart, at: Sequence[str | int]) -> Iterator[Finding]:
    """Find what a channel lacks and what it cannot say, and mistakes in templates."""
    own = facts_of(kind).own_fields | {"body", "sender", "bot_url", "webhook_url"}
    for name in type(content).model_fields.keys() & ContentPart.model_fields.keys():
        if getattr(content, name) and name not in own:
            member = ContentPart.model_fields[name].alias or name
            sentence = f"{member} cannot be said by the channel {kind}"
            yield _error("not_of_channel", (*at, member), sentence)
    for member, sentence in _lacking(kind, content):
        yield _error("content_missing", at, f"{member}: {sentence}")
    texts = {"body": content.body, "subject": content.subject, "html": content.html}
    yield from _templates({name: text for name, text in texts.items() if text}, at)


def _lacking(kind: ChannelKind, content: ContentPart) -> Iterator[tuple[str, str]]:
    """Yield the members that a channel needs and does not have."""
    has_text = bool((content.body or "").strip())
    has_words = has_text or bool((content.html or "").strip())
    needed: list[tuple[str, object, str]]
    match kind:
        case ChannelKind.VOICE:
            needed = [("botUrl", content.bot_url, "a call needs a bot that talks")]
        case ChannelKind.SMS | ChannelKind.WHATSAPP:
            said = has_text or content.provider_template
            needed = [("body", said, "a text needs words, or a providerTemplate")]
        case ChannelKind.EMAIL:
            needed = [
                ("subject", (content.subject or "").strip(), "a mail needs a subject"),
                ("body", has_words, "a mail needs a text, or html"),
            ]
        case ChannelKind.WEBHOOK:
            needed = [("webhookUrl", content.webhook_url, "needs the URL that it is posted to")]
    yield from ((member, sentence) for member, value, sentence in needed if not value)


def _templates(texts: Mapping[str, Any], at: Sequence[str | int]) -> Iterator[Finding]:
    try:
        ParsedContent.parse(Texts(**texts), body="body")
    except InvalidFieldError as error:
        yield _error("template", (*at, error.field), str(error))
