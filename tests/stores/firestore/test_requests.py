"""Writes that are alike are put into their request faster, and no differently."""

from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.engine.ports.store import Add, Create, Delete, Set, StoreError, Update, Write
from functions.stores.firestore.requests import Requests

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class _Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


#: Few and close to each other: equal ones, and those that Python takes for equal, meet often.
_VALUES: list[Any] = [
    *(None, True, False, 0, 1, 1.0, 0.0, -0.0, "", "red", _Colour.RED, _Colour.BLUE),
    *(NOON, NOON.astimezone(timezone(timedelta(hours=2))), NOON + timedelta(microseconds=1)),
    *([], ["red"], [_Colour.RED], ["red", "blue"], [1], [True], [{"a": 1}], [{"b": 1}]),
    *({}, {"a": 1}, {"a": True}, {"b": {"a": 1}}, {"b": {}}, ("red",)),
]
_fields = st.dictionaries(st.sampled_from("abc"), st.sampled_from(_VALUES))
_paths = st.sampled_from(["orgs/o/things/1", "orgs/o/things/2", "orgs/p/things/1"])
_versions = st.sampled_from([None, 0, 1, 1_790_000_000_123_456])
_writes = st.one_of(
    st.builds(Create, _paths, _fields),
    st.builds(Set, _paths, _fields, _versions),
    st.builds(Update, _paths, _fields, _versions),
    st.builds(Delete, _paths, _versions),
    st.builds(Add, _paths, st.dictionaries(st.sampled_from("abc"), st.integers(0, 2))),
)


@given(st.lists(_writes, min_size=2, max_size=6))
def test_a_write_is_the_same_whatever_stands_before_it(writes: list[Write]) -> None:
    """Each write of a commit is what it is in a commit of its own, to the byte."""
    requests = Requests("project", "(default)")
    together = requests.commit(writes).writes
    alone = [requests.commit([write]).writes[0] for write in writes]
    assert [_bytes(each) for each in together] == [_bytes(each) for each in alone]


def test_a_path_that_is_none_is_refused_wherever_it_stands() -> None:
    """Behind a write that is like it, too."""
    requests = Requests("project", "(default)")
    with pytest.raises(StoreError, match="no path"):
        requests.commit([Create("orgs/o/things/1", {}), Create("orgs/o/things/", {})])


def _bytes(message: Any) -> bytes:
    data: bytes = message.SerializeToString(deterministic=True)
    return data
