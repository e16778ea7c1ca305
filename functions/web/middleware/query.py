"""Query parameters are those that a route declares; a misspelt one must not widen what is asked.

`DELETE /suppressions/ID?scopes=sms` would lift all scopes if `scopes` were overlooked. So unknown
parameters are refused, and repeated ones where one value is meant. An empty value says nothing:
`?channel=&status=` is no filter.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from difflib import get_close_matches
from typing import Any, Final, TypeAlias, get_args, get_origin
from urllib.parse import urlencode

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel

#: The parameters of a route by name; whether each may be given several times.
Parameters: TypeAlias = Mapping[str, bool]
_MANY: Final = (list, tuple, set, frozenset, Sequence, AbstractSet)
_SHOWN: Final = 64  #: characters of an unknown name that are repeated to its sender


def declared(dependant: Dependant) -> Parameters:
    """Return the query parameters that a route's handler and its dependencies declare."""
    found: dict[str, bool] = {}
    for field in dependant.query_params:
        annotation = field.field_info.annotation
        members = members_of(annotation)
        found |= {field.alias: takes_many(annotation)} if members is None else members
    for each in dependant.dependencies:
        found |= declared(each)
    return found


def members_of(annotation: Any) -> Parameters | None:
    """Return the parameters that a model takes together; None where it is no model."""
    if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return None
    fields = annotation.model_fields.items()
    return {info.alias or name: takes_many(info.annotation) for name, info in fields}


def takes_many(annotation: Any) -> bool:
    """Tell whether a parameter of this type may be given several times."""
    if (get_origin(annotation) or annotation) in _MANY:
        return True
    return any(takes_many(part) for part in get_args(annotation))


def checked(request: Request, parameters: Parameters) -> Request:
    """Return the request without its empty parameters. Raises RequestValidationError."""
    if not request.scope["query_string"]:
        return request
    given = request.query_params.multi_items()
    counts = Counter(name for name, _ in given)
    errors = [_unknown(name, parameters) for name in counts if name not in parameters]
    errors += [
        _error(name, "repeated_parameter", "is given several times and takes one value")
        for name, count in counts.items()
        if count > 1 and parameters.get(name) is False
    ]
    if errors:
        raise RequestValidationError(errors)
    told = [(name, value) for name, value in given if value]
    if len(told) == len(given):
        return request
    scope = {**request.scope, "query_string": urlencode(told).encode()}
    return Request(scope, request.receive)


def _unknown(name: str, parameters: Parameters) -> Mapping[str, Any]:
    sentence = f"is no parameter of this request; {_hint(name, parameters)}"
    return _error(name, "unknown_parameter", sentence)


def _hint(name: str, parameters: Parameters) -> str:
    """Return which parameter was probably meant, else which there are."""
    spelt = {_spelling(each): each for each in parameters}
    if near := get_close_matches(_spelling(name), spelt, n=1, cutoff=0.6):
        return f"did you mean {spelt[near[0]]}?"
    if not parameters:
        return "this takes none"
    return f"this takes {', '.join(sorted(parameters))}"


def _spelling(name: str) -> str:
    """Return a name as others might spell it: pageSize, page-size and page_size are near."""
    return name.lower().replace("_", "").replace("-", "").removesuffix("[]")


def _error(name: str, rule: str, sentence: str) -> Mapping[str, Any]:
    shown = name[:_SHOWN]
    return {"loc": ("query", shown), "type": rule, "msg": f"{shown or 'query'}: {sentence}"}
