"""Campaigns are found by when they start and by what needs somebody, and counted for the links."""

from datetime import timedelta
from typing import Any

import pytest

from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, MessageRef
from functions.domain.times import iso
from functions.engine import paths
from functions.engine.campaigns import lifecycle
from functions.engine.messages.tallies import MARGIN, TIERS
from functions.engine.ports.queue import Task
from functions.engine.ports.store import Query, Update
from functions.engine.receipts.receive import receive
from functions.engine.scheduling import delivery_days
from functions.engine.worker import give_up
from tests.api.campaigns.writing import customer, problem, write
from tests.api.rig import Rig

DAY = timedelta(days=1)


def after(rig: Rig, days: float) -> str:
    """Return the instant so many days from now."""
    return str(iso(rig.clock.now() + days * DAY))


async def scheduled(rig: Rig, name: str, days: float) -> str:
    """Write a campaign that starts in so many days; return its id."""
    made = await write(rig, name=name, scheduled_at=after(rig, days), audience={"everyone": True})
    return str(made["id"])


async def listed(rig: Rig, query: str) -> list[Any]:
    """Return what a list answers."""
    answer = await rig.get(f"/campaigns?{query}")
    assert answer.status_code == 200, answer.text
    rows: list[Any] = answer.json()["data"]
    return rows


async def running(rig: Rig, **fields: Any) -> str:
    """Start a campaign to everyone; return its id."""
    made = await write(rig, audience={"everyone": True}, **fields)
    answer = await rig.post(f"/campaigns/{made['id']}/send", {})
    assert answer.status_code == 200, answer.text
    return str(made["id"])


async def stop(rig: Rig, id_: str, reason: str) -> None:
    """Have Clarion pause a campaign."""
    engine = rig.stack.engine
    await lifecycle.stop(engine, await lifecycle.load(engine, "default", id_), reason)


async def test_campaigns_are_found_by_their_start(rig: Rig) -> None:
    """From an instant on and before another one, the next one first; drafts have no time."""
    ids = [await scheduled(rig, f"C{n}", days=n) for n in (3, 1, 2)]
    await write(rig, name="Draft")
    span = f"scheduled_from={after(rig, 1)}&scheduled_before={after(rig, 3)}"
    assert [each["id"] for each in await listed(rig, span)] == [ids[1], ids[2]]
    assert [each["id"] for each in await listed(rig, "sort=-scheduled_at")] == [ids[0], *ids[:0:-1]]
    soon = await listed(rig, f"status=scheduled&channel=sms&scheduled_before={after(rig, 1.5)}")
    assert [each["id"] for each in soon] == [ids[1]]


async def test_pages_go_on_by_the_start(rig: Rig) -> None:
    """A cursor leads on in the order of the starts, and no campaign is on two pages."""
    ids = [await scheduled(rig, f"C{n}", days=n) for n in (1, 2, 3)]
    seen: list[str] = []
    cursor = ""
    for _ in ids:
        query = f"scheduled_from={after(rig, 0)}&page_size=1&cursor={cursor}"
        page = (await rig.get(f"/campaigns?{query}")).json()
        seen += [each["id"] for each in page["data"]]
        cursor = page["next_cursor"]
    assert seen == ids


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("scheduled_from=tomorrow", "scheduled_from"),
        ("scheduled_from=2026-03-02T12:00:00", "scheduled_from"),
        ("scheduled_from=2026-03-02T12:00:00Z&sort=name", "scheduled_from"),
        ("scheduled_before=2026-03-02T12:00:00Z&created_from=2026-03-02T12:00:00Z", "created_from"),
        ("scheduled_before=2026-03-02T12:00:00Z&name_prefix=a", "sort"),
        ("needs_attention=true&name_prefix=a", "needs_attention"),
        ("needs_attention=true&sort=created_at", "needs_attention"),
        ("needs_attention=perhaps", "needs_attention"),
        ("sort=-started_at", "sort"),
    ],
)
async def test_what_cannot_be_asked_is_named(rig: Rig, query: str, field: str) -> None:
    """What no index serves, and what is no instant, is refused at its parameter."""
    answer = await rig.get(f"/campaigns?{query}")
    assert answer.status_code in {400, 422}
    assert field in problem(answer, answer.status_code, answer.json()["code"])["detail"]


async def test_what_clarion_has_stopped_needs_somebody(rig: Rig) -> None:
    """It says why, since when, and what to do; what a person has paused does not."""
    await customer(rig)
    stopped, paused, quiet = [await running(rig, name=name) for name in ("A", "B", "C")]
    await stop(rig, stopped, "too_many_failed")
    await rig.post(f"/campaigns/{paused}/pause", {"reason": "too_many_failed"})
    assert [each["id"] for each in await listed(rig, "needs_attention=true")] == [stopped]
    shown = (await rig.get(f"/campaigns/{stopped}")).json()["attention"]
    assert shown == {
        "code": "too_many_failed",
        "why": "too many of its last messages failed",
        "next_step": "look at the reasons, mend the cause, resume: it is judged anew",
        "since": iso(rig.clock.now()),
    }
    for id_ in (paused, quiet):
        assert (await rig.get(f"/campaigns/{id_}")).json()["attention"] is None


