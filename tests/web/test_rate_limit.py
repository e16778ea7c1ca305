"""An organisation sends as many requests as it may, and does not slow down the others."""

from datetime import timedelta

import pytest

from functions.settings.load import SettingsError, load_settings
from functions.web import rate_limit
from functions.web.rate_limit import RateLimitedError, RateLimiter
from tests.api.conftest import MakeRig
from tests.api.rig import JWT, Rig, token
from tests.clock import MovedClock


def admitted(limiter: RateLimiter, wanted: int, org: str = "acme") -> int:
    """Return how many of these requests pass."""
    for passed in range(wanted):
        try:
            limiter.admit(org)
        except RateLimitedError:
            return passed
    return wanted


def test_a_pause_gathers_a_burst_and_no_more() -> None:
    """Two seconds' worth may come at once, then only what the rate allows."""
    clock = MovedClock()
    limiter = RateLimiter(50, clock=clock)
    assert admitted(limiter, 1000) == 101  # the first takes no time
    clock.advance(timedelta(seconds=1))
    assert admitted(limiter, 1000) == 50
    clock.advance(timedelta(hours=1))
    assert admitted(limiter, 1000) == 101


def test_a_refusal_says_when_to_come_back() -> None:
    """Who waits as long as the refusal says is admitted."""
    clock = MovedClock()
    limiter = RateLimiter(0.2, clock=clock)
    assert admitted(limiter, 10) == 1
    with pytest.raises(RateLimitedError) as caught:
        limiter.admit("acme")
    assert caught.value.retry_after_s == 3
    clock.advance(timedelta(seconds=3))
    limiter.admit("acme")


def test_a_large_body_counts_as_many_requests() -> None:
    """It passes, and those behind it wait for as long as they would behind so many."""
    clock = MovedClock()
    limiter = RateLimiter(50, clock=clock)
    limiter.admit("acme", size=200 * rate_limit.COUNTED_BYTES)
    assert admitted(limiter, 1) == 0
    assert admitted(limiter, 1, org="other") == 1
    clock.advance(timedelta(seconds=3))
    assert admitted(limiter, 1000) == 50


def test_refused_requests_cost_nothing() -> None:
    """Who goes on asking is admitted no later for it."""
    clock = MovedClock()
    limiter = RateLimiter(10, clock=clock)
    admitted(limiter, 1000)
    for _ in range(100):
        assert admitted(limiter, 1) == 0
    clock.advance(timedelta(milliseconds=100))
    assert admitted(limiter, 10) == 1


def test_organisations_do_not_share() -> None:
    """One organisation's requests do not count for another."""
    limiter = RateLimiter(1, clock=MovedClock())
    assert admitted(limiter, 100) == admitted(limiter, 100, "other") == 3


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has not been seen for longest is forgotten; who keeps sending is not."""
    monkeypatch.setattr(rate_limit, "_ORGS", 3)
    limiter = RateLimiter(1, clock=MovedClock())
    admitted(limiter, 100)
    for number in range(10):
        limiter.admit(f"org-{number}")
        assert admitted(limiter, 1) == 0
    assert len(limiter._free_at) == 3


def test_zero_lets_everything_pass() -> None:
    """API_RATE_PER_S=0 switches the limit off; below 0 is no rate."""
    assert admitted(RateLimiter(0, clock=MovedClock()), 10_000) == 10_000
    with pytest.raises(SettingsError, match="API_RATE_PER_S: must be a number from 0"):
        load_settings(_env_file=None, api_rate_per_s=-1)


async def test_every_face_of_the_public_is_limited(make_rig: MakeRig) -> None:
    """REST routes and functions count together; each refuses in its own shape, with a time."""
    rig = make_rig(api_rate_per_s=0.5)
    assert (await rig.get("/api-keys")).status_code == 200
    assert (await rig.get("/campaign-progress/a")).status_code == 404
    problem = await rig.get("/api-keys")
    assert (problem.status_code, problem.json()["code"]) == (429, "RATE_LIMITED")
    assert problem.headers["retry-after"] == "2"
    failure = await rig.get("/campaign-progress/a")
    assert failure.json() == {
        "status": 429,
        "message": "This organisation sends too many requests; try again in 2 s",
    }
    assert (await rig.get("/api-keys", x_org_id="other")).status_code == 200
    rig.clock.advance(timedelta(seconds=2))
    assert (await rig.get("/api-keys")).status_code == 200


async def test_what_is_not_the_public_s_is_not_limited(make_rig: MakeRig) -> None:
    """Checks and health pass, however many there are."""
    rig = make_rig(api_rate_per_s=0.1)
    for path in ("/check-scheduled-campaigns", "/health"):
        for _ in range(5):
            assert (await rig.get(path)).status_code == 200


async def test_strangers_do_not_use_up_anybody_s_rate(make_rig: MakeRig) -> None:
    """A request without a good token counts for no organisation."""
    rig: Rig = make_rig(**JWT, api_rate_per_s=0.1)
    for _ in range(5):
        assert (await rig.get("/api-keys", x_org_id="acme")).status_code == 401
    assert (await rig.get("/api-keys", authorization=token("admin"))).status_code == 200
