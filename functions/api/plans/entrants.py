"""Whom a caller may name to enter a plan, a thousand at once."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import orjson
from pydantic import AfterValidator, Field, ValidationError, WithJsonSchema

from functions.domain.contacts.phones import parse_phone
from functions.domain.errors import InvalidFieldError
from functions.domain.plain_text import check_name
from functions.engine.plans.enroll import Entrant
from functions.web.fields import RestBody, ZonedInstant, example
from functions.web.person_body import PersonBody

#: People who are named in one request.
MOST: Final = 1000
#: Bytes of what is known of one walk, as JSON.
_DATA_BYTES: Final = 4096


def _texts(data: Mapping[str, Any]) -> Mapping[str, str]:
    """Return what is known of a walk as the texts that templates print."""
    if len(orjson.dumps(data)) > _DATA_BYTES:
        raise ValueError(f"must not be larger than {_DATA_BYTES} bytes as JSON")
    return {check_name(name): _text(name, value) for name, value in data.items()}


def _text(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None or not isinstance(value, bool | int | float):
        raise ValueError(f"{name} must be a text, a number, true or false")
    return orjson.dumps(value).decode()


class EntrantBody(PersonBody):
    """Somebody who is to enter, by one of contact_id, phone, email and subject."""

    key: Annotated[str, Field(max_length=300), AfterValidator(check_name)] = ""
    data: Annotated[
        dict[Annotated[str, Field(min_length=1, max_length=64)], Any], AfterValidator(_texts)
    ] = Field(default_factory=dict)

    @property
    def wanted(self) -> Entrant:
        """The entrant."""
        phone = parse_phone(self.phone) if self.phone else None
        return Entrant(
            contact_id=self.contact_id or "",
            address=self.address,
            subject=self.subject or "",
            region=phone.region if phone else "",
            zones=phone.zones if phone else (),
            key=self.key,
            data=self.data,
        )


def read_entrant(row: Any, *, needs_key: bool) -> Entrant | InvalidFieldError:
    """Return the entrant that a row names, or the rule that it breaks.

    Where one person walks several times at once, each walk needs a key that tells it from others;
    elsewhere nobody has one.
    """
    if not isinstance(row, Mapping):
        return InvalidFieldError("subjects", 'must be an object, such as {"phone": "+12025550142"}')
    try:
        entrant = EntrantBody.model_validate(row).wanted
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "subject"
        return InvalidFieldError(field, first["msg"].removeprefix("Value error, "))
    if needs_key and not entrant.key:
        return InvalidFieldError("key", "is needed: one person walks here once for each key")
    if entrant.key and not needs_key:
        sentence = "goes with reentry parallel: here one person has one walk"
        return InvalidFieldError("key", sentence)
    return entrant


#: Whatever it is: a row that is wrong is told by its index, and the others are kept.
Row = Annotated[Any, WithJsonSchema({"type": "object", "additionalProperties": True})]


class Stagger(RestBody):
    """How many people begin each minute."""

    per_minute: Annotated[int, Field(ge=1, le=100_000)]


class Entrants(RestBody):
    """People who are to enter, all at once unless they are staggered."""

    subjects: Annotated[list[Row], Field(min_length=1, max_length=MOST)]
    at: ZonedInstant | None = None
    stagger: Stagger | None = None

    model_config = example(
        {
            "subjects": [
                {"phone": "+12025550142", "key": "order-4711", "data": {"item": "kettle"}}
            ],
            "stagger": {"per_minute": 100},
        }
    )
