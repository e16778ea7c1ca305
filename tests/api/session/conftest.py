"""What the tests of signing in are given."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.conftest import MakeRig
from tests.api.session.browser import SIGN_IN, Browser, Tab
from tests.api.session.provider_server import (
    CLIENT,
    CLIENT_SECRET,
    OpenIdProvider,
    serve_provider,
)


@pytest.fixture
def browser(make_rig: MakeRig) -> Browser:
    """Give a browser at a Clarion at which people sign in with a token."""
    return Browser(make_rig(**SIGN_IN))


@pytest.fixture
def provider() -> Iterator[OpenIdProvider]:
    """Serve an OpenID provider."""
    with serve_provider() as server:
        yield server


@pytest.fixture
def oidc(provider: OpenIdProvider) -> dict[str, Any]:
    """Give the settings of a Clarion whose people sign in there."""
    return {
        **SIGN_IN,
        "console_url": "https://clarion.example/api/console",
        "oidc_issuer": provider.url,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": CLIENT_SECRET,
    }


@pytest.fixture
def tab(make_rig: MakeRig, oidc: dict[str, Any]) -> Tab:
    """Give a tab of a browser at that Clarion."""
    return Tab(Browser(make_rig(**oidc)))
