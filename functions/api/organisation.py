"""What holds for the whole organisation: senders, zone, quiet hours, rates, polling."""

from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, Field

from functions.api.auth import Area, Caller
from functions.api.fields import example, iso
from functions.api.house import Admin, House, HouseOf, Viewer
from functions.api.rest import IfMatch, Rest, RestBody, tag
from functions.domain.campaign import ChannelKind
from functions.domain.organisation import DECIDED
from functions.engine import organisation
from functions.engine.organisation import Stored

router = APIRouter(prefix="/settings", tags=[Area.SETTINGS], route_class=Rest)

_Number = Annotated[str, Field(max_length=32)]
_Zone = Annotated[str, Field(max_length=64)]
_ShownTime = Annotated[str, Field(max_length=5)]
_Rate = Annotated[float, Field(gt=0, le=100_000, allow_inf_nan=False)]
_Seconds = Annotated[int, Field(ge=1, le=10_000_000)]


class Senders(RestBody):
    """The number that people see, by channel; null takes it away."""

    voice: _Number | None = None
    sms: _Number | None = None
    whatsapp: _Number | None = None


class Rates(RestBody):
    """Messages a second, by channel, up to what the deployment sends; null for as many."""

    voice: _Rate | None = None
    sms: _Rate | None = None
    whatsapp: _Rate | None = None


class QuietHours(RestBody):
    """From `start` up to but not including `end`, in each person's own zone, nothing is sent."""

    start: _ShownTime
    end: _ShownTime


class Settings(RestBody):
    """What an organisation may decide. Campaigns made from then on follow it."""

    senders: Senders | None = None
    default_zone: _Zone | None = None
    quiet_hours: QuietHours | None = None
    rates: Rates | None = None
    polling_schedule_s: list[_Seconds] | None = None

    model_config = example(
        {
            "senders": {"sms": "+12025550111"},
            "default_zone": "America/New_York",
            "quiet_hours": {"start": "21:00", "end": "09:00"},
            "rates": {"sms": 5},
            "polling_schedule_s": [30, 300, 1800],
        }
    )


class ShownSettings(BaseModel):
    """What an organisation has decided; what is null or empty is left to the deployment."""

    senders: dict[ChannelKind, str]
    default_zone: str
    quiet_hours: dict[str, str] | None
    rates: dict[ChannelKind, float]
    polling_schedule_s: list[int] | None
    updated_at: str | None
    updated_by: str


@router.get("")
async def get_settings(house: HouseOf, caller: Viewer, response: Response) -> ShownSettings:
    """Show what the organisation has decided."""
    return _shown(await organisation.load_stored(house.engine, caller.org), response)


@router.put("")
async def replace_settings(
    wanted: Settings, house: HouseOf, caller: Admin, response: Response, if_version: IfMatch
) -> ShownSettings:
    """Decide everything anew: what is left out is left to the deployment."""
    whole = {name: _given(wanted, name, whole=True) for name in DECIDED}
    return await _change(house, caller, whole, if_version, response)


@router.patch("")
async def change_settings(
    wanted: Settings, house: HouseOf, caller: Admin, response: Response, if_version: IfMatch
) -> ShownSettings:
    """Decide what is named; the rest, other channels included, stays as it is."""
    named = {name: _given(wanted, name) for name in DECIDED if name in wanted.model_fields_set}
    return await _change(house, caller, named, if_version, response)


def _given(wanted: Settings, name: str, *, whole: bool = False) -> Any:
    """Return what a body says of a field; of a map, with `whole`, also what it leaves out."""
    value = getattr(wanted, name)
    if isinstance(value, RestBody):
        return value.model_dump(exclude_unset=not whole)
    return "" if name == "default_zone" and value is None else value


async def _change(
    house: House,
    caller: Caller,
    changes: dict[str, Any],
    if_version: int | None,
    response: Response,
) -> ShownSettings:
    stored = await organisation.change(
        house.engine, caller.org, changes, by=caller.subject, if_version=if_version
    )
    return _shown(stored, response)


def _shown(stored: Stored, response: Response) -> ShownSettings:
    tag(response, stored.version)
    decided, _ = stored
    return ShownSettings(
        senders={ChannelKind(channel): number for channel, number in decided.senders.items()},
        default_zone=decided.default_zone,
        quiet_hours=None if decided.quiet_hours is None else dict(decided.quiet_hours),
        rates={ChannelKind(channel): rate for channel, rate in decided.rates.items()},
        polling_schedule_s=decided.polling_schedule_s and list(decided.polling_schedule_s),
        updated_at=iso(decided.updated_at),
        updated_by=decided.updated_by,
    )
