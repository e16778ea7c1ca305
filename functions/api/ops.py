"""The function that says whether Clarion is well."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from functions.api.fields import iso
from functions.api.house import HouseOf
from functions.engine import reports

router = APIRouter(tags=["ops"])


@router.get("/health", response_model=None)
async def health(house: HouseOf) -> dict[str, Any] | JSONResponse:
    """Say whether the store answers."""
    store = await reports.store_is_well(house.engine)
    body = {
        "status": "healthy" if store else "unhealthy",
        "checks": {"database": {"status": "healthy" if store else "unhealthy"}},
        "timestamp": iso(house.engine.clock.now()),
    }
    return body if store else JSONResponse(body, 503)
