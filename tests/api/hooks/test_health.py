"""Whatever breaks is answered once, in JSON, logged once, and tells nobody what it should not."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import httpx
import pytest
import structlog

from functions import logs
from functions.engine import paths
from functions.engine.ports.store import Store, StoreError
from tests.api.conftest import MakeRig
from tests.api.rig import BASE, SENDER, Rig, numbers, order

LEAK = "token=hunter2"


class Broken:
    """A store that answers nothing."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def _fail(self, *_: object) -> Any:
        raise self._error

    async def stream(self, *_: object) -> AsyncGenerator[Any, None]:
        raise self._error
        yield

    get = get_many = query = count = commit = close = _fail


def requests(id_: str) -> list[tuple[str, str, Any]]:
    """Return a request of every function that looks into the store."""
    one = {"campaignId": id_}
    call = {"from": SENDER, "to": numbers(1)[0], "wssUrl": "wss://bot.example.com/"}
    return [
        ("POST", "/create-campaign", order(id_)),
        ("POST", "/pause-campaign", one),
        ("POST", "/resume-campaign", one),
        ("POST", "/cancel-campaign", one),
        ("POST", "/reschedule-campaign", one | {"scheduledTime": "2099-01-01T00:00:00Z"}),
        ("POST", "/retry-campaign", one),
        ("POST", "/get-report-by-campaign", one),
        ("POST", "/get-report-by-campaign", one | {"isDownload": True}),
        ("POST", "/single-call", call),
        ("GET", f"/campaign-progress/{id_}", None),
        ("GET", f"/get-list-contact?listId={id_}", None),
        ("GET", "/check-scheduled-campaigns", None),
    ]


async def test_a_well_system_is_healthy(rig: Rig) -> None:
    """With store and queue at work, checks made and campaigns on time, health is 200."""
    await rig.get("/check-scheduled-campaigns")
    await rig.clock.sleep(30)
    answer = await rig.get("/health")
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "status": "healthy",
            "checks": {
                "database": {"status": "healthy"},
                "queue": {"status": "healthy"},
                "check": {
                    "status": "healthy",
                    "last_check_at": "2026-03-02T12:00:00.000Z",
                    "age_s": 30.0,
                },
                "campaigns": {"status": "healthy", "oldest_due_at": None, "overdue_s": 0.0},
            },
            "timestamp": "2026-03-02T12:00:30.000Z",
        },
    )


async def test_what_is_behind_still_serves(rig: Rig) -> None:
    """Without checks a campaign waits too long: degraded, told with ages, and 200."""
    id_ = await rig.campaign(scheduledTime="2026-03-02T12:00:05Z")
    await rig.get("/check-scheduled-campaigns")
    await rig.clock.sleep(605)
    answer = await rig.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    checks = answer.json()["checks"]
    assert (checks["check"]["status"], checks["check"]["age_s"]) == ("degraded", 605.0)
    assert checks["campaigns"] == {
        "status": "degraded",
        "oldest_due_at": "2026-03-02T12:00:05.000Z",
        "overdue_s": 600.0,
    }
    assert id_ not in answer.text


async def test_health_says_that_the_queue_has_stopped(rig: Rig) -> None:
    """Without a queue health is 503."""
    await rig.stack.engine.queue.close()
    answer = await rig.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "unhealthy")
    assert answer.json()["checks"]["queue"]["status"] == "unhealthy"


async def test_health_needs_no_token(jwt_rig: Rig) -> None:
    """Whoever watches over us need not be known."""
    assert (await jwt_rig.get("/health")).status_code == 200


@pytest.mark.parametrize("error", [StoreError(LEAK), RuntimeError(LEAK)])
async def test_health_says_that_the_store_does_not(rig: Rig, error: Exception) -> None:
    """Without a store health is 503, and does not tell why."""
    rig.break_store(Broken(error))
    answer = await rig.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "unhealthy")
    assert answer.json()["checks"]["database"]["status"] == "unhealthy"
    assert LEAK not in answer.text


def told(answer: httpx.Response) -> dict[str, Any]:
    """Return what a function tells of a failure; those that steer say too that it is no success."""
    body: dict[str, Any] = answer.json()
    assert body.pop("success", False) is False
    return body


async def test_a_store_that_fails_is_a_503(rig: Rig, logged: list[Any]) -> None:
    """Every function answers 503 in JSON where the store fails, and logs one line."""
    rig.break_store(Broken(StoreError(LEAK)))
    for method, path, body in requests("a1"):
        logged.clear()
        answer = await rig.http.request(method, path, json=body)
        assert told(answer) == {
            "status": 503,
            "message": "The store did not answer. See what was done before you try again.",
        }, path
        assert answer.status_code == 503
        assert [line["event"] for line in logged] == ["store_failed"], path


