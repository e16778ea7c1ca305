"""A POST with an Idempotency-Key is done once, however often it is sent."""

import asyncio
from typing import Any

import httpx
import pytest

from functions.bootstrap.app import create_app
from functions.engine.accounts import idempotency
from functions.engine.ports.store import Query
from functions.web import idempotency as face
from functions.web.face import Face
from tests.api.rig import Rig, token
from tests.web.idempotency.shop import KEY, Shop, client_of, kept, order, router

# --- Once ------------------------------------------------------------------------------------


async def test_a_repetition_gets_the_same_answer(http: httpx.AsyncClient, shop: Shop) -> None:
    """The second request does nothing and gets the first one's status, body and tags."""
    first, second = await order(http), await order(http)
    assert shop.done == 1
    assert (first.status_code, first.json()) == (201, {"number": 1, "item": "tea"})
    assert (second.status_code, second.content) == (first.status_code, first.content)
    for name in ("content-type", "etag", "location"):
        assert second.headers[name] == first.headers[name]
    assert second.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers


async def test_without_a_key_every_request_counts(
    http: httpx.AsyncClient, shop: Shop, rig: Rig
) -> None:
    """A POST without a key is done as often as it is sent, and nothing is kept of it."""
    for _ in range(2):
        await http.post("/orders", json={"item": "tea"})
    assert (shop.done, await kept(rig)) == (2, 0)


async def test_only_posts_take_keys(http: httpx.AsyncClient, shop: Shop, rig: Rig) -> None:
    """What is harmless to repeat anyway is not looked at for a key."""
    for _ in range(2):
        await http.put("/orders/1", headers=KEY)
    assert (shop.done, await kept(rig)) == (2, 0)


async def test_a_key_belongs_to_its_path(http: httpx.AsyncClient, shop: Shop) -> None:
    """One key on two paths names two requests."""
    await order(http)
    assert (await http.post("/streams", headers=KEY)).status_code == 200
    assert shop.done == 2


async def test_a_key_belongs_to_its_caller(jwt_rig: Rig, shop: Shop) -> None:
    """Another person, and another organisation, see nothing of a key."""
    callers = (token(), token(subject="bob"), token(org="other"))
    async with client_of(jwt_rig, shop) as http:
        answers = [await order(http, headers={"authorization": caller}) for caller in callers]
        assert [answer.json()["number"] for answer in answers] == [1, 2, 3]
        again = await order(http, headers={"authorization": callers[0]})
        assert again.json()["number"] == 1


async def test_another_request_under_the_same_key_is_refused(
    http: httpx.AsyncClient, shop: Shop
) -> None:
    """A key that came with another body or query is a mistake, and nothing is done."""
    await order(http)
    for other in (await order(http, "coffee"), await http.post("/orders?gift=yes", headers=KEY)):
        assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert shop.done == 1


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "a" * 256, "\x7f"])
async def test_a_key_that_is_none_is_refused(http: httpx.AsyncClient, key: str, shop: Shop) -> None:
    """A key that is empty, too long or not printable is a 400 that names the header."""
    headers = {b"idempotency-key": key.encode("latin-1")}
    answer = await http.post("/orders", json={"item": "tea"}, headers=headers)
    assert (answer.status_code, answer.json()["field"]) == (400, "Idempotency-Key")
    assert shop.done == 0


async def test_two_keys_are_none(http: httpx.AsyncClient, shop: Shop) -> None:
    """A request that two keys name is refused: nobody could tell which of them it repeats."""
    headers = [("idempotency-key", "a"), ("idempotency-key", "b")]
    answer = await http.post("/orders", json={"item": "tea"}, headers=headers)
    assert (answer.status_code, answer.json()["field"]) == (400, "Idempotency-Key")
    assert shop.done == 0


# --- While the first is under way ----------------------------------------------------------------


async def test_a_request_under_way_is_not_done_again(http: httpx.AsyncClient, shop: Shop) -> None:
    """While the first is being answered a second is told so, and may come again later."""
    shop.go_on.clear()
    first = asyncio.create_task(order(http))
    await shop.begun.wait()
    second = await order(http)
    assert (second.status_code, second.json()["code"]) == (409, "IDEMPOTENCY_IN_PROGRESS")
    shop.go_on.set()
    assert (await first).json()["number"] == 1
    assert (await order(http)).json()["number"] == 1
    assert shop.done == 1


async def test_of_many_at_once_one_is_done(http: httpx.AsyncClient, shop: Shop) -> None:
    """Twenty equal requests at once are done once; each gets that answer or is told to wait."""
    answers = await asyncio.gather(*(order(http) for _ in range(20)))
    assert shop.done == 1
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert {answer.json()["number"] for answer in answers if answer.status_code == 201} == {1}


