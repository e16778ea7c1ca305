"""The OpenAPI document says all that a stranger, or a program that writes clients, has to know."""

from collections.abc import Iterator
from typing import Any, Final

import jsonschema_rs
import pytest

from functions.domain.notifications.events import TEST, EventType
from tests.api.openapi_requests import DOCUMENT, OPERATIONS, Operation

SCHEMAS = DOCUMENT["components"]["schemas"]
#: What an operation may begin with.
VERBS: Final = """
add ask cancel change check close count create delete duplicate enroll erase exit explain export
follow get greet lift lint list migrate move pause place preview receive remove rename replace
replay reschedule resume retry revoke rotate run schedule search send show sign skip start test undo
unsubscribe upload upsert
"""


def fields(name: str, schema: Any) -> Iterator[tuple[str, Any]]:
    """Yield every field of a schema, and of the objects within it."""
    for field, each in schema.get("properties", {}).items():
        yield f"{name}.{field}", each
        yield from fields(f"{name}.{field}", each)
    if isinstance(schema.get("items"), dict):
        yield from fields(f"{name}[]", schema["items"])


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_field_is_described(name: str) -> None:
    """So is every schema."""
    assert SCHEMAS[name].get("description")
    bare = [field for field, each in fields(name, SCHEMAS[name]) if not each.get("description")]
    assert bare == []


def test_schemas_have_names_of_their_own() -> None:
    """No two are called alike: else one has a module's name, or a client gets but one of them."""
    assert [name for name in SCHEMAS if "__" in name or name.endswith(("-Input", "-Output"))] == []


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_every_operation_is_described(operation: Operation) -> None:
    """It has a verb for a name, words, a tag that is described, and words for each parameter."""
    about = operation.about
    assert about["operationId"].partition("_")[0] in VERBS.split()
    assert about["description"]
    assert set(about["tags"]) <= {tag["name"] for tag in DOCUMENT["tags"] if tag["description"]}
    bare = [each["name"] for each in about.get("parameters", ()) if not each.get("description")]
    assert bare == []
    for content in about.get("requestBody", {}).get("content", {}).values():
        bare = [name for name, each in fields("", content["schema"]) if not each.get("description")]
        assert bare == []


def test_no_two_operations_have_one_name() -> None:
    """A generated client has one function for each."""
    ids = [operation.about["operationId"] for operation in OPERATIONS]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_answers_have_examples_that_fit(operation: Operation) -> None:
    """What is answered in JSON is shown by an example, as its schema says."""
    for status, answer in operation.about["responses"].items():
        content = answer.get("content", {}).get("application/json")
        if status.startswith("2") and content and content.get("schema"):
            whole = {**content["schema"], "components": DOCUMENT["components"]}
            jsonschema_rs.Draft202012Validator(whole).validate(content["example"])


@pytest.mark.parametrize("type_", [*EventType, TEST])
def test_every_event_is_a_webhook(type_: str) -> None:
    """A receiver can be generated as well."""
    hook = DOCUMENT["webhooks"][type_]["post"]
    assert hook["requestBody"]["content"]["application/json"]["schema"]["$ref"]


def test_the_document_says_where_it_is_served() -> None:
    """Beside itself: under any host, and below any function's name."""
    assert [server["url"] for server in DOCUMENT["servers"]] == ["./"]


def test_conditions_hold_conditions() -> None:
    """The schema of a segment's conditions refers to itself, and takes what the API takes."""
    for name in ("NewSegment", "Trial"):
        assert SCHEMAS[name]["properties"]["conditions"]["$ref"].endswith("/SegmentCondition")
    whole = {"$ref": "#/components/schemas/SegmentCondition", "components": DOCUMENT["components"]}
    check = jsonschema_rs.Draft202012Validator(whole)
    nairobi = {"field": "location", "op": "eq", "value": "Nairobi"}
    check.validate({"all": [nairobi, {"not": {"any": [{"campaign": "c", "status": "sent"}]}}]})
    wrongs: list[Any] = [{"all": []}, {"some": [nairobi]}, {"all": [{"any": [{"field": "x"}]}]}]
    for wrong in wrongs:
        assert not check.is_valid(wrong)


def test_plans_are_described_whole() -> None:
    """The schema of a plan in the document takes a plan, and tells a wrong one by its parts."""
    assert SCHEMAS["NewPlanCampaign"]["properties"]["plan"]["$ref"].endswith("/Plan")
    whole = {"$ref": "#/components/schemas/Plan", "components": DOCUMENT["components"]}
    check = jsonschema_rs.Draft202012Validator(whole)
    (written,) = SCHEMAS["NewPlanCampaign"]["examples"]
    check.validate(written["plan"])
    (node, stop) = written["plan"]["nodes"]
    assert not check.is_valid({**written["plan"], "nodes": [{**node, "action": "shout"}, stop]})


def test_pages_are_numbers() -> None:
    """`page` and `page_size` are integers to whoever generates a client."""
    listed = DOCUMENT["paths"]["/campaigns"]["get"]["parameters"]
    kinds = {each["name"]: each["schema"].get("type") for each in listed}
    assert (kinds["page"], kinds["page_size"]) == ("integer", "integer")


@pytest.mark.parametrize(
    ("path", "method"),
    [("/campaigns/{campaign_id}/messages", "get"), ("/get-report-by-campaign", "post")],
)
def test_csv_is_a_media_type_of_its_own(path: str, method: str) -> None:
    """Beside JSON, where it is answered."""
    content = DOCUMENT["paths"][path][method]["responses"]["200"]["content"]
    assert content["text/csv"]["schema"]["type"] == "string"
    assert "application/json" in content
