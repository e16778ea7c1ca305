"""/docs works without the Internet, and lets no script but its own run."""

import re

import pytest

from tests.api.rig import Rig


async def test_the_page_asks_nobody_else_for_anything(rig: Rig) -> None:
    """Every file that it names is served here, and its policy forbids all others."""
    page = await rig.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'; script-src 'self'" in page.headers["content-security-policy"]
    assert not re.search(r"https?://|<script>|onload=", page.text)
    files = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(files) == 5
    for file in files:
        answer = await rig.get(f"/{file}")
        assert answer.status_code == 200, file
        assert answer.headers["content-type"].split(";")[0] in {
            "text/javascript",
            "text/css",
            "image/png",
            "application/json",
        }


@pytest.mark.parametrize("name", ["core.py", "..%2Fcore.py", "redoc.standalone.js"])
async def test_only_the_files_of_the_page_are_served(rig: Rig, name: str) -> None:
    """Nothing else of the package can be read."""
    assert (await rig.get(f"/docs/{name}")).status_code == 404
