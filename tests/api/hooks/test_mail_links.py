"""The links of mails: a POST unsubscribes, what people do is noted, programs change nothing."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from functions.domain.messages.delivery_events import MessageRef
from functions.domain.urls.tracking_links import Link, Links, Purpose
from functions.engine import paths
from functions.engine.contacts.suppressions import lift
from functions.engine.ports.store import Query, StoreError
from tests.api.conftest import MakeRig
from tests.api.hooks.test_health import Broken
from tests.api.rig import BASE, Rig
from tests.clock import NOON

SECRET = "a secret of at least thirty-two bytes"
TARGET = "https://shop.example/größe?a=1&b=%20#c"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}  #: what a mail program posts (RFC 8058)


@dataclass
class Mailed:
    """A message that was sent, and the links of its mail."""

    rig: Rig
    ref: MessageRef

    def path(self, purpose: Purpose, **changes: Any) -> str:
        """Return a link, without our host."""
        link = Link(purpose, self.ref, 1, TARGET if purpose is Purpose.CLICK else "")
        return Links(SECRET).url("", link._replace(**changes))

    async def stored(self) -> dict[str, Any]:
        """Return the message as it stands."""
        document = await self.rig.store.get(paths.message(self.ref))
        assert document is not None
        return document.data

    async def barred(self) -> list[str]:
        """Return why its address is barred."""
        found = await self.rig.store.query(Query(paths.suppressions(self.ref.org)))
        return [bar["reason"] for each in found for bar in each.data["scopes"].values()]

    async def events(self) -> int:
        """Count what was noted of it."""
        return len((await self.stored()).get("told", []))


@pytest.fixture
async def mailed(make_rig: MakeRig) -> Mailed:
    """Give a message that was sent to somebody."""
    rig = make_rig(signing_secret=SECRET)
    rig.catch_callbacks()
    campaign = await rig.campaign()
    await rig.settle()
    (message,) = await rig.store.query(Query(paths.messages("default", campaign)))
    return Mailed(rig, MessageRef("default", campaign, message.id))


# --- Unsubscribing ----------------------------------------------------------------------------


@pytest.mark.parametrize("form", [ONE_CLICK, None], ids=["mail program", "button"])
async def test_a_post_unsubscribes_at_once(mailed: Mailed, form: Any) -> None:
    """Without login or redirect the address is barred, and the message tells since when."""
    answer = await mailed.rig.http.post(mailed.path(Purpose.UNSUBSCRIBE), data=form)
    assert (answer.status_code, answer.history) == (200, [])
    assert "You are unsubscribed." in answer.text
    assert await mailed.barred() == ["unsubscribed"]
    assert (await mailed.stored())["opted_out_at"] == NOON


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
async def test_programs_that_follow_links_unsubscribe_nobody(mailed: Mailed, method: str) -> None:
    """Whatever else than POST is asked, nobody is unsubscribed by it."""
    before = await mailed.stored()
    await mailed.rig.http.request(method, mailed.path(Purpose.UNSUBSCRIBE))
    assert (await mailed.barred(), await mailed.stored()) == ([], before)


async def test_the_page_has_a_button_that_unsubscribes(mailed: Mailed) -> None:
    """A person sees a page whose form posts to the page's own address, and which nobody keeps."""
    answer = await mailed.rig.http.get(mailed.path(Purpose.UNSUBSCRIBE))
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert '<form method="post">' in answer.text
    assert "no-store" in answer.headers["cache-control"]
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_unsubscribing_again_changes_nothing(mailed: Mailed) -> None:
    """A mail program that posts again, or a second press, finds it done."""
    for _ in range(3):
        assert (await mailed.rig.http.post(mailed.path(Purpose.UNSUBSCRIBE))).status_code == 200
    assert (await mailed.events(), await mailed.barred()) == (1, ["unsubscribed"])


async def test_whoever_was_let_back_in_may_leave_again(mailed: Mailed) -> None:
    """After an operator has lifted the bar, the same mail's link bars the address once more."""
    await mailed.rig.http.post(mailed.path(Purpose.UNSUBSCRIBE))
    address = (await mailed.stored())["address"]
    await lift(mailed.rig.stack.engine, mailed.ref.org, address, by="ana")
    assert await mailed.barred() == []
    mailed.rig.clock.advance(timedelta(minutes=1))
    await mailed.rig.http.post(mailed.path(Purpose.UNSUBSCRIBE))
    assert await mailed.barred() == ["unsubscribed"]


async def test_an_older_attempt_s_mail_unsubscribes_too(mailed: Mailed) -> None:
    """Which of our mails somebody has had enough of does not matter."""
    answer = await mailed.rig.http.post(mailed.path(Purpose.UNSUBSCRIBE, attempt=7))
    assert answer.status_code == 200
    assert await mailed.barred() == ["unsubscribed"]


