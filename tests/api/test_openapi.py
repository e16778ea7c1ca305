"""Whatever is sent, the answer is one that the OpenAPI document describes, and never a 5xx."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import (
    ignored_auth,
    negative_data_rejection,
    positive_data_acceptance,
)

from functions.web.face import Face
from tests.api.full_organisation import Things, make_everything
from tests.api.openapi_requests import OPERATIONS, Operation, names, places, put
from tests.api.rig import Rig

_MANY: Final = 8
_FEW: Final = 4
#: Without tokens everybody on this machine may ask, and what is well-formed may break a rule.
NOT_HELD: Final = [ignored_auth, negative_data_rejection, positive_data_acceptance]


class Fuzzed(NamedTuple):
    """A Clarion, what is in it, and its document as schemathesis reads it."""

    schema: Any
    things: Things


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    """Give a Clarion that has one of everything; reading its document takes a second."""
    rig = Rig(tmp_path_factory.mktemp("fuzzed"), api_rate_per_s=0)
    things = asyncio.run(make_everything(rig, "default", area=305))
    yield Fuzzed(schemathesis.openapi.from_asgi("/openapi.json", of_ours(rig.stack.app)), things)
    asyncio.run(rig.close())


def of_ours(app: Face) -> Any:
    """Return the application as this process asks it: from elsewhere all would be refused."""

    async def ask(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "client": None}, receive, send)

    return ask


def each(examples: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return the settings of a test that tries so many requests, the same ones each time."""
    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_no_request_breaks_us(fuzzed: Fuzzed, operation: Operation) -> None:
    """Requests as the document describes them are answered as it says."""

    @each(_MANY)
    @given(case=fuzzed.schema[operation.path][operation.method].as_strategy())
    def try_one(case: Any) -> None:
        case.call_and_validate(excluded_checks=NOT_HELD)

    try_one()


#: Any text can be the end of a link: there is nothing that its document does not describe.
WITH_INPUT = [
    operation
    for operation in OPERATIONS
    if any(names(operation)) and not operation.path.startswith("/links/")
]


@pytest.mark.parametrize("operation", WITH_INPUT, ids=str)
def test_no_wrong_request_breaks_us(fuzzed: Fuzzed, operation: Operation) -> None:
    """Requests that the document does not describe are refused, as it says."""
    asked = fuzzed.schema[operation.path][operation.method]

    @each(_FEW)
    @given(case=asked.as_strategy(schemathesis.GenerationMode.NEGATIVE))
    def try_one(case: Any) -> None:
        case.call_and_validate(excluded_checks=NOT_HELD)

    try_one()


WITH_IDS = [operation for operation in OPERATIONS if operation.is_public and places(operation)]


@pytest.mark.parametrize("operation", WITH_IDS, ids=str)
def test_no_request_about_what_there_is_breaks_us(fuzzed: Fuzzed, operation: Operation) -> None:
    """The same about things that exist, whatever has become of them by then."""
    asked = fuzzed.schema[operation.path][operation.method]
    ids = {place: fuzzed.things.ids[place.kind][0] for place in places(operation)}
    named = {place.names[0]: id_ for place, id_ in ids.items() if place.part == "path"}

    @each(_FEW)
    @given(case=asked.as_strategy(path_parameters=named or None))
    def try_one(case: Any) -> None:
        for place, id_ in ids.items():
            if place.part == "body" and isinstance(case.body, dict) and place.names[0] in case.body:
                put(case.body, place.names[:1], id_)
        case.call_and_validate(excluded_checks=NOT_HELD)

    try_one()
