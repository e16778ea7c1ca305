"""What carriers send to one URL of ours: batches of receipts, texts, and asking who we are."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any, cast

import httpx
import pytest

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.kinds import ChannelKind
from functions.domain.messages.delivery_events import EventKind, MessageRef
from functions.engine import paths
from functions.engine.campaigns import drafts
from functions.engine.campaigns.drafts import Draft
from functions.engine.contacts import suppressions
from functions.engine.ports.channel import Outbound
from functions.engine.ports.store import Create, Delete, Query, StoreError
from tests.api.batch_carrier import PATH, PROVIDER, BatchChannel, happened, said, signed
from tests.api.conftest import MakeRig
from tests.api.rig import JWT, Rig, numbers, token
from tests.engine.interleaving import InterleavingStore
from tests.engine.wrapped_store import Do, Operation, WrappedStore

ORG = "default"
ANN = "+12125552000"
FLOW = (EventKind.SENT, EventKind.DELIVERED, EventKind.READ)


@pytest.fixture
async def batches(rig: Rig) -> AsyncIterator[BatchChannel]:
    """Have texts sent by the carrier that posts batches."""
    channel = BatchChannel(rig.clock)
    engine = rig.stack.engine
    add(rig, channel)
    cast(dict[ChannelKind, str], engine.providers)[ChannelKind.SMS] = PROVIDER
    yield channel
    await channel.close()


def add(rig: Rig, channel: BatchChannel) -> None:
    """Set up another provider."""
    context = rig.stack.context
    for providers in (context.engine.channels, context.receivers):
        cast(dict[str, Any], providers)[PROVIDER] = channel


async def text(rig: Rig, channel: BatchChannel, people: int = 1) -> list[MessageRef]:
    """Text a few people; return their messages."""
    audience = Audience(AudienceKind.LIST, await rig.make_list(numbers(people)))
    wish = Draft(channel=ChannelKind.SMS, template="Hello!", audience=audience)
    draft = await drafts.create(rig.stack.engine, ORG, wish, scheduled_at=None, by="ann")
    await drafts.send(rig.stack.engine, ORG, draft.id, None, by="ann")
    await rig.settle()
    return [taken.ref for taken in channel.taken]


async def post(
    rig: Rig, batch: Iterable[Mapping[str, Any]], path: str = PATH, **headers: str
) -> httpx.Response:
    """Deliver a batch, its headers changed."""
    body, signature = signed(batch)
    sent = signature | {name.replace("_", "-"): value for name, value in headers.items()}
    return await rig.http.post(path, content=body, headers=sent)


def told(rig: Rig, ref: MessageRef, *kinds: EventKind) -> list[dict[str, Any]]:
    """Return receipts of a message."""
    return [happened(ref, kind, rig.clock.now()) for kind in kinds]


async def statuses(rig: Rig, refs: Iterable[MessageRef]) -> list[Any]:
    """Return the statuses of messages."""
    found = await rig.store.get_many([paths.message(ref) for ref in refs])
    return [document and document.data["status"] for document in found]


async def strays(rig: Rig, **headers: str) -> list[Any]:
    """Ask for the receipts that have found no message."""
    rows: list[Any] = (await rig.get("/receipts/strays", **headers)).json()["data"]
    return rows


# --- Receipts --------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
async def test_a_shuffled_and_duplicated_batch_ends_as_in_order(
    rig: Rig, batches: BatchChannel, seed: int
) -> None:
    """However a batch is ordered, and however often it is sent, each message ends the same."""
    refs = await text(rig, batches, people=8)
    rows = [row for ref in refs for row in told(rig, ref, *FLOW)] * 2
    random.Random(seed).shuffle(rows)  # noqa: S311 - nobody gains by guessing it
    half = len(rows) // 2
    for part in (rows[:half], rows[half:], rows):
        assert (await post(rig, part)).status_code == 200
    assert await statuses(rig, refs) == ["read"] * 8


async def test_a_batch_of_thousands_about_one_message_costs_what_the_message_does(
    rig: Rig, batches: BatchChannel
) -> None:
    """What is told again in one batch is done once, and receipts of one message take turns."""
    (ref,) = await text(rig, batches)
    commits: list[Sequence[str]] = []

    async def count(operation: Operation, do: Do) -> Any:
        commits.extend([operation.paths] if operation.name == "commit" else [])
        return await do()

    whole = rig.store
    rig.break_store(WrappedStore(whole, count))
    assert (await post(rig, told(rig, ref, *FLOW) * 1000)).status_code == 200
    rig.break_store(whole)
    assert await statuses(rig, [ref]) == ["read"]
    assert len(commits) <= 2 * len(FLOW)


async def test_batches_that_come_at_once_do_not_hinder_each_other(
    rig: Rig, batches: BatchChannel
) -> None:
    """The same receipts in ten requests at the same time are applied once."""
    refs = await text(rig, batches, people=3)
    rows = [row for ref in refs for row in told(rig, ref, *FLOW)]
    answers = await asyncio.gather(*(post(rig, rows) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {200}
    assert await statuses(rig, refs) == ["read"] * 3
    for ref in refs:
        stored = await rig.store.get(paths.message(ref))
        assert stored is not None
        assert len(stored.data["told"]) == 3


@pytest.mark.parametrize(
    ("kinds", "status"), [(FLOW, "read"), ((EventKind.FAILED,), "failed"), (FLOW[:1], "sent")]
)
async def test_receipts_that_overtake_the_answer_are_not_undone_by_it(
    rig: Rig, batches: BatchChannel, kinds: tuple[EventKind, ...], status: str
) -> None:
    """What the carrier tells before it has answered our request counts, and stays."""

    async def tell(outbound: Outbound) -> None:
        assert (await post(rig, told(rig, outbound.ref, *kinds))).status_code == 200

    batches.on_send = tell
    refs = await text(rig, batches)
    assert await statuses(rig, refs) == [status]
    document = await rig.store.get(paths.message(refs[0]))
    assert document is not None
    assert document.data["provider_id"] == f"b-{refs[0].message}"


async def test_a_late_bounce_ends_what_had_arrived(rig: Rig, batches: BatchChannel) -> None:
    """Days later, after the campaign's end, a bounce is a failure, and the address is barred."""
    (ref,) = await text(rig, batches)
    await post(rig, told(rig, ref, EventKind.DELIVERED))
    await rig.clock.sleep(3 * 24 * 3600)
    bounce = happened(ref, EventKind.FAILED, rig.clock.now(), reason="bounced", suppress="bounced")
    assert (await post(rig, [bounce])).status_code == 200
    assert await statuses(rig, [ref]) == ["failed"]
    (barred,) = (await rig.get("/suppressions")).json()["data"]
    assert (barred["address"], barred["scopes"][0]["reason"]) == (ANN, "bounced")


