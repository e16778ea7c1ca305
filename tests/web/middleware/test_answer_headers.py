"""Every answer is private, framed by nobody, and carries its request's name."""

from typing import Any

import pytest
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from functions.bootstrap.app import create_app
from functions.queues.local import LocalQueue
from tests.api.conftest import MakeRig
from tests.api.rig import BOT, SENDER, Rig, token

#: An answer of every kind: shown, refused, not there, of a function, of a link, a broken body.
ASKED = [
    ("GET", "/campaigns"),
    ("POST", "/campaigns"),
    ("GET", "/nothing"),
    ("PUT", "/campaigns"),
    ("GET", "/campaign-progress/a"),
    ("POST", "/single-call"),
    ("GET", "/health"),
    ("GET", "/links/u/x"),
    ("POST", "/webhooks/simulator/inbound/o"),
    ("GET", "/check-scheduled-campaigns"),
    ("GET", "/openapi.json"),
    ("GET", "/docs"),
    ("OPTIONS", "/campaigns"),
]


@pytest.mark.parametrize(("method", "path"), ASKED)
async def test_every_answer_has_the_headers_that_protect(rig: Rig, method: str, path: str) -> None:
    """No answer is sniffed, framed or kept by others, and none says what serves it."""
    headers = (await rig.http.request(method, path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] in {"no-store", "private, no-cache"} or path.startswith("/link")
    assert "server" not in headers
    assert len(headers["x-request-id"]) == 32


async def test_an_answer_that_is_said_to_be_secret_stays_so(rig: Rig) -> None:
    """What a handler says of keeping its answer stands: a new key is kept by nobody."""
    made = await rig.post("/api-keys", {"name": "a", "role": "viewer"})
    assert made.headers["cache-control"] == "no-store"


async def test_a_crash_has_them_too(rig: Rig, mocker: Any) -> None:
    """What broke on our side is answered like everything else, and its log line is named."""
    mocker.patch.object(rig.store, "query", side_effect=RuntimeError("surprise"))
    with capture_logs(processors=[merge_contextvars]) as lines:
        answer = await rig.get("/campaigns", x_request_id="mine-1")
    assert (answer.status_code, answer.json()["request_id"]) == (500, "mine-1")
    assert answer.headers["x-frame-options"] == "DENY"
    assert [(line["event"], line["request_id"]) for line in lines] == [("request_failed", "mine-1")]


# --- The request's name ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "id_", ["a", "b2f0c9b4-3f0e-4c8e-9d0a-0a2b1c3d4e5f", "1-67891233-abc:00/1=", "x" * 128]
)
async def test_a_well_formed_id_is_given_back(rig: Rig, id_: str) -> None:
    """A caller's own name for a request is in its answer, and in a problem's body."""
    answer = await rig.get("/campaigns/none", x_request_id=id_)
    assert (answer.headers["x-request-id"], answer.json()["request_id"]) == (id_, id_)


@pytest.mark.parametrize("id_", [b"", b" ", b"a b", b"a\tb", b"x" * 129, b"\xc3\xa9", b"a,b", b'"'])
async def test_another_id_is_replaced(rig: Rig, id_: bytes) -> None:
    """What might disturb a log line or a header gets a new name, and nobody is refused for it."""
    answer = await rig.http.get("/campaigns", headers={b"x-request-id": id_})
    assert answer.status_code == 200
    assert len(answer.headers["x-request-id"]) == 32


async def test_each_request_has_a_name_of_its_own(rig: Rig) -> None:
    """Two requests without a name have two."""
    first, second = await rig.get("/campaigns"), await rig.get("/campaigns")
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


async def test_log_lines_and_tasks_carry_the_name(rig: Rig) -> None:
    """Every line of a request has its name, also those of the tasks that it led to."""
    body = {"from": SENDER, "to": "+12025550142", "wssUrl": BOT}
    with capture_logs(processors=[merge_contextvars]) as lines:
        assert (await rig.post("/single-call", body, x_request_id="call-7")).status_code == 200
        queue = rig.stack.engine.queue
        assert isinstance(queue, LocalQueue)
        await queue.run_due()
    assert {line.get("request_id") for line in lines} == {"call-7"}
    assert {"campaign_created", "launch_finished"} & {line["event"] for line in lines}


