"""Dispatch: the loop of one lane, from what is due to nothing left to do."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from functions.domain.campaigns.campaign import campaign_from
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.errors import WrongStatusError
from functions.domain.messages.ids import send_lane, watch_lane
from functions.domain.messages.message import Message, message_from
from functions.engine import paths
from functions.engine.campaigns.lifecycle import complete
from functions.engine.campaigns.plans import whole_send
from functions.engine.delivery import reconcile
from functions.engine.delivery.at_hand import at_hand
from functions.engine.delivery.guardrail import Canary
from functions.engine.delivery.sender import Sender
from functions.engine.kernel import lanes
from functions.engine.kernel.commits.versioned import Versioned
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.lanes import LAUNCH, LaneLease
from functions.engine.messages import statistics
from functions.engine.plans import counts
from functions.engine.plans.walked_page import WalkedPage
from functions.engine.ports.store import Document, Query, Where

if TYPE_CHECKING:
    from functions.engine.plans.walk import Walker

#: A wait shorter than this is waited in the loop, a longer one by a task of its own.
_SHORT_WAIT = timedelta(seconds=2)
#: A lane that is faster than the launch beside it waits so long, and so often, for more.
_MOMENT = timedelta(seconds=0.02)
_MOMENTS = 50
#: The least that stores tell apart.
_INSTANT = timedelta(microseconds=1)
#: People who walk are looked for so often, should whoever let them enter have died before they
#: woke the lane. The check does it: one look more for each lane and hour, however many wait.
_SAFETY_LOOK = timedelta(hours=1)
#: How often a busy lane looks for messages that were lost with their sender.
_WATCH_EVERY = timedelta(seconds=10)


async def dispatch(engine: Engine, org: str, campaign_id: str, name: str) -> None:
    """Work on a lane until nothing is due, the lane is taken away, or the task's time is up."""
    lease = await lanes.acquire(engine, org, campaign_id, name)
    if lease is not None:
        await lease.work(_Loop(lease).pass_)


