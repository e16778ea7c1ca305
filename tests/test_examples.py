"""The examples are plans that can be used as they are."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from functions.domain.plans.reading import read_plan

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.json"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_has_nothing_for_the_linter_to_find(path: Path) -> None:
    """Neither a mistake nor a warning."""
    read = read_plan(json.loads(path.read_text()), now=datetime.now(UTC))
    assert read.plan is not None
    assert read.findings == []


def test_there_are_three_examples() -> None:
    """A journey, a sequence, and one that speaks by every channel that people answer."""
    assert [path.stem for path in EXAMPLES] == ["after-purchase", "appointment", "welcome"]
