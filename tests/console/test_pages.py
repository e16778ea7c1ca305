"""How the console's files are served."""

from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from functions.console import pages
from tests.api.rig import Rig


@pytest.fixture
def built(tmp_path: Path, mocker: MockerFixture) -> Path:
    """Give the folder of a built console that is none of npm's."""
    dist = tmp_path / "dist"
    dist.mkdir()
    (dist / "index.html").write_text("<title>Clarion</title>")
    (dist / "main-ABCD2345.js").write_text("1")
    (dist / "main-ABCD2345.js.gz").write_bytes(b"zipped")
    (tmp_path / "pages.py").write_text("secret")
    mocker.patch.object(pages, "DIST", dist)
    return dist


@pytest.mark.usefixtures("built")
async def test_the_page_may_run_our_script_alone(rig: Rig) -> None:
    """Its policy lets nothing in that could run."""
    answer = await rig.get("/console/")

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'" in policy
    assert "require-trusted-types-for 'script'; trusted-types 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.usefixtures("built")
async def test_a_file_is_kept_for_ever_and_sent_zipped_to_whoever_takes_it(rig: Rig) -> None:
    """Its name changes with what is in it."""
    plain = await rig.get("/console/main-ABCD2345.js", accept_encoding="identity")
    zipped = await rig.http.send(
        rig.http.build_request("GET", "/console/main-ABCD2345.js"), stream=True
    )

    assert plain.text == "1"
    assert "immutable" in plain.headers["cache-control"]
    assert plain.headers["content-type"].startswith("text/javascript")
    assert zipped.headers["content-encoding"] == "gzip"
    assert b"".join([part async for part in zipped.aiter_raw()]) == b"zipped"


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(
    "name", ["main-ABCD2346.js", "main-ABCD2345.js.gz", "index.html", "..%2Fpages.py", "pages.py"]
)
async def test_nothing_but_the_pages_own_files_is_given(rig: Rig, name: str) -> None:
    """Sources, other names and other folders are not there."""
    assert (await rig.get(f"/console/{name}")).status_code == 404


@pytest.mark.usefixtures("built")
async def test_without_a_slash_one_is_led_to_the_folder_wherever_it_lies(rig: Rig) -> None:
    """The console may lie below a function's name."""
    answer = await rig.get("/console")

    assert answer.status_code == 307
    assert answer.headers["location"] == "console/"


async def test_who_has_not_built_it_is_told_how(
    rig: Rig, tmp_path: Path, mocker: MockerFixture
) -> None:
    """The API is there all the same."""
    mocker.patch.object(pages, "DIST", tmp_path)

    answer = await rig.get("/console/")

    assert answer.status_code == 503
    assert "make console" in answer.text
