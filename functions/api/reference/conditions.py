"""The schema of a segment's conditions: it holds conditions within itself."""

from collections.abc import Mapping
from typing import Any, Final

from functions.domain.messages.message import MessageStatus
from functions.domain.segments.conditions import FIELDS, NO_MESSAGE, Op
from functions.domain.segments.parser import MAX_CONDITIONS, MAX_DEPTH, MAX_TEXT, MAX_VALUES

_CONDITION: Final = {"$ref": "#/components/schemas/SegmentCondition"}
_STATUS: Final = {"type": "string", "enum": [*MessageStatus, NO_MESSAGE]}
_VALUE: Final = [{"type": "string", "maxLength": MAX_TEXT}, {"type": "number"}]


def _object(
    words: str, example: Mapping[str, Any], properties: Mapping[str, Any], *, optional: str = ""
) -> dict[str, Any]:
    return {
        "type": "object",
        "description": words,
        "properties": dict(properties),
        "required": [name for name in properties if name != optional],
        "additionalProperties": False,
        "examples": [example],
    }


_NAIROBI: Final = {"field": "location", "op": "eq", "value": "Nairobi"}
_PARTS: Final = {"type": "array", "items": _CONDITION, "minItems": 1, "maxItems": MAX_CONDITIONS}

#: The schemas, by name.
CONDITION_SCHEMAS: Final[Mapping[str, Any]] = {
    "SegmentCondition": {
        "description": f"A condition, of up to {MAX_CONDITIONS} in {MAX_DEPTH} levels.",
        "oneOf": [
            {"$ref": f"#/components/schemas/{name}"}
            for name in ("AllOf", "AnyOf", "NoneOf", "Comparison", "CampaignHistory")
        ],
    },
    "AllOf": _object(
        "Holds where all of these do.",
        {"all": [_NAIROBI]},
        {"all": {**_PARTS, "description": "The conditions, all of which have to hold."}},
    ),
    "AnyOf": _object(
        "Holds where at least one of these does.",
        {"any": [_NAIROBI]},
        {"any": {**_PARTS, "description": "The conditions, one of which has to hold."}},
    ),
    "NoneOf": _object(
        "Holds where this does not.",
        {"not": _NAIROBI},
        {"not": {**_CONDITION, "description": "The condition that must not hold."}},
    ),
    "Comparison": _object(
        "Compares one field of a contact.",
        _NAIROBI,
        {
            "field": {
                "type": "string",
                "pattern": f"^({'|'.join(FIELDS)}|attributes\\..+)$",
                "description": "A field of a contact, or attributes.NAME.",
            },
            "op": {"type": "string", "enum": list(Op), "description": "How it is compared."},
            "value": {
                "description": "What with: a list for `in`, true or false for `exists`.",
                "anyOf": [
                    *_VALUE,
                    {"type": "boolean"},
                    {"type": "array", "items": {"anyOf": _VALUE}, "maxItems": MAX_VALUES},
                    {"type": "null"},
                ],
            },
        },
        optional="value",
    ),
    "CampaignHistory": _object(
        "Holds by what became of a campaign's message to the contact.",
        {"campaign": "0b6f8a0e", "status": ["delivered", "completed"]},
        {
            "campaign": {"type": "string", "description": "The campaign's id."},
            "status": {
                "description": f"The message's status, or one of several; {NO_MESSAGE}: none.",
                "anyOf": [_STATUS, {"type": "array", "items": _STATUS, "minItems": 1}],
            },
        },
    ),
}
