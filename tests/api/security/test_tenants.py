"""An organisation sees, steers and reveals nothing of another, whichever operation is asked."""

import sqlite3
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import pytest_asyncio

from functions.web.context import AppContext
from functions.web.invoker import Invoker
from functions.web.signing_in.sessions import COOKIE
from tests.api.full_organisation import Things, make_everything
from tests.api.openapi_requests import (
    KINDS,
    OPERATIONS,
    Operation,
    Place,
    Request,
    looks_like_an_id,
    names,
    places,
    request,
)
from tests.api.rig import JWT, Rig, token
from tests.web.auth.key_server import certificate, rsa_key, serve_keys

THEIRS, OURS = "theirs", "ours"
INVOKER: Final = {
    "invoker_auth": "oidc",
    "invoker_service_account": "invoker@clarion.iam.gserviceaccount.com",
    "invoker_audience": "https://clarion.example",
}
#: Asked for several things at once, it answers for each whether there is such a one.
TELLS_EACH = {
    Operation("delete", "/campaigns"),
    # Filters: nothing is found by an id that nobody has.
    Operation("get", "/inbound"),
    Operation("get", "/messages"),
}
#: What is asked with POST, and changes nothing.
QUESTIONS = {
    Operation("post", "/campaigns/{campaign_id}/personalized-preview"),
    Operation("post", "/campaigns/{campaign_id}/preview/page"),
    Operation("post", "/get-report-by-campaign"),
    Operation("post", "/plans/lint"),
    Operation("post", "/recurrences/preview"),
    Operation("post", "/segments/contacts"),
    Operation("post", "/segments/count"),
    Operation("post", "/session"),
    Operation("post", "/templates/check"),
    Operation("post", "/templates/preview"),
    Operation("post", "/templates/preview/page"),
    Operation("post", "/templates/{template_id}/preview"),
}
#: What an operator is not enough for.
FOR_ADMINS = {
    Operation("delete", "/api-keys/{key_id}"),
    Operation("delete", "/subscriptions/{subscription_id}"),
    Operation("get", "/api-keys"),
    Operation("get", "/settings/webhook-secret"),
    Operation("patch", "/settings"),
    Operation("patch", "/subscriptions/{subscription_id}"),
    Operation("post", "/api-keys"),
    Operation("post", "/subscriptions"),
    Operation("post", "/subscriptions/{subscription_id}/rotate-secret"),
    Operation("put", "/settings"),
}
#: What is answered to everybody.
FOR_ALL = {
    Operation("get", "/health"),
    Operation("get", "/schemas/plan.json"),
    Operation("get", "/session"),
    Operation("delete", "/session"),
}
#: What is answered to a link that we have not made.
FORGED_LINK = {"/links/u/{token}": 404, "/links/o/{token}.gif": 200, "/links/c/{token}": 404}
PUBLIC = [operation for operation in OPERATIONS if operation.is_public]
NOT_PUBLIC = [operation for operation in OPERATIONS if not operation.is_public]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class Street:
    """Two organisations in one Clarion, and whatever is stored of them."""

    rig: Rig
    file: Path
    theirs: Things
    ours: Things

    async def ask(self, operation: Operation, asked: Request, **headers: str) -> httpx.Response:
        """Send a request; without an Authorization header it is of a stranger."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.rig.http.request(
            operation.method,
            asked.path,
            headers={"x-org-id": THEIRS, "x-request-id": "asked", **sent},
            **asked.sent,
        )

    def stored(self, org: str) -> Mapping[str, tuple[int, str]]:
        """Return every document of an organisation, with its version."""
        with sqlite3.connect(self.file) as db:
            found = db.execute(
                "SELECT name FROM sqlite_master WHERE name LIKE 'docs\\_%' ESCAPE '\\'"
            )
            tables = [name for (name,) in found if name.isidentifier()]
            rows = [
                row
                for table in tables
                for row in db.execute(
                    f"SELECT path, version, doc FROM {table} WHERE path LIKE ?",  # noqa: S608 - a table's own name
                    (f"orgs/{org}/%",),
                )
            ]
        db.close()
        return {path: (version, document) for path, version, document in rows}

    def reveals(self, answer: httpx.Response, asked: Request) -> set[str]:
        """Return what an answer tells of them that the request did not say itself."""
        said = f"{asked.path} {asked.sent}"
        return {mark for mark in self.theirs.marks if mark in answer.text and mark not in said}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def street(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Street]:
    """Give two organisations that have one of everything each."""
    folder = tmp_path_factory.mktemp("street")
    file = folder / "clarion.db"
    long = "what signs is at least thirty-two bytes long"
    secrets = {"signing_secret": long, "session_secret": long}
    rig = Rig(folder, **JWT, **INVOKER, **secrets, store_url=f"sqlite:///{file}", api_rate_per_s=0)
    admins = {org: token("admin", org=org) for org in (THEIRS, OURS)}
    theirs = await make_everything(rig, THEIRS, area=305, authorization=admins[THEIRS])
    ours = await make_everything(rig, OURS, area=415, authorization=admins[OURS])
    with serve_keys() as google:
        google.document = {"a": certificate(rsa_key("a"))}
        async with httpx.AsyncClient() as http:
            trust(rig, google.url, http)
            made = Street(rig, file, theirs, ours)
            stored = str(made.stored(THEIRS))  # so that a change of any of it would be seen
            assert [mark for mark in theirs.marks if mark.rpartition(".")[2] not in stored] == []
            yield made
    await rig.close()


def trust(rig: Rig, certificates_url: str, http: httpx.AsyncClient) -> None:
    """Let a stand-in publish Google's certificates."""
    app = rig.stack.app._app
    context: AppContext = app.state.context
    invoker = Invoker(
        context.settings, http=http, clock=rig.clock, certificates_url=certificates_url
    )
    app.state.context = replace(context, invoker=invoker)


