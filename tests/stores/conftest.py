"""What the store tests share."""

from uuid import uuid4

import pytest


@pytest.fixture
def org() -> str:
    """Give a tenant of the test's own."""
    return f"org-{uuid4().hex[:12]}"
