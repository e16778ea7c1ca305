"""The OpenAPI document, completed: words for every field, examples of answers, CSV, servers."""

from collections.abc import Iterator
from typing import Any, Final

from functions.api.reference.conditions import CONDITION_SCHEMAS
from functions.api.reference.examples import Examples
from functions.api.reference.field_words import WORDS
from functions.api.reference.plans import plan_schemas
from functions.api.reference.schema_words import SCHEMA_WORDS
from functions.web.openapi import Application

#: Relative to the document: under whatever host, path or function's name it is read.
SERVERS: Final = [{"url": "./", "description": "The deployment that this document is read from."}]
_CSV: Final = {"text/csv": {"schema": {"type": "string", "description": "One line for each row."}}}
#: Operations that answer CSV where it is asked for.
_ANSWER_CSV: Final = frozenset({"list_messages", "get_report_by_campaign"})
_METHODS: Final = frozenset({"get", "put", "post", "delete", "patch"})


class Reference(Application):
    """The application, whose document says all that there is to say."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document, made once."""
        if self.openapi_schema is None:
            complete(super().openapi())
        return super().openapi()


def complete(document: dict[str, Any]) -> None:
    """Add what FastAPI does not read off the routes."""
    _link(document)
    schemas = document["components"]["schemas"]
    schemas.update(CONDITION_SCHEMAS)
    for name, schema in plan_schemas().items():
        schemas.setdefault(name, schema)  # of a channel's kinds there is one already
    for name, schema in schemas.items():
        _describe(name, schema)
    examples = Examples(schemas)
    for hook in document.get("webhooks", {}).values():
        hook["post"]["responses"].pop("422", None)
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for operation in operations(document):
        _describe_operation(operation)
        _add_examples(operation, examples)
        if operation["operationId"] in _ANSWER_CSV:
            operation["responses"]["200"]["content"] |= _CSV


def _link(part: Any) -> None:
    """Lead fields to the schemas that pydantic does not know: conditions hold conditions."""
    if isinstance(part, dict):
        if name := part.pop("x-schema", None):
            part["$ref"] = f"#/components/schemas/{name}"
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            _link(each)


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every operation of a document."""
    for methods in document["paths"].values():
        yield from (about for method, about in methods.items() if method in _METHODS)


def _describe(name: str, schema: dict[str, Any]) -> None:
    """Describe the fields of a schema that do not describe themselves, those within it too."""
    if name in SCHEMA_WORDS:
        schema.setdefault("description", SCHEMA_WORDS[name])
    for field, each in schema.get("properties", {}).items():
        words = SCHEMA_WORDS.get(f"{name}.{field}") or WORDS.get(field)
        if words is not None:
            each.setdefault("description", words)
        _describe(name, each)
    if isinstance(schema.get("items"), dict):
        _describe(name, schema["items"])


def _describe_operation(operation: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", ()):
        words = WORDS.get(parameter["name"])
        if words is not None:
            parameter.setdefault("description", words)
    for content in operation.get("requestBody", {}).get("content", {}).values():
        _describe("", content["schema"])


def _add_examples(operation: dict[str, Any], examples: Examples) -> None:
    """Show what is answered where all goes well."""
    for status, answer in operation["responses"].items():
        content = answer.get("content", {}).get("application/json")
        if status.startswith("2") and content and content.get("schema"):
            content.setdefault("example", examples.of(content["schema"]))
