"""Every code of a refusal has a page, and a problem's type leads to it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from functions.api.problems.catalogue import KINDS, kind_of
from functions.web.problems import CODES
from tests.api.conftest import MakeRig
from tests.api.rig import JWT, Rig

FUNCTIONS = Path(__file__).parents[3] / "functions"
#: Where codes that refuse nobody stand: doubts, providers' statuses, countries' rules.
OTHER_CODES = ("warnings", "refusal", "channels", "statuses")


def written(tree: ast.AST) -> Iterator[str]:
    """Yield the codes that a module writes down: of a class, in a call, as a default."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id="code")], value=ast.Constant(value=str(code))):
                yield code
            case ast.keyword(arg="code", value=ast.Constant(value=str(code))):
                yield code
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=str(code))) if (
                name == code
            ):
                yield code
            case ast.Call(func=ast.Name(id="NotFoundError"), args=[ast.Constant(value=what), *_]):
                yield f"{str(what).upper().replace(' ', '_')}_NOT_FOUND"


def codes() -> list[str]:
    """Return every code that refuses somebody."""
    found = set(CODES.values())
    for path in FUNCTIONS.rglob("*.py"):
        if not any(part in str(path) for part in OTHER_CODES):
            found |= set(written(ast.parse(path.read_text())))
    return sorted(code for code in found if code.isupper())


@pytest.mark.parametrize(
    "code", [*codes(), *KINDS, "LIST_IN_USE", "SEGMENT_IN_USE", "INVALID_CAMPAIGN_ID"]
)
async def test_every_code_has_a_page(rig: Rig, code: str) -> None:
    """The page of a code says its status, what it means and what to do."""
    answer = await rig.get(f"/problems/{code}")
    kind = kind_of(code)
    assert kind, code
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert f"<h1>{code}</h1>" in answer.text
    assert f"Status {kind.status}." in answer.text


REFUSED = [
    ("GET", "/nothing", 404),
    ("PUT", "/lists", 405),
    ("POST", "/campaigns", 400),
    ("GET", "/campaigns/none", 404),
    ("GET", "/campaigns/__x__", 400),
    ("GET", "/lists?limit=0", 400),
    ("GET", "/contacts/a", 404),
]


@pytest.mark.parametrize(("method", "path", "status"), REFUSED)
async def test_the_type_of_a_problem_leads_to_its_page(
    rig: Rig, method: str, path: str, status: int
) -> None:
    """Whoever follows `type` reads what the problem's code means."""
    problem = (await rig.http.request(method, path)).json()
    assert problem["status"] == status
    assert problem["type"].endswith(f"/problems/{problem['code']}")
    page = await rig.http.get(problem["type"])
    assert page.status_code == 200
    assert f"Status {status}." in page.text


async def test_the_list_leads_to_every_page(rig: Rig) -> None:
    """One page shows all codes and links to theirs."""
    page = await rig.get("/problems")
    assert page.status_code == 200
    for code in KINDS:
        assert f'<a href="problems/{code}">' in page.text


@pytest.mark.parametrize("code", ["X", "_NOT_FOUND", "<b>_NOT_FOUND", "NOT_FOUND_X", "a" * 100])
async def test_another_code_has_no_page(rig: Rig, code: str) -> None:
    """What no refusal has is not there, and nothing made up is shown."""
    answer = await rig.get(f"/problems/{code}")
    assert answer.status_code in {400, 404}
    assert "<b>" not in answer.text


async def test_the_pages_are_for_everybody(make_rig: MakeRig) -> None:
    """Who has no token may read why."""
    rig = make_rig(**JWT, public_base_url="https://clarion.example")
    refused = await rig.get("/lists")
    assert refused.json()["type"] == "https://clarion.example/problems/UNAUTHENTICATED"
    assert (await rig.get("/problems/UNAUTHENTICATED")).status_code == 200