async def test_it_needs_nobody_once_somebody_has_acted(rig: Rig) -> None:
    """Whether it is resumed or cancelled; and a copy of it has never needed anybody."""
    await customer(rig)
    for step in ("resume", "cancel"):
        id_ = await running(rig, name=step)
        await stop(rig, id_, "bot_not_ready")
        copy = (await rig.post(f"/campaigns/{id_}/duplicate")).json()
        assert copy["attention"] is None
        await rig.post(f"/campaigns/{id_}/{step}")
        assert (await rig.get(f"/campaigns/{id_}")).json()["attention"] is None
    assert await listed(rig, "needs_attention=true") == []


async def test_a_missed_start_asks(rig: Rig) -> None:
    """A campaign of any kind whose start waits for a decision is among them."""
    await customer(rig)
    late = await write(
        rig,
        name="Late",
        audience={"everyone": True},
        scheduled_at=after(rig, 1),
        late_start="ask",
    )
    await rig.clock.sleep(2 * 86_400)
    await rig.get("/check-scheduled-campaigns")
    (row,) = await listed(rig, "needs_attention=true&channel=sms&status=paused")
    assert (row["id"], row["attention"]["code"]) == (late["id"], "late_start")
    assert await listed(rig, "needs_attention=true&channel=voice") == []


async def test_work_that_was_given_up_needs_somebody(rig: Rig) -> None:
    """A running campaign says which work it was; pages of them go on by cursor."""
    await customer(rig)
    ids = [await running(rig, name=name) for name in ("A", "B")]
    for id_ in ids:
        task = Task("lane", {"org": "default", "campaign": id_, "lane": "0"})
        await give_up(rig.stack.engine, task, "StoreError", f"task-{id_}")
    first = (await rig.get("/campaigns?needs_attention=true&page_size=1")).json()
    rest = f"needs_attention=true&page_size=1&cursor={first['next_cursor']}"
    rows = [*first["data"], *await listed(rig, rest)]
    assert sorted(each["id"] for each in rows) == sorted(ids)
    assert {each["attention"]["code"] for each in rows} == {"trouble"}
    assert rows[0]["attention"]["why"] == "lane 0: StoreError"


async def test_work_that_nobody_does_needs_somebody(rig: Rig) -> None:
    """A running campaign with work due minutes ago stands in front; one of others does not."""
    await customer(rig)
    id_ = await running(rig, name="Stale")
    since = rig.clock.now()
    await rig.clock.sleep(240)
    assert await listed(rig, "needs_attention=true") == []
    await rig.clock.sleep(120)
    (row,) = await listed(rig, "needs_attention=true&kind=broadcast")
    assert (row["id"], row["attention"]["code"]) == (id_, "stale")
    assert row["attention"]["since"] == iso(since)
    assert (await rig.get("/campaigns?needs_attention=true", x_org_id="acme")).json()["data"] == []
    assert await listed(rig, "needs_attention=true&kind=journey") == []
    path = paths.campaign("default", id_)
    await rig.store.commit(Update(path, {"attention": True, "trouble": "lane 0: StoreError"}))
    (row,) = await listed(rig, "needs_attention=true")  # once, though it is both
    assert row["attention"]["code"] == "trouble"


async def test_campaigns_are_counted_as_their_filters_find_them(rig: Rig) -> None:
    """By status and by channel, of one kind; and whatever needs attention."""
    await customer(rig)
    await write(rig, name="Draft")
    await write(rig, name="Mail", channel="email", subject="Hi")
    await stop(rig, await running(rig, name="Stopped"), "no_sender")
    counted = (await rig.get("/campaigns/counts")).json()
    by_status = {status: n for status, n in counted["by_status"].items() if n}
    assert by_status == {"draft": 2, "paused": 1}
    assert {channel: n for channel, n in counted["by_channel"].items() if n} == {
        "sms": 2,
        "email": 1,
    }
    assert (counted["kind"], counted["total"], counted["needs_attention"]) == ("broadcast", 3, 1)
    others = (await rig.get("/campaigns/counts?kind=journey")).json()
    assert (others["total"], others["needs_attention"]) == (0, 1)
    assert (await rig.get("/campaigns/counts", x_org_id="acme")).json()["total"] == 0


async def test_a_page_that_is_asked_for_again_shows_what_has_changed(rig: Rig) -> None:
    """What ended long ago is shown as it was made for its version; a late answer makes another."""
    id_ = await rig.campaign(people=2)
    await rig.run(id_)
    engine, org = rig.stack.engine, "default"
    rig.clock.advance(TIERS[0] + MARGIN)
    await delivery_days.move(engine)
    (first,) = await listed(rig, "")
    alone = await rig.get(f"/campaigns/{id_}")
    assert (await listed(rig, ""), first["stats"]["opted_out"]) == ([first], 0)
    assert (await rig.get(f"/campaigns/{id_}")).content == alone.content
    (message, *_) = await engine.store.query(Query(paths.messages(org, id_)))
    ref, attempt = MessageRef(org, id_, message.id), message.data["attempt"]
    told = DeliveryEvent("late", ref, attempt, EventKind.OPTED_OUT, rig.clock.now())
    await receive(engine, told)
    (second,) = await listed(rig, "")
    assert second == {**first, "stats": {**first["stats"], "opted_out": 1}}
    assert await listed(rig, "") == [second]
    assert (await rig.get(f"/campaigns/{id_}")).json() == {**alone.json(), **second}
    assert await listed(rig, "page=2&page_size=1") == []
