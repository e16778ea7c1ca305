"""Query parameters of lists that are shown by time."""

from typing import Annotated

from pydantic import BaseModel, Field

from functions.web.fields import ZonedInstant


class Span(BaseModel):
    """From when to when, and which part of it."""

    since: Annotated[
        ZonedInstant | None, Field(description="Only what happened then or later; with its zone.")
    ] = None
    before: Annotated[
        ZonedInstant | None, Field(description="Only what happened before then; with its zone.")
    ] = None
    cursor: Annotated[
        str, Field(max_length=2000, description="`next_cursor` of an earlier page.")
    ] = ""
    limit: Annotated[int, Field(ge=1, le=1000, description="How many are returned at most.")] = 100
