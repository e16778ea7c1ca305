"""People of a page: what becomes of each who goes over, and all that is written with it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import structlog

from functions.domain.campaigns.campaign import Campaign
from functions.domain.kinds import CampaignKind
from functions.domain.messages.happened import happened, starts_timers
from functions.domain.messages.ids import node_send
from functions.domain.messages.message import Changes, Message, MessageStatus
from functions.domain.plans.advance import advance
from functions.domain.plans.enrollment import Enrollment, EnrollmentStatus, enrollment_from
from functions.domain.plans.facts import Facts
from functions.domain.plans.listening import heard_by
from functions.domain.plans.plan import zone_of_walk
from functions.domain.plans.versions.migration import (
    Migrated,
    Route,
    Stuck,
    Waiting,
    goes_over,
    in_question,
    migrated,
)
from functions.domain.plans.visits import message_name
from functions.engine.kernel.commits.versioned import Versioned
from functions.engine.kernel.lanes import LaneLease
from functions.engine.kernel.plan_versions import plan_of
from functions.engine.plans.decisions import (
    Decided,
    Walk,
    first_timer,
    next_look,
    written_off,
)
from functions.engine.plans.facts import Chains, chains_of, facts_of
from functions.engine.ports.store import Document, StoreError
from functions.engine.process.plan_version import PlanVersion

log = structlog.get_logger()


class Judged(NamedTuple):
    """An enrollment that was looked at."""

    id: str
    decided: Decided | None = None  #: None: it stays as it is
    exits: bool = False
    stuck: str = ""  #: the node at which somebody stands, and nothing says where to go on
    failed: bool = False


class People:
    """Decides about the people of one campaign who go over to a version of its plan."""

    def __init__(self, lease: LaneLease) -> None:
        self._engine, self._campaign = lease.engine, lease.campaign
        self._to: int = lease.data["to"]
        self._newest: int = lease.data["newest"]
        self._nodes: Mapping[str, str] = lease.data["nodes"]
        self._is_sequence = lease.campaign.kind is CampaignKind.SEQUENCE

    async def judge(self, page: Sequence[Document]) -> list[Judged]:
        """Return what becomes of a page, by one read of the messages that matter."""
        walks = [Walk(each.id, enrollment_from(each.data), each.version) for each in page]
        going = [each for each in walks if self._goes(each.enrollment)]
        version = await plan_of(self._engine, self._campaign, self._to)
        routes = await self._routes(version, {each.enrollment.plan for each in going})
        crossings = [
            _Crossing(
                self._campaign,
                each,
                version,
                routes[each.enrollment.plan],
                dict(self._asked(each, routes)),
            )
            for each in going
            if each.enrollment.plan in routes
        ]
        ids = {id_ for each in crossings for id_ in each.asked}
        chains = await chains_of(self._engine, self._campaign, ids)
        judged = {each.walk.id: self._judge(each, chains) for each in crossings}
        lost = {each.id for each in going} - judged.keys()
        return [judged.get(each.id) or Judged(each.id, failed=each.id in lost) for each in walks]

    def _goes(self, walk: Enrollment) -> bool:
        return goes_over(walk, self._to, self._newest, is_sequence=self._is_sequence)

    async def _routes(self, version: PlanVersion, numbers: set[int]) -> dict[int, Route]:
        """Return the ways from older versions; none from one that is gone."""
        routes = {}
        for number in numbers:
            try:
                before = (await plan_of(self._engine, self._campaign, number)).plan
            except StoreError:
                raise
            except Exception:
                log.exception("version_unreadable", campaign_id=self._campaign.id, version=number)
                continue
            routes[number] = Route(before, version.plan, self._to, self._nodes, self._campaign.id)
        return routes

    def _asked(self, walk: Walk, routes: Mapping[int, Route]) -> Iterator[tuple[str, Waiting]]:
        """Yield the ids of the messages that matter, and of which visit of which node each is."""
        enrollment = walk.enrollment
        for thread in enrollment.threads.values():
            if thread.message:
                yield thread.message, Waiting(thread.node, thread.visit)
        for each in in_question(routes[enrollment.plan], enrollment):
            name = message_name(self._campaign, enrollment, each.node, each.visit)
            yield name, each

    def _judge(self, crossing: "_Crossing", chains: Chains) -> Judged:
        """Return what becomes of one person; what fails is theirs alone."""
        id_, now = crossing.walk.id, self._engine.clock.now()
        try:
            result = migrated(
                crossing.route, crossing.walk.enrollment, crossing.waiting(chains), now=now
            )
            if isinstance(result, Stuck):
                return Judged(id_, stuck=result.node)
            return Judged(id_, crossing.decided(result, chains, now), exits=result.leaves)
        except Exception:
            log.exception("walk_not_migrated", campaign_id=self._campaign.id, enrollment_id=id_)
            return Judged(id_, failed=True)


class _Crossing(NamedTuple):
    """Somebody who goes over, and the messages of theirs that matter."""

    campaign: Campaign
    walk: Walk
    version: PlanVersion  #: that they go over to
    route: Route
    asked: Mapping[str, Waiting]  #: by message id

    def waiting(self, chains: Chains) -> list[Waiting]:
        """Return those that nobody has tried to send yet, of the visit that they are of.

        The message in force may be that of a node before.
        """
        threads = self.walk.enrollment.threads.values()
        earlier = {each.message for each in threads if each.due_at is None}
        return [
            each
            for id_, each in self.asked.items()
            if id_ not in earlier and _is_untried(chains.get(id_, ()))
        ]

    def decided(self, result: Migrated, chains: Chains, now: datetime) -> Decided:
        """Return all that is written of somebody who goes over."""
        after = _hearing(self.version, result.walk, now)
        own = {id_: chains[id_] for id_ in self.asked if id_ in chains}
        given_up = {
            id_: chain
            for id_, chain in own.items()
            if result.leaves or self.asked[id_].node in result.remade
        }
        reason = "left_plan" if result.leaves else "plan_changed"
        decided = Decided(
            self.walk,
            after,
            dropped=[
                *written_off(given_up, reason, now=now),
                *_heeding(self.version, after, own),
            ],
        )
        decided.after = self._looked_at(decided, own, now)
        return decided

    def _looked_at(self, decided: Decided, chains: Chains, now: datetime) -> Enrollment:
        """Return a walk with the time at which its lane looks at it: now, where anything is due."""
        after, plan = decided.after, self.version.plan
        if after.status != EnrollmentStatus.ACTIVE:
            return after._replace(next_at=None)
        if after.hears and after.heard_at is not None:
            return after._replace(next_at=now)  # its lane asks what was told
        facts = {
            thread.message: facts_of(self.campaign, [each.value for each in chains[thread.message]])
            for thread in after.threads.values()
            if thread.message in chains
        }
        known = Facts(facts, exits=after.exits)
        zone = zone_of_walk(plan, after.zones, after.entered_at)
        lots = self.route.campaign
        ahead = advance(plan, after, known, zone=zone, now=now, name=_unnamed, lots=lots)
        goes_on = ahead.promises or ahead.writings or ahead.enrollment.moves != after.moves
        decided.after = after._replace(next_at=now if goes_on else ahead.enrollment.next_at)
        return decided.after._replace(next_at=next_look(decided, now))


def _unnamed(start: str, node: str, visit: int) -> str:  # noqa: ARG001  nothing is made of it
    return ""


def _is_untried(chain: Sequence[Versioned[Message]]) -> bool:
    """Tell whether a message waits that nobody has tried to send, and nothing has followed it."""
    if len(chain) != 1:
        return False
    message = chain[0].value
    is_own = not node_send(message.send).number
    return message.status == MessageStatus.PENDING and not message.attempt and is_own


def _hearing(version: PlanVersion, walk: Enrollment, now: datetime) -> Enrollment:
    """Return a walk with the custom events that it hears from now on.

    What it has not heard so far may have been told before this is committed.
    """
    hears = sorted(heard_by(version.plan, walk))
    is_new = not set(hears).issubset(walk.hears)
    return walk._replace(hears=hears, heard_at=now if is_new else walk.heard_at)


def _heeding(
    version: PlanVersion, walk: Enrollment, chains: Chains
) -> Iterator[tuple[Versioned[Message], Changes]]:
    """Yield the changes of messages in force whose events are to matter from now on."""
    for thread in walk.threads.values():
        heeded = {name: list(events) for name, events in version.sends.heeded(thread.node).items()}
        for each in chains.get(thread.message, ()):
            message = each.value
            known: dict[str, Any] = {"listens": [*message.listens], "ends": [*message.ends]}
            wanted: dict[str, Any] = dict(heeded)
            if thread.due_at is not None and not starts_timers(happened(message)):
                known["timed_at"] = message.timed_at
                leaves_at = message.due_at or thread.due_at
                wanted["timed_at"] = first_timer(version, walk, thread.node, leaves_at)
            changes = {name: new for name, new in wanted.items() if known[name] != new}
            if changes:
                yield each, changes
