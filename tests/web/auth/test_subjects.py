"""A token's sub can be shown wherever it is noted, and passes for nobody of ours."""

from typing import Any

import pytest

from functions.web.auth import Authenticator, UnauthenticatedError
from tests.web.auth.key_server import forged
from tests.web.auth.tokens import SECRET, by_secret, call, claims


@pytest.mark.parametrize(
    "subject",
    [
        "",
        "a" * 201,
        " ana",
        "ana ",
        "a\nb",
        "a\0b",
        "a\u202eb",
        "a\u200bb",
        "a\u2028b",
        "key:0123456789abcdef",
        "KEY:0123456789abcdef",
        "\uff4b\uff45\uff59:0123456789abcdef",
        "clarion",
        "Clarion",
        "local",
    ],
)
async def test_a_sub_that_cannot_be_shown_or_is_ours_is_refused(
    shared: Authenticator, subject: str
) -> None:
    """A sub is 1 to 200 printable characters, and no name that Clarion itself goes by."""
    with pytest.raises(UnauthenticatedError, match="sub must"):
        await call(shared, by_secret(sub=subject))


@pytest.mark.parametrize("subject", ["a", "a" * 200, "ana@example.com", "auth0|5f7c", "Ana Sól 春"])
async def test_a_sub_of_an_identity_provider_is_taken_as_it_is(
    shared: Authenticator, subject: str
) -> None:
    """What identity providers call people is the caller's name."""
    assert (await call(shared, by_secret(sub=subject))).subject == subject


@pytest.mark.parametrize(
    "changes",
    [
        {"sub": "\ud800"},
        {"sub": ["ana"]},
        {"sub": 7},
        {"org": "\ud800"},
        {"org": {"a": 1}},
        {"role": ["admin"]},
        {"role": "\ud800"},
        {"iss": "\ud800"},
        {"aud": ["\ud800"]},
        {"exp": float("inf")},
        {"nbf": "soon"},
        {"iat": float("nan")},
        {"exp": [1]},
        {"iat": {}},
    ],
)
async def test_a_token_of_strange_claims_is_refused(
    shared: Authenticator, changes: dict[str, Any]
) -> None:
    """Half characters, numbers without end and lists where names belong are a 401."""
    token = forged({"alg": "HS256", "typ": "JWT"}, claims() | changes, SECRET.encode())
    with pytest.raises(UnauthenticatedError) as caught:
        await call(shared, token)
    assert str(caught.value).encode()


async def test_a_token_of_endless_nesting_is_refused(shared: Authenticator) -> None:
    """A token that cannot be read for its depth is a 401."""
    deep: list[object] = []
    for _ in range(900):
        deep = [deep]
    with pytest.raises(UnauthenticatedError):
        await call(shared, forged({"alg": "HS256", "crit": deep}, claims(), SECRET.encode()))
