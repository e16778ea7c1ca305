"""Definitions: a campaign as a program writes it, and the plan that this is."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel

from functions.client.records import ActionDefinition
from functions.domain.errors import InvalidFieldError
from functions.domain.plans.document import SequenceDocument, Step

#: What a definition may say, and what an action and an interval in it may.
_DEFINITION: Final = frozenset({"id", "active", "actions", "timezone"})
_ACTION: Final = frozenset({"id", "after", "interval", "repeat", "callback"})
_LONGEST: Final = 100


def check_id(id_: object, field: str) -> str:
    """Return the id of a campaign, or a subject. Raises InvalidFieldError."""
    if not isinstance(id_, str) or not id_.strip():
        raise InvalidFieldError(field, f"{field}: must be a text that is not empty")
    if field == "id" and len(id_) > _LONGEST:
        raise InvalidFieldError(field, f"{field}: must have at most {_LONGEST} characters")
    return id_


def check_members(definition: Mapping[str, Any]) -> None:
    """Raise InvalidFieldError for what no definition has, and what it lacks."""
    _only(_object(definition, "definition"), _DEFINITION, "")
    check_id(definition.get("id"), "id")
    if not isinstance(definition.get("active", False), bool):
        raise InvalidFieldError("active", "active: must be True or False")


def document_of(definition: Mapping[str, Any], stored: SequenceDocument | None) -> dict[str, Any]:
    """Return the plan of a definition; what it leaves out stays as it is stored.

    Raises InvalidFieldError for a definition that is none. What is wrong with a plan is told
    when it is read.
    """
    known = stored and stored.model_dump(mode="json", by_alias=True, exclude_unset=True)
    given = definition.get("actions")
    if given is None and known is None:
        raise InvalidFieldError("actions", "actions: are missing: the campaign has none yet")
    steps = known["steps"] if known and given is None else _steps(given)
    zone = definition.get("timezone", known.get("timezone") if known else None)
    named = {} if zone is None else {"timezone": zone}
    return {**named, "defaults": {"channel": "callback"}, "steps": steps}


def _steps(actions: object) -> list[dict[str, Any]]:
    if not isinstance(actions, Sequence) or isinstance(actions, str):
        raise InvalidFieldError("actions", "actions: must be a list")
    return [_step(action, f"actions.{number}") for number, action in enumerate(actions)]


def _step(action: object, place: str) -> dict[str, Any]:
    given = _object(action, place)
    _only(given, _ACTION, f"{place}.")
    for name in ("id", "callback"):
        if given.get(name) is None:
            raise InvalidFieldError(f"{place}.{name}", f"{place}.{name}: is missing")
    if all(given.get(name) is None for name in ("interval", "repeat", "after")):
        raise InvalidFieldError(f"{place}.interval", f"{place}.interval: is missing")
    objects = {
        name: dict(_object(given[name], f"{place}.{name}"))
        for name in ("interval", "repeat", "callback")
        if given.get(name) is not None
    }
    after = {} if given.get("after") is None else {"after": given["after"]}
    return {"id": given["id"], **after, **objects}


def _object(given: object, place: str) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise InvalidFieldError(place, f"{place}: must be an object, not {given!r:.60}")
    return given


def _only(given: Mapping[str, Any], known: frozenset[str], prefix: str) -> None:
    for name in given:
        if name not in known:
            has = f"has no such member; it may have {', '.join(sorted(known))}"
            raise InvalidFieldError(f"{prefix}{name}", f"{prefix}{name}: {has}")


def in_our_words(error: InvalidFieldError) -> InvalidFieldError:
    """Return what is wrong with a plan, named as a definition names it."""
    place = _renamed(error.field)
    field = place.replace("/", ".")
    return InvalidFieldError(field, _renamed(str(error)).replace(place, field), code=error.code)


def _renamed(text: str) -> str:
    return (
        text.replace("plan/steps", "actions").replace("plan/", "").replace(" steps:", " actions:")
    )


def action_of(step: Step) -> ActionDefinition:
    """Return an action as it was defined."""
    interval, repeat = (_given(part) for part in (step.interval, step.repeat))
    return ActionDefinition(step.id, interval, repeat, step.callback or {}, step.after or "")


def _given(part: BaseModel | None) -> dict[str, Any]:
    return part.model_dump(mode="json", exclude_unset=True) if part is not None else {}