async def test_a_batch_of_hundreds_is_taken(rig: Rig, batches: BatchChannel) -> None:
    """A batch of more than a megabyte, of receipts that we know and do not know, is applied."""
    (ref,) = await text(rig, batches)
    unknown = [
        happened(MessageRef(ORG, "c", f"m{n}"), EventKind.READ, rig.clock.now(), reason="x" * 9000)
        for n in range(150)
    ]
    batch = [*unknown, *told(rig, ref, EventKind.READ)]
    assert len(signed(batch)[0]) > 1_000_000
    assert (await post(rig, batch)).status_code == 200
    assert await statuses(rig, [ref]) == ["read"]
    assert await rig.store.count(Query(paths.orphans(ORG))) == 150


async def test_a_batch_beyond_all_measure_is_cut_off(rig: Rig, batches: BatchChannel) -> None:
    """More than three megabytes are refused before they are read whole."""
    _ = batches
    sent = 0

    async def receive() -> dict[str, Any]:
        nonlocal sent
        sent += 100_000
        return {"type": "http.request", "body": b"x" * 100_000, "more_body": True}

    answered = list[Any]()

    async def send(message: Any) -> None:
        answered.append(message)

    scope = {"type": "http", "method": "POST", "path": PATH, "query_string": b"", "headers": []}
    await rig.stack.app(scope, receive, send)
    assert answered[0]["status"] == 413
    assert sent < 3_300_000


