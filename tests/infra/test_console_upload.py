"""The console is deployed as it was built, without what it was built of, and not unbuilt."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.infra.test_deploy import ROOT, needs_gcloud
from tests.infra.test_deploy_checks import MAILS, deploy

BUILT = {"index.html", "main-ABCDEFGH.js", "main-ABCDEFGH.js.gz", "console-ABCDEFGH.css"}
#: What lies there too where somebody has built it.
LEFT = ["src/main.tsx", "node_modules/preact/index.js", "schema.d.ts", "__pycache__/pages.pyc"]

pytestmark = pytest.mark.slow


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Give a copy of the repository in which the console is built."""
    root = tmp_path / "repository"
    unwanted = shutil.ignore_patterns("__pycache__", "node_modules", "dist", "schema.d.ts")
    for folder in ("functions", "infra"):
        shutil.copytree(ROOT / folder, root / folder, ignore=unwanted)
    for file in (".gcloudignore", ".gitignore", "main.py", "requirements.txt"):
        shutil.copy(ROOT / file, root)
    console = root / "functions" / "console"
    for name in (*(f"dist/{built}" for built in BUILT), *LEFT):
        (console / name).parent.mkdir(parents=True, exist_ok=True)
        (console / name).write_text("x")
    return root


@needs_gcloud
def test_of_the_console_what_was_built_is_uploaded_and_no_source(repository: Path) -> None:
    """Git ignores what was built, and gcloud takes it along; of the rest it takes nothing."""
    listed = subprocess.run(  # noqa: S603  a command of the developer's own machine
        [shutil.which("gcloud") or "", "meta", "list-files-for-upload", str(repository)],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    files = {line for line in listed.stdout.splitlines() if line.startswith("functions/console/")}
    shown = {f"functions/console/dist/{name}" for name in BUILT}
    assert files == {"functions/console/__init__.py", "functions/console/pages.py", *shown}
    assert "functions/api/session/login.py" in listed.stdout.splitlines()


@pytest.mark.parametrize("parts", [(), ("functions",), ("api",)], ids=str)
def test_a_console_that_is_not_built_is_not_deployed(
    tmp_path: Path, repository: Path, parts: tuple[str, ...]
) -> None:
    """The script says how it is built, and has changed nothing."""
    shutil.rmtree(repository / "functions" / "console" / "dist")
    ran = deploy(tmp_path, *parts, root=str(repository), **MAILS)
    assert (ran.code, ran.changes) == (2, [])
    assert ran.told == ["functions/console/dist: the console is not built; run make console"]


def test_functions_without_a_console_are_deployed_all_the_same(
    tmp_path: Path, repository: Path
) -> None:
    """Whoever mends the one function that delivers tasks need not build the console."""
    shutil.rmtree(repository / "functions" / "console" / "dist")
    ran = deploy(tmp_path, "tasks", root=str(repository), **MAILS)
    assert (ran.code, ran.told) == (0, [])


def test_a_built_console_is_deployed(tmp_path: Path, repository: Path) -> None:
    """With it nothing is missing."""
    ran = deploy(tmp_path, "api", root=str(repository), **MAILS)
    assert (ran.code, ran.told) == (0, [])
