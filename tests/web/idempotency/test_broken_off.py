"""A request that broke off halfway is not done a second time under its key."""

from typing import Any
from uuid import uuid4

import pytest
from pytest_mock import MockerFixture

from functions.domain.errors import NotFoundError
from functions.engine.accounts import idempotency
from functions.engine.campaigns import single_message
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Query, StoreError, Update
from tests.api.conftest import MakeRig
from tests.api.rig import BOT, SENDER, Rig

KEY = {"idempotency_key": "call-4711"}
CALL = {"from": SENDER, "to": "+12025550142", "wssUrl": BOT}


async def calls(rig: Rig) -> int:
    """Count the calls that were ordered."""
    return await rig.store.count(Query("orgs/default/campaigns"))


def lose_an_answer(rig: Rig, mocker: MockerFixture) -> None:
    """Let the next large commit be made, and its answer be lost."""
    commit, broken = rig.store.commit, list[bool]()

    async def lose_once(*writes: Any) -> list[int]:
        versions = await commit(*writes)
        if len(writes) > 2 and not broken:
            broken.append(True)
            raise StoreError("deadline exceeded")
        return versions

    mocker.patch.object(rig.store, "commit", lose_once)


async def test_a_single_call_is_ordered_once(rig: Rig) -> None:
    """Two identical requests with one key are one call, and the same answer."""
    first, second = [await rig.post("/single-call", CALL, **KEY) for _ in range(2)]
    assert (first.status_code, second.status_code) == (200, 200)
    assert second.json() == first.json()
    assert second.headers["idempotency-replayed"] == "true"
    assert await calls(rig) == 1
    assert (await rig.post("/single-call", CALL)).json() != first.json()


async def test_a_failure_before_the_call_is_ordered_is_no_call(
    rig: Rig, mocker: MockerFixture
) -> None:
    """Where the store refused the commit nothing was done: the same request is done now."""
    commit, broken = rig.store.commit, list[bool]()

    async def fail_once(*writes: Any) -> list[int]:
        if len(writes) > 2 and not broken:
            broken.append(True)
            raise StoreError("down")
        return await commit(*writes)

    mocker.patch.object(rig.store, "commit", fail_once)
    assert (await rig.post("/single-call", CALL, **KEY)).status_code == 503
    assert (await rig.post("/single-call", CALL, **KEY)).status_code == 200
    assert await calls(rig) == 1


async def test_a_failure_after_the_call_is_ordered_makes_no_second_one(
    rig: Rig, mocker: MockerFixture
) -> None:
    """Where the commit's answer was lost the call is there: whoever asks again is told so."""
    lose_an_answer(rig, mocker)
    assert (await rig.post("/single-call", CALL, **KEY)).status_code == 503
    again = await rig.post("/single-call", CALL, **KEY)
    assert again.status_code == 409
    assert again.json()["message"].startswith("The request of this Idempotency-Key broke off")
    assert await calls(rig) == 1


@pytest.mark.parametrize("has_acted", [True, False])
async def test_a_process_that_died_is_followed_only_if_it_had_done_nothing(
    rig: Rig, has_acted: bool
) -> None:
    """Once its lease is over the request is done anew, but not where it had begun to act."""
    assert (await rig.post("/single-call", CALL, **KEY)).status_code == 200
    (kept,) = await rig.store.query(Query("orgs/default/idempotency"))
    await rig.store.commit(Update(kept.path, {"answer": None, "has_acted": has_acted}))
    assert (await rig.post("/single-call", CALL, **KEY)).status_code == 409
    rig.clock.advance(idempotency.LEASE)
    answer = await rig.post("/single-call", CALL, **KEY)
    assert (answer.status_code, await calls(rig)) == ((409, 1) if has_acted else (200, 2))


async def test_a_refusal_after_something_was_done_is_the_answer(
    rig: Rig, mocker: MockerFixture
) -> None:
    """What acted and was then refused is not done again under its key."""
    order = single_message.call_once

    async def then_refuse(engine: Engine, *more: Any) -> Any:
        await order(engine, *more)
        raise NotFoundError("Bot", "a")

    mocker.patch.object(single_message, "call_once", then_refuse)
    answers = [await rig.post("/single-call", CALL, **KEY) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert await calls(rig) == 1


async def test_every_mutating_function_takes_a_key(rig: Rig) -> None:
    """Campaigns and lists are made once, and actions answered once, under a key."""
    made = [await rig.upload("number\n+12025550142\n", "Once", **KEY) for _ in range(2)]
    assert made[0].json() == made[1].json()
    list_id = made[0].json()["listId"]
    body = {"campaignName": "A", "listId": list_id, "fromNumber": SENDER, "wssUrl": BOT}
    answers = [await rig.post("/create-campaign", body, **KEY) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert await calls(rig) == 1
    pause = {"campaignId": answers[0].json()["campaignId"]}
    paused = [await rig.post("/pause-campaign", pause, **KEY) for _ in range(2)]
    assert [answer.status_code for answer in paused] == [200, 200]


async def test_another_body_under_a_function_s_key_is_refused(rig: Rig) -> None:
    """A key that came with another call is a mistake, and calls nobody."""
    await rig.post("/single-call", CALL, **KEY)
    other = await rig.post("/single-call", {**CALL, "to": "+12025550143"}, **KEY)
    assert other.status_code == 422
    assert other.json()["message"].startswith("This Idempotency-Key was used")
    assert await calls(rig) == 1


async def test_firestore_keeps_the_mark_as_well(
    make_rig: MakeRig, firestore_emulator: str, mocker: MockerFixture
) -> None:
    """In the cloud's store too a call whose commit was answered by nobody is not ordered twice."""
    rig = make_rig(
        store_url=f"firestore://clarion-{uuid4().hex[:8]}",
        firestore_emulator_host=firestore_emulator,
    )
    assert (await rig.post("/single-call", CALL, idempotency_key="first")).status_code == 200
    lose_an_answer(rig, mocker)
    assert (await rig.post("/single-call", CALL, **KEY)).status_code == 503
    assert (await rig.post("/single-call", CALL, **KEY)).status_code == 409
    assert await calls(rig) == 2