class _Loop:
    """The passes over one lane.

    What is due is read once and kept until it is sent, or until somebody else has touched it.
    """

    def __init__(self, lease: LaneLease) -> None:
        self._lease = lease
        self._senders: dict[str, Sender] = {}
        self._canary = Canary(lease)
        self._walker = _walker_of(lease)
        self._moments = 0  #: waited for the launch, since it last handed something over
        #: What is handed over by a launch is as it is stored, and not sent yet: nobody has held the
        #: lane before, or changed a message of it, nor have we looked at what is stored.
        self._takes_launched = lease.data["fence"] == 1 and not lease.touches
        #: When the messages with the provider were last looked at: a lane's first holder has none.
        self._watched_at = lease.engine.clock.now() if self._takes_launched else None
        self._due: list[Versioned[Message]] = []
        self._is_of_walks = False  #: some of it came from walks
        self._was_all = False  #: what was due at the last look was all that is due, and is sent
        #: What follows on what was due at the last look: of what waits, and with the provider.
        self._following: list[Versioned[Message]] = []
        self._watched: list[Versioned[Message]] = []
        self._touches = lease.touches  #: how often others had changed messages as we read these

    async def pass_(self) -> None:
        """Do what is due; give the lane back where nothing is for a while."""
        lease = self._lease
        walked = await self._walk()
        now = lease.engine.clock.now()  # what the walks have come to is due by now
        self._keep_what_holds(walked, lately=self._watched_lately(now))
        if not self._due and self._waits_for_launch():
            await _wait(lease, lease.engine.clock.now() + _MOMENT)
            return
        if not self._due and self._is_done(now):
            await self._prepare_to_rest()
        lately = self._watched_lately(now)
        # In this order: launching makes messages that wait, and a receipt may send one that is
        # with the provider back to them. Each is seen in one place at least.
        launched = not lately and await _is_launched(lease)
        lost = [] if lately else await self._watch(now)
        if not self._due and not (lately and walked.due):
            self._due = await self._read_due(now)
        due = self._to_send(now)
        if due or lost:
            await self._work_off(due, lost)
        elif walked.due:
            return  # what else waits is looked at within ten seconds
        elif lately:
            self._watched_at = None  # That was all: the next pass looks at everything.
        else:
            await self._idle(await self._wanted_next(now), launched=launched)

    def _keep_what_holds(self, walked: WalkedPage, *, lately: bool) -> None:
        """Keep what is due and not sent yet, with what walks have come to or a launch has made.

        Nothing of it where others have changed messages since, and now and then nothing where
        walks alone could go on filling it: then all that waits is read anew.
        """
        if self._touches != self._lease.touches:
            self._touches, self._due, self._takes_launched = self._lease.touches, [], False
        elif self._is_of_walks and not lately:
            self._due = []
        self._is_of_walks = bool(walked.due)
        self._due = self._due or self._handed()
        if lately:
            made = [each for each in walked.made if each.value.next_at]
            self._due += made[: max(0, _page(self._lease) - len(self._due))]

    async def _walk(self) -> WalkedPage:
        """Walk a page of those who are due; where the campaign has ended its walks have, too."""
        if self._walker is None or self._lease.campaign.status is not CampaignStatus.RUNNING:
            return WalkedPage(0, ())
        return await self._walker.walk()

    async def _wanted_next(self, now: datetime) -> datetime | None:
        """Return when something is to be done next in this lane; None: nothing is left."""
        wanted_at = [self._wanted_at(tracked) for tracked in (*self._due, *self._following)]
        wanted_at += map(_next_at, self._watched)
        left = self._lease.claims.values()
        wanted_at += [min(claim.until, now + _WATCH_EVERY) for claim in left]
        if self._walker is not None and self._lease.campaign.status is CampaignStatus.RUNNING:
            next_at = await self._walker.next_at()
            wanted_at += [] if next_at is None else [next_at]
        return min(wanted_at, default=None)

    async def _idle(self, wanted_at: datetime | None, *, launched: bool) -> None:
        """Nothing is due: wait a little, or say that the lane rests, look once more, and rest."""
        lease = self._lease
        now = lease.engine.clock.now()
        if wanted_at is not None and wanted_at - now <= _SHORT_WAIT:
            await _wait(lease, wanted_at)
        elif wanted_at is None and not launched:
            await lease.release(now + _SHORT_WAIT)
        elif not lease.is_resting:
            await self._prepare_to_rest()
        elif wanted_at is None:
            await _rest(lease)
        elif wanted_at <= (look_at := _safety_look(lease) or wanted_at):
            await lease.release(wanted_at)
        else:
            await lease.release_for_safety(look_at)

    def _is_done(self, now: datetime) -> bool:
        """Tell whether the look that follows will find nothing to do, as far as we know.

        Whoever walks comes to something by themselves.
        """
        following_at = min(map(_next_at, (*self._following, *self._watched)), default=None)
        is_far = following_at is None or following_at - now > _SHORT_WAIT
        return self._was_all and is_far and self._walker is None

    async def _prepare_to_rest(self) -> None:
        """Say that nothing is left to do, and have everything looked at for the last time."""
        await self._lease.prepare_to_rest()
        self._watched_at, self._was_all = None, False

    def _handed(self) -> list[Versioned[Message]]:
        """Return what this process has launched for this lane, if it is surely still to be sent."""
        lease = self._lease
        handed = lease.engine.memory.launched.take(lease.campaign, send_lane(lease.name))
        if not handed or not self._takes_launched:
            return []
        self._moments, self._was_all = 0, True
        return _tracked(handed)

    def _waits_for_launch(self) -> bool:
        """Tell whether to give a launch in this process a moment, before the store is asked."""
        lease = self._lease
        filling = self._takes_launched and lease.engine.memory.launched.is_filling(lease.campaign)
        self._moments += filling
        return filling and self._moments <= _MOMENTS

    async def _work_off(
        self, due: list[Versioned[Message]], lost: list[Versioned[Message]]
    ) -> None:
        """Send what is due and settle what was lost."""
        await reconcile.settle(self._lease, lost)
        if self._lease.campaign.status is not CampaignStatus.RUNNING:
            self._due = []
            await reconcile.cancel(self._lease, due)
        elif admitted := await self._canary.admit(due) if due else due:
            await self._send(admitted)
        elif due:
            await self._lease.release(self._canary.look_again_at())

    async def _send(self, due: Sequence[Versioned[Message]]) -> None:
        """Send what is due, one of the campaign's sends after the other; keep what is left."""
        kept, self._due = {tracked.value.id: tracked for tracked in self._due}, []
        for key in sorted({tracked.value.send for tracked in due}):
            if key not in self._senders:
                send = await whole_send(self._lease.engine, self._lease.campaign, key)
                self._senders[key] = Sender(self._lease, send)
            of_send = [tracked for tracked in due if tracked.value.send == key]
            left = {each.value.id: each for each in await self._senders[key].send(of_send)}
            done = (each.value.id for each in of_send if each.value.id not in left)
            kept.update(left)
            for id_ in done:
                del kept[id_]
        self._due = list(kept.values())

    def _to_send(self, now: datetime) -> list[Versioned[Message]]:
        """Return what is due; in a campaign that has ended all that waits, to be written off."""
        if self._lease.campaign.status is not CampaignStatus.RUNNING:
            return self._due
        return [tracked for tracked in self._due if self._wanted_at(tracked) <= now]

    def _wanted_at(self, tracked: Versioned[Message]) -> datetime:
        """Return when a message is due that waits, or when there may be room for it after that.

        One that would be due too late is due already: it expires, and nobody waits for it.
        """
        campaign, next_at = self._lease.campaign, _next_at(tracked)
        last = campaign.last_instant(tracked.value)
        if last is not None and next_at >= last:
            return campaign.created_at
        sender = self._senders.get(tracked.value.send)
        rests_until = sender.rests_until if sender is not None else None
        at = max(next_at, rests_until or next_at)
        return at if last is None else min(at, last)

    def _watched_lately(self, now: datetime) -> bool:
        return self._watched_at is not None and now - self._watched_at < _WATCH_EVERY

    async def _watch(self, now: datetime) -> list[Versioned[Message]]:
        """Return what is with the provider and must be looked at; settle what was being claimed."""
        lease = self._lease
        await reconcile.settle_claims(lease)
        self._watched_at = now
        page = _page(lease)
        due, self._watched = await self._look(watch_lane, now, limit=page, is_idle=True)
        return due

    # --- What is read -------------------------------------------------------------------------

    async def _read_due(self, now: datetime) -> list[Versioned[Message]]:
        """Return what is due and nobody hands over, the most urgent first.

        Of a campaign that has ended it is all that waits.
        """
        self._takes_launched = False  # some of it may be found here, too
        left = list(self._lease.claims.values())
        limit = _page(self._lease) + sum(len(claim.attempts) for claim in left)
        if self._lease.campaign.status is not CampaignStatus.RUNNING:
            found = await self._messages(send_lane, limit=limit)
        else:
            is_idle = self._lease.is_resting
            found, self._following = await self._look(send_lane, now, limit=limit, is_idle=is_idle)
        self._was_all = 0 < len(found) < limit
        if len(found) < limit:
            self._watched_at = None  # That was all: the next pass looks at everything.
            found += await self._too_late(now)
        return [each for each in found if not any(claim.names(each.value) for claim in left)]

    async def _look(
        self, lane: Callable[[str], str], now: datetime, *, limit: int, is_idle: bool
    ) -> tuple[list[Versioned[Message]], list[Versioned[Message]]]:
        """Return what is due of a lane's messages, and the first of those that follow.

        Of a plan's messages a page is read: each of them expires by itself. `is_idle`: most likely
        nothing is due, which the first of all that wait tells by one query.
        """
        if self._lease.campaign.plan:
            found = await self._messages(lane, limit=limit)
            number = sum(_next_at(each) <= now for each in found)
            return found[:number], found[number:]
        if is_idle:
            first = await self._messages(lane, limit=1)
            if not first or _next_at(first[0]) > now:
                return [], first
        due = await self._messages(lane, Where("next_at", "<=", now), limit=limit)
        if len(due) == limit:
            return due, []
        return due, await self._messages(lane, Where("next_at", ">", now), limit=1)

    async def _too_late(self, now: datetime) -> list[Versioned[Message]]:
        """Return messages that will be due only once they have expired."""
        campaign = self._lease.campaign
        if campaign.plan:
            return [each for each in self._following if self._wanted_at(each) <= now]
        if campaign.not_after is None or campaign.has_ended:
            return []
        begin = max(campaign.not_after, now + _INSTANT)
        return await self._messages(
            send_lane, Where("next_at", ">=", begin), limit=_page(self._lease)
        )

    async def _messages(
        self, lane: Callable[[str], str], *where: Where, limit: int
    ) -> list[Versioned[Message]]:
        """Return messages that somebody must still look at, the most urgent first."""
        campaign = self._lease.campaign
        of_lane = Where("lane", "==", lane(self._lease.name))
        collection = paths.messages(campaign.org, campaign.id)
        query = Query(collection, (of_lane, *where), ("next_at",), limit=limit)
        return _tracked(await self._lease.engine.store.query(query))


