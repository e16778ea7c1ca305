"""Decisions: what becomes of a page of walks, and all that is written with it.

The rules are in domain/plans/advance.py. Here the facts are read for a whole page, the messages
that the walks come to are worded, and those that they have left behind are written off.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any, Final, NamedTuple, TypeAlias

from functions.domain.calendar.durations import parse_duration
from functions.domain.campaigns.campaign import Campaign
from functions.domain.messages.attempts import end
from functions.domain.messages.ids import lane_number, node_send, walk_lane
from functions.domain.messages.message import Changes, Message, MessageStatus, message_from
from functions.domain.plans.advance import Advanced, Promise, advance
from functions.domain.plans.document import SendNode, WebhookNode
from functions.domain.plans.enrollment import Enrollment, enrollment_fields
from functions.domain.plans.listening import heard_by
from functions.domain.plans.nexts import PASSED_OVER
from functions.domain.plans.plan import zone_of_walk
from functions.domain.plans.timing import asked_of
from functions.domain.plans.visits import message_name, why_over
from functions.engine import paths
from functions.engine.campaigns.plans import whole_send
from functions.engine.campaigns.recipient import Recipient
from functions.engine.eligibility.planner import Planner
from functions.engine.kernel.commits.versioned import Versioned
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.people import salt_of
from functions.engine.kernel.plan_versions import plan_of
from functions.engine.plans import contact_updates, recipients
from functions.engine.plans.facts import Chains, Known, chains_of, known_of
from functions.engine.plans.pages import without_older
from functions.engine.ports.store import Create, Set, Write
from functions.engine.process.plan_version import PlanVersion

#: A wait longer than this ends on the next full ten seconds, so that a trickle of timers wakes
#: a lane six times a minute at most.
_LONG: Final = timedelta(seconds=100)
_GRID_S: Final = 10

#: Recipients that are known already, by the key of the send that reaches them so and the
#: enrollment's id.
Reached: TypeAlias = Mapping[tuple[str, str], Recipient]


class Walk(NamedTuple):
    """An enrollment as it was read; version 0: it is new."""

    id: str
    enrollment: Enrollment
    version: int = 0


@dataclass(slots=True)
class Decided:
    """What becomes of one walk."""

    walk: Walk
    after: Enrollment
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)  #: new ones, by path
    #: Messages that change with it: what waits to be sent and is left behind is written off.
    dropped: list[tuple[Versioned[Message], Changes]] = field(default_factory=list)
    others: list[Set] = field(default_factory=list)  #: of the contact
    pages: list[Write] = field(default_factory=list)  #: of the moves of an earlier entry
    looks_again: bool = False  #: something may have happened by the time this is committed

    @property
    def before(self) -> Enrollment | None:
        """The walk as it is stored; None where it is new."""
        return self.walk.enrollment if self.walk.version else None

    @property
    def _leaves(self) -> bool:
        return bool(self.after.exit) and self.before is not None and not self.before.exit

    def _left(self) -> list[str]:
        """Return where threads began that were not over, or whose message waited to be sent."""
        waited = (node_send(message.value.send) for message, _ in self.dropped)
        nodes = {sent.node for sent in waited if not sent.number}
        starts = {each.start for each in self.walk.enrollment.moves if each.source in nodes}
        return sorted(self.walk.enrollment.threads.keys() | starts)

    def writes(self, campaign: Campaign) -> Iterator[Write]:
        """Yield what is written, but for its messages."""
        lane = walk_lane(lane_number(self.walk.id, campaign.lanes))
        after = self.after._replace(left=self._left()) if self._leaves else self.after
        after, older = without_older(campaign, self.walk.id, after)
        fields = enrollment_fields(after, lane if after.next_at else None)
        path = paths.enrollment(campaign.org, campaign.id, self.walk.id)
        version = self.walk.version
        yield Set(path, fields, version) if version else Create(path, fields)
        yield from older
        yield from self.others
        yield from self.pages


class Decider:
    """Decides about the walks of one campaign."""

    def __init__(self, engine: Engine, campaign: Campaign) -> None:
        self._engine = engine
        self._campaign = campaign
        self._messages = paths.messages(campaign.org, campaign.id)
        self._planners: dict[str, Planner] = {}

    async def decide(self, walks: Sequence[Walk], reached: Reached | None = None) -> list[Decided]:
        """Return what becomes of these walks, by what is known of them now.

        `reached`: recipients that have just been read. Raises NotFoundError where the version of
        a plan is gone.
        """
        now = self._engine.clock.now()
        known = await known_of(self._engine, self._campaign, [each.enrollment for each in walks])
        numbers = {walk.enrollment.plan for walk in walks}
        plans = {each: await plan_of(self._engine, self._campaign, each) for each in numbers}
        advanced = [
            self._advance(plans[walk.enrollment.plan], walk, facts, now)
            for walk, facts in zip(walks, known, strict=True)
        ]
        contacts = await contact_updates.read(self._engine, advanced)
        decided, promised = [], list[tuple[Decided, Promise]]()
        written = set[str]()
        for walk, facts, each in zip(walks, known, advanced, strict=True):
            version = plans[walk.enrollment.plan]
            result = _heeding(version, walk, each.enrollment, now)
            result.dropped = await self._dropped(version, walk, each, facts.chains, now)
            if each.writings and each.enrollment.contact in written:
                continue  # another walk of the same person writes of them now, and this one next
            result.others = contact_updates.writes(self._engine, version.plan, each, contacts)
            written |= {write.path for write in result.others}
            decided.append(result)
            promised += [(result, promise) for promise in each.promises]
        await self._word(promised, reached or {})
        for result in decided:
            result.after = result.after._replace(next_at=next_look(result, now))
        return decided

    def _advance(self, version: PlanVersion, walk: Walk, known: Known, now: datetime) -> Advanced:
        enrollment, campaign = walk.enrollment, self._campaign

        def name(start: str, node: str, visit: int) -> str:  # noqa: ARG001 - visits of all starts differ in their nodes
            return message_name(campaign, enrollment, node, visit)

        zone = zone_of_walk(version.plan, enrollment.zones, enrollment.entered_at)
        plan, lots = version.plan, campaign.id
        return advance(plan, enrollment, known.facts, zone=zone, now=now, name=name, lots=lots)

    # --- Messages that a walk comes to --------------------------------------------------------

    async def _word(self, promised: Sequence[tuple[Decided, Promise]], reached: Reached) -> None:
        """Make the messages of a page, send by send: the people of each are read at once."""
        of_send: defaultdict[tuple[int, str], list[tuple[Decided, Promise]]] = defaultdict(list)
        for each, promise in promised:
            of_send[each.after.plan, promise.node].append((each, promise))
        for (number, node), pairs in of_send.items():
            version = await plan_of(self._engine, self._campaign, number)
            await self._word_node(version, node, pairs, reached)

    async def _word_node(
        self,
        version: PlanVersion,
        node: str,
        pairs: Sequence[tuple[Decided, Promise]],
        reached: Reached,
    ) -> None:
        key = version.sends.key(node)
        send = await whole_send(self._engine, self._campaign, key)
        if key not in self._planners:
            salt = await salt_of(self._engine, self._campaign.org)
            self._planners[key] = Planner(self._engine, self._campaign, send, salt=salt)
        unknown = {
            each.walk.id: each.after for each, _ in pairs if (key, each.walk.id) not in reached
        }
        read = await recipients.of_walks(self._engine, self._campaign, send, unknown)
        of_node = version.sends.of_message(node)
        for each, promise in pairs:
            to = reached.get((key, each.walk.id)) or read[each.walk.id]
            walked = {"enrollment": each.walk.id, "visit": promise.visit}
            more = {**of_node, **walked, **_limit(version, each.after, promise)}
            planner = self._planners[key]
            shown = _asked_time(version, each.after, promise)
            fields = planner.of_walk(promise.id, to, promise.due_at, more, shown)
            fields |= _timed(version, each.after, promise, fields)
            why = self._why_over(each.after, promise, fields)
            if why and fields["status"] == MessageStatus.PENDING:
                fields |= end(MessageStatus.CANCELLED, why, now=self._engine.clock.now())
            each.messages[f"{self._messages}/{promise.id}"] = fields
            if fields["status"] == MessageStatus.SKIPPED and not why:
                following = planner.follower_of(promise.id, to, fields, more)
                if following is not None:
                    each.messages[f"{self._messages}/{following.id}"] = following.fields

    def _why_over(self, after: Enrollment, promise: Promise, fields: Mapping[str, Any]) -> str:
        """Return why a new message is not sent: its walk has left it at the same look, or ""."""
        thread = after.threads.get(promise.start)
        if thread is not None and thread.visit == promise.visit:
            return ""
        message = message_from(promise.id, fields)
        return why_over(self._campaign, after, message, chain=())

    # --- Messages that a walk leaves behind ---------------------------------------------------

    async def _dropped(
        self, version: PlanVersion, walk: Walk, advanced: Advanced, chains: Chains, now: datetime
    ) -> list[tuple[Versioned[Message], Changes]]:
        """Return what waited to be sent of nodes that were left, to be written off."""
        before, after = walk.enrollment, advanced.enrollment
        if after.exit and not before.has_ended:
            return written_off(await self._all_chains(version, walk, chains), "left_plan", now=now)
        new = after.moves[len(before.moves) :]
        gone_on = {move.start for move in new if move.target and move.on != PASSED_OVER}
        left = {
            thread.message: chains[thread.message]
            for start, thread in before.threads.items()
            if thread.message in chains and start in gone_on
        }
        return written_off(left, "moved_on", now=now)

    async def _all_chains(self, version: PlanVersion, walk: Walk, chains: Chains) -> Chains:
        """Return the messages of a walk that may still wait, those of steps that are over too."""
        over = set(version.plan.starts) - walk.enrollment.threads.keys()
        if not over or len(version.plan.starts) == 1:
            return chains
        visits = range(1, walk.enrollment.remade + 2)
        ids = [
            message_name(self._campaign, walk.enrollment, start, visit)
            for start in over
            for visit in visits
        ]
        return {**chains, **await chains_of(self._engine, self._campaign, ids)}


def written_off(
    chains: Chains, reason: str, *, now: datetime
) -> list[tuple[Versioned[Message], Changes]]:
    """Return the changes of what waits to be sent; what the provider has is beyond recall."""
    every = [each for chain in chains.values() for each in chain]
    waiting = [each for each in every if each.value.status == MessageStatus.PENDING]
    if not waiting:
        return []
    cancelled = end(MessageStatus.CANCELLED, reason, now=now)
    return [(each, cancelled) for each in waiting]


def _asked_time(version: PlanVersion, walk: Enrollment, promise: Promise) -> time | None:
    node = version.plan.nodes[promise.node]
    if not isinstance(node, SendNode | WebhookNode):
        return None
    zone = zone_of_walk(version.plan, walk.zones, walk.entered_at)
    return asked_of(node, promise.due_at, zone)


def _limit(version: PlanVersion, walk: Enrollment, promise: Promise) -> dict[str, Any]:
    """Return until when a node's message may be sent, where the node says so."""
    node = version.plan.nodes[promise.node]
    if not isinstance(node, SendNode | WebhookNode) or node.expires_after is None:
        return {}
    zone = zone_of_walk(version.plan, walk.zones, walk.entered_at)
    return {"not_after": parse_duration(node.expires_after).add(promise.due_at, zone)}


