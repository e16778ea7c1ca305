"""What every route of the REST API shares: its class, bodies, entity tags and cursor pages."""

from collections.abc import Callable
from typing import Any, ClassVar

from fastapi.params import Form
from pydantic import BaseModel, ConfigDict

from functions.web import idempotency
from functions.web.caller_route import CallerFirst, Handle
from functions.web.openapi import with_problems


class RestBody(BaseModel):
    """A request body: members in snake_case, none that we do not know (docs/decisions/0006)."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)


class Rest(CallerFirst):
    """A route of the REST API: its errors are problem documents, its POSTs take a key.

    `Idempotency-Key` on a POST makes repeating it harmless (functions/web/idempotency.py).
    """

    tells_problems: ClassVar[bool] = True

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **with_problems(options))

    def guarded(self, handle: Handle) -> Handle:
        """Return the handler; a POST with a key goes through what is known of that key."""
        form = self.body_field is not None and isinstance(self.body_field.field_info, Form)
        return idempotency.guarded(handle, form=form)


# --- Entity tags -----------------------------------------------------------------------------


# --- Pages -----------------------------------------------------------------------------------
