"""What /openapi.json says beside what FastAPI reads off the routes: errors, and who may call.

FastAPI would promise its own 422 for a request that breaks a rule; ours is a 400, in one of two
shapes: the functions' `Failure`, or the REST API's `Problem` (RFC 9457).
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final

from fastapi import FastAPI

from functions.web.auth import Area

PROBLEM_TYPE: Final = "application/problem+json"

DESCRIPTION: Final = """\
Outreach campaigns that start on time and reach every person exactly as promised.

Two APIs share one application: the REST API (nouns, snake_case, problem documents of RFC 9457)
and the calling functions (verbs, camelCase, `{status, message}`). Send `Idempotency-Key` with a
POST to be able to repeat it without doing it twice, and `If-Match` with a change to make it only
where nobody else has changed the thing meanwhile.
"""

#: The tags, in the order of their chapters.
TAGS: Final[Mapping[str, str]] = {
    Area.CAMPAIGNS: "Who gets what, when: create, schedule, send, pause, resume, cancel.",
    Area.ENROLLMENTS: "People who walk through a plan, and where each of them stands.",
    Area.MESSAGES: "What became of one message to one person, and why.",
    Area.CONTACTS: "People, and bringing them in by the thousand.",
    Area.LISTS: "People who are written to together.",
    Area.SEGMENTS: "People who have something in common at the time of sending.",
    Area.SUPPRESSIONS: "Addresses that must not be contacted.",
    Area.TEMPLATES: "Texts, with versions.",
    Area.SUBSCRIPTIONS: "URLs that are told what happens.",
    Area.SETTINGS: "What holds for the whole organisation.",
    Area.API_KEYS: "Tokens for programs.",
    Area.STATUS: "How the organisation's sending is doing.",
    Area.EVENTS: "What has happened to people elsewhere: plans may wait for it.",
    "session": "Who has signed in to the console, and what is here for them.",
    "ops": "Whether Clarion is well.",
    "scheduler": "Called by Cloud Scheduler.",
    "tasks": "Called by the task queue.",
    "webhooks": "Called by carriers.",
    "links": "Followed by those who read our mails.",
    "notifications": "Told to the URLs of subscriptions.",
}

_REASONS: Final[Mapping[int, str]] = {
    400: "The request breaks a rule, or its campaign's status does not allow it.",
    401: "The caller is unknown.",
    403: "The caller may not do this.",
    404: "The caller's organisation has no such thing.",
    409: "The name is taken, a campaign needs it still, or the request of this Idempotency-Key is"
    " not to be done again.",
    412: "If-Match names a version that is no longer the newest.",
    422: "This Idempotency-Key came with another request.",
    429: "The organisation sends too many requests.",
}
_WHEN_READ: Final = (400, 401, 403, 404, 429)
_WHEN_CHANGED: Final = (*_WHEN_READ, 409, 412)
_WHEN_POSTED: Final = (*_WHEN_CHANGED, 422)

_IDEMPOTENCY_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Names this request: whoever repeats it within 24 hours gets the same answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}


def _errors(*names: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: {"type": "string"} for name in names},
        "required": [*names],
    }


_FIELD_ERRORS: Final = {"type": "array", "items": _errors("field", "rule", "message")}
#: Of a plan: what its linter finds, with the place as a JSON pointer.
_FINDINGS: Final = {
    "type": "array",
    "items": _errors("level", "code", "pointer", "sentence", "hint"),
}
SCHEMAS: Final[Mapping[str, Any]] = {
    "Problem": {
        "description": "Why a request was refused (RFC 9457).",
        "type": "object",
        "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "The reason, in a sentence."},
            "code": {"type": "string", "description": "The kind of reason, for programs."},
            "field": {"type": "string"},
            "errors": {"anyOf": [_FIELD_ERRORS, _FINDINGS]},
            "request_id": {"type": "string", "description": "As X-Request-Id; our log has it."},
        },
        "required": ["type", "title", "status", "detail", "code"],
    },
    "Failure": {
        "description": "Why a function refused.",
        "type": "object",
        "properties": {
            "status": {"type": "integer"},
            "message": {"type": "string"},
            "field": {"type": "string"},
            "errors": _FIELD_ERRORS,
        },
        "required": ["status", "message"],
    },
}
BEARER: Final = {
    "type": "http",
    "scheme": "bearer",
    "description": "A JSON Web Token whose claims name `sub`, `org` and `role`, or an API key.",
}

#: Stands beside the answers of every route, and keeps FastAPI from promising its 422.
FAILURES: Final[dict[int | str, dict[str, Any]]] = {
    "default": {
        "description": "The request was refused.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}}},
    }
}


class Application(FastAPI):
    """FastAPI, whose document also knows our errors and how callers prove who they are."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document, made once."""
        if self.openapi_schema is None:
            components = super().openapi().setdefault("components", {})
            components.setdefault("schemas", {}).update(SCHEMAS)
            components["securitySchemes"] = {"bearer": BEARER}
        return super().openapi()


def tags() -> list[dict[str, Any]]:
    """Return the tags as OpenAPI lists them."""
    return [{"name": str(name), "description": words} for name, words in TAGS.items()]


def with_bearer(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return a route's options, with the caller's token and, of a POST, its key."""
    extra = {"security": [{"bearer": []}], **(options.get("openapi_extra") or {})}
    if "POST" in (options.get("methods") or ()):
        extra["parameters"] = [*extra.get("parameters", ()), _IDEMPOTENCY_KEY]
    return {**options, "openapi_extra": extra}


def with_problems(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return a REST route's options, with the answers that all such routes share."""
    methods = set(options.get("methods") or ("GET",))
    responses = {**_problems(methods), **(options.get("responses") or {})}
    return {**options, "responses": responses}


def _problems(methods: AbstractSet[str]) -> dict[int | str, dict[str, Any]]:
    told: dict[int | str, dict[str, Any]] = {
        status: _problem(_REASONS[status]) for status in _statuses(methods)
    }
    return {**told, "default": _problem("The request was not done.")}


def _statuses(methods: AbstractSet[str]) -> tuple[int, ...]:
    if "POST" in methods:
        return _WHEN_POSTED
    return _WHEN_READ if methods <= {"GET"} else _WHEN_CHANGED


def _problem(description: str) -> dict[str, Any]:
    content = {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": description, "content": content}
