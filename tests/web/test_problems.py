"""The REST API refuses with problem documents, the functions with a status and a message."""

from typing import Any

import pytest

from tests.api.conftest import MakeRig
from tests.api.rig import BASE, Rig, token

PROBLEM = "application/problem+json"


def check_problem(answer: Any, status: int, code: str) -> Any:
    """Return a problem document, once its members are those of RFC 9457 and of this status."""
    assert answer.headers["content-type"] == PROBLEM
    problem = answer.json()
    assert (answer.status_code, problem["status"]) == (status, status), answer.text
    assert problem["code"] == code
    assert problem["type"] == f"{BASE}/problems/{code}"
    assert problem["title"]
    assert problem["detail"]
    return problem


async def test_a_refused_field_is_named(rig: Rig) -> None:
    """A body that breaks rules is a 400 that names each field, its rule and what is wrong."""
    answer = await rig.post("/api-keys", {"role": "king", "nmae": "x"})
    problem = check_problem(answer, 400, "INVALID_FIELD")
    assert problem["title"] == "Bad Request"
    assert problem["field"] == "name"
    assert [(each["field"], each["rule"]) for each in problem["errors"]] == [
        ("name", "missing"),
        ("role", "enum"),
        ("nmae", "extra_forbidden"),
    ]
    assert all(each["message"] for each in problem["errors"])


async def test_a_rule_of_ours_names_its_field(rig: Rig) -> None:
    """A rule that the engine knows is refused like one that the body's shape knows."""
    body = {"name": "a", "role": "viewer", "expires_at": "2020-01-01T00:00:00Z"}
    problem = check_problem(await rig.post("/api-keys", body), 400, "INVALID_FIELD")
    assert (problem["field"], problem["detail"]) == (
        "expires_at",
        "expires_at must be in the future",
    )


async def test_what_is_not_there_says_what(rig: Rig) -> None:
    """A thing that is not found is named by its code."""
    answer = await rig.http.delete("/api-keys/0123456789abcdef")
    check_problem(answer, 404, "API_KEY_NOT_FOUND")


@pytest.mark.parametrize("body", [b"{", b"[]", b"7", b'"a"', b"", b"\xff", b"[" * 100_000])
async def test_a_body_that_is_no_object_is_refused(rig: Rig, body: bytes) -> None:
    """What is no JSON object is a problem of the caller, never one of ours."""
    headers = {"content-type": "application/json"}
    answer = await rig.http.post("/api-keys", content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == PROBLEM


async def test_half_a_character_breaks_nothing(rig: Rig) -> None:
    """A name or a value with half a surrogate pair, which no answer can hold, is refused."""
    headers = {"content-type": "application/json"}
    for body in (b'{"role": "viewer", "\\ud800": 1}', b'{"role": "viewer", "name": "\\ud800"}'):
        for path in ("/api-keys", "/single-call"):
            answer = await rig.http.post(path, content=body, headers=headers)
            assert (answer.status_code, answer.json()["status"]) == (400, 400)


async def test_a_flood_of_mistakes_is_told_in_part(rig: Rig) -> None:
    """However many members are wrong, the refusal stays short."""
    body = {f"m{number}": 1 for number in range(5000)}
    problem = check_problem(await rig.post("/api-keys", body), 400, "INVALID_FIELD")
    assert len(problem["errors"]) == 100


async def test_strangers_get_problems_too(jwt_rig: Rig) -> None:
    """Who is unknown, and who may not, is told so in the same shape."""
    answer = await jwt_rig.get("/api-keys")
    check_problem(answer, 401, "UNAUTHENTICATED")
    assert answer.headers["www-authenticate"] == "Bearer"
    answer = await jwt_rig.get("/api-keys", authorization=token("operator"))
    problem = check_problem(answer, 403, "FORBIDDEN")
    assert problem["detail"] == "This needs the role admin; yours is operator."
    check_problem(await jwt_rig.http.put("/api-keys"), 405, "METHOD_NOT_ALLOWED")


async def test_an_unknown_path_is_a_problem(rig: Rig) -> None:
    """A path of nothing is told as the REST API tells things, but not below a function's path."""
    for path in ("/nothing", "/api-keys/a/b"):
        check_problem(await rig.get(path), 404, "NOT_FOUND")
    answer = await rig.get("/campaign-progress/a/b")
    assert answer.json() == {"status": 404, "message": "Not Found"}


async def test_functions_keep_their_shape(rig: Rig) -> None:
    """A function's refusal holds a status and a message, and its media type is JSON."""
    answer = await rig.post("/retry-campaign", {"campaignId": "a"})
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {"status": 404, "message": "Campaign not found"}
    answer = await rig.get("/retry-campaign")
    assert (answer.status_code, answer.json()) == (
        405,
        {"status": 405, "message": "Method Not Allowed"},
    )


async def test_a_large_body_is_refused(rig: Rig) -> None:
    """A body over the limit is cut off, in the shape of its route."""
    body = b'{"name": "' + b"a" * 1_000_000 + b'"}'
    headers = {"content-type": "application/json"}
    answer = await rig.http.post("/api-keys", content=body, headers=headers)
    check_problem(answer, 413, "TOO_LARGE")


async def test_a_broken_store_is_told_and_nothing_of_it(rig: Rig, logged: list[Any]) -> None:
    """A store that fails is a 503 without a word of what failed, which the log has."""
    await rig.store.close()
    problem = check_problem(await rig.get("/api-keys"), 503, "UNAVAILABLE")
    assert problem["detail"].startswith("The store did not answer.")
    assert [line["event"] for line in logged] == ["store_failed"]


async def test_a_surprise_tells_nothing(rig: Rig, logged: list[Any]) -> None:
    """What nobody expected is a 500 without a word of it, and one line in the log."""

    class Surprising:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError("password=hunter2")

    rig.break_store(Surprising())
    problem = check_problem(await rig.get("/api-keys"), 500, "INTERNAL_ERROR")
    assert problem["detail"] == "Something broke on our side."
    assert [line["event"] for line in logged] == ["request_failed"]


async def test_x_org_id_is_a_field_like_others(make_rig: MakeRig) -> None:
    """An organisation that cannot be one is refused before anything is looked up."""
    answer = await make_rig().get("/api-keys", x_org_id="a/b")
    check_problem(answer, 400, "INVALID_FIELD")
