"""Events over REST: a caller tells what has happened to people, one by one or a hundred at once."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import orjson
from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, Field, ValidationError

from functions.domain.errors import DomainError, InvalidFieldError
from functions.domain.plain_text import check_name
from functions.domain.plans.listening import check_custom
from functions.engine.plans.events.event import NewEvent, Telling, Value
from functions.engine.plans.events.telling import Outcome, tell
from functions.web.auth import Area
from functions.web.caller_route import Operator, RestRoute
from functions.web.fields import RestBody, ZonedInstant, example
from functions.web.person_body import PersonBody

router = APIRouter(prefix="/events", tags=[Area.EVENTS], route_class=RestRoute)

#: Events that are told of in one request.
MOST: Final = 100
#: Bytes of an event's data, as JSON.
_DATA_BYTES: Final = 4096
#: Whole numbers that every store and every program keeps exactly.
_EXACT: Final = 2**53


def _custom(name: str) -> str:
    try:
        return check_custom(name, field="name")
    except InvalidFieldError as error:
        raise ValueError(str(error).removeprefix("name: ")) from None


def _small(data: Mapping[str, Any]) -> Mapping[str, Any]:
    for name, value in data.items():
        check_name(name)
        if isinstance(value, str | bool) or value is None:
            continue
        if not isinstance(value, int | float) or not abs(value) <= _EXACT:
            rule = f"must be a text, true, false, null or a number up to {_EXACT}"
            raise ValueError(f"{name} {rule}")
    if len(orjson.dumps(data)) > _DATA_BYTES:
        raise ValueError(f"must not be larger than {_DATA_BYTES} bytes as JSON")
    return data


class EventBody(PersonBody):
    """What has happened to somebody: to a contact, to an address, or to what you call a subject."""

    id: Annotated[
        str,
        Field(
            min_length=1,
            max_length=128,
            description="Yours: whoever tells of it twice under one id tells of it once.",
        ),
        AfterValidator(check_name),
    ] = ""
    name: Annotated[str, Field(max_length=64), AfterValidator(_custom)]
    key: Annotated[str, Field(max_length=300)] = ""
    at: ZonedInstant | None = None
    data: Annotated[
        dict[Annotated[str, Field(min_length=1, max_length=64)], Any],
        Field(
            default_factory=dict,
            description="Flat; whoever enters upon it has it for their texts.",
        ),
        AfterValidator(_small),
    ]

    model_config = example(
        {
            "id": "shop-8812",
            "phone": "+12025550142",
            "name": "order_paid",
            "key": "order-4711",
            "data": {"item": "kettle", "total": 30},
        }
    )

    def told(self) -> NewEvent:
        """Return the event."""
        data: Mapping[str, Value] = self.data
        return NewEvent(
            name=self.name,
            id=self.id,
            contact_id=self.contact_id or "",
            address=self.address,
            subject=self.subject or "",
            key=self.key,
            at=self.at,
            data=data,
        )


class Told(BaseModel):
    """What came of an event; enrollments are named as GET /enrollments/{id} takes them."""

    id: str
    entered: list[str]
    heard_by: list[str]
    repeated: bool


class EventBatch(RestBody):
    """Events, each as in POST /events."""

    events: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MOST)]

    model_config = example({"events": [{"email": "ana@example.com", "name": "order_paid"}]})


class ToldRow(BaseModel):
    """What came of one of several events, by its index from 0."""

    index: int
    result: Literal["told", "refused"]
    id: str | None = None
    entered: list[str] = []
    heard_by: list[str] = []
    repeated: bool = False
    field: str | None = None
    reason: str | None = None


class ToldRows(BaseModel):
    """How many events were noted and how many refused, and each of them."""

    told: int
    refused: int
    results: list[ToldRow]


@router.post("", response_model=Told)
async def send_event(event: EventBody, context: Operator) -> Any:
    """Tell what has happened to somebody: who waits for it goes on, and who enters upon it enters.

    Told again under its id it is answered alike, and does nothing twice.
    """
    (outcome,) = await tell(context.engine, context.org, [event.told()])
    if isinstance(outcome, DomainError):
        raise outcome
    return _shown(outcome)


@router.post("/batch", response_model=ToldRows)
async def send_events(wanted: EventBatch, context: Operator) -> dict[str, Any]:
    """Tell what has happened to up to 100 people; bad events are told by index, good ones kept."""
    read = [_read(each) for each in wanted.events]
    told = [each for each in read if isinstance(each, NewEvent)]
    outcomes = iter(await tell(context.engine, context.org, told))
    every = [next(outcomes) if isinstance(each, NewEvent) else each for each in read]
    rows = [_row(index, each) for index, each in enumerate(every)]
    refused = len([each for each in every if isinstance(each, DomainError)])
    return {"told": len(rows) - refused, "refused": refused, "results": rows}


def _read(row: Mapping[str, Any]) -> NewEvent | InvalidFieldError:
    try:
        return EventBody.model_validate(row).told()
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "event"
        return InvalidFieldError(field, f"{field}: {first['msg'].removeprefix('Value error, ')}")


def _row(index: int, outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, Telling):
        return {"index": index, "result": "told", **_shown(outcome)}
    field = getattr(outcome, "field", "contact_id")
    return {"index": index, "result": "refused", "field": field, "reason": str(outcome)}


def _shown(told: Telling) -> dict[str, Any]:
    return {name: getattr(told, name) for name in ("id", "entered", "heard_by", "repeated")}
