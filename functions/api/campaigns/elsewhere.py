"""What callers say of a draft that is said elsewhere, or cannot be said yet; each with a remedy."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError, model_validator
from pydantic_core import PydanticCustomError

from functions.web.fields import RestBody

#: What will exist, by what is said of it: what is not there, and what does something like it.
NOT_YET: Final[Mapping[str, str]] = {
    "holdout_percent": "nobody can be held out of a plan yet; keep them out by entry.conditions",
    "experiment": "there are no experiments yet; a node with the action split chooses by lot",
    "variants": "there are no variants yet; a node with the action split chooses by lot",
}
#: What a change of a draft does not change, by where it is changed.
_ELSEWHERE: Final[Mapping[str, str]] = {
    "kind": "cannot change; write another campaign",
    "plan": "the plan is replaced as a whole by PUT /campaigns/{id}/plan",
    "steps": "are replaced with the rest of the plan by PUT /campaigns/{id}/plan",
    "zone": "is the plan's timezone, which PUT /campaigns/{id}/plan changes with the plan",
    "scheduled_at": "is set by POST /campaigns/{id}/schedule, and moved by .../reschedule",
    "repeat": "is said by POST /campaigns/{id}/schedule; what repeats goes on as it has begun",
    "status": "changes by a step, such as POST /campaigns/{id}/start, pause, resume or cancel",
    **NOT_YET,
}


class OfDraft(RestBody):
    """A change of a draft, which tells where to say what it does not take."""

    @model_validator(mode="before")
    @classmethod
    def _only_what_changes(cls, given: Any) -> Any:
        members: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
        problems = {name: _ELSEWHERE[name] for name in _ELSEWHERE if name in members}
        if problems:
            raise refused(problems, members)
        return given


def refused(problems: Mapping[str, str], members: Mapping[str, Any]) -> ValidationError:
    """Return the refusal of members, each with what is wrong with it."""
    details: list[Any] = [
        {
            "type": PydanticCustomError("not_here", "{about}", {"about": about}),
            "loc": (name,),
            "input": members.get(name),
        }
        for name, about in problems.items()
    ]
    return ValidationError.from_exception_data("NewCampaign", details)
