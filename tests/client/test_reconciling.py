"""Reconciling: what each act makes of an action, in each of the states that an action may be in.

An hourly action stands before each act in one state. Beside it stands another that nobody touches,
two days after the entry: it keeps its time through every act that leaves it alone.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final, NamedTuple, TypeAlias

import pytest

from functions import Call, CampaignScheduler
from functions.client import Action, ActionChange, Changes
from functions.domain.errors import InvalidFieldError
from tests.client.conftest import Library, action
from tests.clock import NOON

HOUR: Final = timedelta(hours=1)
MINUTE: Final = timedelta(minutes=1)
SUBJECT: Final = "customer#1"
ID: Final = "afterPurchase"
OTHER: Final = action("other", "2days")
IT: Final = action("it", "1hour")


class Seen(NamedTuple):
    """What is seen of the action: its state, hours after the entry, and how often it is called."""

    state: str  #: "" where it is not there
    hours: float | None
    calls: int  #: in all, once two hours have passed since the act


GONE: Final = ("", None)


class Story:
    """One subject of one campaign, whose action is brought into a state."""

    def __init__(self, library: Library, scheduler: CampaignScheduler) -> None:
        self.library, self.scheduler = library, scheduler
        self.begun, self.let_go = asyncio.Event(), asyncio.Event()
        self.run: asyncio.Task[None] | None = None

    async def define(self, *actions: dict[str, Any], **more: Any) -> None:
        """Define the campaign."""
        given = {"actions": list(actions)} if actions else {}
        await self.scheduler.define({"id": ID, **given, **more})

    async def answer(self, _: Call) -> str:
        """Answer a call of the action when it is let go."""
        self.begun.set()
        await self.let_go.wait()
        return "done"

    async def pass_time(self, by: timedelta) -> None:
        """Let time pass, and what is due be done; what is called waits no longer."""
        self.let_go.set()
        if self.run is not None:
            await self.run
            self.run = None
        await self.library.pass_time(self.scheduler, by)

    async def seen(self, id_: str = "it") -> Action | None:
        """Return the action, as it is told of."""
        found = await self.scheduler.get_actions(action_id=id_)
        assert len(found) <= 1
        return found[0] if found else None

    async def hours(self, id_: str) -> float | None:
        """Return when an action is expected, in hours after the entry; None where it is not."""
        found = await self.seen(id_)
        at = found.expected_at if found else None
        return (at - NOON) / HOUR if at else None


Step: TypeAlias = Callable[[Story], Awaitable[None]]


# --- States: where the action stands before the act, 55 to 90 minutes after the entry -------------


async def pending(story: Story) -> None:
    """Leave it to come in half an hour."""
    await story.pass_time(HOUR / 2)


async def made(story: Story) -> None:
    """Leave it to come within five minutes: its message is stored."""
    await story.pass_time(HOUR - 3 * MINUTE)


async def processing(story: Story) -> None:
    """Have it called, and not return."""
    await made(story)
    story.let_go.clear()
    story.library.answer = story.answer
    story.library.clock.advance(3 * MINUTE)
    story.run = asyncio.create_task(story.scheduler.run_due())
    await story.begun.wait()


async def completed(story: Story) -> None:
    """Have it return."""
    await story.pass_time(HOUR + HOUR / 2)


async def failed(story: Story) -> None:
    """Have it raise."""

    def raises(call: Call) -> object:
        raise ValueError(call.action_id)

    story.library.answer = raises
    await completed(story)
    story.library.answer = lambda _: None


async def unscheduled(story: Story) -> None:
    """Unschedule its subject while it is to come."""
    await pending(story)
    assert await story.scheduler.unschedule(ID, SUBJECT) == 1


# --- Acts -----------------------------------------------------------------------------------------


async def define_again(story: Story) -> None:
    """Define the same."""
    await story.define(IT, OTHER, active=True)


async def change_interval(story: Story) -> None:
    """Have it come two hours after the entry instead of one."""
    await story.define(action("it", "2hours"), OTHER)


async def change_callback(story: Story) -> None:
    """Give it another view."""
    await story.define({**IT, "callback": {"id": "sendEmail", "view": "new"}}, OTHER)


async def remove(story: Story) -> None:
    """Define the campaign without it."""
    await story.define(OTHER)


async def add_ahead(story: Story) -> None:
    """Add another one three hours after the entry."""
    await story.define(IT, OTHER, action("added", "3hours"))


async def add_too_late(story: Story) -> None:
    """Add another one whose time has passed already."""
    await story.define(IT, OTHER, action("added", "1minute"))


async def deactivate(story: Story) -> None:
    """Make the campaign inactive."""
    await story.define(active=False)


async def activate(story: Story) -> None:
    """Make the campaign inactive, and active again three hours later."""
    await story.define(active=False)
    await story.pass_time(3 * HOUR)
    await story.define(active=True)


async def unschedule(story: Story) -> None:
    """Unschedule its subject, twice."""
    await story.scheduler.unschedule(ID, SUBJECT)
    assert await story.scheduler.unschedule(ID, SUBJECT) == 0


async def schedule_again(story: Story) -> None:
    """Schedule its subject once more."""
    await story.scheduler.schedule(ID, SUBJECT)


async def stop_and_start(story: Story) -> None:
    """End the worker, and begin another one."""
    story.let_go.set()
    await story.scheduler.close()
    story.run = None
    story.scheduler = await story.library.open()


STATES: Final[list[Step]] = [pending, made, processing, completed, failed, unscheduled]
#: What is seen where an act leaves the action alone.
ALONE: Final = {
    "pending": Seen("pending", 1, 1),
    "made": Seen("pending", 1, 1),
    "processing": Seen("processing", 1, 1),
    "completed": Seen("completed", 1, 1),
    "failed": Seen("failed", 1, 1),
    "unscheduled": Seen(*GONE, 0),
}
#: What an act makes of the states that it does not leave alone.
ACTS: Final[dict[Step, dict[str, Seen]]] = {
    define_again: {},
    change_interval: {
        "pending": Seen("pending", 2, 1),
        "made": Seen("pending", 2, 1),
    },
    change_callback: {},
    remove: {"pending": Seen(*GONE, 0), "made": Seen(*GONE, 0)},
    add_ahead: {},
    add_too_late: {},
    deactivate: {"pending": Seen(*GONE, 0), "made": Seen(*GONE, 0)},
    activate: {"processing": Seen("completed", 1, 1)},
    unschedule: {"pending": Seen(*GONE, 0), "made": Seen(*GONE, 0)},
    schedule_again: {"unscheduled": Seen("pending", 1.5, 1)},
    stop_and_start: {"processing": Seen("completed", 1, 1)},
}
CASES: Final = [
    pytest.param(
        act, state, {**ALONE, **changes}[state.__name__], id=f"{act.__name__}-{state.__name__}"
    )
    for act, changes in ACTS.items()
    for state in STATES
]


def other_hours(act: Step, state: Step) -> float | None:
    """Return when the action that nobody touches is expected after an act."""
    if state is unscheduled:
        return 48.5 if act is schedule_again else None
    return None if act in {deactivate, unschedule} else 48


@pytest.mark.parametrize(("act", "state", "wanted"), CASES)
async def test_an_act_makes_of_an_action_what_is_promised(
    library: Library, act: Step, state: Step, wanted: Seen
) -> None:
    """Its state, when it is expected, and how often it has been called two hours later."""
    scheduler = await library.open()
    story = Story(library, scheduler)
    await story.define(IT, OTHER, active=True)
    await scheduler.schedule(ID, SUBJECT)
    await state(story)
    await act(story)

    found, hours = await story.seen(), await story.hours("it")
    state_then = str(found.state) if found else ""
    view = found.callback["view"] if found else ""
    await story.pass_time(2 * HOUR)
    calls = [call for call in library.calls if call.action_id == "it"]
    assert Seen(state_then, hours, len(calls)) == wanted
    is_new = act is change_callback and state in {pending, made}
    if state_then == "processing":
        after = await story.seen()
        assert after is not None
        assert (after.state, after.log) == ("completed", '"done"')
    assert await story.hours("other") == other_hours(act, state)
    assert await story.hours("added") == (
        3 if act is add_ahead and state is not unscheduled else None
    )
    assert not found or view == ("new" if is_new else "it")


async def test_all_actions_come_that_fell_due_while_a_campaign_was_inactive(
    library: Library,
) -> None:
    """Active again restores them: those whose time has passed now, in order, the rest in time."""
    scheduler = await library.open()
    offsets = {"one": "1hour", "two": "2hours", "three": "3hours", "four": "9hours"}
    actions = [action(id_, offset) for id_, offset in offsets.items()]
    await scheduler.define({"id": ID, "active": True, "actions": actions})
    await scheduler.schedule(ID, SUBJECT)
    await scheduler.define({"id": ID, "active": False})
    await library.pass_time(scheduler, 5 * HOUR)
    assert library.calls == []

    await scheduler.define({"id": ID, "active": True})
    shown = await scheduler.get_actions()
    expected = [each.expected_at for each in shown if each.expected_at]
    assert [(at - NOON) / HOUR for at in expected] == [1, 2, 3, 9]
    await scheduler.run_due()
    assert sorted(call.action_id for call in library.calls) == ["one", "three", "two"]
    await library.pass_time(scheduler, 5 * HOUR)
    assert [call.action_id for call in library.calls].count("four") == 1
    assert len(library.calls) == 4


async def test_a_dry_run_tells_what_a_definition_would_change_and_stores_nothing(
    library: Library,
) -> None:
    """Actions that come, go or change, in what, and for how many subjects."""
    scheduler = await library.open()
    three = [action("one", "0days"), action("two", "2days"), action("three", "4days")]
    wanted = {"id": ID, "active": True, "actions": three}
    new = await scheduler.define(wanted, dry_run=True)
    assert ([each.action_id for each in new.added], new.members) == (
        ["one", "two", "three"],
        ["active"],
    )
    assert await scheduler.get_campaigns() == []

    await scheduler.define(wanted)
    await scheduler.schedule_many(ID, ["ann", "bob"])
    await scheduler.run_due()
    same = await scheduler.define(wanted, dry_run=True)
    assert same == Changes(ID, 1, [], [], [], [])
    before = (await scheduler.get_campaigns(), await scheduler.get_actions())
    moved = {**action("two", "3days"), "callback": {"id": "sendEmail"}}
    other = {"id": ID, "active": False, "actions": [three[0], moved, action("four", "9days")]}
    assert await scheduler.define({**other, "timezone": "Europe/Paris"}, dry_run=True) == Changes(
        ID,
        2,
        [ActionChange("four", (), 2)],
        [ActionChange("three", (), 2)],
        [ActionChange("two", ["interval", "callback"], 2)],
        ["active", "timezone"],
    )
    behind = {"id": ID, "actions": [three[0], {**three[1], "after": "one"}, three[2]]}
    assert await scheduler.define(behind, dry_run=True) == Changes(
        ID, 2, [], [], [ActionChange("two", ["after"], 2)], []
    )
    with pytest.raises(InvalidFieldError, match=r"actions\.0\.interval"):
        await scheduler.define({"id": ID, "actions": [action("one", "2 days")]}, dry_run=True)
    assert (await scheduler.get_campaigns(), await scheduler.get_actions()) == before
