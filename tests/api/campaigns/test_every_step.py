"""What each step comes to in each status of a campaign: done, or refused in a sentence."""

from typing import Any, Final

import pytest

from tests.api.campaigns.writing import customer, problem, write
from tests.api.rig import Rig

AT: Final = "2026-03-04T12:00:00Z"
PAST: Final = "2026-03-01T12:00:00Z"
STATUSES: Final = ("draft", "scheduled", "running", "paused", "completed", "cancelled")
#: In which statuses a step is done; in all others it is refused, and nothing changes.
DONE: Final = {
    "schedule": {"draft"},
    "reschedule": {"scheduled"},
    "send": {"draft", "scheduled"},
    "send-test": {"draft"},
    "pause": {"running"},
    "resume": {"paused"},
    "cancel": {"draft", "scheduled", "running", "paused"},
    "patch": {"draft"},
    "delete": {"draft"},
    "duplicate": set(STATUSES),
}


async def bring_to(rig: Rig, status: str) -> tuple[str, str]:
    """Return the path of a campaign that stands so, and the contact that it is for."""
    person = await customer(rig)
    path = f"/campaigns/{(await write(rig))['id']}"
    if status == "scheduled":
        await rig.post(f"{path}/schedule", {"scheduled_at": AT})
    elif status != "draft":
        await rig.post(f"{path}/send", {"customer_ids": [person]})
    if status == "completed":
        await rig.run(path.rpartition("/")[2])
    if status in {"paused", "cancelled"}:
        await rig.post(f"{path}/{'pause' if status == 'paused' else 'cancel'}")
    assert (await rig.get(path)).json()["status"] == status
    return path, person


async def take(rig: Rig, path: str, person: str, step: str) -> Any:
    """Take one step."""
    match step:
        case "patch":
            return await rig.http.patch(path, json={"name": "Other"})
        case "delete":
            return await rig.http.delete(path)
        case "schedule" | "reschedule":
            return await rig.post(f"{path}/{step}", {"scheduled_at": AT})
        case "send":
            return await rig.post(f"{path}/send", {"customer_ids": [person]})
        case "send-test":
            return await rig.post(f"{path}/send-test", {"phones": ["+254712345679"]})
        case _:
            return await rig.post(f"{path}/{step}")


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("step", DONE)
async def test_a_step_is_done_or_refused(rig: Rig, step: str, status: str) -> None:
    """A refusal names the status, and leaves the campaign and its version as they are."""
    path, person = await bring_to(rig, status)
    before = await rig.get(path)
    answer = await take(rig, path, person, step)
    if status in DONE[step]:
        assert answer.is_success, answer.text
        return
    told = problem(answer, 400, "INVALID_CAMPAIGN_STATUS")
    assert status in told["detail"] or told["detail"].startswith("Campaign is already")
    after = await rig.get(path)
    assert (after.json()["status"], after.headers["etag"]) == (status, before.headers["etag"])


@pytest.mark.parametrize("status", ["draft", "scheduled", "running", "cancelled"])
async def test_a_start_in_the_past_is_refused_whatever_the_status(rig: Rig, status: str) -> None:
    """The time is wrong for any campaign: that is what is told."""
    path, _ = await bring_to(rig, status)
    for step in ("schedule", "reschedule"):
        told = problem(
            await rig.post(f"{path}/{step}", {"scheduled_at": PAST}), 400, "INVALID_FIELD"
        )
        assert (told["field"], told["detail"]) == (
            "scheduled_at",
            "scheduled_at must be in the future.",
        )


@pytest.mark.parametrize("step", ["pause", "cancel", "resume"])
async def test_a_repeated_step_says_that_it_was_done(rig: Rig, step: str) -> None:
    """The second time is refused with what the campaign already is."""
    path, _ = await bring_to(rig, "paused" if step == "resume" else "running")
    assert (await rig.post(f"{path}/{step}")).is_success
    told = problem(await rig.post(f"{path}/{step}"), 400, "INVALID_CAMPAIGN_STATUS")
    assert told["detail"].startswith("Campaign is already")