# --- Hosts and slashes -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/create-campaign"), ("GET", "/lists"), ("GET", "/health")]
)
async def test_both_spellings_of_a_path_are_served_alike(rig: Rig, method: str, path: str) -> None:
    """A slash at the end says nothing; nobody is redirected for it."""
    plain, slashed = [await rig.http.request(method, each) for each in (path, f"{path}/")]
    assert plain.status_code == slashed.status_code
    assert "location" not in slashed.headers


@pytest.mark.parametrize("page", ["/docs", "/problems"])
async def test_what_a_page_links_to_is_found_from_both_spellings(rig: Rig, page: str) -> None:
    """A page with a slash too many leads to itself without it, and names no host for that."""
    for slashes in ("/", "//"):
        answer = await rig.get(f"{page}{slashes}")
        assert answer.status_code == 308
        assert answer.headers["location"] == "../" * len(slashes) + page.strip("/")
    followed = await rig.http.get(f"/plivo{page}/", follow_redirects=True)
    assert (followed.status_code, followed.url.path) == (200, f"/plivo{page}")


@pytest.mark.parametrize("path", ["/create-campaign/", "/campaigns/", "/docs/", "/x/", "/health"])
async def test_a_foreign_host_is_refused_before_anything(rig: Rig, path: str) -> None:
    """Without tokens only our own names are answered, whatever is asked."""
    for host in ("evil.example", "evil.example:8080", "127.0.0.1.evil.example", "[", "::1@evil"):
        answer = await rig.get(path, host=host)
        assert (answer.status_code, "location" in answer.headers) == (403, False)
        assert "evil" not in answer.text


async def test_no_redirect_is_built_from_the_host(make_rig: MakeRig) -> None:
    """Where tokens tell callers a Host decides nothing, and is repeated nowhere."""
    rig = make_rig(auth_mode="jwt", jwt_secret="x" * 32)
    for path in ("/create-campaign/", "/campaigns//", "/docs/", "/links/", "/x//"):
        for method in ("GET", "POST"):
            answer = await rig.http.request(method, path, headers={"host": "evil.example"})
            assert answer.status_code in {308, 401, 404, 405}
            assert "//" not in answer.headers.get("location", "")
            assert "evil" not in f"{answer.headers}{answer.text}"


def test_the_application_redirects_nobody(rig: Rig) -> None:
    """No router of the application mends slashes by a redirect."""
    assert not create_app(rig.stack.context).router.redirect_slashes


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("OPTIONS", "/lists", "GET, HEAD, POST"),
        ("DELETE", "/settings", "GET, HEAD, PATCH, PUT"),
        ("GET", "/create-campaign", "POST"),
        ("HEAD", "/create-campaign", "POST"),
        ("PUT", "/health", "GET, HEAD"),
    ],
)
async def test_another_method_is_told_all_that_there_are(
    rig: Rig, method: str, path: str, allowed: str
) -> None:
    """`Allow` names every method of a path, whichever routes serve them."""
    answer = await rig.http.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


async def test_rates_are_told(make_rig: MakeRig) -> None:
    """Each answer to a known caller says what is left of its organisation's rate."""
    rig = make_rig(api_rate_per_s=2)
    told = [(await rig.get(path)).headers for path in ("/lists", "/campaign-progress/a", "/lists")]
    assert {each["ratelimit-policy"] for each in told} == {'"organisation";q=4;w=2'}
    assert [each["ratelimit"] for each in told] == [
        f'"organisation";r={left};t={wait}' for left, wait in ((4, 1), (3, 1), (2, 2))
    ]
    for _ in range(2):
        await rig.get("/lists")
    refused = await rig.get("/lists")
    assert (refused.status_code, refused.headers["ratelimit"]) == (429, '"organisation";r=0;t=3')
    assert refused.headers["retry-after"] == "1"
    assert "ratelimit" not in (await rig.get("/health")).headers


async def test_without_a_limit_no_rate_is_told(make_rig: MakeRig) -> None:
    """API_RATE_PER_S=0 promises nothing; nor is a stranger told anything."""
    assert "ratelimit" not in (await make_rig(api_rate_per_s=0).get("/lists")).headers


async def test_strangers_are_told_no_rate(jwt_rig: Rig) -> None:
    """Only a known caller has an organisation."""
    assert "ratelimit" not in (await jwt_rig.get("/lists")).headers
    assert "ratelimit" in (await jwt_rig.get("/lists", authorization=token())).headers
