"""Who hears of events: made, changed and ended by people, each time on the record."""

import asyncio
from datetime import timedelta

import pytest

from functions.domain.errors import InvalidFieldError, NotFoundError, StaleError
from functions.domain.notifications.subscription import OVERLAP, Subscription
from functions.engine import paths
from functions.engine.notifications import outbox, subscriptions
from functions.engine.notifications.subscriptions import MOST, NewSubscription
from tests.engine.world import ORG, World

NEW = NewSubscription(
    url="https://crm.example.com/hook",
    events=["message.failed", "campaign.started", "message.failed"],
    description="The CRM",
    by="ann",
)


async def trail(world: World, to: Subscription) -> list[tuple[str, str]]:
    """Return what the audit trail says of a subscription: action and by whom, in order."""
    entries = await world.documents(paths.audit_trail(ORG))
    mine = [each for each in entries if each.data.get("subscription") == to.id]
    mine.sort(key=lambda each: int(each.id.rpartition("-")[2]))
    return [(each.data["action"], each.data["by"]) for each in mine]


async def test_a_subscription_is_kept_as_it_was_asked_for(world: World) -> None:
    """URL, events without repetition and description are kept, with a secret of its own."""
    held = await subscriptions.create(world.engine, ORG, NEW)
    made = held.value
    assert (made.url, made.description, made.active) == (NEW.url, "The CRM", True)
    assert made.events == ["message.failed", "campaign.started"]
    assert await subscriptions.load(world.engine, ORG, made.id) == held
    another = await subscriptions.create(world.engine, ORG, NEW)
    assert another.value.secret != made.secret
    assert await trail(world, made) == [("create", "ann")]


async def test_a_url_that_must_not_be_called_is_refused(world: World) -> None:
    """A refused URL is not stored, nor put in place of a good one."""
    made = (await subscriptions.create(world.engine, ORG, NEW)).value
    world.receiver.refused = "The URL's host is not a public name."
    with pytest.raises(InvalidFieldError, match="url: The URL's host") as refused:
        await subscriptions.create(world.engine, ORG, NEW)
    assert refused.value.field == "url"
    with pytest.raises(InvalidFieldError):
        await subscriptions.update(world.engine, ORG, made.id, {"url": "x"}, by="ann")
    assert len(await world.documents(paths.subscriptions(ORG))) == 1
    assert (await subscriptions.load(world.engine, ORG, made.id)).value == made


async def test_an_organisation_has_so_many_subscriptions_and_no_more(world: World) -> None:
    """The bound is per organisation; a deleted one makes room."""
    for _ in range(MOST):
        held = await subscriptions.create(world.engine, ORG, NEW)
    with pytest.raises(InvalidFieldError, match=f"can have {MOST}"):
        await subscriptions.create(world.engine, ORG, NEW)
    await subscriptions.create(world.engine, "other", NEW)
    await subscriptions.delete(world.engine, ORG, held.value.id, by="ann")
    await subscriptions.create(world.engine, ORG, NEW)


async def test_subscriptions_are_listed_page_by_page(world: World) -> None:
    """Each subscription of the organisation is seen once."""
    made = [(await subscriptions.create(world.engine, ORG, NEW)).value for _ in range(5)]
    await subscriptions.create(world.engine, "other", NEW)
    seen: list[Subscription] = []
    after = None
    while True:
        rows, after = await subscriptions.page_of(world.engine, ORG, limit=2, after=after)
        seen += rows
        if after is None:
            break
    assert sorted(each.id for each in seen) == sorted(each.id for each in made)


async def test_what_is_left_out_stays(world: World) -> None:
    """A change changes what it names, at the version that was seen, and is on the record."""
    held = await subscriptions.create(world.engine, ORG, NEW)
    id_ = held.value.id
    changes = {"events": ["campaign.paused"], "description": ""}
    world.clock.advance(timedelta(seconds=1))
    after = await subscriptions.update(
        world.engine, ORG, id_, changes, by="ben", if_version=held.version
    )
    assert after.value.events == ["campaign.paused"]
    assert (after.value.url, after.value.description) == (NEW.url, "")
    assert after.value.updated_at == world.clock.now()
    with pytest.raises(StaleError):
        await subscriptions.update(
            world.engine, ORG, id_, {"active": False}, by="ben", if_version=held.version
        )
    with pytest.raises(StaleError):
        await subscriptions.delete(world.engine, ORG, id_, by="ben", if_version=held.version)
    assert await trail(world, held.value) == [("create", "ann"), ("update", "ben")]


