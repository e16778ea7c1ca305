"""One value of a request: what it is read as, or what is wrong with it, in FastAPI's words."""

from copy import deepcopy
from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic_core import PydanticUndefined

if TYPE_CHECKING:
    from fastapi._compat import ModelField

#: What a handler is called with, by the names of its parameters.
Values: TypeAlias = dict[str, Any]
#: What is wrong with a request, as pydantic tells it.
Errors: TypeAlias = list[Any]


def validated(field: "ModelField", value: Any, place: tuple[str, ...]) -> tuple[Any, Errors]:
    """Return what a value is read as, and what is wrong with it; its default where it is none."""
    if value is not PydanticUndefined:
        return field.validate(value, {}, loc=place)
    if field.field_info.is_required():
        return None, [{"type": "missing", "loc": place, "msg": "Field required", "input": None}]
    return deepcopy(field.default), []