@pytest.mark.parametrize(
    "headers", [{"x_batch_signature": ""}, {"x_batch_signature": "0" * 64}], ids=["none", "wrong"]
)
async def test_a_forged_batch_is_refused(
    rig: Rig, batches: BatchChannel, headers: dict[str, str]
) -> None:
    """Without the carrier's signature it is a 403, and nothing of the batch is applied."""
    (ref,) = await text(rig, batches)
    stop = said("t1", ANN, "STOP", rig.clock.now())
    answer = await post(rig, [*told(rig, ref, *FLOW), stop], **headers)
    assert (answer.status_code, answer.json()["status"]) == (403, 403)
    assert await statuses(rig, [ref]) == ["sent"]
    assert (await rig.get("/suppressions")).json()["data"] == []
    assert (await rig.get("/inbound")).json()["data"] == []


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/webhooks/nobody/inbound/default", 404),
        (f"/webhooks/{PROVIDER}/inbound/a%20b", 400),
        (f"/webhooks/{PROVIDER}/inbound", 404),
        (f"/webhooks/{PROVIDER}/inbound/default/more", 404),
        (f"/plivo{PATH}", 200),
    ],
)
async def test_only_its_own_url_takes_a_batch(
    rig: Rig, batches: BatchChannel, path: str, code: int
) -> None:
    """A path that names nobody we know is refused; the old prefix is served too."""
    _ = batches
    assert (await post(rig, [], path)).status_code == code


async def test_a_body_that_is_no_batch_is_refused(rig: Rig, batches: BatchChannel) -> None:
    """Signed nonsense is a 400 that says what is wrong with it."""
    _ = batches
    ref, sung = MessageRef("o", "c", "m"), cast(EventKind, "sung")
    answer = await post(rig, [happened(ref, sung, rig.clock.now())])
    assert (answer.status_code, answer.json()["field"]) == (400, "body")


async def test_one_receipt_that_fails_does_not_lose_the_others(
    rig: Rig, batches: BatchChannel
) -> None:
    """The others are applied; the carrier is told to come again, and then that one is applied."""
    refs = await text(rig, batches, people=5)

    async def fail(operation: Operation, do: Do) -> Any:
        if operation.name == "commit" and paths.message(refs[1]) in operation.paths:
            raise StoreError("it is down")
        return await do()

    whole = rig.store
    rig.break_store(WrappedStore(whole, fail))
    batch = [row for ref in refs for row in told(rig, ref, EventKind.READ)]
    answer = await post(rig, batch)
    assert (answer.status_code, answer.json()["status"]) == (503, 503)
    rig.break_store(whole)
    assert await statuses(rig, refs) == ["read", "sent", "read", "read", "read"]
    assert (await post(rig, batch)).status_code == 200
    assert await statuses(rig, refs) == ["read"] * 5


# --- Strays ----------------------------------------------------------------------------------


async def test_receipts_of_nobody_are_kept_and_replayed(rig: Rig, batches: BatchChannel) -> None:
    """What finds no message is answered 200 and shown; a replay applies what is known by then."""
    (ref,) = await text(rig, batches)
    lost = await rig.store.get(paths.message(ref))
    assert lost is not None
    await rig.store.commit(Delete(lost.path))
    nobody = MessageRef(ORG, "c", "m")
    batch = [*told(rig, ref, EventKind.READ), *told(rig, nobody, EventKind.READ)]
    for _ in range(2):
        assert (await post(rig, batch)).status_code == 200
    kept = await strays(rig)
    assert {row["message_id"] for row in kept} == {f"{ref.campaign}.{ref.message}", "c.m"}
    assert {(row["kind"], row["attempt"]) for row in kept} == {("read", 1)}
    await rig.store.commit(Create(lost.path, lost.data))
    answer = await rig.post("/receipts/replay")
    assert answer.json() == {"applied": 1, "kept": 1, "next_cursor": None}
    assert await statuses(rig, [ref]) == ["read"]
    assert [row["message_id"] for row in await strays(rig)] == ["c.m"]


async def test_strays_are_replayed_page_by_page(rig: Rig, batches: BatchChannel) -> None:
    """Whoever follows the cursor has tried them all once."""
    _ = batches
    refs = [MessageRef(ORG, "c", f"m{n}") for n in range(5)]
    await post(rig, [row for ref in refs for row in told(rig, ref, EventKind.READ)])
    tried, query = 0, "?limit=2"
    while query:
        page = (await rig.post(f"/receipts/replay{query}")).json()
        tried += page["kept"]
        query = f"?limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert tried == 5
    shown = (await rig.get("/receipts/strays?limit=2")).json()
    rest = (await rig.get(f"/receipts/strays?cursor={shown['next_cursor']}")).json()
    assert (len(shown["data"]), len(rest["data"]), rest["next_cursor"]) == (2, 3, None)


async def test_a_viewer_replays_nothing(jwt_rig: Rig) -> None:
    """To look is a viewer's right, to have receipts applied an operator's."""
    viewer, operator = token("viewer"), token("operator")
    assert (await jwt_rig.get("/receipts/strays", authorization=viewer)).status_code == 200
    for who, code in ((viewer, 403), (operator, 200)):
        answer = await jwt_rig.post("/receipts/replay", authorization=who)
        assert answer.status_code == code