ADMIN: Final = token("admin", org=OURS)
THEIR_ADMIN: Final = token("admin", org=THEIRS)


def unknown(id_: str) -> str:
    """Return an id like this one, of nothing."""
    return "".join("0" if character.isalnum() else character for character in id_)


async def viewer_s_cookie(street: Street) -> str:
    """Return the cookie of a viewer who has signed in."""
    viewer = {"authorization": token("viewer", org=OURS)}
    answer = await street.rig.http.post("/session", headers=viewer)
    return f"{COOKIE}={answer.cookies[COOKIE]}"


# --- Another organisation's things -----------------------------------------------------------


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
async def test_no_id_is_overlooked(operation: Operation) -> None:
    """Whatever an operation takes that is named like an id is known to the tests below."""
    assert [name for name in names(operation) if looks_like_an_id(name) and name not in KINDS] == []


ASKED = [(each, place) for each in PUBLIC for place in places(each)]


@pytest.mark.parametrize(
    ("operation", "place"), ASKED, ids=[f"{each} {'.'.join(where.names)}" for each, where in ASKED]
)
async def test_what_is_another_organisation_s_is_not_found(
    street: Street, operation: Operation, place: Place
) -> None:
    """Another's id, wherever it stands, is answered word for word as one that is nobody's."""
    before = street.stored(THEIRS)
    for id_ in street.theirs.ids[place.kind]:
        asked = request(operation, street.ours, {place: id_})
        answer = await street.ask(operation, asked, authorization=ADMIN)
        nobody_s = request(operation, street.ours, {place: unknown(id_)})
        expected = await street.ask(operation, nobody_s, authorization=ADMIN)
        assert answer.status_code == (200 if operation in TELLS_EACH else 404), answer.text
        assert answer.text.replace(id_, unknown(id_)) == expected.text
        assert street.reveals(answer, asked) == set()
    assert street.stored(THEIRS) == before


WHOLE = [each for each in PUBLIC if each.method == "get" or not places(each)]


