"""A good request to every operation of the OpenAPI document, and the places in it for ids."""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, Final, NamedTuple

from functions.bootstrap.app import api_document
from tests.api.full_organisation import NOWHERE, TOMORROW, Things
from tests.api.rig import BOT, SENDER

DOCUMENT: Final[Mapping[str, Any]] = api_document()

#: What each id names, by the name that a path, a query or a body gives it.
KINDS: Final[Mapping[str, str]] = {
    "campaign_id": "campaign",
    "campaignId": "campaign",
    "campaign": "campaign",
    "ids": "campaign",
    "conditions": "campaign",
    "contact_id": "contact",
    "contact_ids": "contact",
    "customer_id": "contact",
    "customer_ids": "contact",
    "enrollment_id": "enrollment",
    "import_id": "import",
    "inbound_id": "inbound",
    "key_id": "key",
    "listId": "list",
    "list_id": "list",
    "message": "message",
    "message_id": "message",
    "notification_id": "notification",
    "segment_id": "segment",
    "subscription_id": "subscription",
    "suppression_id": "suppression",
    "template_id": "template",
}
#: Names that look like an id's, of something that is the caller's own invention.
FREE: Final = frozenset({"clientId", "external_id", "id"})

#: A good value of everything else that has to be given.
VALUES: Final[Mapping[str, Any]] = {
    "attempt": 1,
    "campaignName": "Mine",
    "channel": "sms",
    "event": "hangup",
    "from": SENDER,
    "fromNumber": SENDER,
    "kind": "check",
    "listName": "Mine",
    "name": "Mine",
    "node": "bye",
    "number": 1,
    "phones": [SENDER],
    "provider": "simulator",
    "role": "viewer",
    "scheduledTime": TOMORROW,
    "scope": "all",
    "scheduled_at": TOMORROW,
    "subjects": [{"phone": "+12125552901"}],
    "text": "Hello",
    "to": SENDER,
    "token": "forged",
    "url": NOWHERE,
    "wssUrl": BOT,
}
#: Members that the document does not require, and the operation does.
_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "/campaigns/{campaign_id}/personalized-preview": ("customer_id",),
    "/campaigns/{campaign_id}/send-test": ("phones",),
    "/templates/{template_id}/preview": ("contact_id",),
}
#: What an id cannot go without.
_BESIDE: Final[Mapping[tuple[str, str], Mapping[str, Any]]] = {
    ("/events", "contact_id"): {"name": "order_paid"},
    ("/templates/check", "template_id"): {"everyone": True},
    ("/templates/check", "list_id"): {"text": "Hello"},
    ("/templates/check", "segment_id"): {"text": "Hello"},
}
#: Upon what people enter a plan, by the member that names it.
_BY: Final = {"list_id": "list", "segment_id": "segment"}
_FILE: Final = {"file": ("a.csv", b"number\n+12125552900\n")}


#: Paths that only campaigns with a plan have.
_OF_PLANS: Final = re.compile(r"/campaigns/\{campaign_id\}/(plans?|start|close|enrollments)\b")

#: Paths that only runs of a series have.
_OF_SERIES: Final = re.compile(r"/campaigns/\{campaign_id\}/(series|skip)\b")


class Operation(NamedTuple):
    """One method of one path."""

    method: str
    path: str

    @property
    def about(self) -> Mapping[str, Any]:
        """What the document says of it."""
        found: Mapping[str, Any] = DOCUMENT["paths"][self.path][self.method]
        return found

    @property
    def is_public(self) -> bool:
        """Whether it says who it is for: whoever has a token."""
        return "security" in self.about

    @property
    def of(self) -> str:
        """What kind of campaign it is about, as KINDS calls things."""
        if _OF_SERIES.search(self.path):
            return "run"
        return "journey" if _OF_PLANS.search(self.path) else "campaign"

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"


class Place(NamedTuple):
    """Where in a request an id stands: in its path, its query or its body, by name."""

    part: str
    names: tuple[str, ...]
    of: str = "campaign"  #: of what kind a campaign is that it names

    @property
    def kind(self) -> str:
        """What the id names."""
        kind = KINDS[self.names[-1]]
        return self.of if kind == "campaign" else kind


class Request(NamedTuple):
    """A request, as it is sent."""

    path: str
    sent: Mapping[str, Any]


