"""The JSON Schema of plans, 2020-12: for editors and validators, and for programs that write plans.

Both are made of the models that plans are read by. The strict one keeps to what all APIs take that
make a model's answer fit a schema: every member is required and null where it is left out, no
object has free names, and no text has a pattern or a length.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from pydantic import TypeAdapter

from functions.domain.contacts.contact import LENGTHS
from functions.domain.plans.document import Document

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_ABOUT: Final = "A plan: a journey, which has nodes, or a sequence, which has steps."
#: What is left out of both: made-up titles, and what only OpenAPI knows.
_NEITHER: Final = frozenset({"title", "discriminator"})
#: What the strict profile keeps of a schema.
_KEPT: Final = frozenset({"type", "enum", "description", "items", "anyOf", "$ref"})
#: The names that objects with free names have in the strict profile.
_NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "timers": {
        f"{timer}_after": f"When {timer} comes. Such as: PT72H"
        for timer in ("no_open", "no_click", "no_reply", "no_delivery")
    },
    "fields": {
        field: f"The new {field} of the contact; a template."
        for field in sorted(LENGTHS.keys() - {"phone", "email"})
    },
}
_NULL: Final[Mapping[str, Any]] = {"type": "null"}


def schema(*, strict: bool = False) -> dict[str, Any]:
    """Return the schema of a plan; with `strict`, for programs that write plans."""
    return _strict() if strict else _plain()


@lru_cache(maxsize=1)
def _plain() -> dict[str, Any]:
    whole = _without(_NEITHER, TypeAdapter[Document](Document).json_schema(by_alias=True))
    return {"$schema": _DIALECT, "title": "Plan", "description": _ABOUT, **whole}


def _without(names: frozenset[str], part: Any) -> Any:
    """Return a schema without some keywords; members that are called like them stay."""
    if isinstance(part, list):
        return [_without(names, each) for each in part]
    if not isinstance(part, dict):
        return part
    kept: dict[str, Any] = {}
    for name, value in part.items():
        if name in {"properties", "$defs"}:
            kept[name] = {member: _without(names, each) for member, each in value.items()}
        elif name in {"examples", "default"}:
            kept[name] = value
        elif name not in names:
            kept[name] = _without(names, value)
    if "patternProperties" in kept:
        kept["additionalProperties"] = False
    return kept


@lru_cache(maxsize=1)
def _strict() -> dict[str, Any]:
    parts = dict(_plain()["$defs"])
    # No choice at the root: one object has the members of both, those of the other null.
    journey, sequence = parts.pop("PlanDocument"), parts.pop("SequenceDocument")
    parts.pop("StepDefaults")
    both = {
        "type": "object",
        "properties": {**sequence["properties"], **journey["properties"]},
        "required": [],
    }
    return {
        "$schema": _DIALECT,
        "title": "Plan",
        **_strictly(both),
        "description": f"{_ABOUT} What is left out is null.",
        "$defs": {name: _strictly(part) for name, part in parts.items()},
    }


def _strictly(part: Mapping[str, Any], name: str = "") -> dict[str, Any]:
    """Return what the strict profile says of a part; `name` is the member's."""
    if "const" in part:
        return {**_kept(part), "enum": [part["const"]]}
    if "patternProperties" in part:
        (value,) = part["patternProperties"].values()
        properties = {each: {**value, "description": about} for each, about in _NAMES[name].items()}
        return _object(part, properties, [])
    if part.get("type") == "object":
        return _object(part, part["properties"], part.get("required", []))
    kept = _kept(part)
    if "items" in part:
        kept["items"] = _strictly(part["items"])
    choices = part.get("anyOf") or part.get("oneOf")
    if choices:
        kept["anyOf"] = [_strictly(choice) for choice in choices]
    if "$ref" in part and len(kept) > 1:  # nothing may stand beside a reference
        kept["anyOf"] = [{"$ref": kept.pop("$ref")}]
    return kept


def _object(
    part: Mapping[str, Any], properties: Mapping[str, Any], required: Sequence[str]
) -> dict[str, Any]:
    members = {
        name: _strictly(each, name) if name in required else _nullable(_strictly(each, name))
        for name, each in properties.items()
    }
    whole = {"properties": members, "required": list(members), "additionalProperties": False}
    return {**_kept(part), **whole}


def _nullable(part: Mapping[str, Any]) -> dict[str, Any]:
    about = {"description": part["description"]} if "description" in part else {}
    own = {name: value for name, value in part.items() if name != "description"}
    choices = own["anyOf"] if own.keys() == {"anyOf"} else [own]
    return {**about, "anyOf": [*(each for each in choices if each != _NULL), dict(_NULL)]}


def _kept(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keywords that stay, with the example in the description."""
    kept = {name: value for name, value in part.items() if name in _KEPT}
    examples = part.get("examples")
    if examples and "description" in kept and isinstance(examples[0], str):
        kept["description"] = f"{kept['description']} Such as: {examples[0]}"
    return kept
