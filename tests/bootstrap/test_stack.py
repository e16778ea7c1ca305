"""What a stack is made of, by its settings."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.bootstrap.stack import build
from functions.settings.load import load_settings


@pytest.mark.parametrize(
    ("chosen", "seconds"), [({}, 2), ({"lane_lease_s": 10}, 5), ({"reserve_ahead_s": 1}, 1)]
)
async def test_turns_are_reserved_no_longer_than_a_lane_is_held(
    chosen: dict[str, Any], seconds: float, tmp_path: Path
) -> None:
    """Who follows a process that was killed waits no longer for its turns than for its lanes."""
    place = f"sqlite:///{tmp_path}/clarion.db"
    stack = build(load_settings(_env_file=None, store_url=place, **chosen))
    try:
        assert stack.engine.limits.reserve_ahead == timedelta(seconds=seconds)
    finally:
        await stack.close()
