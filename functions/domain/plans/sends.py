"""What the nodes of a plan send: by which channels, what they say, and what follows it."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from functions.domain.calendar.durations import parse_duration
from functions.domain.campaigns.send import Content, Send
from functions.domain.kinds import ChannelKind, facts_of
from functions.domain.messages.happened import overs
from functions.domain.messages.ids import NodeSend
from functions.domain.plans.document import ContentPart, Node, SendNode, WebhookNode
from functions.domain.plans.plan import Plan, channel_of, is_timer, targets_of, ways_out
from functions.domain.sending_rules.windows import QuietHours


class Route(NamedTuple):
    """By what something is sent, as a plan names it; "": the organisation's own sender."""

    channel: ChannelKind
    sender: str


class Part(NamedTuple):
    """One of a node's sends: its own, or that of a fallback."""

    route: Route
    content: Content
    after: Sequence[str] = ()  #: for what it follows the part before
    wait_s: int = 0


def parts_of(plan: Plan, node: Node) -> Sequence[Part]:
    """Return the sends of a node, its own first; none where it sends nothing."""
    match node:
        case WebhookNode():
            content = Content(template=node.body or "", webhook_url=node.url)
            return [Part(Route(ChannelKind.WEBHOOK, ""), content)]
        case SendNode():
            route = Route(channel_of(plan.document, node), node.sender or "")
            own = Part(route, content_of(node))
            return [own, *map(_fallback, node.fallbacks)]
        case _:
            return []


def _fallback(part: Any) -> Part:
    route, wait = Route(part.channel, part.sender or ""), parse_duration(part.wait)
    return Part(route, content_of(part), part.after, int(wait.nominal.total_seconds()))


def content_of(part: ContentPart) -> Content:
    """Return what a part of a plan says, as a campaign says it."""
    return Content(
        template=part.body or "",
        subject=part.subject or "",
        html=part.html or "",
        provider_template=part.provider_template or "",
        language=part.language or "",
        parameters=tuple(part.parameters or ()),
        webhook_url=part.webhook_url or "",
        callback="" if part.callback is None else json.dumps(part.callback, ensure_ascii=False),
        bot_url=part.bot_url or "",
        machine_detection=part.machine_detection or "",
    )


def quiet_hours_of(plan: Plan) -> QuietHours | None:
    """Return the hours in which a plan sends nothing; None where it always does."""
    quiet = plan.document.quiet_hours
    return QuietHours(quiet.start, quiet.end) if quiet and quiet.start != quiet.end else None


def routes_of(plan: Plan) -> list[Route]:
    """Return each route of a plan once, in the order in which its nodes name them."""
    routes = (part.route for node in plan.nodes.values() for part in parts_of(plan, node))
    return list(dict.fromkeys(routes))


class NodeSends:
    """The sends of every node of a plan, as the campaign's routes carry them."""

    def __init__(self, plan: Plan, version: int, routes: Sequence[int] | None = None) -> None:
        """Take the plan's routes to have these numbers within the campaign; None: their own."""
        self._version = version
        self._parts = {id_: parts_of(plan, node) for id_, node in plan.nodes.items()}
        own = routes_of(plan)
        numbers = range(len(own)) if routes is None else routes
        self._routes = dict(zip(own, numbers, strict=True))
        self._quiet_hours = quiet_hours_of(plan)
        self._listens = {id_: tuple(sorted(_listens(plan, id_))) for id_ in self._parts}
        document = plan.document
        # Who unsubscribes leaves by the bar that follows, where that leaves the plan no channel.
        ends = {each.on for each in document.exits} | {"complained", "bounced"}
        self._ends = tuple(sorted(ends | ({document.goal.on} if document.goal else set())))

    def key(self, node: str, number: int = 0) -> str:
        """Return the key of a node's own send, or of that of its fallback with this number."""
        route = self._routes[self._parts[node][number].route]
        return NodeSend(self._version, node, number, route).key

    def send(self, route: Send, node: str, number: int) -> Send:
        """Return a node's send whole, by the campaign's route."""
        content = self._parts[node][number].content
        return route._replace(content=content, quiet_hours=self._quiet_hours)

    @property
    def channels(self) -> Collection[ChannelKind]:
        """By what means the plan reaches people."""
        return {route.channel for route in self._routes}

    def of_message(self, node: str) -> Mapping[str, Any]:
        """Return what each message of a node's own send holds of it."""
        following = [
            {"key": self.key(node, number), "after": list(part.after), "wait_s": part.wait_s}
            for number, part in enumerate(self._parts[node])
            if number
        ]
        fields = {"send": self.key(node), **self.heeded(node)}
        return {**fields, "following": following} if following else fields

    def heeded(self, node: str) -> Mapping[str, Sequence[str]]:
        """Return which events of a message matter that is in force at a node."""
        return {"listens": self._listens[node], "ends": self._ends}

    def chain(self, node: str) -> Sequence[str]:
        """Return the keys of what may follow a node's own send, in order."""
        return [self.key(node, number) for number in range(1, len(self._parts[node]))]


def _listens(plan: Plan, start: str) -> Iterator[str]:
    """Yield the events that a node's message may move somebody by: at it, and behind it.

    Nodes that send nothing leave the message before them in force. Steps that come after another
    one begin as it is over.
    """
    if start in plan.followers:
        channels = {part.route.channel for part in parts_of(plan, plan.nodes[start])}
        yield from overs(is_call=all(facts_of(channel).is_call for channel in channels))
    seen, ahead = {start}, [start]
    while ahead:
        node = plan.nodes[ahead.pop()]
        yield from (way.on for way in ways_out(node) if not is_timer(way.on))
        silent = {to for to in targets_of(node) if not parts_of(plan, plan.nodes[to])}
        ahead += silent - seen
        seen |= silent