@pytest.mark.parametrize("operation", WHOLE, ids=str)
async def test_no_answer_holds_what_is_another_organisation_s(
    street: Street, operation: Operation
) -> None:
    """What is listed, counted, searched or made is the caller's own, whatever its headers say."""
    before, own = street.stored(THEIRS), street.stored(OURS)
    asked = request(operation, street.ours, {})
    answer = await street.ask(operation, asked, authorization=ADMIN)
    # The same person, and the same name of a list, stand in several examples.
    assert answer.is_success or answer.status_code == 409, answer.text
    assert street.reveals(answer, asked) == set()
    assert street.stored(THEIRS) == before
    if answer.status_code == 201:
        assert len(street.stored(OURS)) > len(own)


def paged(asked: Request, **params: Any) -> Request:
    """Return a request, for another page."""
    return Request(asked.path, {**asked.sent, "params": {**asked.sent.get("params", {}), **params}})


PAGED = [each for each in PUBLIC if each.method == "get" and "cursor" in names(each)]


@pytest.mark.parametrize("operation", PAGED, ids=str)
async def test_another_organisation_s_cursor_leads_nowhere(
    street: Street, operation: Operation
) -> None:
    """A cursor that another was given goes on among the caller's own things, or is refused."""
    whole = request(operation, street.theirs, {})
    by_them = street.ask(operation, paged(whole, limit=1, page_size=1), authorization=THEIR_ADMIN)
    first = (await by_them).json()
    cursor = first.get("next_cursor") or first.get("nextCursor") or "AAAA"
    asked = paged(request(operation, street.ours, {}), cursor=cursor)
    answer = await street.ask(operation, asked, authorization=ADMIN)
    assert answer.status_code in {200, 400}, answer.text
    assert street.reveals(answer, asked) == set()


async def test_an_address_is_looked_for_among_one_s_own(street: Street) -> None:
    """Whether another organisation has suppressed a number is not told."""
    for number in street.theirs.numbers:
        answer = await street.rig.http.get(
            "/suppressions", params={"address": number}, headers={"authorization": ADMIN}
        )
        assert (answer.status_code, answer.json()["data"]) == (200, [])


# --- Strangers and roles ---------------------------------------------------------------------


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
async def test_a_stranger_is_told_nothing(street: Street, operation: Operation) -> None:
    """Without a token there is 401, before it is read what was sent; for carriers 403.

    Who follows a link of a mail needs no token: it carries all that it is about, signed.
    """
    before = street.stored(THEIRS)
    asked = request(operation, street.theirs, {})
    answer = await street.ask(operation, asked)
    if operation in FOR_ALL:
        assert answer.status_code == 200
    elif operation.path.startswith("/webhooks/"):
        assert answer.status_code == 403
    elif operation.path.startswith("/links/"):
        assert answer.status_code == FORGED_LINK[operation.path]
    else:
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        broken = await street.ask(operation, Request(asked.path, {"content": b"{"}))
        assert broken.status_code == 401
    assert street.reveals(answer, asked) == set()
    assert street.stored(THEIRS) == before


@pytest.mark.parametrize("operation", NOT_PUBLIC, ids=str)
async def test_a_token_of_ours_opens_no_other_door(street: Street, operation: Operation) -> None:
    """What is called by carriers, the scheduler and the queue takes no user's token."""
    before = street.stored(THEIRS)
    asked = request(operation, street.theirs, {})
    answer = await street.ask(operation, asked, authorization=ADMIN)
    by_carrier = operation.path.startswith("/webhooks/")
    expected = 403 if by_carrier else 200 if operation in FOR_ALL else 401
    assert answer.status_code == FORGED_LINK.get(operation.path, expected)
    assert street.reveals(answer, asked) == set()
    assert street.stored(THEIRS) == before


