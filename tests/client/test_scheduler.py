"""The library as a program uses it: defined, scheduled, called back, looked at."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from functions import Call, Worker
from functions.client import ActionState
from functions.domain.errors import InvalidFieldError, NotFoundError
from tests.client.conftest import DAY, Library, action, definition
from tests.clock import NOON

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def told(actions: Any) -> list[tuple[str, str, datetime]]:
    """Return what matters of actions."""
    return [(each.action_id, each.state, each.expected_at) for each in actions]


async def test_each_action_is_called_once_at_its_time(library: Library) -> None:
    """The first at once, the second at ten on the second day after, the third four days after."""
    scheduler = await library.open()
    await scheduler.define(definition())
    schedule = await scheduler.schedule("afterPurchase", "customer#1")
    at_ten = NOON + 2 * DAY - 2 * HOUR + DAY  # ten o'clock of that day lies before the entry's noon
    assert [each.state for each in schedule.actions] == ["pending"] * 3

    await scheduler.run_due()
    await library.pass_time(scheduler, 5 * DAY)
    assert library.views == [
        ("customer#1", "mail1"),
        ("customer#1", "mail2"),
        ("customer#1", "mail3"),
    ]
    first = library.calls[0]
    assert (first.campaign_id, first.callback) == (
        "afterPurchase",
        {"id": "sendEmail", "view": "mail1"},
    )
    (after,) = await scheduler.get_schedules(subject="customer#1")
    assert after.active
    assert at_ten > NOON


async def test_scheduling_twice_changes_nothing(library: Library) -> None:
    """Ten at once, and once more a day later: one schedule, and its times stay."""
    scheduler = await library.open()
    await scheduler.define(definition())
    at_once = await asyncio.gather(
        *(scheduler.schedule("afterPurchase", "customer#1") for _ in range(10))
    )
    await scheduler.run_due()
    await library.pass_time(scheduler, DAY)
    again = await scheduler.schedule("afterPurchase", "customer#1")

    assert len({each.scheduled_at for each in at_once}) == 1
    assert [each.expected_at for each in again.actions] == [
        each.expected_at for each in at_once[0].actions
    ]
    assert [each.state for each in again.actions] == ["completed", "pending", "pending"]
    assert len(library.calls) == 1


async def test_what_a_callback_returns_or_raises_is_kept(library: Library) -> None:
    """A list is the log, an error the reason; the worker lives on."""

    def answer(call: Call) -> object:
        if call.action_id == "mail1":
            return ["sent", {"id": 7}]
        raise ValueError("no such view")

    library.answer = answer
    scheduler = await library.open()
    await scheduler.define(definition(actions=[action("mail1", "0days"), action("mail2", "1hour")]))
    await scheduler.schedule("afterPurchase", "customer#1")
    await scheduler.run_due()
    await library.pass_time(scheduler, 2 * HOUR)

    done, failed = await scheduler.get_actions(subject="customer#1")
    assert (done.state, done.log) == ("completed", '["sent", {"id": 7}]')
    assert (failed.state, failed.log) == ("failed", "ValueError: no such view")
    assert len(library.calls) == 2
    assert "action_failed" in [entry.event for entry in library.logs]


async def test_unscheduled_and_scheduled_again_the_missing_actions_count_from_now(
    library: Library,
) -> None:
    """What has been called stays called; unscheduling once more ends nothing."""
    scheduler = await library.open()
    await scheduler.define(definition(actions=[action("a", "0days"), action("b", "2days")]))
    await scheduler.schedule("afterPurchase", "customer#1")
    await scheduler.run_due()
    await library.pass_time(scheduler, DAY)
    assert await scheduler.unschedule("afterPurchase", "customer#1") == 1
    assert await scheduler.unschedule("afterPurchase", "customer#1") == 0
    assert [each.state for each in await scheduler.get_actions()] == ["completed"]
    await library.pass_time(scheduler, 3 * DAY)
    assert library.views == [("customer#1", "a")]

    again = await scheduler.schedule("afterPurchase", "customer#1")
    assert told(again.actions)[1:] == [("b", ActionState.PENDING, library.clock.now() + 2 * DAY)]
    await library.pass_time(scheduler, 2 * DAY + MINUTE)
    assert library.views == [("customer#1", "a"), ("customer#1", "b")]


async def test_a_subject_is_unscheduled_from_all_campaigns_and_a_campaign_of_all_subjects(
    library: Library,
) -> None:
    """Either may be left out; both may not."""
    scheduler = await library.open()
    for id_ in ("one", "two"):
        await scheduler.define(definition(id=id_))
        await scheduler.schedule_many(id_, ["ann", "bob"])
    assert await scheduler.unschedule(subject="ann") == 2
    assert await scheduler.unschedule("one") == 1
    left = await scheduler.get_schedules(active=True)
    assert [(each.campaign_id, each.subject) for each in left] == [("two", "bob")]
    with pytest.raises(ValueError, match="name a campaign, a subject, or both"):
        await scheduler.unschedule()


async def test_an_inactive_campaign_calls_nothing_and_shows_no_action(library: Library) -> None:
    """Scheduled all the same; once active its actions are there, at the times they had."""
    scheduler = await library.open()
    await scheduler.define(definition(active=False))
    schedule = await scheduler.schedule("afterPurchase", "customer#1")
    assert (schedule.active, schedule.actions) == (False, [])
    would = await scheduler.calculate_actions("afterPurchase")
    await library.pass_time(scheduler, DAY)
    assert library.calls == []

    await scheduler.define({"id": "afterPurchase", "active": True})
    shown = await scheduler.get_actions(subject="customer#1")
    assert [each.expected_at for each in shown] == [each.expected_at for each in would]
    await scheduler.run_due()
    assert library.views == [("customer#1", "mail1")]


async def test_define_without_active_keeps_it(library: Library) -> None:
    """And the same definition twice is one version."""
    scheduler = await library.open()
    first = await scheduler.define(definition())
    again = await scheduler.define({"id": "afterPurchase", "actions": definition()["actions"]})
    assert (first.active, again.active) == (True, True)
    assert (first.version, again.version) == (1, 1)
    assert [each.id for each in again.actions] == ["mail1", "mail2", "mail3"]


async def test_subjects_begin_one_after_the_other(library: Library) -> None:
    """Two in each minute, from an instant on."""
    scheduler = await library.open()
    await scheduler.define(definition())
    names = [f"customer#{number}" for number in range(5)]
    made = await scheduler.schedule_many("afterPurchase", names, at=NOON + HOUR, per_minute=2)
    starts = [(each.scheduled_at - NOON - HOUR) // MINUTE for each in made]
    assert starts == [0, 0, 1, 1, 2]


async def test_any_subject_will_do(library: Library) -> None:
    """A slash, a number, an address, an emoji: they are told as they are."""
    scheduler = await library.open()
    await scheduler.define(definition(actions=[action("a", "0days")]))
    names = ["a/b", "contact#1", "x" * 300, "☕", "ann@example.com", "+12025550142"]
    await scheduler.schedule_many("afterPurchase", names)
    await scheduler.run_due()
    assert sorted(call.subject for call in library.calls) == sorted(names)


async def test_everything_is_counted(library: Library) -> None:
    """Campaigns, schedules and actions by state, and how late actions began."""
    scheduler = await library.open()
    await scheduler.define(definition())
    await scheduler.define(definition(id="other", active=False))
    await scheduler.schedule_many("afterPurchase", ["ann", "bob"])
    library.clock.advance(10 * MINUTE)
    await scheduler.run_due()
    await scheduler.unschedule("afterPurchase", "bob")

    status = await scheduler.status()
    assert status.campaigns == {"active": 1, "inactive": 1}
    assert status.schedules == {"active": 1, "completed": 0, "unscheduled": 1}
    assert status.actions == {"pending": 2, "processing": 0, "completed": 2, "failed": 0}
    assert status.drift_s.p50 == pytest.approx(600, rel=0.25)


async def test_getters_filter_order_and_bound(library: Library) -> None:
    """Equal fields, an order by any field, and no more than asked for."""
    scheduler = await library.open()
    await scheduler.define(definition())
    await scheduler.schedule_many("afterPurchase", ["ann", "bob", "cat"])
    newest = await scheduler.get_actions(
        action_id="mail3", order=[("subject", "DESC")], limit=2, state="pending"
    )
    assert [each.subject for each in newest] == ["cat", "bob"]
    assert len(await scheduler.get_schedules(limit=1)) == 1
    assert [each.id for each in await scheduler.get_campaigns(active=True)] == ["afterPurchase"]
    with pytest.raises(InvalidFieldError, match="order: createdAt is no such field"):
        await scheduler.get_schedules(order=[("createdAt", "ASC")])


async def test_a_destroyed_campaign_leaves_nothing(library: Library) -> None:
    """It is confirmed, and its name is free again, with no history."""
    scheduler = await library.open()
    await scheduler.define(definition())
    await scheduler.schedule("afterPurchase", "customer#1")
    await scheduler.run_due()
    with pytest.raises(ValueError, match="confirm=True"):
        await scheduler.destroy("afterPurchase")
    await scheduler.destroy("afterPurchase", confirm=True)

    assert await scheduler.get_campaigns() == []
    assert await scheduler.get_actions(subject="customer#1") == []
    with pytest.raises(NotFoundError):
        await scheduler.schedule("afterPurchase", "customer#1")
    assert (await scheduler.define(definition())).version == 1
    assert [
        each.state for each in (await scheduler.schedule("afterPurchase", "customer#1")).actions
    ]


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"id": ""}, "id", "must be a text that is not empty"),
        ({"active": "yes"}, "active", "must be True or False"),
        ({"actions": 7}, "actions", "must be a list"),
        ({"actions": []}, "actions", "must have at least 1"),
        ({"steps": []}, "steps", "has no such member"),
        ({"actions": [{"id": "a"}]}, "actions.0.callback", "is missing"),
        ({"actions": [{"id": "a", "callback": {"id": "x"}}]}, "actions.0.interval", "is missing"),
        ({"actions": [action("a", "2 days")]}, "actions.0.interval.offset", "2"),
        ({"actions": [action("a", "nonsense")]}, "actions.0.interval.offset", "nonsense"),
        ({"actions": [action("a", "1day"), action("a", "1day")]}, "actions.1.id", "a"),
        ({"timezone": "PST"}, "timezone", "PST"),
    ],
)
async def test_a_wrong_definition_is_refused_by_its_member(
    library: Library, wrong: dict[str, Any], field: str, words: str
) -> None:
    """The sentence names the member and the problem, and nothing is stored."""
    scheduler = await library.open()
    with pytest.raises(InvalidFieldError) as refused:
        await scheduler.define(definition(**wrong))
    assert refused.value.field == field
    assert words in str(refused.value)
    assert await scheduler.get_campaigns() == []


async def test_what_is_no_input_is_refused_by_its_name(library: Library) -> None:
    """A sentence each, and nothing is stored."""
    scheduler = await library.open()
    await scheduler.define(definition())
    naive = datetime(2027, 1, 1)  # noqa: DTZ001 - that is what is wrong with it
    wrong: list[tuple[Any, str]] = [
        (scheduler.define([1]), "definition: must be an object"),  # type: ignore[call-overload]
        (scheduler.schedule_many("afterPurchase", "ann"), "subjects: must be a list of texts"),
        (scheduler.schedule_many("afterPurchase", ["ann"], at=naive), "at: must have a zone"),
        (scheduler.schedule_many("afterPurchase", ["ann"], per_minute=0), "per_minute: must be 1"),
        (scheduler.schedule("afterPurchase", ""), "subject: must be a text"),
        (scheduler.get_actions(state="done"), "state: must be one of pending, processing"),
        (scheduler.get_actions(limit=0), "limit: must be 1 or more"),
        (scheduler.get_schedules(order="subject"), "order: must be pairs"),  # type: ignore[arg-type]
        (scheduler.get_schedules(order=[("subject", "up")]), "order: must be ASC or DESC"),
    ]
    for call, words in wrong:
        with pytest.raises(InvalidFieldError, match=words):
            await call
    assert await scheduler.get_schedules() == []
    unfit: list[dict[str, Any]] = [{"concurrency": 0}, {"concurrency": "5"}, {"timeout": -HOUR}]
    for options in unfit:
        with pytest.raises(ValueError, match=next(iter(options))):
            Worker(callback=print, **options)
    with pytest.raises(TypeError, match="callback: must be a function"):
        Worker(callback="print")  # type: ignore[arg-type]


async def test_an_action_after_another_one_counts_from_when_that_has_returned(
    library: Library,
) -> None:
    """Until then nobody knows when it comes, and it is told to be pending all the same."""
    behind = {**action("mail2", "1hour"), "after": "mail1"}
    last = {"id": "mail3", "after": "mail2", "callback": {"id": "sendEmail", "view": "mail3"}}
    scheduler = await library.open()
    record = await scheduler.define(definition(actions=[action("mail1", "3hours"), behind, last]))
    assert [each.after for each in record.actions] == ["", "mail1", "mail2"]
    first = library.clock.now() + 3 * HOUR
    expected = [
        ("mail1", ActionState.PENDING, first),
        ("mail2", ActionState.PENDING, None),
        ("mail3", ActionState.PENDING, None),
    ]
    assert told(await scheduler.calculate_actions("afterPurchase", "customer#1")) == expected
    schedule = await scheduler.schedule("afterPurchase", "customer#1")
    assert told(schedule.actions) == expected

    await scheduler.run_due()
    await library.pass_time(scheduler, 3 * HOUR + MINUTE)
    _, second, third = await scheduler.get_actions(order=[("expected_at", "ASC")])
    assert second.expected_at is not None
    assert timedelta() <= second.expected_at - first - HOUR < MINUTE
    assert third.expected_at is None
    await library.pass_time(scheduler, 2 * HOUR)
    assert [view for _, view in library.views] == ["mail1", "mail2", "mail3"]
    again = await scheduler.get_actions()
    assert [each.state for each in again] == ["completed"] * 3
    counted = (await scheduler.status()).actions
    assert (counted["pending"], counted["completed"]) == (0, 3)


async def test_an_action_after_one_that_raised_is_called_all_the_same(library: Library) -> None:
    """It counts from the end of that, whatever came of it."""

    def answer(call: Call) -> object:
        if call.action_id == "mail1":
            raise ValueError("no such view")
        return None

    library.answer = answer
    scheduler = await library.open()
    behind = {**action("mail2", "1hour"), "after": "mail1"}
    await scheduler.define(definition(actions=[action("mail1", "0days"), behind]))
    await scheduler.schedule("afterPurchase", "customer#1")
    await scheduler.run_due()
    await library.pass_time(scheduler, 2 * HOUR)
    assert [each.state for each in await scheduler.get_actions()] == ["failed", "completed"]
