"""API keys: tokens for programs, shown once, kept to their role and areas, ended at any time."""

import asyncio
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest

from functions.engine import paths
from functions.engine.accounts import api_keys
from functions.engine.ports.store import Query, StoreError
from tests.api.conftest import MakeRig
from tests.api.rig import Rig, token
from tests.engine.interleaving import InterleavingStore

REFUSED = (401, "The API key is refused.")


def bearer(key: str) -> str:
    """Return the Authorization header of a key."""
    return f"Bearer {key}"


async def make(rig: Rig, *, org: str = "acme", by: str = "", **fields: Any) -> Any:
    """Make a key, as an admin of the org or with another key; return what is answered."""
    body = {"name": "Nightly export", "role": "operator", **fields}
    answer = await rig.post("/api-keys", body, authorization=by or token("admin", org=org))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def shown(rig: Rig, id_: str, org: str = "acme") -> Any:
    """Return what is listed of a key."""
    answer = await rig.get("/api-keys", authorization=token("admin", org=org))
    (found,) = [key for key in answer.json()["data"] if key["id"] == id_]
    return found


async def ask(rig: Rig, key: str, path: str = "/get-list-contact?listId=a") -> Any:
    """Ask for something of the area of lists that is not there."""
    return await rig.get(path, authorization=bearer(key))


# --- Making ----------------------------------------------------------------------------------


async def test_a_key_is_shown_once(jwt_rig: Rig) -> None:
    """The answer that makes a key holds its token; the list of keys never does."""
    made = await make(jwt_rig, areas=["lists", "campaigns", "lists"])
    secret = made.pop("token")
    assert secret.startswith(f"clarion_acme_{made['id']}_")
    assert made == {
        "id": made["id"],
        "name": "Nightly export",
        "role": "operator",
        "areas": ["campaigns", "lists"],
        "created_at": "2026-03-02T12:00:00.000Z",
        "created_by": "ana",
        "expires_at": None,
        "revoked_at": None,
        "last_used_at": None,
    }
    assert await shown(jwt_rig, made["id"]) == made


async def test_only_a_digest_is_stored(jwt_rig: Rig) -> None:
    """Whoever reads the store finds no token, not even where the request had a key of its own."""
    body = {"name": "a", "role": "viewer"}
    headers = {"authorization": token("admin"), "idempotency_key": "k"}
    answer = await jwt_rig.post("/api-keys", body, **headers)
    assert answer.headers["cache-control"] == "no-store"
    secret = answer.json()["token"].rpartition("_")[2]
    document = await jwt_rig.store.get(paths.api_key("acme", answer.json()["id"]))
    assert document is not None
    assert document.data["digest"] == sha256(secret.encode()).hexdigest()
    for name in ("api_keys", "idempotency", "audit"):
        found = await jwt_rig.store.query(Query(f"orgs/acme/{name}"))
        assert found
        assert secret not in str(found)
    again = await jwt_rig.post("/api-keys", body, **headers)
    assert again.json()["code"] == "IDEMPOTENCY_ANSWER_NOT_KEPT"
    assert await jwt_rig.store.count(Query("orgs/acme/api_keys")) == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "a" * 101}, "name"),
        ({"role": "root"}, "role"),
        ({"areas": []}, "areas"),
        ({"areas": ["everything"]}, "areas"),
        ({"expires_at": "2026-03-02T12:00:00Z"}, "expires_at"),
        ({"expires_at": "2027-03-02T12:00:00"}, "expires_at"),
        ({"expires_at": 1893456000}, "expires_at"),
        ({"org": "other"}, "org"),
    ],
    ids=str,
)
async def test_a_wrong_wish_makes_no_key(jwt_rig: Rig, fields: dict[str, Any], field: str) -> None:
    """A key that breaks a rule is refused by the name of its field, and nothing is made."""
    body = {"name": "a", "role": "viewer", **fields}
    answer = await jwt_rig.post("/api-keys", body, authorization=token("admin"))
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert await jwt_rig.store.count(Query("orgs/acme/api_keys")) == 0


