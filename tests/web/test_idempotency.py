"""A POST with an Idempotency-Key is done once, however often it is sent."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.responses import StreamingResponse

from functions.bootstrap.app import create_app
from functions.domain.errors import NotFoundError
from functions.engine.accounts import idempotency
from functions.engine.kernel import expiry
from functions.engine.ports.store import Query, StoreError
from functions.web import idempotency as face
from functions.web.auth import Area
from functions.web.caller_route import Operator, RestRoute
from functions.web.etags import tag
from functions.web.face import Face
from functions.web.fields import RestBody
from tests.api.rig import BASE, Rig, token

KEY = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
router = APIRouter(route_class=RestRoute, tags=[Area.CONTACTS])


class Shop:
    """Counts what is really done, and waits or breaks as the test says."""

    def __init__(self) -> None:
        self.done = 0
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.breaks: Exception | None = None

    async def do(self) -> int:
        """Do it."""
        self.begun.set()
        await self.go_on.wait()
        if self.breaks is not None:
            raise self.breaks
        self.done += 1
        return self.done


class Order(RestBody):
    """What is ordered."""

    item: str
    fails_with: int | None = None


def shop_of(request: Request) -> Shop:
    """Return the shop behind the application."""
    shop: Shop = request.app.state.shop
    return shop


@router.post("/orders", status_code=201)
async def create(new: Order, request: Request, response: Response, _: Operator) -> dict[str, Any]:
    """Order something."""
    number = await shop_of(request).do()
    response.status_code = new.fails_with or 201
    response.headers["location"] = f"/orders/{number}"
    response.headers["x-other"] = "1"
    tag(response, number)
    return {"number": number, "item": new.item}


@router.post("/orders/{kind}")
async def create_special(kind: str, request: Request, _: Operator) -> Response:
    """Order something whose confirmation is not kept."""
    number = await shop_of(request).do()
    match kind:
        case "secret":
            return Response(f"{number}", headers={"cache-control": "private, no-store"})
        case "large":
            return Response("x" * 300_000)
        case "binary":
            return Response(b"\xff\xfe")
        case _:
            return StreamingResponse(iter(["a", "b"]))


@router.post("/forms")
async def create_by_form(
    file: Annotated[UploadFile, File()], name: Annotated[str, Form()], request: Request, _: Operator
) -> dict[str, Any]:
    """Order by form."""
    return {"number": await shop_of(request).do(), "name": name, "size": len(await file.read())}


@router.post("/streams")
async def create_by_stream(request: Request, _: Operator) -> dict[str, Any]:
    """Order by a body that is read piece by piece."""
    size = 0
    async for piece in request.stream():
        size += len(piece)
    return {"number": await shop_of(request).do(), "size": size}


@router.put("/orders/{number}")
async def change(number: int, request: Request, _: Operator) -> dict[str, Any]:
    """Change an order."""
    return {"number": number, "done": await shop_of(request).do()}


@pytest.fixture
def shop() -> Shop:
    """Give a shop."""
    return Shop()


@pytest.fixture
async def http(rig: Rig, shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of an application with the shop in it."""
    async with client_of(rig, shop) as client:
        yield client


def client_of(rig: Rig, shop: Shop) -> httpx.AsyncClient:
    """Return a client of a Clarion with a shop in it."""
    app = create_app(rig.stack.context)
    app.include_router(router)
    app.state.shop = shop
    return httpx.AsyncClient(transport=httpx.ASGITransport(Face(app)), base_url=BASE)


async def order(http: httpx.AsyncClient, item: str = "tea", **more: Any) -> httpx.Response:
    """Order something, with the usual key."""
    headers = {**KEY, **more.pop("headers", {})}
    return await http.post("/orders", json={"item": item, **more}, headers=headers)


async def kept(rig: Rig) -> int:
    """Count the keys that are kept."""
    return await rig.store.count(Query("orgs/default/idempotency"))


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
    for other in (await order(http, "coffee"), await http.post("/orders?x=1", headers=KEY)):
        assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert shop.done == 1


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "a" * 256, "\x7f"])
async def test_a_key_that_is_none_is_refused(http: httpx.AsyncClient, key: str, shop: Shop) -> None:
    """A key that is empty, too long or not printable is a 400 that names the header."""
    headers = {b"idempotency-key": key.encode("latin-1")}
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


# --- What is kept --------------------------------------------------------------------------------


async def test_a_refusal_is_kept(http: httpx.AsyncClient, shop: Shop) -> None:
    """A request that was refused is refused again in the same words, whatever has changed."""
    shop.breaks = NotFoundError("List", "a")
    first = await order(http)
    shop.breaks = None
    second = await order(http)
    assert (first.status_code, second.status_code, shop.done) == (404, 404, 0)
    assert second.content == first.content
    assert second.headers["content-type"] == "application/problem+json"


async def test_a_malformed_body_is_kept_as_refused(http: httpx.AsyncClient) -> None:
    """A body that breaks a rule is answered with 400 each time; a better one needs a new key."""
    for replayed in (None, "true"):
        answer = await http.post("/orders", json={}, headers=KEY)
        assert (answer.status_code, answer.headers.get("idempotency-replayed")) == (400, replayed)
    assert (await order(http)).status_code == 422


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_what_failed_on_our_side_may_be_tried_again(
    rig: Rig, http: httpx.AsyncClient, status: int
) -> None:
    """Answers of 5xx and 429 are not kept."""
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


# --- Sweeping --------------------------------------------------------------------------------


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