OPERATIONS: Final = [
    Operation(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods
]


def places(operation: Operation) -> list[Place]:
    """Return where an operation takes ids of things that there are."""
    found = [
        Place(each["in"], (each["name"],), operation.of)
        for each in operation.about.get("parameters", ())
        if each["name"] in KINDS and each["in"] in {"path", "query"}
    ]
    return found + [Place("body", names) for names in _members(_body_schema(operation))]


def looks_like_an_id(name: str) -> bool:
    """Tell whether a member or parameter is named as ids are."""
    return name.lower().endswith(("id", "ids")) and name not in FREE


def names(operation: Operation) -> Iterator[str]:
    """Yield the names of everything that an operation can be given."""
    yield from (each["name"] for each in operation.about.get("parameters", ()))
    yield from _body_schema(operation).get("properties", {})


def request(operation: Operation, own: Things, changed: Mapping[Place, str]) -> Request:
    """Return a good request about somebody's own things, but with these ids at these places."""
    ids = {**{place: own.ids[place.kind][0] for place in places(operation)}, **changed}
    if any(place.names[0] == "entry" for place in changed):  # which broadcasts do not have
        ids = {Place("path", ("campaign_id",)): own.ids["journey"][0], **changed}
    paths = {place.names[0]: id_ for place, id_ in ids.items() if place.part == "path"}
    paths["message"] = paths.get("message", "").rpartition(".")[2]
    fixed = {
        name: own.org if name == "org" else VALUES[name]
        for name in _required(operation, "path")
        if name not in paths
    }
    queried = {name: VALUES[name] for name in _required(operation, "query") if name not in KINDS}
    queried |= {place.names[0]: id_ for place, id_ in ids.items() if place.part == "query"}
    sent = {"params": queried} if queried else {}
    return Request(
        operation.path.format(**fixed, **paths), {**sent, **_body(operation, ids, changed)}
    )


def put(body: dict[str, Any], names: tuple[str, ...], id_: str) -> None:
    """Name something in a body, at the member that these names lead to."""
    first, *rest = names
    if rest:
        by = _BY.get(rest[-1]) if first == "entry" else None
        put(body.setdefault(first, {"by": by} if by else {}), tuple(rest), id_)
    elif first == "conditions":
        body[first] = {"campaign": id_, "status": ["sent"]}
    else:
        body[first] = [id_] if first.endswith("ids") else id_


def _required(operation: Operation, part: str) -> list[str]:
    given = operation.about.get("parameters", ())
    return [each["name"] for each in given if each["in"] == part and each["required"]]


def _content(operation: Operation) -> Mapping[str, Any]:
    content: Mapping[str, Any] = operation.about.get("requestBody", {}).get("content", {})
    return content


def _body_schema(operation: Operation) -> Mapping[str, Any]:
    for each in _content(operation).values():
        return _resolved(each["schema"])
    return {}


def _resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an object's own schema, whether it is referred to or one of several."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        found: Mapping[str, Any] = DOCUMENT["components"]["schemas"][name]
        return found
    return _resolved(schema["anyOf"][0]) if "anyOf" in schema else schema


def _members(schema: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield the names that lead to a member that holds an id."""
    for name, each in schema.get("properties", {}).items():
        if name in KINDS:
            yield (name,)
        else:
            yield from ((name, *below) for below in _members(_resolved(each)))


def _body(
    operation: Operation, ids: Mapping[Place, str], changed: Mapping[Place, str]
) -> dict[str, Any]:
    """Return the body: its example, or what it must have with the member that is changed."""
    content = _content(operation)
    if not content:
        return {}
    inside = [place for place in changed if place.part == "body"]
    body = _least(operation, ids) if inside else _good(operation, ids)
    for place in inside:
        body |= _BESIDE.get((operation.path, place.names[-1]), {})
        put(body, place.names, ids[place])
    if "application/x-www-form-urlencoded" in content:
        return {"data": body}
    if "multipart/form-data" not in content:
        return {"json": body}
    body.pop("file", None)
    return {"files": _FILE, "data": body}


def _least(operation: Operation, ids: Mapping[Place, str]) -> dict[str, Any]:
    """Return a body of what must be in it."""
    schema = _body_schema(operation)
    example = _example(schema)
    wanted = {*schema.get("required", ()), *_NEEDED.get(operation.path, ())} - {"file"}
    values = {**example, **VALUES}
    body = {name: deepcopy(values[name]) for name in wanted - set(KINDS)}
    for name in wanted & set(KINDS):
        put(body, (name,), ids[Place("body", (name,))])
    return body


def _good(operation: Operation, ids: Mapping[Place, str]) -> dict[str, Any]:
    """Return a body as the document shows it, about things that there are."""
    body = {**_example(_body_schema(operation)), **_least(operation, ids)}
    body.pop("allowed_senders", None)  # It would bar the senders of all other requests.
    for place, id_ in ids.items():
        if place.part == "body" and place.names[0] in body and len(place.names) == 1:
            put(body, place.names, id_)
    return body


def _example(schema: Mapping[str, Any]) -> dict[str, Any]:
    return deepcopy(next(iter(schema.get("examples", ())), {}))
