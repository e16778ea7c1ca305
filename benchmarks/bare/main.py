"""The least a functions-framework function can do: read a JSON body and answer."""

from typing import Any

import functions_framework.aio
from starlette.requests import Request


@functions_framework.aio.http
async def bare(request: Request) -> dict[str, Any]:
    """Answer with the name that was sent."""
    return {"status": 200, "name": (await request.json())["campaignName"]}
