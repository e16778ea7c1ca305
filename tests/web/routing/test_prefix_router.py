"""The short way to a route leads where the long way leads."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.types import Message, Scope

from functions.web.routing.prefix_router import PrefixRouter
from functions.web.routing.route import Route

things, later = APIRouter(route_class=Route), APIRouter(route_class=Route)


@things.get("/things")
async def _list() -> str:
    return "all"


@things.get("/things/{name}")
async def _get(name: str) -> str:
    return name


@things.get("/others")
async def _others() -> str:
    return "others"


@later.get("/later")
async def _later() -> str:
    return "later"


def below(start: str) -> list[Route]:
    """Return the things' routes that begin so."""
    routes = [route for route in things.routes if isinstance(route, Route)]
    return [route for route in routes if route.path.startswith(start) and start != "/"]


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of an application with a prefix router, to which a router was added later."""
    app = FastAPI()
    app.router = PrefixRouter(app.router, below)
    app.include_router(later)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client


@pytest.mark.parametrize(
    ("path", "answer"),
    [("/things", "all"), ("/things/one", "one"), ("/others", "others"), ("/later", "later")],
)
async def test_every_route_is_found(http: httpx.AsyncClient, path: str, answer: str) -> None:
    """A request reaches the route of its path, also one that was included later."""
    assert (await http.get(path)).json() == answer


@pytest.mark.parametrize("path", ["/", "/nothing", "/things/one/more", "//things", "/thing"])
async def test_a_path_without_a_route_is_not_found(http: httpx.AsyncClient, path: str) -> None:
    """A path that no route has is answered with 404, whatever it begins with."""
    assert (await http.get(f"http://127.0.0.1{path}")).status_code == 404


async def test_routes_are_looked_for_once_and_when_they_are_asked_for() -> None:
    """What a beginning of paths leads to is imported by the first request, and kept."""
    asked: list[str] = []

    def found(start: str) -> list[Route]:
        asked.append(start)
        return below(start)

    app = FastAPI()
    app.router = PrefixRouter(app.router, found)
    assert not asked
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        for path in ("/things", "/things/one", "/things"):
            await client.get(path)
    assert asked == ["/things", "/things"]  # once for each depth


async def test_another_method_is_told_the_right_ones(http: httpx.AsyncClient) -> None:
    """A path that is there for other methods only is answered with 405 and their names."""
    answer = await http.post("/things")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


async def test_nobody_is_sent_to_the_host_that_a_request_names(http: httpx.AsyncClient) -> None:
    """A slash too many leads to no redirect, which would go to whatever Host says."""
    for path in ("/things/", "/later/"):
        answer = await http.get(path, headers={"host": "evil.example"}, follow_redirects=False)
        assert (answer.status_code, "location" in answer.headers) == (404, False)


async def test_the_document_and_its_page_are_still_there(http: httpx.AsyncClient) -> None:
    """The OpenAPI document describes what was included, and its page is served."""
    document = (await http.get("/openapi.json")).json()
    assert set(document["paths"]) == {"/later"}
    assert (await http.get("/docs")).status_code == 200


async def _answered(scope: Scope, asked: str) -> Message:
    """Return the first that a router sends, which no face stands before."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": asked}

    async def send(message: Message) -> None:
        sent.append(message)

    await PrefixRouter(APIRouter(), below)(scope, receive, send)
    return sent[0]


async def test_what_names_no_path_is_not_found() -> None:
    """A request for "*", which names the server itself, is answered with 404 like any other."""
    answer = await _answered({"type": "http", "method": "OPTIONS", "path": "*"}, "http.request")
    assert answer["status"] == 404


async def test_a_websocket_finds_nothing() -> None:
    """Whoever asks for a lasting connection is turned away, also where there is a route."""
    answer = await _answered({"type": "websocket", "path": "/things"}, "websocket.connect")
    assert answer["type"] == "websocket.close"