async def test_nobody_is_told_that_they_are_unsubscribed_who_is_not(mailed: Mailed) -> None:
    """Where the store fails, the answer is 503: a mail program tries again, a person sees it."""
    mailed.rig.break_store(_broken())
    answer = await mailed.rig.http.post(mailed.path(Purpose.UNSUBSCRIBE))
    assert answer.status_code == 503
    assert "unsubscribed" not in answer.text


# --- Openings and clicks ----------------------------------------------------------------------


async def test_a_picture_notes_the_first_opening(mailed: Mailed) -> None:
    """The picture is a GIF of one pixel that nobody keeps; only its first showing is noted."""
    for _ in range(3):
        answer = await mailed.rig.http.get(mailed.path(Purpose.OPEN))
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/gif")
        assert answer.content[:10] == b"GIF89a\x01\x00\x01\x00"
        assert "no-store" in answer.headers["cache-control"]
        mailed.rig.clock.advance(timedelta(minutes=1))
    assert ((await mailed.stored())["read_at"], await mailed.events()) == (NOON, 1)


async def test_a_click_is_noted_and_leads_on(mailed: Mailed) -> None:
    """A person gets to where the mail says, and only the first click is noted."""
    for _ in range(3):
        answer = await mailed.rig.http.get(mailed.path(Purpose.CLICK))
        assert answer.status_code == 302
        assert answer.headers["location"] == "https://shop.example/gr%C3%B6%C3%9Fe?a=1&b=%20#c"
        assert "no-store" in answer.headers["cache-control"]
    stored = await mailed.stored()
    assert (stored["status"], stored["clicked_at"]) == ("read", NOON)
    assert await mailed.events() == 1


async def test_a_program_that_looks_where_a_link_leads_has_not_clicked(mailed: Mailed) -> None:
    """A HEAD is answered with the same redirect, and kept as what a program has done."""
    before = await mailed.stored()
    answer = await mailed.rig.http.head(mailed.path(Purpose.CLICK))
    assert (answer.status_code, answer.headers["location"][:21]) == (302, "https://shop.example/")
    assert await mailed.events() == 1
    assert {**await mailed.stored(), "told": ()} == {**before, "told": ()}


@pytest.mark.parametrize("error", [StoreError("down"), RuntimeError("bug")])
async def test_what_cannot_be_noted_keeps_nobody_from_reading(
    mailed: Mailed, logged: list[Any], error: Exception
) -> None:
    """Where the store fails the picture is shown and the link leads on, and one line is logged."""
    mailed.rig.break_store(Broken(error))
    for purpose, status in ((Purpose.OPEN, 200), (Purpose.CLICK, 302)):
        logged.clear()
        assert (await mailed.rig.http.get(mailed.path(purpose))).status_code == status
        (line,) = [each for each in logged if each["event"] == "link_not_noted"]
        assert line["message_id"] == mailed.ref.message


async def test_links_of_what_is_gone(mailed: Mailed) -> None:
    """A mail outlives its message: it still shows and leads on."""
    gone = {"ref": mailed.ref._replace(message="gone")}
    assert (await mailed.rig.http.get(mailed.path(Purpose.OPEN, **gone))).status_code == 200
    assert (await mailed.rig.http.get(mailed.path(Purpose.CLICK, **gone))).status_code == 302


# --- Links that we have not made --------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
@pytest.mark.parametrize("purpose", Purpose)
async def test_a_forged_link_does_nothing(mailed: Mailed, purpose: Purpose, method: str) -> None:
    """Links that were changed, are of another purpose or of another secret, change nothing."""
    good = mailed.path(purpose)
    token = good.rpartition("/")[2].removesuffix(".gif")
    others = [mailed.path(other) for other in Purpose if other is not purpose]
    tokens = [
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        token[5:],
        "x",
        "%00",
        "a" * 8000,
        *(other.rpartition("/")[2].removesuffix(".gif") for other in others),
        Links("another secret, of another house").token(Link(purpose, mailed.ref, 1, TARGET)),
    ]
    before = await mailed.stored()
    for forged in tokens:
        answer = await mailed.rig.http.request(method, good.replace(token, forged))
        if purpose is Purpose.OPEN and method != "POST":
            assert (answer.status_code, answer.headers["content-type"]) == (200, "image/gif")
        else:
            assert answer.status_code in {404, 405}
            assert "location" not in answer.headers
    assert (await mailed.stored(), await mailed.events(), await mailed.barred()) == (before, 0, [])


async def test_without_a_secret_no_link_counts(rig: Rig) -> None:
    """A Clarion that has sent no such mails takes none of their links."""
    ref = MessageRef("default", "c", "m")
    for secret in ("", SECRET):
        path = Links(secret).url(BASE, Link(Purpose.CLICK, ref, 1, TARGET))
        assert (await rig.http.get(path)).status_code == 404


def _broken() -> Any:
    return Broken(StoreError("down"))
