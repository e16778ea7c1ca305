"""A sequence is defined again: each step goes over for itself, for whoever has entered, too."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Final

from pytest_mock import MockerFixture

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import CampaignStatus
from functions.engine import paths
from functions.engine.plans.enroll import Entrant, enroll
from functions.engine.plans.migration import define as defining
from functions.engine.plans.migration.define import define
from functions.engine.plans.migration.names import Names
from tests.engine.plans.journeys import ANN, DAY, HOUR
from tests.engine.plans.versions.editing import BOB, EditingWorld
from tests.engine.world import MINUTE, ORG

NAME: Final = "mails"


def step(id_: str, offset: str, **more: Any) -> dict[str, Any]:
    """Return a step that sends a mail which says its id."""
    said = {"sender": "us@example.com", "subject": id_, "body": id_}
    return {"id": id_, "offset": offset, **said, **more}


@dataclass
class DefiningWorld(EditingWorld):
    """A world with one sequence."""

    names: Names = field(default_factory=lambda: Names(ORG))

    async def defined(self) -> Campaign:
        """Return the sequence."""
        return await self.names.find(self.engine, NAME)

    async def define(self, *steps: dict[str, Any], active: bool | None = None) -> Campaign:
        """Define the sequence."""
        document = {"steps": list(steps)}
        return await define(self.engine, self.names, NAME, document, by="ann", active=active)

    async def begun(self, *steps: dict[str, Any]) -> Campaign:
        """Define the sequence, and let somebody enter."""
        campaign = await self.define(*steps, active=True)
        await self.settle()
        await self.enter(campaign)
        return campaign

    async def open_steps(self) -> dict[str, int]:
        """Return the steps of the only one who has entered that lie ahead, with their visits."""
        walk = await self.walk(await self.defined())
        return {start: thread.visit for start, thread in walk.threads.items()}


ONE, TWO, THREE = step("one", "P0D"), step("two", "P2D"), step("three", "P4D")


async def test_define_without_active_keeps_the_stored_value() -> None:
    """Whether it runs or rests; a new one rests until it is said to run."""
    async with DefiningWorld() as world:
        assert (await world.define(ONE)).status is CampaignStatus.PAUSED
        assert (await world.define(ONE, active=True)).status is CampaignStatus.RUNNING
        assert (await world.define(ONE, TWO)).status is CampaignStatus.RUNNING
        assert (await world.define(ONE, TWO, active=False)).status is CampaignStatus.PAUSED
        assert (await world.define(ONE, TWO, THREE)).status is CampaignStatus.PAUSED


async def test_the_same_define_twice_changes_nothing() -> None:
    """No version, no migration, no entry of the audit trail, nobody's walk."""
    async with DefiningWorld() as world:
        id_ = (await world.begun(ONE, TWO)).id
        await world.define(ONE, TWO, THREE)
        await world.settle()

        async def stored() -> list[Any]:
            kept = (paths.campaigns(ORG), paths.enrollments(ORG, id_), paths.audit_trail(ORG))
            lanes = paths.parent(paths.lane(ORG, id_, "0"))
            found = [await world.documents(each) for each in kept]
            return [[(d.path, d.version) for d in each] for each in found] + [lanes]

        before = await stored()
        await world.define(ONE, TWO, THREE)
        await world.define(ONE, TWO, THREE, active=True)
        await world.settle()
        assert await stored() == before


async def test_an_unchanged_step_keeps_its_time_and_a_changed_one_counts_from_the_entry() -> None:
    """Two days and four, though it was defined again a day after the entry."""
    async with DefiningWorld() as world:
        await world.begun(ONE, TWO, THREE)
        await world.pass_time(DAY)
        await world.define(ONE, TWO, step("three", "P3D"))
        await world.pass_time(DAY - MINUTE)
        assert world.sent == ["one"]
        await world.pass_time(2 * MINUTE)
        assert world.sent == ["one", "two"]
        await world.pass_time(DAY)
        assert world.sent == ["one", "two", "three"]


async def test_a_changed_interval_moves_each_pending_step_from_its_own_entry() -> None:
    """Two people who entered a day apart; what is overdue by it goes out now."""
    async with DefiningWorld() as world:
        campaign = await world.begun(step("two", "P5D"))
        await world.pass_time(3 * DAY)
        await world.enter(campaign, BOB)
        await world.define(step("two", "P2D"))
        await world.settle()
        assert [call.to for call in world.carrier.requests] == [ANN]
        await world.pass_time(2 * DAY + MINUTE)
        assert [call.to for call in world.carrier.requests] == [ANN, BOB]


async def test_a_removed_step_is_not_made_and_what_was_made_stays() -> None:
    """One was sent; two is no more; three comes at its time."""
    async with DefiningWorld() as world:
        campaign = await world.begun(ONE, TWO, THREE)
        await world.define(THREE)
        await world.pass_time(5 * DAY)
        assert world.sent == ["one", "three"]
        assert (await world.walk(campaign)).status == "completed"


async def test_a_step_that_comes_back_is_sent_where_it_was_not_and_never_twice() -> None:
    """Two had not been made, and one had."""
    async with DefiningWorld() as world:
        await world.begun(ONE, TWO, THREE)
        await world.define(THREE)
        await world.define(step("one", "P3D"), TWO, THREE)
        await world.pass_time(5 * DAY)
        assert world.sent == ["one", "two", "three"]


