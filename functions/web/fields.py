"""Bodies, and the fields that several of them share, each field with its rule."""

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from functions.domain.contacts.phones import InvalidPhoneError, parse_phone
from functions.domain.plain_text import check_name
from functions.domain.times import ZoneMissingError, instant_from, iso
from functions.engine.paths import RESERVED


class Body(BaseModel):
    """A request body: members in camelCase, none that we do not know.

    An unknown member is most likely a misspelt one, and a misspelt scheduledTime would start a
    campaign at once.
    """

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", str_strip_whitespace=True, frozen=True
    )


class RestBody(BaseModel):
    """A request body: members in snake_case, none that we do not know (docs/decisions/0006)."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)


def example(body: Any) -> ConfigDict:
    """Return the configuration of a body whose description shows this one."""
    return ConfigDict(json_schema_extra={"examples": [body]})


def _number(text: str) -> str:
    try:
        return parse_phone(text).e164
    except InvalidPhoneError as error:
        raise ValueError(str(error)) from None


def not_reserved(id_: str) -> str:
    """Refuse names that Firestore keeps to itself, and cannot even be asked for."""
    if any(RESERVED.fullmatch(part) for part in id_.split(".")):
        raise ValueError("must not begin and end with two underscores")
    return id_


def _flag(value: object) -> object:
    """Accept JSON's true and false beside the provider's words."""
    if isinstance(value, bool):
        return "true" if value else ""
    return value


PhoneNumber = Annotated[str, Field(max_length=32), AfterValidator(_number)]
Id = Annotated[
    str,
    Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$"),
    AfterValidator(not_reserved),
]
#: The pattern of an id that may be left out.
OPTIONAL_ID: Final = r"^[A-Za-z0-9_-]{0,64}$"
Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(check_name)]
Reason = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(check_name)]
Url = Annotated[str, Field(min_length=1, max_length=2048)]
Cursor = Annotated[str, Field(max_length=64)]
PageSize = Annotated[int, Field(ge=1, le=1000)]
MachineDetection = Annotated[Literal["", "true", "hangup"], BeforeValidator(_flag)]

_BAD_TIME = "Invalid scheduledTime format. Please provide a valid ISO 8601 datetime string."


def parse_time(text: object) -> datetime:
    """Read an instant in ISO 8601, with its zone."""
    if isinstance(text, datetime):
        return text
    try:
        return instant_from(str(text).strip())
    except ZoneMissingError:
        raise ValueError(f"{_BAD_TIME} It must say its zone, such as Z or +05:30.") from None
    except ValueError:
        raise ValueError(_BAD_TIME) from None


ScheduledTime = Annotated[datetime, BeforeValidator(parse_time)]


def _parse_zoned(text: object) -> datetime:
    try:
        return parse_time(text)
    except ValueError:
        raise ValueError(
            "must be a time in ISO 8601 with its zone, such as 2026-03-02T12:00:00Z"
        ) from None


#: The same for the REST API, under whatever name.
ZonedInstant = Annotated[datetime, BeforeValidator(_parse_zoned)]


_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2100, 1, 1)


def _parse_day(text: object) -> date:
    try:
        day = text if isinstance(text, date) else date.fromisoformat(str(text))
    except ValueError:
        raise ValueError("must be a day, such as 2026-03-02") from None
    if not _FIRST_DAY <= day <= _LAST_DAY:
        raise ValueError(f"must be a day between {_FIRST_DAY} and {_LAST_DAY}")
    return day


#: A day that something is asked of.
Day = Annotated[date, BeforeValidator(_parse_day)]


#: A day of the week.
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def _written(at: object) -> object:
    return iso(at) if isinstance(at, datetime) else at


#: An instant in an answer: ISO 8601 in UTC, to the millisecond.
Instant = Annotated[str, BeforeValidator(_written)]
MaybeInstant = Annotated[str | None, BeforeValidator(_written)]