@pytest.mark.parametrize("role", ["viewer", "operator"])
async def test_only_admins_have_to_do_with_keys(jwt_rig: Rig, role: str) -> None:
    """Neither people nor keys below an admin make, see or end keys."""
    made = await make(jwt_rig, role=role)
    for authorization in (token(role), bearer(made["token"])):
        body = {"name": "a", "role": "viewer"}
        answers = (
            await jwt_rig.post("/api-keys", body, authorization=authorization),
            await jwt_rig.get("/api-keys", authorization=authorization),
            await jwt_rig.http.delete(
                f"/api-keys/{made['id']}", headers={"authorization": authorization}
            ),
        )
        assert [answer.status_code for answer in answers] == [403, 403, 403]


async def test_keys_come_in_pages(jwt_rig: Rig) -> None:
    """The list goes on behind its cursor, and shows each key once."""
    made = {(await make(jwt_rig))["id"] for _ in range(5)}
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        path = f"/api-keys?limit=2&cursor={cursor}"
        body = (await jwt_rig.get(path, authorization=token("admin"))).json()
        seen += [key["id"] for key in body["data"]]
        cursor = body["next_cursor"]
    assert (len(seen), set(seen)) == (5, made)


# --- Using -----------------------------------------------------------------------------------


async def test_a_key_stands_for_its_org_and_role(jwt_rig: Rig) -> None:
    """A key works as a bearer token, for its own org and up to its role."""
    made = await make(jwt_rig, role="viewer")
    assert (await ask(jwt_rig, made["token"])).status_code == 404
    refused = await jwt_rig.post(
        "/pause-campaign", {"campaignId": "a"}, authorization=bearer(made["token"])
    )
    assert refused.json()["message"] == "This needs the role operator; yours is viewer."


async def test_a_key_sees_its_own_org_only(jwt_rig: Rig) -> None:
    """Whatever X-Org-Id says, a key reads and writes in the org that made it."""
    list_id = await jwt_rig.make_list(["+12125552000"], authorization=token(org="theirs"))
    path = f"/get-list-contact?listId={list_id}"
    ours = await make(jwt_rig, org="ours")
    theirs = await make(jwt_rig, org="theirs")
    for key, status in ((ours, 404), (theirs, 200)):
        headers = {"authorization": bearer(key["token"]), "x_org_id": "theirs"}
        assert (await jwt_rig.get(path, **headers)).status_code == status


async def test_a_key_works_without_other_authentication(rig: Rig) -> None:
    """With AUTH_MODE=off a key picks its org and role, and still only this machine is answered."""
    made = (await rig.post("/api-keys", {"name": "a", "role": "viewer"}, x_org_id="acme")).json()
    authorization = bearer(made["token"])
    answer = await rig.post(
        "/api-keys", {"name": "b", "role": "admin"}, authorization=authorization
    )
    assert answer.status_code == 403
    answer = await rig.get("/api-keys", authorization=authorization, x_forwarded_for="192.0.2.1")
    assert "forwarded" in answer.json()["detail"]
    assert (await rig.get("/api-keys", authorization=bearer("clarion_a_b_c"))).status_code == 401


async def test_an_org_s_name_may_hold_underscores(jwt_rig: Rig) -> None:
    """A token is read from its end, so that an org may be named like a part of one."""
    org = "a_0123456789abcdef_" + "0" * 40
    made = await make(jwt_rig, org=org)
    assert (await ask(jwt_rig, made["token"])).status_code == 404


