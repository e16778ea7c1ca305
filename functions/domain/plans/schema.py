"""The JSON Schema of plans, 2020-12: for editors and validators, and for programs that write plans.

Both are made of the models that plans are read by.
"""

from functools import lru_cache
from typing import Any, Final

from pydantic import TypeAdapter

from functions.domain.plans.document import Document

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_ABOUT: Final = "A plan: a journey, which has nodes, or a sequence, which has steps."


@lru_cache(maxsize=1)
def schema() -> dict[str, Any]:
    """Return the schema of a plan."""
    whole = TypeAdapter[Document](Document).json_schema(by_alias=True)
    return {"$schema": _DIALECT, "title": "Plan", "description": _ABOUT, **whole}
