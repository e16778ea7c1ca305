"""Headers that are found by their names are those that Starlette would find."""

from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from functions.web.routing.known_headers import KnownHeaders

_names = st.sampled_from(["a", "b", "x-c"])
_texts = st.text(st.characters(max_codepoint=255), max_size=3)


@given(st.lists(st.tuples(_names, _texts), max_size=6), st.sampled_from(["a", "A", "x-C", "d"]))
def test_a_header_is_what_starlette_finds(sent: list[tuple[str, str]], name: str) -> None:
    """The first of its name, in capitals or not; all of them; or none."""
    raw = [(key.encode("latin-1"), text.encode("latin-1")) for key, text in sent]
    ours, theirs = KnownHeaders({"headers": raw}), Headers(scope={"headers": raw})
    assert ours.get(name) == theirs.get(name)
    assert ours.get(name, "") == theirs.get(name, "")
    assert (name in ours) == (name in theirs)
    assert ours.getlist(name) == theirs.getlist(name)
    assert dict(ours) == dict(theirs)
