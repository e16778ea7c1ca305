"""One row of a table of people: what it says of somebody, or what is wrong with it.

Each column fills a field of a contact: the one that a mapping names, or else that of its own
name; columns of other names become attributes.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from functions.domain.contacts.contact import LENGTHS, Details, identity, read_details
from functions.domain.errors import InvalidFieldError
from functions.domain.templates.fields import ALIASES
from functions.domain.warnings import InputWarning

#: The fields of a contact that a column may fill, beside attributes.
FIELDS: Final = (*LENGTHS, "active")
#: In front of an attribute's name, in a mapping and as the name of a column.
ATTRIBUTE: Final = "attributes."
#: What programs call the fields, lower case, with one underscore between words.
_SPELLINGS: Final[Mapping[str, str]] = {
    **{name: name for name in FIELDS},
    **ALIASES,
    "number": "phone",
    "mobile": "phone",
    "phone_number": "phone",
    "e_mail": "email",
    "timezone": "zone",
    "time_zone": "zone",
    # What an export tells beside, and nobody can say.
    **dict.fromkeys(("contact_id", "region", "zones", "created_at", "updated_at"), ""),
    # What the console's file of bad rows tells beside.
    **dict.fromkeys(("import_line", "import_problem"), ""),
}
_TRUTHS: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("true", "yes", "1"), True),
    **dict.fromkeys(("false", "no", "0"), False),
}

#: Texts that our exports keep spreadsheets from taking for formulas, by a mark in front.
_GUARDED: Final = re.compile(r"'[=+\-@]")

_ODD: Final = re.compile(r"[^\w.-]+")

COLUMNS: Final = 100  #: of one row at most
_TOLD: Final = 100  #: characters of a column's name that an error quotes


class RowError(ValueError):
    """A row describes nobody; the message names the column, where one is to blame."""

    def __init__(self, column: str, problem: str) -> None:
        self.column = column[:_TOLD]
        super().__init__(f"{self.column}: {problem}" if column else problem)


class Cell(NamedTuple):
    """What stands in a column of a row, and the field that it fills; "" for none."""

    column: str
    field: str
    text: str


def contact_row(cells: Iterable[Cell], *, country: str = "") -> Details:
    """Return what a row says of somebody, who has an address. An empty cell says nothing.

    The mark that an export puts in front of what looks like a formula is no part of a text.
    `country` is where phone numbers without a plus are dialled. Raises RowError with the first
    thing that is wrong.
    """
    said: dict[str, Any] = {}
    attributes: dict[str, str] = {}
    columns: dict[str, str] = {}
    for column, field, cell in cells:
        text = cell.strip()
        if not text or not field:
            continue
        if _GUARDED.match(text):
            text = text[1:]
        if field in columns:
            raise RowError(column, f"column {columns[field][:_TOLD]} fills {field} too")
        columns[field] = column
        if field.startswith(ATTRIBUTE):
            attributes[field.removeprefix(ATTRIBUTE)] = text
        else:
            # A cell may be written in lines, where a name is one.
            said[field] = _truth(column, text) if field == "active" else " ".join(text.splitlines())
    whole = {**said, "attributes": attributes} if attributes else said
    return _read(whole, columns, country)


def _truth(column: str, text: str) -> bool:
    if (truth := _TRUTHS.get(text.lower())) is None:
        raise RowError(column, "must be true or false")
    return truth


def _read(said: Mapping[str, Any], columns: Mapping[str, str], country: str) -> Details:
    if "phone" not in columns and "email" not in columns:
        raise RowError("", "has neither a phone number nor an e-mail address")
    try:
        details = read_details(said, country=country)
        identity(details)
    except InvalidFieldError as error:
        # The rule names our field; who reads it looks for the column in the file.
        problem = str(error).removeprefix(f"{error.field}: ")
        raise RowError(columns.get(error.field, error.field), problem) from None
    return details


def fields_of(columns: Sequence[str], mapping: Mapping[str, str]) -> list[str]:
    """Return for each column of a table the field that it fills, "" for one that is left out.

    Raises InvalidFieldError where no row of such a table could describe anybody.
    """
    if len(columns) > COLUMNS:
        raise InvalidFieldError("file", f"file: has more than {COLUMNS} columns")
    check_mapping(mapping)
    if missing := [column for column in mapping if column not in columns]:
        raise InvalidFieldError("mapping", f"mapping: there is no column '{missing[0][:_TOLD]}'")
    check_names(columns)
    try:
        found = [field_of(column, mapping) for column in columns]
    except RowError as error:
        raise InvalidFieldError("file", f"file: {error}") from None
    _check_once(columns, found)
    if not {"phone", "email"}.intersection(found):
        problem = "needs a column phone or email, or a mapping that says which is which"
        raise InvalidFieldError("file", f"file: {problem}")
    return found


def check_names(columns: Sequence[str]) -> None:
    """Raise InvalidFieldError where two columns have one name: nobody knows which is meant."""
    named = Counter(column for column in columns if column)
    if twice := [column for column, count in named.items() if count > 1]:
        problem = f"two columns are named '{twice[0][:_TOLD]}'; give one of them another name"
        raise InvalidFieldError("file", f"file: {problem}")


def address_columns(mapping: Mapping[str, str]) -> frozenset[str]:
    """Return the names of columns, in lower case, that hold addresses."""
    addresses = {"phone", "email"}
    named = {column for column, field in mapping.items() if field in addresses}
    return frozenset(map(str.lower, named | {n for n, f in _SPELLINGS.items() if f in addresses}))


def check_mapping(mapping: Mapping[str, str]) -> None:
    """Raise InvalidFieldError where a mapping names a field that there is not."""
    if len(mapping) > COLUMNS:
        raise InvalidFieldError("mapping", f"mapping: has more than {COLUMNS} columns")
    for column, field in mapping.items():
        if field in FIELDS or not field:
            continue
        try:
            _check_attribute(field)
        except ValueError as error:
            raise InvalidFieldError("mapping", f"mapping: '{column[:_TOLD]}': {error}") from None


def _check_attribute(field: str) -> None:
    """Raise ValueError with a sentence unless this is the field of an attribute."""
    if not field.startswith(ATTRIBUTE):
        raise ValueError(f"must be one of {', '.join(FIELDS)}, {ATTRIBUTE}<name> or nothing")
    try:
        read_details({"attributes": {field.removeprefix(ATTRIBUTE): "text"}})
    except InvalidFieldError as error:
        raise ValueError(str(error)) from None


def field_of(column: str, mapping: Mapping[str, str]) -> str:
    """Return the field that a column fills, by a mapping that was checked or by its own name.

    A column without a name fills none. Raises RowError where a name cannot be an attribute's.
    """
    if column in mapping or not column:
        return mapping.get(column, "")
    own = _SPELLINGS.get(re.sub(r"[\s-]+", "_", column.strip()).lower())
    if own is not None:
        return own
    # What an attribute cannot be named by is left out; `renamed` tells it.
    field = ATTRIBUTE + _attribute_name(column)
    try:
        _check_attribute(field)
    except ValueError as error:
        raise RowError(column, str(error)) from None
    return field


def _attribute_name(column: str) -> str:
    return " ".join(_ODD.sub(" ", column.removeprefix(ATTRIBUTE)).split())


def renamed(fields: Iterable[tuple[str, str]]) -> Iterator[InputWarning]:
    """Yield a warning for each column, given with its field, whose attribute has another name."""
    for column, field in fields:
        name = _attribute_name(column)
        if field == ATTRIBUTE + name and name != column.removeprefix(ATTRIBUTE).strip():
            sentence = f"file: the column '{column[:_TOLD]}' is kept as the attribute '{name}'"
            yield InputWarning("COLUMN_RENAMED", "file", sentence)


def _check_once(columns: Sequence[str], fields: Sequence[str]) -> None:
    """Refuse two columns for one field: nobody knows which of them is meant."""
    first: dict[str, str] = {}
    for column, field in zip(columns, fields, strict=True):
        if field and field in first:
            both = f"'{first[field][:_TOLD]}' and '{column[:_TOLD]}' are both {field}"
            raise InvalidFieldError("mapping", f"mapping: {both}; map one of them elsewhere")
        first[field] = column


def json_cells(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the columns of a JSON object, those of its `attributes` included, and their texts.

    Raises RowError for a value that is no text, number, truth value or null.
    """
    for column, value in row.items():
        if f"{column}." == ATTRIBUTE and isinstance(value, Mapping):
            yield from ((f"{column}.{name}", _text(name, each)) for name, each in value.items())
        else:
            yield column, _text(column, value)


def _text(column: str, value: Any) -> str:
    match value:
        case str():
            return value
        case None:
            return ""
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case _:
            raise RowError(column, "must be a text, a number, true, false or null")
