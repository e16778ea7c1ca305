"""The JSON Schema of plans over HTTP: for editors, validators, and programs that write plans."""

from functools import lru_cache
from typing import Annotated, Final, Literal

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from functions.web.middleware import conditional
from functions.web.routing.strict_route import StrictRoute

router = APIRouter(prefix="/schemas", tags=["ops"], route_class=StrictRoute)

_TYPE: Final = "application/schema+json"
#: The same for everybody until the next release.
_KEPT: Final = {"cache-control": "public, max-age=3600"}


@router.get(
    "/plan.json",
    response_class=Response,
    responses={200: {"content": {_TYPE: {"schema": {"type": "object"}}}}},
)
async def get_plan_schema(
    request: Request,
    profile: Annotated[
        Literal["strict"] | None,
        Query(description="strict: for APIs that make a model's answer fit a schema."),
    ] = None,
) -> Response:
    """Give the JSON Schema of plans (2020-12)."""
    body = _schema(is_strict=profile == "strict")
    return conditional.tagged(request, Response(body, media_type=_TYPE, headers=_KEPT))


@lru_cache(maxsize=2)
def _schema(*, is_strict: bool) -> bytes:
    from functions.domain.plans.schema import schema

    return orjson.dumps(schema(strict=is_strict))
