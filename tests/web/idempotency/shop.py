"""A shop whose orders are taken once a key, for the tests of Idempotency-Key."""

import asyncio
from typing import Annotated, Any

import httpx
from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.responses import StreamingResponse

from functions.bootstrap.app import create_app
from functions.engine.ports.store import Query
from functions.web.auth import Area
from functions.web.caller_route import Operator, RestRoute
from functions.web.etags import tag
from functions.web.face import Face
from functions.web.fields import RestBody
from tests.api.rig import BASE, Rig

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
async def create(
    new: Order, request: Request, response: Response, _: Operator, gift: str = ""
) -> dict[str, Any]:
    """Order something."""
    number = await shop_of(request).do()
    response.status_code = new.fails_with or 201
    response.headers["location"] = f"/orders/{number}"
    response.headers["x-other"] = "1"
    tag(response, number)
    return {"number": number, "item": f"{gift} {new.item}".strip()}


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