def _tracked(documents: Sequence[Document]) -> list[Versioned[Message]]:
    return [Versioned(message_from(d.id, d.data), d.version) for d in documents]


def _page(lease: LaneLease) -> int:
    return at_hand(lease.engine, lease.campaign)


def _next_at(tracked: Versioned[Message]) -> datetime:
    at = tracked.value.next_at
    assert at is not None, "the query returns no message without next_at"  # noqa: S101 - for the type checker
    return at


async def _wait(lease: LaneLease, until: datetime) -> None:
    """Wait here for a moment, and keep the lane."""
    await lease.engine.clock.sleep((until - lease.engine.clock.now()).total_seconds())
    await lease.keep()


async def _is_launched(lease: LaneLease) -> bool:
    campaign = lease.campaign
    if not campaign.launches:
        return True
    launch = await lease.engine.store.get(paths.lane(campaign.org, campaign.id, LAUNCH))
    return launch is not None and bool(launch.data["done"])


async def _rest(lease: LaneLease) -> None:
    """Nothing is left in this lane, and nothing will be added: end the campaign, or our part."""
    # The lane says first that it is done and keeps its lease: if we die before the campaign has
    # ended, the check finds the lane and comes here again.
    await lease.commit(done=True, resting=True)
    if lease.campaign.status is CampaignStatus.RUNNING and await _completes(lease):
        lease.is_held = not await _complete(lease)  # with its campaign's end the lane is taken back
    if not lease.is_held:
        return
    look_at = _safety_look(lease)
    await (lease.release() if look_at is None else lease.release_for_safety(look_at))


