"""Functions deployed one by one, each called under its name, act as one application."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from functions.bootstrap.stack import Stack, build
from functions.channels.plivo.signature import NONCE_HEADER, SIGNATURE_HEADERS, sign_v3
from functions.settings.load import load_settings
from functions.web.face import Face

BASE_URL = "https://us-central1-p.cloudfunctions.net"
TOKEN = "a-plivo-token"
CALLBACK = "/plivo/ring/default/campaign/message/1"


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[Stack]:
    """Give a Clarion whose functions are reached under BASE_URL, with Plivo as its carrier."""
    settings = load_settings(
        _env_file=None,
        store_url=f"sqlite:///{tmp_path}/clarion.db",
        voice_provider="plivo",
        plivo_auth_id="MAXXX",
        plivo_auth_token=TOKEN,
        plivo_api_url="http://127.0.0.1:9",
        public_base_url=BASE_URL,
        auth_mode="jwt",
        jwt_secret="a secret of at least thirty-two bytes",
    )
    built = build(settings)
    yield built
    await built.close()


def function(face: Face) -> httpx.AsyncClient:
    """Return a client of one deployed function, whose name the platform has cut off the path."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(face), base_url="http://127.0.0.1")


@pytest.mark.parametrize("path", [CALLBACK, f"/webhooks{CALLBACK}", f"/plivo/webhooks{CALLBACK}"])
async def test_a_signed_callback_is_known_whatever_is_left_of_its_path(
    stack: Stack, path: str
) -> None:
    """Plivo signs the URL that we gave it, so that is the one to verify."""
    form = {"RequestUUID": "call", "CallStatus": "ringing"}
    url = f"{BASE_URL}/webhooks{CALLBACK}"
    signature = sign_v3(TOKEN, method="POST", url=url, form=form, nonce="1")
    headers = {NONCE_HEADER: "1", SIGNATURE_HEADERS[0]: signature}
    async with function(stack.app.part("/webhooks")) as client:
        answer = await client.post(path, data=form, headers=headers)
    assert (answer.status_code, answer.json()["message"]) == (200, "OK")


async def test_a_function_serves_no_other_function(stack: Stack) -> None:
    """What is not below a function's path is looked for below it, and not found."""
    async with function(stack.app.part("/webhooks")) as client:
        answer = await client.post("/create-campaign", json={})
    assert answer.status_code == 404


async def test_a_function_answers_at_its_root(stack: Stack) -> None:
    """A function of one path is called by its name alone."""
    async with function(stack.app.part("/health")) as client:
        answer = await client.get("/")
    assert (answer.status_code, answer.json()["status"]) == (200, "healthy")
