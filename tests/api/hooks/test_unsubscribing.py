"""Unsubscribing: one page in the organisation's name and the person's language, for every link."""

import re
from dataclasses import dataclass
from typing import Any

import pytest

from functions.domain.messages.delivery_events import MessageRef
from functions.domain.urls.tracking_links import Link, Links, Purpose
from functions.engine import paths
from functions.engine.ports.store import Query, StoreError, Update
from functions.engine.privacy import erasure
from tests.api.conftest import MakeRig
from tests.api.hooks.test_health import Broken
from tests.api.rig import Rig

SECRET = "a secret of at least thirty-two bytes"
MAIL = {
    "channel": "email",
    "sender": "Ana <ana@shop.example>",
    "subject": "News",
    "base_template": "Hi",
}
FORM = "application/x-www-form-urlencoded"


@dataclass
class Mailed:
    """A mail that Zoe got, and the page behind its link."""

    rig: Rig
    ref: MessageRef
    contact: str

    @property
    def path(self) -> str:
        """Return the link, without our host."""
        return Links(SECRET).url("", Link(Purpose.UNSUBSCRIBE, self.ref, 1))

    async def opened(self, **headers: str) -> Any:
        """Open the page."""
        return await self.rig.get(self.path, **headers)

    async def chosen(self, scope: str, **headers: str) -> Any:
        """Press the button with a choice."""
        return await self.rig.http.post(self.path, data={"scope": scope}, headers=headers)

    async def barred(self) -> set[str]:
        """Return the scopes that are suppressed."""
        found = await self.rig.store.query(Query(paths.suppressions(self.ref.org)))
        return {scope for each in found for scope in each.data["scopes"]}


@pytest.fixture
async def mailed(make_rig: MakeRig) -> Mailed:
    """Give a mail that was sent to somebody."""
    rig = make_rig(signing_secret=SECRET)
    zoe = {"email": "zoe@home.example", "attributes": {"plan": "gold"}}
    contact = (await rig.post("/contacts", zoe)).json()["id"]
    campaign = (await rig.post("/campaigns", {"name": "News", **MAIL})).json()["id"]
    await rig.post(f"/campaigns/{campaign}/send", {"customer_ids": [contact]})
    await rig.settle()
    await rig.settle()
    (message,) = await rig.store.query(Query(paths.messages("default", campaign)))
    return Mailed(rig, MessageRef("default", campaign, message.id), contact)


async def of_kind(mailed: Mailed, kind: str) -> None:
    """Make the mail's campaign one of another kind."""
    path = paths.campaign(mailed.ref.org, mailed.ref.campaign)
    await mailed.rig.store.commit(Update(path, {"kind": kind}))


def choices(text: str) -> list[str]:
    """Return what a page offers."""
    return re.findall(r'name="scope" value="([a-z]+)"', text)


# --- What it says -----------------------------------------------------------------------------


async def test_the_page_says_who_writes_to_whom(mailed: Mailed) -> None:
    """Before the organisation has a name, its sender's is shown; the address is masked."""
    text = (await mailed.opened()).text
    assert "<bdi>Ana</bdi>" in text
    assert "z•••@home.example" in text
    assert "zoe@" not in text
    await mailed.rig.http.patch("/settings", json={"name": "Zoë's <b>Shop</b> & Co"})
    text = (await mailed.opened()).text
    assert "<bdi>Zoë&#x27;s &lt;b&gt;Shop&lt;/b&gt; &amp; Co</bdi>" in text
    assert "<b>Shop" not in text


async def test_the_page_offers_everything_or_a_part(mailed: Mailed) -> None:
    """Everything comes first and is chosen; then mailings to many, and this channel."""
    text = (await mailed.opened()).text
    assert choices(text) == ["all", "broadcast", "email"]
    assert 'value="all" checked' in text


@pytest.mark.parametrize(
    ("kind", "offered", "words"),
    [
        ("journey", "journey", "Messages that follow what you do"),
        ("sequence", "sequence", "Series of messages"),
        ("single", "broadcast", "Newsletters and other mailings"),
    ],
)
async def test_the_page_offers_to_leave_what_the_mail_was_part_of(
    mailed: Mailed, kind: str, offered: str, words: str
) -> None:
    """A mail of a journey offers journeys, not mailings; leaving them bars these alone."""
    await of_kind(mailed, kind)
    text = (await mailed.opened()).text
    assert choices(text) == ["all", offered, "email"]
    assert words in text
    assert choices((await mailed.chosen(offered)).text) == ["all", "email"]
    assert await mailed.barred() == {offered}


async def test_a_choice_becomes_a_suppression_of_its_own(mailed: Mailed) -> None:
    """Who leaves mailings still gets the rest; the page says so and offers what is left."""
    form = {"content-type": f"{FORM.title()}; charset=UTF-8"}
    answer = await mailed.rig.http.post(mailed.path, content=b"scope=broadcast", headers=form)
    assert (answer.status_code, await mailed.barred()) == (200, {"broadcast"})
    assert "Newsletters and other mailings</strong>." in answer.text
    assert choices(answer.text) == ["all", "email"]
    assert choices((await mailed.opened()).text) == ["all", "email"]
    answer = await mailed.chosen("all")
    assert await mailed.barred() == {"all", "broadcast"}
    assert "gets no more messages from" in answer.text
    assert choices(answer.text) == []