async def test_a_closed_store_is_a_503(rig: Rig) -> None:
    """The real store, closed under a request, is no crash."""
    await rig.store.close()
    answer = await rig.get("/campaign-progress/a1")
    assert (answer.status_code, answer.json()["status"]) == (503, 503)


async def test_a_surprise_is_one_500_and_one_line(rig: Rig, logged: list[Any]) -> None:
    """What nobody expected is answered once in JSON, logged once with its traceback, not told."""
    rig.break_store(Broken(RuntimeError(LEAK)))
    for method, path, body in requests("a1"):
        logged.clear()
        answer = await rig.http.request(method, path, json=body)
        assert answer.status_code == 500, path
        assert told(answer) == {"status": 500, "message": "Something broke on our side."}
        (line,) = logged
        assert (line["event"], line["exc_info"]) == ("request_failed", True)


async def test_a_report_that_breaks_half_way_is_cut_off(rig: Rig, logged: list[Any]) -> None:
    """A download whose store fails in the middle is logged, and never ends as a whole one does."""
    id_ = await rig.campaign(people=3)
    await rig.run(id_)
    campaign = await rig.store.get(paths.campaign("default", id_))

    class Fading(Broken):
        """A store that knows the campaign and then falls silent."""

        async def get(self, *_: object) -> Any:
            return campaign

    rig.break_store(Fading(RuntimeError(LEAK)))
    logged.clear()
    sent = await post_raw(rig, "/get-report-by-campaign", {"campaignId": id_, "isDownload": True})
    assert sent[0]["status"] == 200
    assert not any(message.get("more_body") is False for message in sent)
    assert [line["event"] for line in logged] == ["request_failed"]


async def post_raw(rig: Rig, path: str, body: Any) -> list[Any]:
    """Post as an ASGI server does; return the messages that the application sends."""
    messages = [{"type": "http.request", "body": json.dumps(body).encode()}]
    sent: list[Any] = []

    async def receive() -> Any:
        if not messages:
            await asyncio.Event().wait()  # the client stays
        return messages.pop()

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json")]
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": headers,
    }
    await rig.stack.app(scope, receive, send)
    return sent


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/plivo", 404),
        ("GET", "/plivo/plivo/health", 404),
        ("GET", "/create-campaign", 405),
        ("POST", "/campaign-progress/a", 405),
        ("DELETE", "/tasks/run", 405),
        ("PUT", "/check-scheduled-campaigns", 405),
    ],
)
async def test_what_is_not_there_is_told_in_json(
    rig: Rig, method: str, path: str, code: int
) -> None:
    """Unknown paths and methods have a status and a message like every other error."""
    answer = await rig.http.request(method, path)
    assert (answer.status_code, answer.json()["status"]) == (code, code)
    assert ("allow" in answer.headers) == (code == 405)


async def test_no_answer_tells_a_secret(make_rig: MakeRig) -> None:
    """No error body holds a setting that is secret, whatever is sent."""
    secret = "0123456789abcdef0123456789abcdef"
    rig = make_rig(auth_mode="jwt", jwt_secret=secret, plivo_auth_token=secret)
    for method, path, body in requests("a1"):
        for headers in ({}, {"authorization": "Bearer x.y.z"}, {"authorization": secret}):
            answer = await rig.http.request(method, path, json=body, headers=headers)
            assert secret not in answer.text + str(answer.headers)


def test_a_readable_traceback_shows_no_variables(capsys: pytest.CaptureFixture[str]) -> None:
    """In a terminal too, a logged error does not spill what variables held."""
    before = structlog.get_config()
    try:
        logs.configure("info", readable=True)
        password = LEAK.upper()
        try:
            int(f"{len(password)} letters")
        except ValueError:
            structlog.get_logger().exception("it_broke")
    finally:
        structlog.configure(**before)
    written = capsys.readouterr().err
    assert "ValueError" in written
    assert password not in written


# --- pages of other sites --------------------------------------------------------------------