async def test_nothing_changes_where_nothing_is_asked_for(world: World) -> None:
    """An empty change writes nothing."""
    held = await subscriptions.create(world.engine, ORG, NEW)
    assert await subscriptions.update(world.engine, ORG, held.value.id, {}, by="ben") == held


async def test_switching_on_again_forgives(world: World) -> None:
    """A subscription that was switched off hears again, and the reason is forgotten."""
    held = await subscriptions.create(world.engine, ORG, NEW)
    await subscriptions.switch_off(world.engine, held.value, "gone")
    assert await outbox.subscribers(world.engine, ORG) == ()
    id_ = held.value.id
    after = await subscriptions.update(world.engine, ORG, id_, {"active": True}, by="ann")
    assert (after.value.active, after.value.reason) == (True, None)
    assert len(await outbox.subscribers(world.engine, ORG)) == 1


async def test_it_is_switched_off_once(world: World) -> None:
    """Of several receivers' answers at once that it is gone, one is on the record."""
    held = await subscriptions.create(world.engine, ORG, NEW)
    await asyncio.gather(
        *(subscriptions.switch_off(world.engine, held.value, "gone") for _ in range(5))
    )
    assert await trail(world, held.value) == [("create", "ann"), ("switch_off", "clarion")]
    await subscriptions.delete(world.engine, ORG, held.value.id, by="ann")
    await subscriptions.switch_off(world.engine, held.value, "gone")


async def test_a_rotated_secret_overlaps_with_the_one_before(world: World) -> None:
    """A rotation makes a new secret; the old one signs for a day more."""
    held = await subscriptions.create(world.engine, ORG, NEW)
    before = held.value
    after = await subscriptions.rotate_secret(
        world.engine, ORG, before.id, by="ann", if_version=held.version
    )
    now = world.clock.now()
    assert after.value.secrets(now=now) == [after.value.secret, before.secret]
    assert after.value.secret != before.secret
    assert after.value.secrets(now=now + OVERLAP) == [after.value.secret]
    with pytest.raises(StaleError):
        await subscriptions.rotate_secret(
            world.engine, ORG, before.id, by="ann", if_version=held.version
        )
    assert await trail(world, before) == [("create", "ann"), ("rotate_secret", "ann")]


async def test_a_deleted_subscription_is_gone(world: World) -> None:
    """After a delete there is nothing to show, to change or to delete; the record stays."""
    made = (await subscriptions.create(world.engine, ORG, NEW)).value
    await subscriptions.delete(world.engine, ORG, made.id, by="ann")
    with pytest.raises(NotFoundError, match="Subscription not found"):
        await subscriptions.load(world.engine, ORG, made.id)
    with pytest.raises(NotFoundError):
        await subscriptions.delete(world.engine, ORG, made.id, by="ann")
    assert await trail(world, made) == [("create", "ann"), ("delete", "ann")]


async def test_only_what_is_deleted_is_forgotten(world: World) -> None:
    """The task that removes what was told leaves alone a subscription that exists."""
    made = (await subscriptions.create(world.engine, ORG, NEW)).value
    await world.add_list(1)
    await world.create()
    assert await world.documents(paths.notifications(ORG, made.id))
    await subscriptions.forget(world.engine, ORG, made.id)
    assert await world.documents(paths.notifications(ORG, made.id))


async def test_very_much_that_was_told_is_forgotten_in_several_tasks(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task that has no time left hands on the rest of what is to be removed."""
    monkeypatch.setattr(subscriptions, "_PAGE", 1)
    made = (await subscriptions.create(world.engine, ORG, NEW)).value
    await world.add_list(1)
    for n in range(3):
        await world.create(name=f"c{n}")
    await subscriptions.delete(world.engine, ORG, made.id, by="ann")
    world.engine.stopping.set()
    await subscriptions.forget(world.engine, ORG, made.id)
    assert len(await world.documents(paths.notifications(ORG, made.id))) == 2
    world.engine = world.new_engine()
    await world.settle()
    assert await world.documents(paths.notifications(ORG, made.id)) == []