def _walker_of(lease: LaneLease) -> "Walker | None":
    """Return what walks the people of a lane; None where nobody walks."""
    if not lease.campaign.facts.walks:
        return None
    from functions.engine.plans.walk import Walker  # as with the versions of plans

    return Walker(lease)


async def _completes(lease: LaneLease) -> bool:
    """Tell whether the campaign ends with its lanes; it may have been closed since we hold ours."""
    campaign = lease.campaign
    if not campaign.entry_open:
        return campaign.completes
    stored = await lease.engine.store.get(paths.campaign(campaign.org, campaign.id))
    return stored is not None and campaign_from(campaign.org, campaign.id, stored.data).completes


def _safety_look(lease: LaneLease) -> datetime | None:
    """Return when a lane is looked at again though nothing waits in it; None where none walks."""
    walks = lease.campaign.facts.walks and lease.campaign.status is CampaignStatus.RUNNING
    return lease.engine.clock.now() + _SAFETY_LOOK if walks else None


async def _complete(lease: LaneLease) -> bool:
    """End the campaign if every lane has come to rest; the last lane to look sees them all."""
    campaign = lease.campaign
    if campaign.plan and await _somebody_walks(lease):
        return False
    with suppress(WrongStatusError):  # another lane was faster, or somebody has paused or cancelled
        return await complete(lease.engine, campaign)
    return False


async def _somebody_walks(lease: LaneLease) -> bool:
    """Tell whether somebody is under way, a lane looking after them or not."""
    counted = await statistics.read_one(lease.engine, lease.campaign)
    return counts.under_way(counted) > 0