def _timed(
    version: PlanVersion, walk: Enrollment, promise: Promise, fields: Mapping[str, Any]
) -> dict[str, Any]:
    """Return when the first timer of a message's node fires, where it leaves when it is due."""
    leaves_at = max(fields.get("due_at", promise.due_at), fields["created_at"])
    timed_at = first_timer(version, walk, promise.node, leaves_at)
    return {"timed_at": timed_at} if timed_at else {}


def first_timer(
    version: PlanVersion, walk: Enrollment, node: str, leaves_at: datetime
) -> datetime | None:
    """Return when the first timer of a node fires whose message leaves then; None: it has none."""
    zone = zone_of_walk(version.plan, walk.zones, walk.entered_at)
    timers = version.plan.ways[node].timers
    return min((timer.wait.add(leaves_at, zone) for timer in timers), default=None)


def _heeding(version: PlanVersion, walk: Walk, after: Enrollment, now: datetime) -> Decided:
    """Return what becomes of a walk, with the custom events that it hears from now on.

    Who tells of an event marks the walks that hear it, as they are stored. What it has not heard
    so far may be told before this is committed, and is looked for once more after that.
    """
    hears = sorted(heard_by(version.plan, after))
    heard = walk.enrollment.hears if walk.version else ()
    is_new = not set(hears).issubset(heard)
    heard_at = now if is_new else after.heard_at
    return Decided(walk, after._replace(hears=hears, heard_at=heard_at), looks_again=is_new)


def next_look(decided: Decided, now: datetime) -> datetime | None:
    """Return when a walk is looked at next; at once where something may have happened already."""
    after = decided.after
    if after.next_at is None:
        return None
    if decided.looks_again or any(
        fields["status"] != MessageStatus.PENDING for fields in decided.messages.values()
    ):
        return now
    if after.next_at - now <= _LONG:
        return after.next_at
    seconds = after.next_at.timestamp()
    return after.next_at + timedelta(seconds=-seconds % _GRID_S)
