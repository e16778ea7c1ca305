"""Broadcasts that repeat themselves: each run is a campaign, and makes the next one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.status import Action, CampaignStatus
from functions.domain.errors import InvalidFieldError, WrongStatusError
from functions.engine.accounts import organisation
from functions.engine.campaigns import copies, drafts, lifecycle
from functions.engine.campaigns.writing import series
from functions.engine.campaigns.writing.series import Wanted
from functions.engine.scheduling.start import start
from tests.engine.campaigns.drafting import HOUR, add_contact
from tests.engine.campaigns.running_series import (
    DAILY,
    DAY,
    FIRST,
    MONDAYS,
    NEWS,
    SECOND,
    begin,
    runs,
    states,
    trail,
)
from tests.engine.world import ORG, World


async def test_each_run_makes_the_next_one_as_it_starts(world: World) -> None:
    """Each sends once, at its time; there is always exactly one run ahead."""
    first = await begin(world)
    assert (first.status, first.scheduled_at) == ("scheduled", FIRST)
    assert first.series == first.id
    await world.pass_time(2 * DAY + 4 * HOUR)
    assert await states(world) == [
        ("completed", "03-02"),
        ("completed", "03-03"),
        ("completed", "03-04"),
        ("scheduled", "03-05"),
    ]
    made = await runs(world)
    assert [run.start_lateness for run in made[:3]] == [timedelta()] * 3
    assert [(await world.statuses(run)).total() for run in made] == [1, 1, 1, 0]
    assert [run.repeat and run.repeat.following for run in made[:3]] == [r.id for r in made[1:]]
    assert await trail(world, made[1]) == [
        ("create", "clarion"),
        ("start", "clarion"),
        ("complete", "clarion"),
    ]


async def test_a_run_starts_on_the_second_without_a_check(world: World) -> None:
    """Every run has a start task of its own, not only the first."""
    await begin(world)
    await world.pass_time(DAY + 2 * HOUR, checks=False)
    assert [run.start_lateness for run in (await runs(world))[:2]] == [timedelta()] * 2


@pytest.mark.parametrize(
    "wanted", [DAILY._replace(times=2), DAILY._replace(rrule=f"{DAILY.rrule};COUNT=2")]
)
async def test_a_series_ends_with_its_last_run(world: World, wanted: Wanted) -> None:
    """No run is made behind it, and it names none."""
    await begin(world, wanted)
    await world.pass_time(4 * DAY)
    assert await states(world) == [("completed", "03-02"), ("completed", "03-03")]
    last = (await runs(world))[-1]
    assert await series.following(world.engine, last) is None


async def test_each_run_reads_its_audience_anew(world: World) -> None:
    """Who has come since is reached and counted, and the progress is true."""
    await begin(world)
    await world.pass_time(3 * HOUR)
    await add_contact(world, 2)
    await world.pass_time(DAY)
    made = await runs(world)
    assert [run.total for run in made] == [1, 2, 2]
    assert [(await world.statuses(run)).total() for run in made[:2]] == [1, 2]


async def test_a_run_goes_by_its_organisations_rules_of_its_day(world: World) -> None:
    """Quiet hours that were decided since the series began hold for its next run."""
    await begin(world)
    await world.pass_time(3 * HOUR)
    quiet = {"quiet_hours": {"start": "21:00", "end": "08:00"}}
    await organisation.update(world.engine, ORG, quiet, by="ann", if_version=None)
    await world.pass_time(DAY)
    first, second, _ = await runs(world)
    assert (first.rules.quiet_hours, bool(second.rules.quiet_hours)) == (None, True)


async def test_who_has_lost_everybody_is_told_so_and_the_series_goes_on(world: World) -> None:
    """A list that has nobody on it any more fails that run, and the next one is there."""
    await world.add_list(0)
    people = Audience(AudienceKind.LIST, "people")
    await begin(world, audience=people)
    await world.pass_time(DAY)
    first, second = await runs(world)
    assert (first.status, first.reason) == ("failed", "no_recipients")
    assert second.status is CampaignStatus.SCHEDULED


async def test_a_run_is_passed_over(world: World) -> None:
    """Nobody is reached by it; the next comes at its time, and can be passed over as well."""
    first = await begin(world)
    skipped = await series.skip(world.engine, ORG, first.id, by="bob", reason=None)
    assert (skipped.status, skipped.reason) == ("cancelled", "run_skipped")
    second = await series.following(world.engine, skipped)
    assert second is not None
    await series.skip(world.engine, ORG, second.id, by="bob", reason="holidays")
    assert await states(world) == [
        ("cancelled", "03-02"),
        ("cancelled", "03-03"),
        ("scheduled", "03-04"),
    ]
    assert await trail(world, second) == [("create", "bob"), ("skip", "bob")]
    await world.pass_time(DAY)
    assert world.carrier.requests == []


async def test_what_cannot_be_passed_over_is_refused(world: World) -> None:
    """A run twice, one that has started, its last, and a campaign that comes once."""
    first = await begin(world, DAILY._replace(times=2))
    await series.skip(world.engine, ORG, first.id, by="ann", reason=None)
    with pytest.raises(WrongStatusError):
        await series.skip(world.engine, ORG, first.id, by="ann", reason=None)
    last = (await runs(world))[1]
    await world.pass_time(DAY + 2 * HOUR + SECOND)
    with pytest.raises(WrongStatusError):
        await series.skip(world.engine, ORG, last.id, by="ann", reason=None)
    once = await drafts.create(
        world.engine, ORG, NEWS, scheduled_at=world.clock.now() + HOUR, by="ann"
    )
    with pytest.raises(InvalidFieldError, match="comes once"):
        await series.skip(world.engine, ORG, once.id, by="ann", reason=None)
    assert (await world.load(once)).status is CampaignStatus.SCHEDULED


async def test_a_paused_run_that_has_started_is_not_passed_over(world: World) -> None:
    """It has reached people, and has made the next one already."""
    first = await begin(world)
    world.clock.advance(2 * HOUR)
    await start(world.engine, ORG, first.id)
    await lifecycle.change(world.engine, ORG, first.id, Action.PAUSE, by="ann")
    with pytest.raises(WrongStatusError):
        await series.skip(world.engine, ORG, first.id, by="ann", reason=None)
    await series.resume(world.engine, ORG, first.id, by="ann")
    await world.finish(first)
    assert await states(world) == [("completed", "03-02"), ("scheduled", "03-03")]


async def test_whoever_cancels_the_run_ahead_ends_the_series(world: World) -> None:
    """Nothing comes any more; a run that is under way is cancelled alone."""
    await begin(world)
    await world.pass_time(3 * HOUR)
    ahead = (await runs(world))[1]
    await lifecycle.change(world.engine, ORG, ahead.id, Action.CANCEL, by="ann")
    await world.pass_time(3 * DAY)
    assert await states(world) == [("completed", "03-02"), ("cancelled", "03-03")]


async def test_a_series_may_begin_later_than_a_single_campaign_may_start(world: World) -> None:
    """Its rule may lead as far."""
    start = FIRST + 200 * DAY
    scheduled_at = (await begin(world, MONDAYS, start)).scheduled_at
    assert scheduled_at is not None
    assert start <= scheduled_at < start + 7 * DAY


async def test_a_reschedule_moves_one_run_and_not_the_series(world: World) -> None:
    """However far ahead the rule has put it; the one behind it comes at its own time."""
    first = await begin(
        world, MONDAYS._replace(rrule="FREQ=YEARLY;BYMONTH=6;BYMONTHDAY=1;BYHOUR=9;BYMINUTE=0")
    )
    assert f"{first.scheduled_at:%Y-%m-%d}" == "2026-06-01"
    moved = FIRST + 95 * DAY
    await drafts.reschedule(world.engine, ORG, first.id, moved, by="ann")
    with pytest.raises(InvalidFieldError, match="days ahead"):
        await drafts.reschedule(world.engine, ORG, first.id, moved + 40 * DAY, by="ann")
    world.clock.advance(moved - world.clock.now())
    await start(world.engine, ORG, first.id)
    second = (await runs(world))[1]
    assert f"{second.scheduled_at:%Y-%m-%d}" == "2027-06-01"


async def test_a_run_that_waits_can_be_rewritten_and_later_ones_say_the_same(world: World) -> None:
    """With a trace in the audit trail; a run under way stays as it is."""
    first = await begin(world)
    changes = {"template": "Bye", "name": "Farewell"}
    await drafts.update(world.engine, ORG, first.id, changes, by="bob", if_version=None)
    await world.pass_time(3 * HOUR)
    made = await runs(world)
    assert [(run.name, run.own_send.content.template) for run in made] == [("Farewell", "Bye")] * 2
    assert await trail(world, first) == [
        ("create", "ann"),
        ("update", "bob"),
        ("start", "clarion"),
        ("complete", "clarion"),
    ]
    with pytest.raises(WrongStatusError):
        await drafts.update(world.engine, ORG, first.id, changes, by="bob", if_version=None)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"template": ""}, "base_template"),
        ({"audience": None}, "audience"),
        ({"not_after": FIRST - HOUR}, "not_after"),
        ({"template": "{% if %}"}, "base_template"),
    ],
)
async def test_a_run_is_not_rewritten_to_what_cannot_be_sent(
    world: World, changes: dict[str, Any], field: str
) -> None:
    """As it could not have been scheduled; it stays as it was."""
    first = await begin(world)
    with pytest.raises(InvalidFieldError) as caught:
        await drafts.update(world.engine, ORG, first.id, changes, by="bob", if_version=None)
    assert caught.value.field == field
    assert (await world.load(first)).updated_at == first.updated_at


async def test_a_retry_or_a_copy_of_a_run_comes_once(world: World) -> None:
    """It belongs to no series, and makes no run."""
    first = await begin(world)
    copy = await drafts.duplicate(world.engine, ORG, first.id, by="ann")
    again = copies.copy_of(first, now=world.clock.now(), by="ann")
    assert [(each.series, each.repeat) for each in (copy, again)] == [("", None)] * 2


async def test_a_series_is_counted_by_run_and_as_a_whole(world: World) -> None:
    """By any of its runs, the newest first."""
    first = await begin(world)
    await world.pass_time(DAY + 3 * HOUR)
    found = await series.read(world.engine, ORG, first.id)
    assert [(run.repeat and run.repeat.number) for run, _ in found.runs] == [3, 2, 1]
    assert sum(found.total.by_status.values()) == 2
    newest = await series.read(world.engine, ORG, found.runs[0][0].id)
    assert [run for run, _ in newest.runs] == [run for run, _ in found.runs]
    once = await drafts.create(world.engine, ORG, NEWS, scheduled_at=None, by="ann")
    with pytest.raises(InvalidFieldError, match="has no series"):
        await series.read(world.engine, ORG, once.id)


@pytest.mark.parametrize(
    ("wanted", "at", "wish", "field"),
    [
        (DAILY._replace(rrule="FREQ=DAILY;INTERVAL=0"), None, {}, "repeat.rrule"),
        (DAILY._replace(rrule="FREQ=DAILY"), None, {}, "repeat.rrule"),
        (DAILY, FIRST - DAY, {}, "scheduled_at"),
        (DAILY, FIRST + 4000 * DAY, {}, "scheduled_at"),
        (DAILY, datetime(9999, 12, 31, tzinfo=UTC), {}, "scheduled_at"),
        (DAILY, None, {"audience": None}, "audience"),
        (DAILY, None, {"template": ""}, "base_template"),
        (DAILY, None, {"not_after": FIRST}, "not_after"),
        (DAILY._replace(until=FIRST - SECOND), None, {}, "repeat.until"),
    ],
)
async def test_a_series_that_cannot_begin_leaves_nothing(
    world: World, wanted: Wanted, at: datetime | None, wish: dict[str, Any], field: str
) -> None:
    """Refused by its field when it is written, and when a draft is scheduled."""
    with pytest.raises(InvalidFieldError) as caught:
        await begin(world, wanted, at, **wish)
    assert caught.value.field == field
    assert await runs(world) == []
    draft = await drafts.create(
        world.engine, ORG, replace(NEWS, **wish), scheduled_at=None, by="ann"
    )
    with pytest.raises(InvalidFieldError) as caught:
        await drafts.schedule(world.engine, ORG, draft.id, at, by="ann", repeat=wanted)
    assert caught.value.field == field
    assert (await world.load(draft)).status is CampaignStatus.DRAFT


async def test_a_draft_is_scheduled_to_repeat_itself(world: World) -> None:
    """From a time on; a rule without a time of day takes that of the first run."""
    await add_contact(world, 1)
    draft = await drafts.create(world.engine, ORG, NEWS, scheduled_at=None, by="ann")
    days = DAILY._replace(rrule="FREQ=DAILY")
    await drafts.schedule(world.engine, ORG, draft.id, FIRST + DAY, by="ann", repeat=days)
    assert await states(world) == [("scheduled", "03-03")]
    await world.pass_time(2 * DAY + 3 * HOUR)
    assert [run.scheduled_at for run in await runs(world)] == [FIRST + n * DAY for n in (1, 2, 3)]