async def test_who_has_left_already_is_told_so(mailed: Mailed) -> None:
    """Opening the page again says what holds, and has no button."""
    await mailed.chosen("all")
    answer = await mailed.opened()
    assert "You are unsubscribed." in answer.text
    assert "<form" not in answer.text


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"List-Unsubscribe=One-Click", FORM),
        (b"", FORM),
        (b"scope=nonsense", FORM),
        (b"scope=single", FORM),
        (b"\xff%%%=&&;", FORM),
        (b'{"scope": "email"}', "application/json"),
        (b"--x\r\n\r\nOne-Click\r\n--x--", "multipart/form-data; boundary=x"),
        (b"", ""),
    ],
)
async def test_who_does_not_say_what_leaves_everything(
    mailed: Mailed, body: bytes, kind: str
) -> None:
    """A mail program's one click, however it posts it, and whatever nobody can read."""
    headers = {"content-type": kind} if kind else {}
    answer = await mailed.rig.http.post(mailed.path, content=body, headers=headers)
    assert (answer.status_code, await mailed.barred()) == (200, {"all"})


# --- In which language ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attributes", "accepted", "language"),
    [
        ({}, "", "en"),
        ({}, "xx, de-AT;q=0.5, fr;q=0.9", "fr"),
        ({}, "fr;q=0, ja, it", "it"),
        ({}, ";;;,q=,*;q=x", "en"),
        ({"language": "de"}, "fr", "de"),
        ({"Locale": "pt_BR"}, "", "pt"),
        ({"preferred_language": "Spanish"}, "", "es"),
        ({"lang": "Nederlands"}, "", "nl"),
        ({"language": "Klingon"}, "it-CH", "it"),
    ],
)
async def test_the_page_speaks_the_person_s_language(
    mailed: Mailed, attributes: dict[str, str], accepted: str, language: str
) -> None:
    """That of their contact, else of their browser, else English."""
    path = f"/contacts/{mailed.contact}"
    await mailed.rig.http.patch(path, json={"attributes": attributes})
    for answer in (
        await mailed.opened(accept_language=accepted),
        await mailed.chosen("email", **{"accept-language": accepted}),
    ):
        assert f'<html lang="{language}">' in answer.text
        assert answer.headers["content-language"] == language


# --- How it is shown --------------------------------------------------------------------------


async def test_the_page_is_nobody_else_s(mailed: Mailed) -> None:
    """Nothing may run in it, be loaded by it, keep it, frame it, list it or learn its address."""
    for answer in (await mailed.opened(), await mailed.chosen("all"), await gone(mailed, "GET")):
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "frame-ancestors 'none'" in policy
        assert "form-action 'self'" in policy
        assert "no-store" in answer.headers["cache-control"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "noindex" in answer.headers["x-robots-tag"]
        assert "<script" not in answer.text


async def test_a_head_is_answered_as_a_get_and_changes_nothing(mailed: Mailed) -> None:
    """Scanners ask by HEAD."""
    answer = await mailed.rig.http.head(mailed.path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert await mailed.barred() == set()


# --- Links that lead nowhere ------------------------------------------------------------------


async def gone(mailed: Mailed, method: str) -> Any:
    """Ask for the page of a mail that is gone."""
    link = Link(Purpose.UNSUBSCRIBE, mailed.ref._replace(message="gone"), 1)
    return await mailed.rig.http.request(method, Links(SECRET).url("", link))


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_link_that_is_not_ours_has_a_page(mailed: Mailed, method: str) -> None:
    """Cut off, lengthened or signed by others: a page in their language says what to do."""
    other = Links("another secret, of another house")
    for path in (
        mailed.path[:-3],
        mailed.path + ".",
        "/links/u/x",
        "/links/u/" + "a" * 9000,
        other.url("", Link(Purpose.UNSUBSCRIBE, mailed.ref, 1)),
        other.url("", Link(Purpose.CLICK, mailed.ref, 1, "https://x.example")).replace(
            "/c/", "/u/"
        ),
    ):
        headers = {"accept-language": "de"}
        answer = await mailed.rig.http.request(method, path, headers=headers)
        assert answer.status_code == 404
        assert "Dieser Link funktioniert nicht" in answer.text
        assert "<form" not in answer.text
    assert await mailed.barred() == set()


@pytest.mark.parametrize("path", ["/links/u", "/links/u/", "/links/c", "/links/c/"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_link_of_which_hardly_anything_is_left_has_a_page(
    mailed: Mailed, method: str, path: str
) -> None:
    """Mail programs break links anywhere."""
    answer = await mailed.rig.http.request(method, path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


async def test_a_click_on_a_link_that_is_not_ours_has_a_page_too(mailed: Mailed) -> None:
    """It leads nowhere, and says so."""
    answer = await mailed.rig.get("/links/c/cut-off", accept_language="fr")
    assert (answer.status_code, answer.headers["content-language"]) == (404, "fr")
    assert "Ce lien ne fonctionne pas" in answer.text


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_link_of_what_is_forgotten_has_a_page(mailed: Mailed, method: str) -> None:
    """A mail outlives its message, and whom it was for."""
    answer = await gone(mailed, method)
    assert answer.status_code == 410
    assert "Nothing is kept any more" in answer.text
    await erasure.erase(mailed.rig.stack.engine, "default", mailed.contact, by="ana")
    await mailed.rig.settle()
    answer = await mailed.rig.http.request(method, mailed.path)
    assert (answer.status_code, "Nothing is kept any more" in answer.text) == (410, True)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_page_says_when_it_did_not_work(mailed: Mailed, method: str) -> None:
    """Where the store fails, it says so, and a mail program tries again."""
    mailed.rig.break_store(Broken(StoreError("down")))
    answer = await mailed.rig.http.request(method, mailed.path)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert "try again" in answer.text