async def test_what_is_no_key_is_refused_alike(jwt_rig: Rig) -> None:
    """Unknown, changed, revoked and expired keys are told apart by nobody."""
    good = (await make(jwt_rig))["token"]
    assert (await ask(jwt_rig, good)).status_code == 404  # so that guesses do not bar it
    short = await make(jwt_rig, expires_at="2026-03-02T12:01:00Z")
    gone = await make(jwt_rig)
    await revoke(jwt_rig, gone["id"])
    jwt_rig.clock.advance(timedelta(minutes=1))
    tokens = [
        short["token"],
        gone["token"],
        good.replace("_acme_", "_other_"),
        good[:-1] + ("0" if good[-1] != "0" else "1"),
        good[: -len("0" * 64)] + "0" * 64,
        f"clarion_acme_{'0' * 16}_{'0' * 64}",
        "clarion_",
        "clarion_acme_../../x_y",
        f"{good}\u00e9",
        good.upper().replace("CLARION", "clarion"),
    ]
    for each in tokens:
        headers = {b"authorization": bearer(each).encode()}
        answer = await jwt_rig.http.get("/api-keys", headers=headers)
        assert (answer.status_code, answer.json()["detail"]) == REFUSED, each
        assert answer.headers["www-authenticate"] == "Bearer"
    assert (await ask(jwt_rig, good)).status_code == 404


async def test_a_token_asks_the_store_for_nothing_that_it_refuses(jwt_rig: Rig) -> None:
    """Firestore keeps some names to itself: a stranger's token with one is refused like others."""

    async def deny() -> None:
        raise StoreError("INVALID_ARGUMENT: Resource id is invalid because it is reserved.")

    asked = InterleavingStore(jwt_rig.store, lambda _, asked: "/__acme__/" in asked[0], deny)
    jwt_rig.break_store(asked)
    answer = await ask(jwt_rig, f"clarion___acme___{'0' * 16}_{'0' * 64}")
    assert (answer.status_code, answer.json()["message"]) == REFUSED


async def test_a_key_counts_until_it_expires(jwt_rig: Rig) -> None:
    """A key counts to the last moment before its end."""
    made = await make(jwt_rig, expires_at="2026-03-02T15:01:00+03:00")
    assert made["expires_at"] == "2026-03-02T12:01:00.000Z"
    jwt_rig.clock.advance(timedelta(seconds=59))
    assert (await ask(jwt_rig, made["token"])).status_code == 404
    jwt_rig.clock.advance(timedelta(seconds=1))
    assert (await ask(jwt_rig, made["token"])).status_code == 401


async def test_use_is_noted_once_a_minute(jwt_rig: Rig) -> None:
    """A key that is in use all the time is written once a minute, however many use it at once."""
    made = await make(jwt_rig)
    path = paths.api_key("acme", made["id"])
    versions = []
    for _ in range(4):  # at 0, 25, 50 and 75 s
        await asyncio.gather(*(ask(jwt_rig, made["token"]) for _ in range(10)))
        document = await jwt_rig.store.get(path)
        assert document is not None
        versions.append(document.version)
        jwt_rig.clock.advance(timedelta(seconds=25))
    assert versions[0] == versions[1] == versions[2] < versions[3]
    assert (await shown(jwt_rig, made["id"]))["last_used_at"] == "2026-03-02T12:01:15.000Z"


async def test_a_key_works_where_its_use_cannot_be_noted(jwt_rig: Rig) -> None:
    """A deployed function that only reads may write nothing, and answers keys all the same."""
    made = await make(jwt_rig, role="viewer")

    async def deny() -> None:
        raise StoreError("PERMISSION_DENIED")

    jwt_rig.break_store(InterleavingStore(jwt_rig.store, lambda name, _: name == "commit", deny))
    assert (await ask(jwt_rig, made["token"])).status_code == 404
    assert (await shown(jwt_rig, made["id"]))["last_used_at"] is None


async def test_what_a_key_does_is_told_by_its_id(jwt_rig: Rig) -> None:
    """The audit trail names the key by which something was done."""
    admin = await make(jwt_rig, role="admin")
    made = await make(jwt_rig, by=bearer(admin["token"]))
    assert made["created_by"] == f"key:{admin['id']}"
    entry = await jwt_rig.store.get(paths.audit("acme", f"api-key-{made['id']}-create"))
    assert entry is not None
    assert (entry.data["by"], entry.data["action"]) == (f"key:{admin['id']}", "create")


