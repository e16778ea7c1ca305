"""A mail is previewed as a page of its own, for a frame in which nothing runs."""

import json
from typing import Any

import httpx
import pytest

from tests.api.campaigns.writing import customer, problem, write
from tests.api.rig import JWT, Rig, token

MAIL = {"text": "Hi {first_name}", "html": "<p style='color:red'>Hi {first_name}</p>"}
ANN = {"values": {"first_name": "<b>Ann</b>"}}


async def page(rig: Rig, path: str, wanted: Any, **headers: str) -> httpx.Response:
    """Post a form as a browser does."""
    asked = wanted if isinstance(wanted, str) else json.dumps(wanted)
    return await rig.http.post(path, data={"request": asked}, headers=headers)


async def test_a_mail_is_a_page_under_a_policy_of_its_own(rig: Rig) -> None:
    """It has its styles, runs nothing, stands in frames of ours alone, and nobody keeps it."""
    shown = await page(rig, "/templates/preview/page", {**MAIL, **ANN, "channel": "email"})
    assert (shown.status_code, shown.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert shown.text == "<p style='color:red'>Hi &lt;b&gt;Ann&lt;/b&gt;</p>"
    policy = shown.headers["content-security-policy"].split("; ")
    assert {"sandbox", "default-src 'none'", "style-src 'unsafe-inline'"} <= set(policy)
    assert {"img-src data: https:", "frame-ancestors 'self'"} <= set(policy)
    assert shown.headers["x-frame-options"] == "SAMEORIGIN"
    assert shown.headers["cache-control"] == "no-store"


async def test_a_mail_without_html_shows_its_text(rig: Rig) -> None:
    """Each sign as it is; and who lacks a field that nobody may lack sees that."""
    shown = await page(rig, "/templates/preview/page", {"text": "Hi {first_name}\n&c.", **ANN})
    assert ">Hi &lt;b&gt;Ann&lt;/b&gt;\n&amp;c.</pre>" in shown.text
    strict = {"text": "Hi {first_name}", "missing": "refuse", "values": {}}
    shown = await page(rig, "/templates/preview/page", strict)
    assert "Left out: they lack first_name." in shown.text


async def test_a_campaign_s_mail_is_a_page(rig: Rig) -> None:
    """As the contact gets it; one of another organisation is not there."""
    ann = await customer(rig, firstname="Ann", email="ann@example.com")
    mail = {"channel": "email", "subject": "Hi", "base_template": "Hi", "html": MAIL["html"]}
    path = f"/campaigns/{(await write(rig, **mail))['id']}/preview/page"
    form = {"customer_id": ann, "fallback": "0"}
    assert "Hi Ann</p>" in (await rig.http.post(path, data=form)).text
    foreign = await rig.http.post(path, data=form, headers={"x-org-id": "acme"})
    problem(foreign, 404, "CAMPAIGN_NOT_FOUND")
    problem(await rig.http.post(path, data={}), 400, "MISSING_CUSTOMER_ID")


@pytest.mark.parametrize(
    "wanted", ["", "{", "[]", {"text": "Hi"}, {"text": "Hi {{", **ANN}, {"tekst": "Hi", **ANN}]
)
async def test_what_is_no_preview_is_refused(rig: Rig, wanted: Any) -> None:
    """By the problem that the same request as JSON would have."""
    shown = await page(rig, "/templates/preview/page", wanted)
    assert shown.status_code == 400
    assert shown.headers["content-type"] == "application/problem+json"
    assert (await rig.http.post("/templates/preview/page", json=MAIL)).status_code == 400


async def test_a_stranger_and_another_site_see_nothing(make_rig: Any) -> None:
    """A form carries no token: whoever calls is asked for as everywhere."""
    wanted = {**MAIL, **ANN}
    rig = make_rig(**JWT)
    assert (await page(rig, "/templates/preview/page", wanted)).status_code == 401
    known = await page(rig, "/templates/preview/page", wanted, authorization=token("viewer"))
    assert known.status_code == 200
    local = make_rig()
    foreign = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    assert (await page(local, "/templates/preview/page", wanted, **foreign)).status_code == 403
