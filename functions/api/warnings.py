"""Warnings: what was accepted although a person probably did not mean it, as answers show it."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from pydantic import BaseModel, Field

from functions.domain.warnings import InputWarning


class ShownWarning(BaseModel):
    """A doubt about what was accepted; nothing was refused for it."""

    code: str = Field(description="The kind of doubt, for programs.", examples=["TIME_HAS_PASSED"])
    field: str = Field(
        description="The field that it is about, named as in the request.",
        examples=["scheduled_at"],
    )
    message: str = Field(description="The doubt in a sentence, and what to do about it.")


class Warned(BaseModel):
    """An answer to something that may have been meant otherwise."""

    warnings: list[ShownWarning] = Field(
        default_factory=list,
        description="What was accepted although it was probably not meant so; mostly empty.",
    )


def told_warnings(found: Sequence[InputWarning]) -> dict[str, Any]:
    """Return the member of a function's answer that tells doubts; none where there are none."""
    return {"warnings": [asdict(each) for each in found]} if found else {}


def shown_warnings(found: Iterable[InputWarning]) -> list[ShownWarning]:
    """Show warnings in the order in which they were found."""
    return [ShownWarning(**asdict(each)) for each in found]