async def test_a_first_that_died_is_taken_over(
    rig: Rig, http: httpx.AsyncClient, shop: Shop
) -> None:
    """What a process left behind when it died is claimed anew, once its lease ran out."""
    shop.go_on.clear()
    dying = asyncio.create_task(order(http))
    await shop.begun.wait()
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    shop.go_on.set()
    assert (await order(http)).status_code == 409
    rig.clock.advance(idempotency.LEASE)
    assert (await order(http)).json()["number"] == 1


async def test_who_lost_the_claim_keeps_no_answer(
    rig: Rig, http: httpx.AsyncClient, shop: Shop, logged: list[Any]
) -> None:
    """A first that was only thought dead answers its caller; the second's answer is kept."""
    shop.go_on.clear()
    first = asyncio.create_task(order(http))
    await shop.begun.wait()
    rig.clock.advance(idempotency.LEASE)
    shop.begun.clear()
    second = asyncio.create_task(order(http))
    await shop.begun.wait()
    shop.go_on.set()
    answers = [(await first).json()["number"], (await second).json()["number"]]
    assert answers == [1, 2]
    assert (await order(http)).json()["number"] == 2
    assert [line["event"] for line in logged] == ["idempotency_claim_lost"]


async def test_a_slow_request_holds_its_claim(
    rig: Rig, http: httpx.AsyncClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that takes longer than its lease renews it, and is not done beside itself."""
    monkeypatch.setattr(face, "RENEWED_EVERY_S", 0.001)
    shop.go_on.clear()
    first = asyncio.create_task(order(http))
    await shop.begun.wait()
    for _ in range(5):
        rig.clock.advance(idempotency.LEASE / 2)
        await renewed(rig)
        assert (await order(http)).status_code == 409
    shop.go_on.set()
    assert (await first).status_code == 201
    assert shop.done == 1


async def renewed(rig: Rig) -> None:
    """Wait until the one claim that there is has been renewed at this hour."""
    query, until = Query("orgs/default/idempotency"), rig.clock.now() + idempotency.LEASE
    while (await rig.store.query(query))[0].data["lease_until"] < until:  # noqa: ASYNC110 - a store tells nobody
        await asyncio.sleep(0.005)


# --- Bodies ----------------------------------------------------------------------------------


async def send_form(http: httpx.AsyncClient, content: bytes, name: str = "n") -> httpx.Response:
    """Send a form; the client draws a boundary of its own each time."""
    files = {"file": ("a.csv", content, "text/csv")}
    return await http.post("/forms", files=files, data={"name": name}, headers=KEY)


async def test_a_form_is_told_by_what_is_in_it(http: httpx.AsyncClient, shop: Shop) -> None:
    """A form sent again has another boundary and is the same request; another file is not."""
    content = b"number\n" + b"+12125552000\n" * 1000
    first, again = await send_form(http, content), await send_form(http, content)
    assert first.request.headers["content-type"] != again.request.headers["content-type"]
    assert first.json() == again.json() == {"number": 1, "name": "n", "size": len(content)}
    assert (await send_form(http, content + b"x")).status_code == 422
    assert (await send_form(http, content, name="m")).status_code == 422
    assert shop.done == 1


async def test_parts_of_a_form_do_not_run_together(http: httpx.AsyncClient) -> None:
    """Moving a character from one field to the next makes another request."""

    async def send(**fields: str) -> int:
        files = {"file": ("f", b"x")}
        return (await http.post("/forms", files=files, data=fields, headers=KEY)).status_code

    assert await send(name="ab", other="c") == 200
    assert await send(name="a", other="bc") == 422


@pytest.mark.parametrize("size", [0, 65_536, 300_000])
async def test_a_stream_is_handed_on_whole(http: httpx.AsyncClient, size: int) -> None:
    """A handler that reads its body piece by piece finds all of it, and a repetition is known."""
    for _ in range(2):
        answer = await http.post("/streams", content=b"x" * size, headers=KEY)
        assert answer.json() == {"number": 1, "size": size}
    assert (await http.post("/streams", content=b"y" * (size + 1), headers=KEY)).status_code == 422


async def test_a_body_over_the_limit_claims_nothing(
    rig: Rig, http: httpx.AsyncClient, shop: Shop
) -> None:
    """What is too large is refused before anything is done, kept or claimed."""
    answer = await http.post("/streams", content=b"x" * 1_000_001, headers=KEY)
    assert (answer.status_code, shop.done, await kept(rig)) == (413, 0, 0)


async def test_a_request_that_breaks_off_claims_nothing(rig: Rig, shop: Shop) -> None:
    """A client that hangs up in the middle of its body leaves nothing behind."""
    app = create_app(rig.stack.context)
    app.include_router(router)
    app.state.shop = shop
    messages = [
        {"type": "http.request", "body": b'{"item"', "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"127.0.0.1"), (b"idempotency-key", b"a")]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/orders",
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "scheme": "http",
        "root_path": "",
        "http_version": "1.1",
    }
    await Face(app)(scope, receive, send)
    assert (sent[0]["status"], shop.done, await kept(rig)) == (400, 0, 0)
