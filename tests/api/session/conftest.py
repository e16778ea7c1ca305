"""What the tests of signing in are given."""

import pytest

from tests.api.conftest import MakeRig
from tests.api.session.browser import SIGN_IN, Browser


@pytest.fixture
def browser(make_rig: MakeRig) -> Browser:
    """Give a browser at a Clarion at which people sign in with a token."""
    return Browser(make_rig(**SIGN_IN))