async def test_an_added_step_that_lies_ahead_comes_and_one_whose_time_has_passed_does_not() -> None:
    """Both are told in the moves of the walk."""
    async with DefiningWorld() as world:
        campaign = await world.begun(ONE, THREE)
        await world.pass_time(3 * DAY)
        await world.define(ONE, TWO, THREE, step("four", "P5D"))
        moves = [(m.source, m.target, m.on) for m in (await world.walk(campaign)).moves]
        assert moves[1:] == [("two", "", "added_too_late"), ("", "four", "added")]
        await world.pass_time(3 * DAY)
        assert world.sent == ["one", "three", "four"]


async def test_a_step_added_for_somebody_who_was_done_has_them_go_on() -> None:
    """They are under way again, and completed once more after it."""
    async with DefiningWorld() as world:
        campaign = await world.begun(ONE)
        assert (await world.walk(campaign)).status == "completed"
        await world.define(ONE, TWO)
        assert (await world.walk(campaign)).status == "active"
        await world.pass_time(3 * DAY)
        assert world.sent == ["one", "two"]
        assert (await world.walk(campaign)).status == "completed"


async def test_a_changed_step_whose_message_waits_is_made_anew() -> None:
    """Its message is cancelled, and its visit number raised; an unchanged one is left alone."""
    soon = step("soon", "PT10M")
    async with DefiningWorld() as world:
        campaign = await world.begun(soon, THREE)
        await world.pass_time(6 * MINUTE)
        assert await world.open_steps() == {"three": 1}
        await world.define(soon, step("three", "P5D"))
        assert await world.open_steps() == {"three": 1}
        await world.define({**soon, "body": "changed"}, step("three", "P5D"))
        await world.pass_time(MINUTE)
        await world.define({**soon, "body": "again"}, step("three", "P5D"))
        await world.pass_time(HOUR)
        assert world.sent == ["again"]
        told = sorted((m.body, m.status, m.reason) for m in await world.messages(campaign))
        assert [each[:2] for each in told] == [
            ("again", "delivered"),
            ("changed", "cancelled"),
            ("soon", "cancelled"),
        ]


async def test_a_removed_step_whose_message_waits_is_not_sent_and_may_come_back() -> None:
    """It was made ahead of its time, and nobody had tried to send it."""
    soon = step("soon", "PT10M")
    async with DefiningWorld() as world:
        await world.begun(soon, THREE)
        await world.pass_time(6 * MINUTE)
        await world.define(THREE)
        await world.define(soon, THREE)
        await world.pass_time(HOUR)
        assert world.sent == ["soon"]


async def test_inactive_sends_nothing_and_active_again_sends_what_is_due() -> None:
    """At the time that it had."""
    async with DefiningWorld() as world:
        await world.begun(ONE, TWO, THREE)
        await world.define(ONE, TWO, THREE, active=False)
        await world.pass_time(3 * DAY)
        assert world.sent == ["one"]
        await world.define(ONE, TWO, THREE, active=True)
        await world.settle()
        assert world.sent == ["one", "two"]
        await world.pass_time(DAY + MINUTE)
        assert world.sent == ["one", "two", "three"]


async def test_the_first_thousand_have_gone_over_when_the_call_returns() -> None:
    """Those behind them go over by a task."""
    async with DefiningWorld() as world:
        campaign = await world.define(TWO, active=True)
        await world.settle()
        entrants = [Entrant(subject=f"person {number}") for number in range(1250)]
        await enroll(world.engine, ORG, campaign.id, entrants)
        await world.define(step("two", "P3D"))
        walks = await world.walks(campaign)
        assert sum(walk.plan == 2 for walk in walks) == defining.AT_ONCE
        await world.settle()
        assert {walk.plan for walk in await world.walks(campaign)} == {2}


async def test_ten_definitions_at_once_end_as_one_of_them() -> None:
    """Whoever comes last is followed by everybody; none fails."""
    async with DefiningWorld() as world:
        campaign = await world.begun(ONE)
        await asyncio.gather(*(world.define(ONE, step("two", f"P{n}D")) for n in range(2, 8)))
        await world.settle()
        newest = (await world.load(campaign)).plan
        assert (await world.walk(campaign)).plan == newest
        assert newest > 1


async def test_a_definition_that_was_overtaken_takes_nobody_back(mocker: MockerFixture) -> None:
    """It was stored first and asks last: everybody goes over to the newest all the same."""
    async with DefiningWorld() as world:
        campaign = await world.begun(ONE)
        asking = mocker.patch.object(defining, "_migrate")
        await world.define(ONE, TWO)
        overtaken = await world.load(campaign)
        mocker.stop(asking)
        await world.define(ONE, TWO, THREE)
        await defining._migrate(world.engine, overtaken, "ann")
        await world.settle()
        assert (await world.walk(campaign)).plan == 3

        mocker.patch.object(defining, "progress_of", return_value=None)  # read before the newest
        await defining._migrate(world.engine, overtaken, "ann")
        await world.settle()
        assert (await world.walk(campaign)).plan == 3


async def test_two_processes_define_a_new_sequence_once() -> None:
    """One creates it; the other finds it."""
    async with DefiningWorld() as world:
        made = await asyncio.gather(*(world.define(ONE, TWO, active=True) for _ in range(3)))
        assert len({each.id for each in made}) == 1
        assert (await world.defined()).plan == 1
