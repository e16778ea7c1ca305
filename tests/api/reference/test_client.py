"""A client that openapi-python-client writes of the document works, and its types are right."""

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from tests.api.openapi_requests import DOCUMENT, OPERATIONS
from tests.api.rig import BASE, Rig

pytestmark = pytest.mark.slow
_NAME = "generated_client"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder that holds a generated client."""
    folder = tmp_path_factory.mktemp("client")
    document = folder / "openapi.json"
    document.write_bytes(orjson.dumps(DOCUMENT))
    written = folder / _NAME
    generate = ["openapi_python_client", "generate", "--meta", "none"]
    told = _run(*generate, "--path", str(document), "--output-path", str(written))
    # What nobody calls by a client: a mail's invisible picture.
    assert told.count("WARNING parsing") == told.count("image/gif")
    return folder


def _run(module: str, *arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", module, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_client_has_every_operation(client: Path) -> None:
    """One function for each, under the name that the document gives it."""
    names = {file.stem for file in (client / _NAME / "api").glob("*/*.py")}
    assert {operation.about["operationId"] for operation in OPERATIONS} <= names


def test_the_client_is_type_checked(client: Path) -> None:
    """mypy, at its strictest, finds nothing."""
    configuration = client / "mypy.ini"
    configuration.write_text("[mypy]\nstrict = true\n")
    cache = str(client / "cache")
    settings = ("--config-file", str(configuration), "--cache-dir", cache)
    _run("mypy", *settings, str(client / _NAME))


async def test_the_client_makes_calls(
    client: Path, rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It writes a contact, a segment and a campaign, reads them back, and is told of a mistake."""
    monkeypatch.syspath_prepend(str(client))
    models: Any = importlib.import_module(f"{_NAME}.models")
    transport = httpx.ASGITransport(rig.stack.app)
    made_client = importlib.import_module(f"{_NAME}.client").Client(
        base_url=BASE, httpx_args={"transport": transport}
    )

    async def call(tag: str, name: str, **arguments: Any) -> Any:
        module = importlib.import_module(f"{_NAME}.api.{tag}.{name}")
        return await module.asyncio(client=made_client, **arguments)

    person = models.ContactBody(phone="+254712345678", first_name="Alice", location="Nairobi")
    alice = await call("contacts", "create_contact", body=person)
    condition = models.Comparison(field="location", op=models.ComparisonOp.EQ, value="Nairobi")
    segment = models.NewSegment(name="Nairobi", conditions=models.AllOf(all_=[condition]))
    held = await call("segments", "create_segment", body=segment)
    new = models.NewCampaign(
        channel=models.ChannelKind.SMS,
        base_template="Hello {first_name}!",
        audience=models.Audience(segment_id=held.id),
    )
    made = await call("campaigns", "create_campaign", body=new)
    assert (made.status, made.warnings) == (models.CampaignStatus.DRAFT, [])
    sent = await call("campaigns", "send_campaign", campaign_id=made.id, body=models.Sending())
    assert sent.status == models.CampaignStatus.RUNNING
    await rig.run(made.id)
    messages = await call("messages", "list_messages", campaign_id=made.id)
    assert [each.contact_id for each in messages.data] == [alice.id]
    page = await call("campaigns", "list_campaigns", page=1, page_size=5)
    assert [each.id for each in page.data] == [made.id]
    problem = await call("campaigns", "get_campaign", campaign_id="unknown")
    assert (problem.status, problem.code) == (404, "CAMPAIGN_NOT_FOUND")