UPLOAD: dict[str, Any] = {
    "files": {"file": ("a.csv", b"number\n+12125552000\n")},
    "data": {"listName": "L"},
}


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://127.0.0.1:3000"},
        {"origin": "http://localhost:8080"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": BASE, "sec-fetch-site": "cross-site"},
        {"host": "evil.example"},
        {"host": "evil.example:8080", "origin": "http://evil.example:8080"},
        {"host": "127.0.0.1.evil.example"},
        {"host": "[::1"},
        {"host": "192.168.0.7:8080"},
    ],
    ids=str,
)
async def test_pages_of_other_sites_are_refused(rig: Rig, headers: dict[str, str]) -> None:
    """Without authentication no other site's page can use us, by whatever name it finds us."""
    for answer in (
        await rig.http.post("/upload-csv", headers=headers, **UPLOAD),
        await rig.http.get("/check-scheduled-campaigns", headers=headers),
        await rig.http.post("/tasks/run", headers=headers, json={"kind": "start"}),
    ):
        assert (answer.status_code, answer.json()["status"]) == (403, 403)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": BASE, "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"host": "localhost:8080", "origin": "http://LOCALHOST:8080"},
        {"host": "[::1]:8080", "origin": "http://[::1]:8080"},
        {"host": "127.0.0.1"},
    ],
    ids=str,
)
async def test_our_own_page_and_no_page_are_served(rig: Rig, headers: dict[str, str]) -> None:
    """Our own console, the address bar and programs without a page are answered."""
    assert (await rig.http.post("/upload-csv", headers=headers, **UPLOAD)).status_code == 200


async def test_in_this_process_the_host_does_not_matter(rig: Rig) -> None:
    """A request that came over no socket is ours, whatever host it names."""
    transport = httpx.ASGITransport(rig.stack.app, client=None)  # type: ignore[arg-type] # as ASGI allows
    async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
        assert (await client.post("/upload-csv", **UPLOAD)).status_code == 200


async def test_with_tokens_a_page_s_origin_does_not_matter(jwt_rig: Rig) -> None:
    """A token is proof enough: no page can send one that it does not have."""
    headers = {"origin": "https://app.example", "sec-fetch-site": "cross-site"}
    answer = await jwt_rig.http.get("/campaign-progress/a1", headers=headers)
    assert answer.status_code == 401


# --- what a call costs -----------------------------------------------------------------------


class Counting:
    """The store, counting what it is asked."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.asked: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        self.asked[name] += 1
        return getattr(self._store, name)


@pytest.mark.parametrize(
    ("function", "cost"),
    [
        # A small audience is looked through: is there anybody who can be reached?
        ("create-campaign", {"get": 2, "commit": 1, "query": 2}),
        # The third read asks the lanes what is being handed over, at the same time as the second.
        ("pause-campaign", {"get_many": 3, "commit": 1}),
        ("cancel-campaign", {"get_many": 3, "commit": 1}),
        ("reschedule-campaign", {"get_many": 1, "get": 1, "commit": 1}),  # its sender is granted
        ("single-call", {"get": 1, "commit": 1}),
        ("check-scheduled-campaigns", {"query": 7, "commit": 1}),
    ],
)
async def test_a_call_asks_the_store_no_more_than_it_must(
    rig: Rig, function: str, cost: dict[str, int]
) -> None:
    """Each function makes a known number of round trips to the store.

    Of checks one in ten minutes looks for counts of days; that one was just made.
    """
    waits = function == "reschedule-campaign"
    later: dict[str, Any] = {"scheduledTime": "2026-03-02T12:30:00Z"} if waits else {}
    id_ = await rig.campaign(**later)
    list_id = await rig.make_list(numbers(1))
    bodies: dict[str, Any] = {
        "create-campaign": order(list_id, campaignName="Another"),
        "reschedule-campaign": {"campaignId": id_, "scheduledTime": "2026-03-02T13:00:00Z"},
        "single-call": {"from": SENDER, "to": numbers(1)[0], "wssUrl": "wss://bot.example.com/"},
    }
    await rig.get("/check-scheduled-campaigns")
    counting = Counting(rig.store)
    rig.break_store(counting)
    answer = await rig.post(f"/{function}", bodies.get(function, {"campaignId": id_}))
    assert answer.status_code == 200, answer.text
    assert counting.asked == cost


async def test_a_stranger_s_upload_is_not_even_read(jwt_rig: Rig) -> None:
    """A caller without a token is refused before the first byte of the body is taken."""
    taken: list[bytes] = []

    async def body() -> AsyncIterator[bytes]:
        for _ in range(1000):
            taken.append(b"x" * 1000)
            yield taken[-1]

    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = await jwt_rig.http.post("/upload-csv", content=body(), headers=headers)
    assert answer.status_code == 401
    assert taken == []
