"""CampaignScheduler: sequences of actions for single subjects, as a library of a program.

    async with CampaignScheduler(worker=Worker(callback=send)) as scheduler:
        await scheduler.define({"id": "welcome", "active": True, "actions": [...]})
        await scheduler.schedule("welcome", "customer#1")
        await scheduler.start()

It is Clarion's engine in this process. Every promise of a campaign holds here: nothing is lost
and nothing is called twice, wherever a process dies, and however many of them share a store.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Any, Final, Literal, NamedTuple, Self, overload

import structlog

from functions import logs
from functions.bootstrap.clock import SystemClock
from functions.channels.callback import Call
from functions.client import getters
from functions.client.defining import BY, define
from functions.client.definitions import check_id
from functions.client.previewing import preview
from functions.client.process import Process, Worker
from functions.client.records import (
    Action,
    ActionState,
    CampaignRecord,
    Changes,
    Schedule,
    Status,
)
from functions.client.selecting import Order, selected
from functions.domain.campaigns.campaign import Campaign
from functions.domain.errors import EnrollmentStatusError, InvalidFieldError
from functions.domain.messages.send_outcomes import Accepted, Rejected, SendOutcome
from functions.engine.kernel.commits.together import Together
from functions.engine.kernel.engine import Engine
from functions.engine.plans.destroying import destroy
from functions.engine.plans.enroll import Entered, Entrant, enroll
from functions.engine.plans.enrollments import Found
from functions.engine.plans.entry import EntryResult
from functions.engine.plans.migration.names import Names
from functions.engine.plans.steering import exit_
from functions.engine.ports.clock import Clock
from functions.settings.urls import parse_store

log = structlog.get_logger()

#: How many records a getter returns where nothing is said.
_LIMIT: Final = 1000
#: Subjects that enter at once: the first callers are not to wait for the last.
_AT_ONCE: Final = 1000


class LogEntry(NamedTuple):
    """Something that has happened, for `on_log`."""

    at: datetime
    event: str  #: such as action_completed, action_failed, worker_started, poll_failed
    about: Mapping[str, Any]


class CampaignScheduler:
    """Defines campaigns, schedules subjects for them, and calls back when their actions are due.

    `store` is sqlite:///PATH or firestore://PROJECT[/DATABASE]; with `emulator_host` ("host:port")
    it is Firestore's emulator. Without a `worker` this process only writes and reads, and processes
    that have one call back. `on_log` is told what happens, on the event loop: it must not block.
    Tests may give a `clock`.

    Use it as `async with`, or call `init` first and `close` last. All methods are coroutines;
    before `init` and after `close` they raise RuntimeError. All instants are UTC; intervals count
    by the campaign's `timezone`. InvalidFieldError is raised for what is no input, NotFoundError
    for no such campaign, and StoreError where the store fails: all are in functions.client.
    """

    def __init__(
        self,
        store: str = "sqlite:///clarion.db",
        *,
        worker: Worker | None = None,
        on_log: Callable[[LogEntry], object] | None = None,
        emulator_host: str = "",
        clock: Clock | None = None,
    ) -> None:
        """Take what it shall be; nothing is opened yet. Raises ValueError for no such store."""
        self._store = parse_store(store)
        self._worker = worker
        self._on_log = on_log
        self._emulator_host = emulator_host
        self._clock = clock or SystemClock()
        self._process: Process | None = None
        self._names = Names("default")
        self._entering = Together(_AT_ONCE)

    # --- Beginning and end ----------------------------------------------------------------------

    async def init(self) -> Self:
        """Open the store; once more does nothing."""
        if self._process is None:
            if not structlog.is_configured():  # it would print every line of the engine
                logs.configure("warning", readable=True)
            self._process = Process(
                self._store,
                self._worker,
                emulator_host=self._emulator_host,
                clock=self._clock,
                told=self._called,
                failed=self._log,
            )
        return self

    async def __aenter__(self) -> Self:
        """Open the store."""
        return await self.init()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the worker and close the store."""
        await self.close()

    async def start(self) -> None:
        """Call back from now on; once more does nothing. Raises RuntimeError without a worker."""
        process = await self._opened()
        if not process.is_started:
            process.start()
            self._log("worker_started", {})

    async def run_due(self) -> None:
        """Call back all that is due now, and return: for a program that a timer starts.

        Raises RuntimeError without a worker, and while it is at work.
        """
        await (await self._opened()).run_due()

    async def stop(self) -> None:
        """Call nothing more; what has been called comes to its end, the rest is left to others."""
        process = await self._opened()
        was_started = process.is_started
        await process.stop()
        if was_started:
            self._log("worker_stopped", {})

    async def close(self) -> None:
        """Stop, and close the store; once more does nothing."""
        if self._process is not None:
            await self.stop()
            process, self._process = self._process, None
            await process.close()

    # --- Campaigns ------------------------------------------------------------------------------

    @overload
    async def define(
        self, definition: Mapping[str, Any], *, dry_run: Literal[False] = False
    ) -> CampaignRecord: ...
    @overload
    async def define(self, definition: Mapping[str, Any], *, dry_run: Literal[True]) -> Changes: ...

    async def define(
        self, definition: Mapping[str, Any], *, dry_run: bool = False
    ) -> CampaignRecord | Changes:
        """Save a campaign, or change it; subjects that are scheduled go over to what it says.

        `id`; `active` (False where it is new, else as it was); `actions` (else as they were), each
        with `id`, `interval` {offset, time}, `callback` {id, ...}, and perhaps `after`: the id of
        another action, from whose end its interval counts; `timezone`, by whose calendar intervals
        count (UTC where it is new). An action that did not change keeps its time, a changed
        interval counts from when its subject was scheduled, and what has been called stays. The
        same definition once more changes nothing.

        With `dry_run` nothing is stored: it returns what would change, and for how many subjects.
        Raises InvalidFieldError, which names the member.
        """
        engine = await self._engine()
        if dry_run:
            return await preview(engine, self._names, definition)
        campaign = await define(engine, self._names, definition)
        self._log("campaign_defined", {"campaign_id": campaign.name, "version": campaign.plan})
        return await getters.record_of(engine, campaign)

    async def destroy(self, campaign_id: str, *, confirm: bool = False) -> None:
        """Remove a campaign, its schedules and all their history, for good.

        Raises ValueError where it is not confirmed, and NotFoundError.
        """
        if not confirm:
            raise ValueError("destroy removes all history for good: pass confirm=True")
        engine = await self._engine()
        campaign = await self._names.find(engine, campaign_id)
        await destroy(engine, campaign, self._names.freed(campaign_id), by=BY)
        self._log("campaign_destroyed", {"campaign_id": campaign_id})

    # --- Subjects -------------------------------------------------------------------------------

    async def schedule(self, campaign_id: str, subject: str) -> Schedule:
        """Schedule a campaign's actions for a subject, from now on; once more changes nothing.

        Who was unscheduled gets the actions they have not had. Raises NotFoundError.
        """
        check_id(campaign_id, "campaign_id")
        found = await self._entering.do(
            campaign_id, check_id(subject, "subject"), partial(self._enter, campaign_id)
        )
        return await getters.schedule_of(await self._engine(), found)

    async def schedule_many(
        self,
        campaign_id: str,
        subjects: Sequence[str],
        *,
        at: datetime | None = None,
        per_minute: int | None = None,
    ) -> list[Schedule]:
        """Schedule a campaign for many subjects, from `at` (None: now) on.

        With `per_minute` they begin one after the other, so many in each minute. Raises
        NotFoundError, and InvalidFieldError.
        """
        if per_minute is not None and per_minute < 1:
            raise InvalidFieldError("per_minute", "per_minute: must be 1 or more")
        if isinstance(subjects, str):
            raise InvalidFieldError("subjects", "subjects: must be a list of texts")
        if at is not None and at.tzinfo is None:
            raise InvalidFieldError("at", "at: must have a zone, such as UTC")
        for subject in subjects:
            check_id(subject, "subjects")
        engine = await self._engine()
        entered = await self._enter(campaign_id, subjects, at=at, per_minute=per_minute)
        return [await getters.schedule_of(engine, found) for found in entered]

    async def unschedule(self, campaign_id: str | None = None, subject: str | None = None) -> int:
        """Take away what is to come of a subject, of a campaign, or of a subject in a campaign.

        What has been called stays told. Returns how many schedules ended; once more ends none.
        Raises ValueError where neither is named, and NotFoundError.
        """
        if campaign_id is None and subject is None:
            raise ValueError("name a campaign, a subject, or both")
        engine, ended = await self._engine(), 0
        async for found in getters.schedules(engine, self._names, campaign_id, subject):
            try:
                await exit_(engine, self._names.org, found.campaign.id, found.id, by=BY)
            except EnrollmentStatusError:
                continue  # nothing was to come
            ended += 1
        self._log("unscheduled", {"campaign_id": campaign_id, "subject": subject, "ended": ended})
        return ended

    async def calculate_actions(self, campaign_id: str, subject: str | None = None) -> list[Action]:
        """Return what a subject would get if it were scheduled now; nothing is stored.

        Without a subject windows and ranges are drawn for nobody in particular. Raises
        NotFoundError.
        """
        engine = await self._engine()
        campaign = await self._names.find(engine, campaign_id)
        return await getters.would_be(engine, campaign, subject or "")

    # --- What there is --------------------------------------------------------------------------

    async def get_campaigns(
        self,
        *,
        id: str | None = None,  # noqa: A002 - what the definition calls it
        active: bool | None = None,
        limit: int = _LIMIT,
        order: Order = (),
    ) -> list[CampaignRecord]:
        """Return the campaigns for which all of this holds, the oldest first."""
        engine = await self._engine()

        async def records() -> AsyncIterator[CampaignRecord]:
            async for campaign in getters.campaigns(engine, self._names.org):
                record = await getters.record_of(engine, campaign)
                if id in {None, record.id} and active in {None, record.active}:
                    yield record

        return await selected(records(), CampaignRecord, limit=limit, order=order)

    async def get_schedules(
        self,
        *,
        campaign_id: str | None = None,
        subject: str | None = None,
        active: bool | None = None,
        limit: int = _LIMIT,
        order: Order = (),
    ) -> list[Schedule]:
        """Return the schedules for which all of this holds, without their actions."""
        engine = await self._engine()

        async def records() -> AsyncIterator[Schedule]:
            async for found in getters.schedules(engine, self._names, campaign_id, subject):
                schedule = getters.without_actions(found)
                if active in {None, schedule.active}:
                    yield schedule

        return await selected(records(), Schedule, limit=limit, order=order)

    async def get_actions(
        self,
        *,
        state: str | None = None,
        campaign_id: str | None = None,
        subject: str | None = None,
        action_id: str | None = None,
        active: bool | None = None,
        limit: int = _LIMIT,
        order: Order = (),
    ) -> list[Action]:
        """Return the actions for which all of this holds, those to come too.

        Whoever names neither campaign nor subject reads all there are, up to the limit, and all
        where an `order` is given. Raises InvalidFieldError for no such state.
        """
        if state is not None and state not in list(ActionState):
            has = ", ".join(ActionState)
            raise InvalidFieldError("state", f"state: must be one of {has}, not {state!r}")
        engine, wanted = await self._engine(), ActionState(state) if state else None

        async def records() -> AsyncIterator[Action]:
            found = getters.schedules(engine, self._names, campaign_id, subject)
            at_once = min(limit, getters.PAGE) if subject is None else 1
            async for schedule in getters.with_actions(engine, found, at_once=at_once):
                if active not in {None, schedule.active}:
                    continue
                for action in schedule.actions:
                    if wanted in {None, action.state} and action_id in {None, action.action_id}:
                        yield action

        return await selected(records(), Action, limit=limit, order=order)

    async def status(self) -> Status:
        """Return how much there is of everything, and how late actions begin."""
        return await getters.status(await self._engine(), self._names.org)

    # --- Inside ---------------------------------------------------------------------------------

    async def _engine(self) -> Engine:
        return (await self._opened()).engine

    async def _opened(self) -> Process:
        if self._process is None:
            raise RuntimeError("the scheduler is not open: use async with, or call init()")
        return self._process

    async def _enter(
        self,
        campaign_id: str,
        subjects: Sequence[str],
        *,
        at: datetime | None = None,
        per_minute: int | None = None,
    ) -> list[Found]:
        engine = await self._engine()
        campaign = await self._names.find(engine, campaign_id)
        entrants = [Entrant(subject=subject) for subject in subjects]
        entered = await enroll(
            engine, self._names.org, campaign.id, entrants, at=at, per_minute=per_minute
        )
        self._log("scheduled", {"campaign_id": campaign_id, "subjects": len(subjects)})
        return [_found(campaign, each) for each in entered]

    def _called(self, call: Call, outcome: SendOutcome) -> None:
        is_done = isinstance(outcome, Accepted)
        log = outcome.log if isinstance(outcome, Accepted | Rejected) else ""
        about = {"campaign_id": call.campaign_id, "action_id": call.action_id}
        self._log(
            "action_completed" if is_done else "action_failed",
            {**about, "subject": call.subject, "log": log},
        )

    def _log(self, event: str, about: Mapping[str, Any]) -> None:
        if self._on_log is None:
            return
        try:
            self._on_log(LogEntry(self._clock.now(), event, about))
        except Exception:  # whoever listens must not stop what they listen to
            log.exception("on_log_raised", told=event)


def _found(campaign: Campaign, entered: Entered) -> Found:
    """Return where a subject stands after a request; whoever has just entered has no messages."""
    assert entered.enrollment is not None, "a free subject is never refused"  # noqa: S101 - for the type checker
    is_new = entered.result is EntryResult.ENROLLED and entered.enrollment.entry == 1
    return Found(campaign, entered.id, entered.enrollment, 0 if is_new else 1)
