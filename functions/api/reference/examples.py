"""Examples of answers, put together from examples of their fields."""

from collections.abc import Mapping
from typing import Any, Final

from functions.api.reference.field_examples import EXAMPLES

#: What stands for a field that has no example of its own.
_BY_TYPE: Final[Mapping[str, Any]] = {
    "string": "text",
    "integer": 3,
    "number": 1.5,
    "boolean": True,
    "null": None,
}
_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}


class Examples:
    """Makes examples of schemas; `schemas` are those that others refer to."""

    def __init__(self, schemas: Mapping[str, Any]) -> None:
        self._schemas = schemas

    def of(self, schema: Mapping[str, Any], name: str = "") -> Any:
        """Return an example of a schema; `name` is the field that it stands in."""
        if "$ref" in schema:
            return self.of(self._schemas[schema["$ref"].rpartition("/")[2]], name)
        if schema.get("examples"):
            return schema["examples"][0]
        for choice in ("anyOf", "oneOf", "allOf"):
            if choice in schema:
                return self._of_choice(schema[choice], name)
        if "properties" in schema:
            parts = schema["properties"].items()
            return {field: self.of(each, field) for field, each in parts}
        return self._of_plain(schema, name)

    def _of_choice(self, choices: list[Any], name: str) -> Any:
        """Return an example of one of several schemas: the plain one that the name suits."""
        return self.of(choices[0], name)

    def _of_plain(self, schema: Mapping[str, Any], name: str) -> Any:
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            known = EXAMPLES.get(name)
            return known if known in schema["enum"] else schema["enum"][0]
        match schema.get("type"):
            case "array":
                return [self.of(schema["items"], name)]
            case "object":
                return self._of_map(schema, name)
            case kind:
                return self._of_value(kind, name)

    def _of_map(self, schema: Mapping[str, Any], name: str) -> dict[str, Any]:
        known = EXAMPLES.get(name)
        if isinstance(known, dict):
            return known
        inner, names = schema.get("additionalProperties"), schema.get("propertyNames", {})
        if not isinstance(inner, Mapping):
            return {}
        return {str(self.of({"type": "string", **names}, "key")): self.of(inner, name)}

    @staticmethod
    def _of_value(kind: str | None, name: str) -> Any:
        known = EXAMPLES.get(name)
        suits = type(known) in _TYPES.get(kind or "string", ())
        return known if suits else _BY_TYPE.get(kind or "string")