# --- Areas -----------------------------------------------------------------------------------


async def test_a_key_is_kept_to_its_areas(jwt_rig: Rig) -> None:
    """A request outside a key's areas is refused by name of the area, whatever its role."""
    made = await make(jwt_rig, role="admin", areas=["lists", "contacts"])
    assert (await ask(jwt_rig, made["token"])).status_code == 404
    function = await ask(jwt_rig, made["token"], "/campaign-progress/a")
    sentence = "This belongs to campaigns; your key is for contacts, lists."
    assert function.json() == {"status": 403, "message": sentence}
    problem = await ask(jwt_rig, made["token"], "/api-keys")
    assert (problem.status_code, problem.json()["code"]) == (403, "FORBIDDEN")
    assert "api-keys" in problem.json()["detail"]


async def test_a_key_makes_no_key_above_itself(jwt_rig: Rig) -> None:
    """A key with areas makes keys for these areas only; one without makes any."""
    made = await make(jwt_rig, role="admin", areas=["api-keys", "lists"])
    by = bearer(made["token"])
    for areas in (None, ["campaigns"], ["lists", "campaigns"]):
        body = {"name": "a", "role": "viewer", "areas": areas}
        answer = await jwt_rig.post("/api-keys", body, authorization=by)
        assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")
    assert (await make(jwt_rig, by=by, areas=["lists"]))["areas"] == ["lists"]
    whole = await make(jwt_rig, role="admin")
    assert (await make(jwt_rig, by=bearer(whole["token"])))["areas"] is None


# --- Revoking --------------------------------------------------------------------------------


async def revoke(rig: Rig, id_: str, org: str = "acme") -> Any:
    """End a key."""
    headers = {"authorization": token("admin", org=org)}
    return await rig.http.delete(f"/api-keys/{id_}", headers=headers)


async def test_a_revoked_key_is_over_at_once(jwt_rig: Rig) -> None:
    """The next request with it is refused; the list still shows what it was."""
    made = await make(jwt_rig)
    answer = await revoke(jwt_rig, made["id"])
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await ask(jwt_rig, made["token"])).status_code == 401
    assert (await shown(jwt_rig, made["id"]))["revoked_at"] == "2026-03-02T12:00:00.000Z"


async def test_revoking_twice_is_revoking_once(jwt_rig: Rig) -> None:
    """A key that is over stays as it ended."""
    made = await make(jwt_rig)
    await revoke(jwt_rig, made["id"])
    jwt_rig.clock.advance(timedelta(hours=1))
    assert (await revoke(jwt_rig, made["id"])).status_code == 204
    assert (await shown(jwt_rig, made["id"]))["revoked_at"] == "2026-03-02T12:00:00.000Z"


async def test_another_org_s_key_is_not_found(jwt_rig: Rig) -> None:
    """Nobody ends, or sees, a key of another organisation."""
    made = await make(jwt_rig, org="theirs")
    answer = await revoke(jwt_rig, made["id"], org="ours")
    assert (answer.status_code, answer.json()["code"]) == (404, "API_KEY_NOT_FOUND")
    listed = await jwt_rig.get("/api-keys", authorization=token("admin", org="ours"))
    assert listed.json() == {"data": [], "next_cursor": None}
    assert (await ask(jwt_rig, made["token"])).status_code == 404


async def test_a_key_outlives_the_identity_provider(make_rig: MakeRig) -> None:
    """A key is ours: it counts while the keys of JSON Web Tokens cannot be fetched."""
    rig = make_rig(
        auth_mode="jwt",
        jwt_jwks_url="http://127.0.0.1:9/keys",
        jwt_issuer="https://id.example",
        jwt_audience="clarion",
    )
    wish = api_keys.NewKey(name="a", role="admin", by="test")
    _, key = await api_keys.create(rig.stack.engine, "acme", wish)
    assert (await rig.get("/api-keys", authorization=bearer(key))).status_code == 200
    assert (await rig.get("/api-keys", authorization=token("admin"))).status_code in {401, 503}
