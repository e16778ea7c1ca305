"""Which answers are kept under an Idempotency-Key, how long, and how they are swept away."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from functions.domain.errors import InvalidFieldError, NameTakenError, NotFoundError
from functions.engine.accounts import idempotency
from functions.engine.kernel import expiry
from functions.engine.ports.store import Query, StoreError
from tests.api.conftest import MakeRig
from tests.api.rig import JWT, Rig, token
from tests.web.idempotency.shop import KEY, Shop, kept, order


@pytest.mark.parametrize(
    "refusal",
    [NotFoundError("List", "a"), NameTakenError("List", "a"), InvalidFieldError("item", "x")],
)
async def test_a_refusal_does_not_burn_the_key(
    rig: Rig, http: httpx.AsyncClient, shop: Shop, refusal: Exception
) -> None:
    """What was refused may be sent again under its key, once what was in the way is gone."""
    shop.breaks = refusal
    assert (await order(http)).status_code in {400, 404, 409}
    assert await kept(rig) == 0
    shop.breaks = None
    assert (await order(http)).status_code == 201


async def test_a_malformed_body_does_not_burn_the_key(http: httpx.AsyncClient) -> None:
    """A body that breaks a rule may be mended and sent again under its key."""
    for _ in range(2):
        answer = await http.post("/orders", json={}, headers=KEY)
        assert (answer.status_code, "idempotency-replayed" in answer.headers) == (400, False)
    assert (await order(http)).status_code == 201


@pytest.mark.parametrize("status", [400, 404, 409, 429, 500, 503])
async def test_what_failed_may_be_tried_again(
    rig: Rig, http: httpx.AsyncClient, status: int
) -> None:
    """Answers of 4xx and 5xx are not kept where nothing was done."""
    assert (await order(http, fails_with=status)).status_code == status
    assert await kept(rig) == 0
    assert (await order(http)).status_code == 201


@pytest.mark.parametrize(
    ("error", "status"), [(RuntimeError("surprise"), 500), (StoreError("down"), 503)]
)
async def test_a_crash_gives_the_key_back(
    rig: Rig, http: httpx.AsyncClient, shop: Shop, error: Exception, status: int
) -> None:
    """A request that broke in the middle may be tried again at once."""
    shop.breaks = error
    assert (await order(http)).status_code == status
    shop.breaks = None
    assert await kept(rig) == 0
    assert (await order(http)).status_code == 201


@pytest.mark.parametrize("kind", ["secret", "large", "binary", "streamed"])
async def test_an_answer_that_cannot_be_kept_is_not_given_twice(
    http: httpx.AsyncClient, shop: Shop, kind: str
) -> None:
    """What is secret, large or streamed is done once; whoever repeats it is told that it was."""
    first = await http.post(f"/orders/{kind}", headers=KEY)
    second = await http.post(f"/orders/{kind}", headers=KEY)
    assert (first.status_code, second.status_code, shop.done) == (200, 409, 1)
    assert second.json()["code"] == "IDEMPOTENCY_ANSWER_NOT_KEPT"


async def test_answers_are_kept_for_a_day(rig: Rig, http: httpx.AsyncClient) -> None:
    """A day later a key is as good as new, also for another request."""
    await order(http)
    rig.clock.advance(idempotency.KEPT_FOR - timedelta(seconds=1))
    assert (await order(http)).json()["number"] == 1
    rig.clock.advance(timedelta(seconds=1))
    assert (await order(http, "coffee")).json() == {"number": 2, "item": "coffee"}


async def test_a_store_that_fails_afterwards_does_not_spoil_the_answer(
    rig: Rig, http: httpx.AsyncClient, shop: Shop, logged: list[Any]
) -> None:
    """Where the answer cannot be kept any more the caller still gets it."""
    shop.go_on.clear()
    first = asyncio.create_task(order(http))
    await shop.begun.wait()
    await rig.store.close()
    shop.go_on.set()
    assert (await first).status_code == 201
    assert [line["event"] for line in logged] == ["idempotency_not_noted"]


async def test_the_check_removes_what_is_over(rig: Rig, http: httpx.AsyncClient) -> None:
    """Every check removes keys whose day is over, of every organisation, and no others."""
    for org in ("one", "two"):
        for key in "ab":
            await order(http, headers={"Idempotency-Key": key, "X-Org-Id": org})
    rig.clock.advance(idempotency.KEPT_FOR)
    await order(http)
    assert (await rig.get("/check-scheduled-campaigns")).status_code == 200
    left = [await rig.store.count(Query(f"orgs/{org}/idempotency")) for org in ("one", "two")]
    assert (left, await kept(rig)) == ([0, 0], 1)


async def test_a_sweep_is_bounded(
    rig: Rig, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many are over, one check removes no more than it has time for."""
    monkeypatch.setattr(expiry, "_AT_ONCE", 2)
    monkeypatch.setattr(expiry, "_SWEEPS", 2)
    for number in range(5):
        await order(http, headers={"Idempotency-Key": str(number)})
    rig.clock.advance(idempotency.KEPT_FOR)
    await idempotency.sweep(rig.stack.engine)
    assert await kept(rig) == 1
    await idempotency.sweep(rig.stack.engine)
    assert await kept(rig) == 0


async def test_whoever_may_do_less_now_is_not_told_a_kept_answer(make_rig: MakeRig) -> None:
    """An operator who has become a viewer gets no answer of before; one who is back gets it."""
    rig = make_rig(**JWT)
    operator, viewer = ({"authorization": token(role)} for role in ("operator", "viewer"))
    asked = ("/lists", {"name": "Mine"})
    first = await rig.post(*asked, **operator, idempotency_key="a")
    assert first.status_code == 201
    assert (await rig.post(*asked, **viewer, idempotency_key="a")).status_code == 403
    again = await rig.post(*asked, **operator, idempotency_key="a")
    assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")


async def test_what_an_operator_was_told_is_not_told_a_viewer(make_rig: MakeRig) -> None:
    """A viewer who may ask, but was an operator when the answer was kept, is not told it."""
    rig = make_rig(**JWT)
    operator, viewer = (token(role) for role in ("operator", "viewer"))
    asked = ("/templates/check", {"text": "Hi", "everyone": True})
    for who, status in ((operator, 200), (viewer, 403), (operator, 200)):
        headers = {"authorization": who, "idempotency_key": "a"}
        assert (await rig.post(*asked, **headers)).status_code == status


async def test_a_revoked_key_is_not_told_a_kept_answer(rig: Rig) -> None:
    """A key that was revoked gets a 401, whatever it had been told."""
    key = (await rig.post("/api-keys", {"name": "CRM", "role": "operator"})).json()
    headers = {"authorization": f"Bearer {key['token']}", "idempotency_key": "a"}
    assert (await rig.post("/lists", {"name": "Mine"}, **headers)).status_code == 201
    await rig.http.delete(f"/api-keys/{key['id']}")
    assert (await rig.post("/lists", {"name": "Mine"}, **headers)).status_code == 401
