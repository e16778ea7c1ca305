"""Our routes read requests, and answer them, as FastAPI's own routes would."""

from collections.abc import AsyncIterator
from enum import StrEnum
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, File, Form, Header, Query, Response, UploadFile
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field

from functions.web.routing.route import Route


class Kind(StrEnum):
    """What things there are."""

    CUP = "cup"
    POT = "pot"


class Filters(BaseModel):
    """A query of several parameters."""

    kind: Kind | None = None
    size: Annotated[int, Field(ge=1)] = 3
    tags: list[str] = []
    since: str = Field("ever", alias="from")


class Thing(BaseModel):
    """What is sent, and shown."""

    name: Annotated[str, Field(min_length=1)]
    kind: Kind = Kind.CUP
    parts: dict[str, int] = {}


async def _asker(
    response: Response, asker: Annotated[int, Header(alias="x-asker", ge=1)] = 1
) -> int:
    response.headers["x-asked-by"] = str(asker)
    return asker


Asker = Annotated[int, Depends(_asker)]


def _routes(kind: type[APIRoute]) -> APIRouter:
    router = APIRouter(route_class=kind)

    @router.get("/things")
    async def list_things(wanted: Annotated[Filters, Query()], asker: Asker) -> dict[str, Any]:
        return {"wanted": wanted, "asker": asker}

    @router.get("/things/{number}")
    async def get_thing(
        number: int,
        ids: Annotated[list[int] | None, Query(max_length=2)] = None,
        word: str = "none",
    ) -> list[Any]:
        return [number, ids, word]

    @router.post("/things", status_code=201)
    async def make_thing(thing: Thing, response: Response) -> Thing:
        response.headers["location"] = "/things/1"
        return thing

    @router.post("/maybe", response_model=Thing, response_model_exclude_unset=True)
    async def make_if_told(thing: Thing | None = None) -> Any:
        return thing or {"name": "none"}

    @router.post("/files")
    async def take_file(
        file: Annotated[UploadFile, File()], name: Annotated[str, Form(max_length=3)] = "a"
    ) -> list[Any]:
        return [name, file.filename, len(await file.read())]

    @router.delete("/things/{number}", status_code=204)
    async def drop_thing(number: int, response: Response) -> None:
        response.headers["x-dropped"] = str(number)

    return router


@pytest.fixture
async def both() -> AsyncIterator[list[httpx.AsyncClient]]:
    """Give clients of the same routes, FastAPI's and ours."""
    clients = []
    for kind in (APIRoute, Route):
        app = FastAPI()
        app.include_router(_routes(kind))
        transport = httpx.ASGITransport(app)
        clients.append(httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1"))
    yield clients
    for client in clients:
        await client.aclose()


_JSON = {"content-type": "application/json"}
_NO_THINGS: list[Any] = [None, [], "text", {}, {"parts": {"a": "b"}}]
_NO_JSON = [b"{", b"\xff", b"[" * 9]
ASKED: list[tuple[str, str, dict[str, Any]]] = [
    *[("GET", f"/things{query}", {}) for query in ("", "?kind=pot&size=2&tags=a&tags=b&from=now")],
    *[("GET", f"/things{query}", {}) for query in ("?kind=tub&size=0", "?size=x", "?size=")],
    *[("GET", "/things", {"headers": {"x-asker": told}}) for told in ("5", "0", "nobody")],
    *[("GET", f"/things/{path}", {}) for path in ("4", "x", "4?ids=1&ids=2", "4?ids=1&ids=x")],
    *[("GET", f"/things/{path}", {}) for path in ("4?ids=1&ids=2&ids=3", "4?word=", "x?ids=y")],
    *[("POST", path, {"json": {"name": "a"}}) for path in ("/things", "/maybe")],
    *[("POST", path, {"json": {"name": "", "kind": 1}}) for path in ("/things", "/maybe")],
    *[("POST", "/things", {"json": told}) for told in _NO_THINGS],
    *[("POST", path, {}) for path in ("/things", "/maybe", "/files")],
    *[("POST", "/things", {"content": raw, "headers": _JSON}) for raw in _NO_JSON],
    ("POST", "/things", {"content": b'{"name": "a"}'}),
    ("POST", "/things", {"content": b'{"name": "a"}', "headers": {"content-type": "text/plain"}}),
    (
        "POST",
        "/things",
        {"content": b'{"name": "a"}', "headers": {"content-type": "Application/X+JSON; a=b"}},
    ),
    ("POST", "/files", {"files": {"file": ("a.csv", b"abc")}, "data": {"name": "b"}}),
    ("POST", "/files", {"files": {"file": ("a.csv", b"abc")}, "data": {"name": "long"}}),
    ("POST", "/files", {"data": {"file": "text"}}),
    ("DELETE", "/things/3", {}),
    ("DELETE", "/things/x", {}),
]


@pytest.mark.parametrize(("method", "path", "sent"), ASKED)
async def test_an_answer_is_that_of_fastapi(
    both: list[httpx.AsyncClient], method: str, path: str, sent: dict[str, Any]
) -> None:
    """Status, headers and body are the same, of what is taken and of what is refused."""
    theirs, ours = [await client.request(method, path, **sent) for client in both]
    assert (ours.status_code, ours.content) == (theirs.status_code, theirs.content)
    assert sorted(ours.headers.items()) == sorted(theirs.headers.items())
