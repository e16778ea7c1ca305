"""The least that functions can do under functions-framework, without and with FastAPI."""

from typing import Any, cast

import functions_framework.aio
from fastapi import FastAPI
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

_app = FastAPI()


class Named(BaseModel):
    """What the route answers."""

    name: str


@_app.get("/{name}")
async def named(name: str) -> Named:
    """Answer with what was asked for."""
    return Named(name=name)


@functions_framework.aio.http
async def bare(request: Request) -> dict[str, Any]:
    """Read a JSON body, if any, and answer with the number of its members."""
    sent = await request.json() if request.method == "POST" else {}
    return {"status": 200, "members": len(sent)}


@functions_framework.aio.http
async def fastapi(_: Request) -> Response:
    """Hand the request to the one route."""
    # The framework calls what a function returns as the ASGI application that a Response is.
    return cast(Response, _app)
