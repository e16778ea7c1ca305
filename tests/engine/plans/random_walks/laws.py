"""What holds of people who walk through a plan, whatever has happened to them."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.entry import NEVER, PARALLEL
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.messages.ids import node_of
from functions.domain.messages.message import Message
from functions.domain.plans.enrollment import Enrollment, Move, enrollment_from
from functions.engine import paths
from functions.engine.plans.decisions import Decider, Walk
from tests.engine.plans.journeys import JourneyWorld
from tests.engine.plans.random_walks.lives import LENGTHS
from tests.engine.recording_channel import Call
from tests.engine.world import ORG

#: Timers end on the next full ten seconds; a lane is woken so often at most.
_LATEST: Final = timedelta(seconds=20)


class Laws:
    """Holds what has become of a campaign's people against what may become of them."""

    def __init__(
        self, world: JourneyWorld, campaign: Campaign, document: Mapping[str, Any]
    ) -> None:
        self._world, self._campaign = world, campaign
        self._nodes = {node["id"]: node for node in document["nodes"]}
        self._start = document["startNodeId"]
        self._walks: Mapping[str, Enrollment] = {}
        self._moves: Mapping[str, Sequence[Move]] = {}
        self._messages: Mapping[str, Message] = {}
        self._handed = defaultdict[str, list[Call]](list)

    async def check(self) -> None:
        """Look whether anything has happened that must not."""
        world, campaign = self._world, self._campaign
        found = await world.documents(paths.enrollments(ORG, campaign.id))
        self._walks = {each.id: enrollment_from(each.data) for each in found}
        self._moves = {id_: await self._all_moves(id_) for id_ in self._walks}
        self._messages = {each.id: each for each in await world.messages(campaign)}
        self._handed = defaultdict(list)
        for call in world.carrier.requests:
            self._handed[call.ref.message].append(call)
        self._each_is_one_walk()
        self._each_message_is_handed_over_once_where_they_stand()
        self._timers_run_from_the_send_or_the_entry()
        await world.check_statistics()

    async def nothing_is_overdue(self) -> None:
        """Look whether somebody stands still to whom something has happened."""
        campaign = await self._world.load(self._campaign)
        if campaign.status is not CampaignStatus.RUNNING:
            return
        found = await self._world.documents(paths.enrollments(ORG, campaign.id))
        walks = [Walk(each.id, enrollment_from(each.data), each.version) for each in found]
        latest = self._world.clock.now() - _LATEST
        for each in await Decider(self._world.engine, campaign).decide(walks):
            ahead = each.after.moves[len(each.walk.enrollment.moves) :]
            assert [move for move in ahead if move.at <= latest] == []

    async def _all_moves(self, id_: str) -> Sequence[Move]:
        """Return the moves of all entries of somebody, those that were laid aside too."""
        walk = self._walks[id_]
        asked = [paths.moves(ORG, self._campaign.id, id_, n + 1) for n in range(walk.pages)]
        pages = await self._world.store.get_many(asked)
        older = [Move(**move) for page in pages if page for move in page.data["moves"]]
        return [*older, *walk.moves]

    def _each_is_one_walk(self) -> None:
        """Nobody stands at two nodes, nobody has two walks, and nobody enters against the rule."""
        assert self._campaign.entry is not None
        reentry = self._campaign.entry.reentry
        names = [(walk.who, walk.key) for walk in self._walks.values()]
        assert len(set(names)) == len(names)
        for walk in self._walks.values():
            assert len(walk.threads) == (0 if walk.has_ended else 1)
            assert walk.entry == 1 or reentry not in {NEVER, PARALLEL}
            assert not walk.key or reentry == PARALLEL

    def _each_message_is_handed_over_once_where_they_stand(self) -> None:
        """Each visit of a node is one message, and it leaves while they stand there."""
        for calls in self._handed.values():
            assert len({call.attempt for call in calls}) == len(calls)
        visits = Counter(
            (message.enrollment, node_of(message.send))
            for message in self._messages.values()
            if message.attempt
        )
        for (id_, node), count in visits.items():
            came = sum(move.target == node for move in self._moves[id_])
            assert count <= came + (self._walks[id_].entry if node == self._start else 0)
        for call in self._world.carrier.requests:
            message = self._messages[call.ref.message]
            assert message.created_at is not None
            left = self._left_at(message, message.created_at)
            assert left is None or call.at <= left, f"{call.body} to {call.to}, who had left it"

    def _left_at(self, message: Message, since: datetime) -> datetime | None:
        """Return when somebody left the node of a message after it was made; None: not yet."""
        node = node_of(message.send)
        left = (m.seen for m in self._moves[message.enrollment] if m.source == node)
        return min((at for at in left if at > since), default=None)

    def _timers_run_from_the_send_or_the_entry(self) -> None:
        """No timer fires before its message has left plus its time, or for another message."""
        for id_, entered_at, move in self._timed():
            node = self._nodes[move.source]
            (after,) = [way["after"] for way in node["transitions"] if way["on"] == "elapsed"]
            base = move.at - LENGTHS[after]
            is_send = node["action"] == "send"
            known = self._left_at_times(id_, move.source, entered_at) if is_send else {entered_at}
            assert move.at <= move.seen
            assert base in known, f"{move} counts from {base}, and not from {known}"

    def _left_at_times(self, id_: str, node: str, entered_at: datetime) -> set[datetime]:
        """Return when messages of a node have left, for all that was told, or ended unsent."""
        times = set[datetime]()
        for each in self._messages.values():
            if (each.enrollment, node_of(each.send)) == (id_, node):
                times |= {call.at for call in self._handed[each.id]}
                if each.sent_at and each.due_at:
                    times.add(max(each.sent_at, each.due_at))
                if each.ended_at:
                    times.add(max(each.ended_at, entered_at))
        return times

    def _timed(self) -> Iterator[tuple[str, datetime, Move]]:
        """Yield the moves by a timer, and when their nodes were entered."""
        for id_, moves in self._moves.items():
            walk = self._walks[id_]
            # When an earlier entry began is not kept.
            entered_at = walk.entered_at if walk.entry == 1 else None
            for move in moves:
                if move.on == "elapsed" and entered_at:
                    yield id_, entered_at, move
                entered_at = move.at if move.target else None
