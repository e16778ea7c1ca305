"""What a row says of somebody, and the sentences about those that say it wrongly."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.contacts.import_row import (
    COLUMNS,
    FIELDS,
    Cell,
    RowError,
    check_mapping,
    contact_row,
    field_of,
    fields_of,
    json_cells,
)
from functions.domain.errors import InvalidFieldError
from functions.domain.templates.fields import ALIASES

PHONE = "+1 212 555 2000"


def read(row: dict[str, str], **mapping: str) -> dict[str, Any]:
    """Read a row by the names of its columns."""
    return contact_row(Cell(name, field_of(name, mapping), text) for name, text in row.items())


def problem(row: dict[str, str]) -> tuple[str, str]:
    """Return the column that a row is refused for, and the sentence."""
    with pytest.raises(RowError) as refused:
        read(row)
    return refused.value.column, str(refused.value)


def test_columns_fill_the_fields_that_they_are_named_after() -> None:
    """Our names, those of other programs, and attributes for all other columns."""
    row = {
        "Phone": PHONE,
        "E-Mail": "Ana@Example.com",
        "firstname": " Ana ",
        "Last Name": "Sol",
        "prefered_product": "tea",
        "timezone": "Europe/Madrid",
        "active": "No",
        "city": "Boston",
        "attributes.tier": "gold",
    }
    assert read(row) == {
        "phone": "+12125552000",
        "region": "US",
        "zones": ("America/New_York",),
        "email": "ana@example.com",
        "first_name": "Ana",
        "last_name": "Sol",
        "preferred_product": "tea",
        "zone": "Europe/Madrid",
        "active": False,
        "attributes": {"city": "Boston", "tier": "gold"},
    }


@pytest.mark.parametrize("name", ["number", "mobile", "phone_number", "Phone Number", "MOBILE"])
def test_a_phone_number_has_many_names(name: str) -> None:
    """What programs call the phone number is understood."""
    assert read({name: PHONE})["phone"] == "+12125552000"


@pytest.mark.parametrize("alias", ALIASES)
def test_the_spellings_of_the_api_are_those_of_files(alias: str) -> None:
    """Whatever a request may call a field, a column may be called too."""
    assert field_of(alias, {}) == ALIASES[alias]


def test_a_mapping_goes_before_names() -> None:
    """A mapped column fills what the mapping says, an attribute or nothing included."""
    mapping = {"Tel": "phone", "phone": "attributes.office", "notes": ""}
    row = {"Tel": PHONE, "phone": "12", "notes": "secret"}
    said = read(row, **mapping)
    assert (said["phone"], said["attributes"]) == ("+12125552000", {"office": "12"})


def test_an_empty_cell_says_nothing() -> None:
    """A blank cell neither fills a field nor empties one."""
    said = read({"email": "a@b.co", "phone": "  ", "first_name": "", "city": "\t"})
    assert said == {"email": "a@b.co"}


@pytest.mark.parametrize(
    ("row", "column", "sentence"),
    [
        ({"phone": ""}, "", "has neither a phone number nor an e-mail address"),
        ({"city": "Bath"}, "", "has neither a phone number nor an e-mail address"),
        ({"Mobile": "+1"}, "Mobile", "Mobile: is not a phone number"),
        ({"phone": PHONE, "E-Mail": "x"}, "E-Mail", "E-Mail: must look like"),
        ({"phone": PHONE, "timezone": "Mars"}, "timezone", "timezone: there is no time zone"),
        ({"phone": PHONE, "zone": "localtime"}, "zone", "zone: there is no time zone 'localtime'"),
        ({"phone": PHONE, "zone": "Factory"}, "zone", "zone: there is no time zone 'Factory'"),
        ({"phone": PHONE, "active": "maybe"}, "active", "active: must be true or false"),
        ({"phone": PHONE, "first_name": "x" * 201}, "first_name", "first_name: has more than 200"),
        ({"phone": PHONE, "city": "x" * 1001}, "city", "city: has more than 1000 characters"),
        ({"phone": PHONE, "mobile": "+1"}, "mobile", "mobile: column phone fills phone too"),
    ],
)
def test_a_bad_row_is_told_by_its_column(row: dict[str, str], column: str, sentence: str) -> None:
    """The sentence names the column as the file has it, and the rule that it breaks."""
    told, text = problem(row)
    assert told == column
    assert text.startswith(sentence)


@given(st.dictionaries(st.text(max_size=80), st.text(max_size=40), max_size=5))
def test_any_row_is_read_or_refused_with_a_sentence(row: dict[str, str]) -> None:
    """Whatever stands in a row, it makes somebody with an address, or one short sentence."""
    told, said = "", {}
    try:
        said = read(row)
    except RowError as error:
        told = str(error)
    assert bool(told) != bool(said.get("phone") or said.get("email"))
    assert len(told) < 300


def test_fields_of_a_table() -> None:
    """A column without a name is left out."""
    assert fields_of(["phone", "", "city"], {"city": "location"}) == ["phone", "", "location"]


@pytest.mark.parametrize(
    ("columns", "mapping", "field", "sentence"),
    [
        (["name"], {}, "file", "file: needs a column phone or email"),
        ([], {}, "file", "file: needs a column phone or email"),
        (["phone"], {"phone": ""}, "file", "file: needs a column phone or email"),
        (["phone", "mobile"], {}, "mapping", "mapping: 'phone' and 'mobile' are both phone;"),
        (["phone", "a", "a"], {}, "file", "file: two columns are named 'a';"),
        (["phone"], {"tel": "phone"}, "mapping", "mapping: there is no column 'tel'"),
        (["phone"], {"phone": "fone"}, "mapping", "mapping: 'phone': must be one of phone, "),
        (["phone", "!?"], {}, "file", "file: !?: attributes.: a name is"),
        (["phone", "b" * 65], {}, "file", "file: " + "b" * 65),
        (["phone", *map(str, range(COLUMNS))], {}, "file", "file: has more than 100 columns"),
    ],
)
def test_a_table_that_describes_nobody_is_refused(
    columns: list[str], mapping: dict[str, str], field: str, sentence: str
) -> None:
    """What is wrong with the first line or the mapping is told before any row is read."""
    with pytest.raises(InvalidFieldError) as refused:
        fields_of(columns, mapping)
    assert refused.value.field == field
    assert str(refused.value).startswith(sentence)


@pytest.mark.parametrize("field", ["id", "attributes.", "attributes.phone", "attr_x", "zones"])
def test_a_mapping_names_fields_that_there_are(field: str) -> None:
    """A mapping to anything but a field of a contact is refused."""
    with pytest.raises(InvalidFieldError, match="mapping"):
        check_mapping({"x": field})
    check_mapping({name: name for name in FIELDS})


def test_a_mapping_has_at_most_a_hundred_columns() -> None:
    """A mapping has no more columns than a table."""
    with pytest.raises(InvalidFieldError, match="more than 100"):
        check_mapping({str(n): "" for n in range(101)})


def test_json_values_become_texts() -> None:
    """Numbers, truth values and null are told as a CSV would; attributes may be an object."""
    row = {"phone": PHONE, "age": 7, "active": True, "x": None, "attributes": {"a": 1.5}}
    assert dict(json_cells(row)) == {
        "phone": PHONE,
        "age": "7",
        "active": "true",
        "x": "",
        "attributes.a": "1.5",
    }


@pytest.mark.parametrize("value", [[1], {"a": 1}])
def test_json_values_within_values_are_refused(value: object) -> None:
    """A list or an object is the text of no field."""
    with pytest.raises(RowError, match="tags: must be a text"):
        dict(json_cells({"phone": PHONE, "tags": value}))
    with pytest.raises(RowError, match="tags: must be a text"):
        dict(json_cells({"attributes": {"tags": value}}))
