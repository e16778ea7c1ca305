"""People and conditions, as Hypothesis makes them up: of few values, so that they often meet."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from functions.domain.contacts.contact import Contact
from functions.domain.messages.message import MessageStatus
from functions.domain.segments.conditions import NO_MESSAGE
from tests.clock import NOON
from tests.salted import contact_id

CAMPAIGNS = ("c1", "c2")
STATUSES = (MessageStatus.SENT, MessageStatus.DELIVERED, NO_MESSAGE)
PLACES = ("", "Nairobi", "nairobi", "Accra")
PLANS = ("", "gold", "goldfish", "10", "9.5", "-3")
LATER = NOON + timedelta(hours=1)

_VALUES = {
    "location": st.sampled_from(PLACES),
    "first_name": st.sampled_from(PLACES),
    "attributes.plan": st.sampled_from(PLANS),
    "attributes.Plan": st.sampled_from(PLANS),
    "phone": st.sampled_from(("", "+12025550001")),
    "created_at": st.sampled_from((NOON.isoformat(), "2026-03-02T13:30:00+01:00")),
}
_FIELDS = st.sampled_from(sorted(_VALUES))


@st.composite
def people(draw: st.DrawFn) -> Contact:
    """Make up somebody; their number is never anybody else's, because their id is not."""
    number = draw(st.integers(2000, 9999))
    phone = f"+1202555{number}"
    attributes = {name: draw(st.sampled_from(PLANS)) for name in ("plan", "Plan")}
    return Contact(
        id=contact_id(phone),
        phone=phone if draw(st.booleans()) else "",
        first_name=draw(st.sampled_from(PLACES)),
        location=draw(st.sampled_from(PLACES)),
        active=draw(st.sampled_from((True, True, False))),
        attributes={name: text for name, text in attributes.items() if text},
        created_at=draw(st.sampled_from((NOON, LATER))),
        updated_at=NOON,
    )


@st.composite
def _comparisons(draw: st.DrawFn) -> dict[str, Any]:
    field = draw(_FIELDS)
    inside = [] if field == "created_at" else ["contains", "starts_with"]
    op = draw(
        st.sampled_from(["eq", "eq", "ne", "lt", "lte", "gt", "gte", "in", "exists", *inside])
    )
    if op == "exists":
        return {"field": field, "op": op, "value": draw(st.booleans())}
    values = _VALUES[field] if op in {"eq", "ne", "in"} else _VALUES[field].filter(bool)
    wanted = draw(st.lists(values, min_size=1, max_size=3)) if op == "in" else draw(values)
    return {"field": field, "op": op, "value": wanted}


_HISTORIES = st.fixed_dictionaries(
    {
        "campaign": st.sampled_from(CAMPAIGNS),
        "status": st.sampled_from(STATUSES) | st.lists(st.sampled_from(STATUSES), min_size=1),
    }
)

_LEAVES = _comparisons() | _HISTORIES


def _nested(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    several = st.lists(inner, min_size=1, max_size=3)
    return (
        st.builds(lambda parts: {"all": parts}, several)
        | st.builds(lambda parts: {"any": parts}, several)
        | st.builds(lambda part: {"not": part}, inner)
    )


def conditions(*, depth: int = 2) -> st.SearchStrategy[dict[str, Any]]:
    """Make up conditions, nested a few levels deep."""
    made: st.SearchStrategy[dict[str, Any]] = _LEAVES
    for _ in range(depth):
        made = made | _nested(made)
    return made


def histories() -> st.SearchStrategy[dict[str, str]]:
    """Make up how each campaign's message to somebody stands."""
    return st.fixed_dictionaries({each: st.sampled_from(STATUSES) for each in CAMPAIGNS})
