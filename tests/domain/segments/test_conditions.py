"""Conditions on people: what they mean, what a query can say of them, and how mistakes are told."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from functions.domain.contacts.contact import Contact, contact_fields
from functions.domain.errors import InvalidFieldError
from functions.domain.segments.conditions import decide, equalities, leading_equality, matches
from functions.domain.segments.parser import (
    MAX_CAMPAIGNS,
    MAX_CONDITIONS,
    MAX_DEPTH,
    MAX_NUMBER,
    parse,
)
from tests.clock import NOON
from tests.domain.segments.strategies import conditions, histories, people

ANN = Contact(
    id="ann",
    phone="+254711000001",
    first_name="Ann",
    location="Nairobi",
    attributes={"plan": "gold", "age": "9", "spent": "10.50"},
    created_at=datetime(2026, 3, 1, 9, tzinfo=UTC),
    updated_at=NOON,
)


def leaf(field: str, op: str, *value: Any) -> dict[str, Any]:
    """Return a comparison, without a value where none is given."""
    return {"field": field, "op": op, **({"value": value[0]} if value else {})}


def holds(condition: dict[str, Any], **statuses: str) -> bool:
    """Tell whether a condition holds for Ann."""
    return matches(parse(condition), ANN, statuses)


# --- What they mean --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "op", "value", "expected"),
    [
        ("location", "eq", "Nairobi", True),
        ("location", "eq", "nairobi", False),
        ("location", "ne", "Nairobi", False),
        ("last_name", "ne", "Okoth", True),
        ("last_name", "eq", "", True),
        ("location", "in", ["Accra", "Nairobi"], True),
        ("location", "in", ["Accra"], False),
        ("location", "contains", "irob", True),
        ("location", "starts_with", "Nai", True),
        ("location", "starts_with", "airobi", False),
        ("attributes.plan", "eq", "gold", True),
        ("attributes.nothing", "eq", "gold", False),
        ("attributes.age", "lt", 10, True),
        ("attributes.age", "lt", "10", True),
        ("attributes.age", "gte", 9.0, True),
        ("attributes.age", "eq", 9, True),
        ("attributes.age", "eq", 9.0, True),
        ("attributes.age", "eq", "9.0", False),
        ("attributes.spent", "lte", 10.5, True),
        ("attributes.spent", "gt", "10.5", False),
        ("attributes.plan", "gt", "apple", True),
        ("attributes.plan", "gt", "10", True),
        ("attributes.nothing", "lt", 10, False),
        ("attributes.nothing", "gte", 10, False),
        ("created_at", "lt", "2026-03-01T13:00:00+03:00", True),
        ("created_at", "gte", "2026-03-01T12:00:00+03:00", True),
        ("created_at", "gt", "2026-03-01T09:00:00Z", False),
    ],
)
def test_comparisons(field: str, op: str, value: Any, expected: bool) -> None:
    """Text is compared as text, numbers as numbers where both are, instants as instants."""
    assert holds(leaf(field, op, value)) is expected


@pytest.mark.parametrize(("field", "there"), [("location", True), ("attributes.nothing", False)])
def test_a_field_exists_where_it_has_a_value(field: str, there: bool) -> None:
    """`exists` alone means true; false asks for those without a value."""
    assert holds(leaf(field, "exists")) is there
    assert holds(leaf(field, "exists", True)) is there
    assert holds(leaf(field, "exists", False)) is not there


def test_history_is_the_status_of_a_campaign_s_message() -> None:
    """One status, several, or none at all."""
    assert holds({"campaign": "c1", "status": "delivered"}, c1="delivered")
    assert not holds({"campaign": "c1", "status": "delivered"}, c1="sent")
    assert holds({"campaign": "c1", "status": ["delivered", "sent"]}, c1="sent")
    assert holds({"campaign": "c1", "status": "none"}, c1="none")
    assert not holds({"campaign": "c1", "status": "none"}, c1="failed")


def test_conditions_are_joined() -> None:
    """`all` needs every part, `any` one, and `not` none."""
    true, false = leaf("location", "eq", "Nairobi"), leaf("location", "eq", "Accra")
    assert holds({"all": [true, {"not": false}]})
    assert not holds({"all": [true, false]})
    assert holds({"any": [false, true]})
    assert not holds({"any": [false, {"not": true}]})


@given(conditions(), people(), histories())
def test_what_is_decided_without_history_is_right(
    written: dict[str, Any], person: Contact, statuses: dict[str, str]
) -> None:
    """Where a verdict can be given before the messages are read, reading them changes nothing."""
    condition = parse(written)
    early = decide(condition, person, None)
    assert early is None or early == matches(condition, person, statuses)


# --- What a query can say --------------------------------------------------------------------


@given(conditions(), people(), histories())
def test_the_leading_equality_finds_everybody(
    written: dict[str, Any], person: Contact, statuses: dict[str, str]
) -> None:
    """Whoever a condition holds for has the stored value that its query leads with."""
    condition = parse(written)
    led = leading_equality(condition)
    if led is not None and matches(condition, person, statuses):
        assert contact_fields(person)[led[0]] == led[1]


@given(conditions(), people(), histories())
def test_equalities_say_it_all(
    written: dict[str, Any], person: Contact, statuses: dict[str, str]
) -> None:
    """Where equalities stand for a condition, it holds for exactly those who have the values."""
    condition = parse(written)
    equal = equalities(condition)
    if equal is not None:
        stored = contact_fields(person)
        have_all = all(stored.get(field) == value for field, value in equal)
        assert have_all == matches(condition, person, statuses)


@pytest.mark.parametrize(
    ("written", "field"),
    [
        (leaf("location", "eq", "Nairobi"), "location"),
        (leaf("location", "in", ["Nairobi"]), "location"),
        (leaf("attributes.plan", "eq", "gold"), "attr_plan"),
        ({"all": [leaf("zone", "ne", "x"), {"all": [leaf("zone", "eq", "x")]}]}, "zone"),
        ({"any": [leaf("location", "eq", "Nairobi")]}, None),
        ({"not": leaf("location", "eq", "Nairobi")}, None),
        (leaf("location", "in", ["Nairobi", "Accra"]), None),
        (leaf("attributes.plan", "eq", ""), None),
        (leaf("attributes.Plan", "eq", "gold"), None),
        (leaf("phone", "eq", "+254711000001"), None),
    ],
)
def test_which_equality_leads(written: dict[str, Any], field: str | None) -> None:
    """An equality of an indexed field leads where it must hold; nothing else does."""
    led = leading_equality(parse(written))
    assert (led and led[0]) == field


# --- Mistakes --------------------------------------------------------------------------------

GOOD = leaf("location", "eq", "Nairobi")


def nested(depth: int) -> dict[str, Any]:
    """Return a condition that is nested so deep."""
    return GOOD if depth == 1 else {"not": nested(depth - 1)}


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ([], "conditions"),
        ({}, "conditions"),
        ({"all": []}, "conditions.all"),
        ({"all": GOOD}, "conditions.all"),
        ({"all": [GOOD], "any": [GOOD]}, "conditions"),
        ({"all": [GOOD, GOOD, {"field": "location", "op": "is"}]}, "conditions.all[2].op"),
        ({"any": [{"not": {"field": "size"}}]}, "conditions.any[0].not.field"),
        ({"field": "attributes.", "op": "exists"}, "conditions.field"),
        ({"field": 7, "op": "exists"}, "conditions.field"),
        ({"field": "location", "value": "x"}, "conditions.op"),
        ({"field": "location", "op": "eq"}, "conditions.value"),
        ({**GOOD, "vaule": 1}, "conditions.vaule"),
        ({**GOOD, "\ud800": 1}, "conditions.?"),
        (leaf("location", "eq", True), "conditions.value"),
        (leaf("location", "eq", "\ud800"), "conditions.value"),
        (leaf("location", "eq", "x" * 301), "conditions.value"),
        (leaf("location", "eq", float("nan")), "conditions.value"),
        (leaf("attributes.id", "eq", MAX_NUMBER + 1), "conditions.value"),
        (leaf("attributes.id", "in", [1, -MAX_NUMBER - 1]), "conditions.value[1]"),
        (leaf("location", "contains", ""), "conditions.value"),
        (leaf("location", "in", "Nairobi"), "conditions.value"),
        (leaf("location", "in", []), "conditions.value"),
        (leaf("location", "in", ["a", ["b"]]), "conditions.value[1]"),
        (leaf("location", "exists", "yes"), "conditions.value"),
        (leaf("created_at", "lt", "yesterday"), "conditions.value"),
        (leaf("created_at", "lt", "2026-03-01T09:00:00"), "conditions.value"),
        (leaf("created_at", "contains", "2026"), "conditions.op"),
        ({"campaign": "../c", "status": "sent"}, "conditions.campaign"),
        ({"campaign": "__c__", "status": "sent"}, "conditions.campaign"),
        ({"campaign": "c", "status": "gone"}, "conditions.status"),
        ({"campaign": "c", "status": []}, "conditions.status"),
        ({"campaign": "c"}, "conditions.status"),
        (nested(MAX_DEPTH + 1), "conditions" + ".not" * MAX_DEPTH),
        ({"any": [GOOD] * MAX_CONDITIONS}, f"conditions.any[{MAX_CONDITIONS - 1}]"),
        (
            {"any": [{"campaign": f"c{n}", "status": "sent"} for n in range(MAX_CAMPAIGNS + 1)]},
            "conditions",
        ),
    ],
)
def test_a_mistake_is_told_by_its_path(written: Any, path: str) -> None:
    """Whatever is wrong is refused with the path of the mistake, as the field of the error."""
    with pytest.raises(InvalidFieldError) as caught:
        parse(written)
    assert caught.value.field == path
    assert str(caught.value).startswith(f"{path}: ")


def test_the_bounds_themselves_are_within() -> None:
    """The deepest, the widest and the longest that is allowed is read."""
    parse(nested(MAX_DEPTH))
    parse({"any": [GOOD] * (MAX_CONDITIONS - 1)})
    parse(leaf("location", "eq", "x" * 300))
    parse(leaf("attributes.id", "in", [MAX_NUMBER, -MAX_NUMBER]))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["all", "any", "not", "field", "op", "value", "campaign", "status"])
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(_JSON)
@example({"field": ["location"], "op": {}, "value": None})
def test_whatever_is_written_is_read_or_refused(written: Any) -> None:
    """JSON of any shape makes a condition or an InvalidFieldError, and nothing else."""
    with suppress(InvalidFieldError):
        decide(parse(written), ANN, None)