# --- Texts -----------------------------------------------------------------------------------


async def test_a_stop_by_webhook_bars_at_once(rig: Rig, batches: BatchChannel) -> None:
    """A STOP among receipts bars its sender in the organisation of the URL, and in no other."""
    (ref,) = await text(rig, batches)
    stop = said("t1", ANN, "Stop.", rig.clock.now())
    assert (await post(rig, [*told(rig, ref, EventKind.DELIVERED), stop])).status_code == 200
    (barred,) = (await rig.get("/suppressions")).json()["data"]
    (scope,) = barred["scopes"]
    assert (barred["address"], scope["scope"], scope["reason"]) == (ANN, "all", "opted_out")
    assert scope["by"] == PROVIDER
    assert (await rig.get("/suppressions", x_org_id="other")).json()["data"] == []


async def test_a_failed_opt_out_is_not_lost(rig: Rig, batches: BatchChannel) -> None:
    """Where the store fails the carrier is answered 5xx; what it repeats opts the person out."""
    _ = batches

    async def fail() -> None:
        raise StoreError("it is down")

    def is_it(done: str, touched: Iterable[str]) -> bool:
        return done == "commit" and any("/suppressions/" in each for each in touched)

    rig.break_store(InterleavingStore(rig.store, is_it, fail))
    stop = [said("t1", ANN, "STOP", rig.clock.now())]
    assert (await post(rig, stop)).status_code == 503
    assert (await post(rig, stop)).status_code == 200
    found = await suppressions.page_of(rig.stack.engine, ORG, after=None, limit=10)
    assert [each.address for each in found[0]] == [ANN]


async def test_texts_are_shown_newest_first(rig: Rig, batches: BatchChannel) -> None:
    """Who wrote, to which number and what it was taken for; each can be asked for by its id."""
    _ = batches
    for n, body in enumerate(("Hello", "STOP", "START")):
        await post(rig, [said(f"t{n}", ANN, body, rig.clock.now())])
        await rig.clock.sleep(1)
    first = (await rig.get("/inbound?limit=2")).json()
    rest = (await rig.get(f"/inbound?limit=2&cursor={first['next_cursor']}")).json()
    rows = first["data"] + rest["data"]
    assert [(row["taken_for"], row["body"]) for row in rows] == [
        ("opt_in", "START"),
        ("opt_out", "STOP"),
        ("reply", "Hello"),
    ]
    assert {(row["address"], row["to"], row["provider"]) for row in rows} == {
        (ANN, "+12025550100", PROVIDER)
    }
    assert rest["next_cursor"] is None
    assert (await rig.get(f"/inbound/{rows[0]['id']}")).json() == rows[0]
    assert (await rig.get("/inbound/none")).status_code == 404
    assert (await rig.get("/inbound?cursor=x")).status_code == 400


async def test_what_was_written_is_for_operators(make_rig: MakeRig) -> None:
    """A viewer sees who wrote and when, and not what."""
    rig = make_rig(**JWT)
    channel = BatchChannel(rig.clock)
    add(rig, channel)
    hello = said("t1", ANN, "It is me", rig.clock.now())
    await post(rig, [hello], f"/webhooks/{PROVIDER}/inbound/acme")
    bodies = {
        role: (await rig.get("/inbound", authorization=token(role))).json()["data"][0]["body"]
        for role in ("viewer", "operator", "admin")
    }
    assert bodies == {"viewer": None, "operator": "It is me", "admin": "It is me"}
    await channel.close()


# --- Who we are ------------------------------------------------------------------------------


async def test_a_carrier_that_asks_is_answered(rig: Rig, batches: BatchChannel) -> None:
    """Who knows the word is sent back the challenge; who does not is refused."""
    _ = batches
    for word, code, body in (("open%20sesame", 200, "c1"), ("sesame", 403, None)):
        answer = await rig.http.get(f"{PATH}?token={word}&challenge=c1")
        assert answer.status_code == code
        assert body is None or answer.text == body


async def test_a_carrier_that_never_asks_is_not_answered(rig: Rig) -> None:
    """Where a provider does not ask who we are, nobody else is told."""
    assert (await rig.http.get("/webhooks/simulator/inbound/default")).status_code == 403
    assert (await rig.http.get("/webhooks/nobody/inbound/default")).status_code == 404