@pytest.mark.parametrize("operation", PUBLIC, ids=str)
async def test_a_viewer_reads_and_changes_nothing(street: Street, operation: Operation) -> None:
    """A viewer may read; whatever creates or changes is refused with 403 by name of the role."""
    before = street.stored(OURS)
    asked = request(operation, street.ours, {})
    answer = await street.ask(operation, asked, authorization=token("viewer", org=OURS))
    reads = operation.method == "get" and operation not in FOR_ADMINS
    if reads or operation in QUESTIONS:
        assert answer.status_code == 200, answer.text
    else:
        role = "admin" if operation in FOR_ADMINS else "operator"
        assert answer.status_code == 403
        assert f"This needs the role {role}; yours is viewer." in answer.text
    assert street.stored(OURS) == before


@pytest.mark.parametrize("operation", PUBLIC, ids=str)
async def test_a_session_is_answered_as_the_token_it_was_begun_with(
    street: Street, operation: Operation
) -> None:
    """A viewer's cookie reads what a viewer's token reads, and changes nothing either."""
    before = street.stored(OURS)
    asked = request(operation, street.ours, {})
    by_token = await street.ask(operation, asked, authorization=token("viewer", org=OURS))
    cookie = await viewer_s_cookie(street)
    by_cookie = await street.ask(operation, asked, cookie=cookie, sec_fetch_site="same-origin")
    if operation != Operation("post", "/session"):  # which needs the token itself
        assert by_cookie.status_code == by_token.status_code
        assert by_cookie.headers["cache-control"] == "no-store"
    assert street.reveals(by_cookie, asked) == set()
    stolen = await street.ask(operation, asked, cookie=cookie)
    assert stolen.status_code == 401
    assert street.stored(OURS) == before


@pytest.mark.parametrize("operation", sorted(FOR_ADMINS), ids=str)
async def test_an_operator_is_no_admin(street: Street, operation: Operation) -> None:
    """Keys, subscriptions and settings are for admins."""
    before = street.stored(OURS)
    asked = request(operation, street.ours, {})
    answer = await street.ask(operation, asked, authorization=token("operator", org=OURS))
    assert answer.status_code == 403
    assert "This needs the role admin; yours is operator." in answer.text
    assert street.stored(OURS) == before


# --- Ids that are more than an id ------------------------------------------------------------

ODD_IDS = [
    ".",
    "..",
    "../../theirs/campaigns/ID",
    "..%2F..%2Ftheirs%2Fcampaigns%2FID",
    "%2e%2e",
    "ID%00",
    "ID%2Fmessages%2Fx",
    "ID/messages",
    "ID/",
    "%2FID",
    "ID%0a",
    "\uff29\uff24",
    "*",
    "%",
    "'; drop table campaigns; --",
    "a" * 65,
    "a" * 4000,
]


@pytest.mark.parametrize("odd", ODD_IDS)
async def test_an_id_cannot_lead_out_of_its_organisation(street: Street, odd: str) -> None:
    """An id with slashes, dots or encoded characters reaches nothing, in whatever place."""
    before = street.stored(THEIRS)
    ids = {kind: [odd.replace("ID", ids[0])] for kind, ids in street.theirs.ids.items()}
    strange = replace(street.ours, ids=ids)
    for operation, place in ASKED:
        asked = request(operation, strange, {place: ids[place.kind][0]})
        answer = await street.ask(operation, asked, authorization=ADMIN)
        # A client makes "/segments/../contacts" the path "/contacts": a list of the caller's own.
        refused = answer.status_code in {307, 400, 404, 405} or odd in {".", "..", "%2e%2e"}
        assert refused or operation in TELLS_EACH, (operation, answer.text)
        assert street.reveals(answer, asked) == set()
    assert street.stored(THEIRS) == before


@pytest.mark.parametrize("org", ["../theirs", "theirs/campaigns", "", ".", "%74heirs", "théirs"])
async def test_an_organisation_is_one_name(tmp_path: Path, org: str) -> None:
    """An X-Org-Id that is no plain name is refused before anything is looked up."""
    rig = Rig(tmp_path)
    headers: Any = {b"x-org-id": org.encode("latin-1")}
    answer = await rig.http.get("/campaign-progress/a", headers=headers)
    assert (answer.status_code, answer.json()["status"]) == (400, 400)
    await rig.close()
