"""The schemas of plans, of the models that they are read by."""

from typing import Any, Final

from functions.api.plans.bodies import EXAMPLE

_WHERE: Final = "#/components/schemas/"
#: What is said of a plan's parts under names that say so.
_NAMES: Final = {
    "FallbackPart": "PlanFallback",
    "IntervalPart": "PlanInterval",
    "QuietHoursPart": "PlanQuietHours",
    "Repeat": "PlanRepeat",
}


def plan_schemas() -> dict[str, Any]:
    """Return the schemas of a plan, of a sequence's steps, and of all their parts, by name."""
    from functions.domain.plans.schema import schema

    whole = schema()
    parts = {_name(name): _placed(part) for name, part in whole["$defs"].items()}
    about = {"description": whole["description"], "examples": [EXAMPLE]}
    steps = parts["SequenceDocument"]["properties"]["steps"]
    return {
        **parts,
        "Plan": {**about, "anyOf": [_placed(each) for each in whole["anyOf"]]},
        "PlanSteps": steps,
    }


def _name(name: str) -> str:
    return _NAMES.get(name, name)


def _placed(part: Any) -> Any:
    """Return a part of a schema that refers to what stands in the document."""
    if isinstance(part, list):
        return [_placed(each) for each in part]
    if not isinstance(part, dict):
        return part
    placed = {name: _placed(each) for name, each in part.items()}
    if isinstance(ref := placed.get("$ref"), str):
        placed["$ref"] = f"{_WHERE}{_name(ref.rpartition('/')[2])}"
    return placed
