"""Functions start from what the buildpack has compiled, and compile nothing themselves."""

import os
import re
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import cache_from_source
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from tests.infra.test_deploy import SCRIPT

#: What images made by buildpacks say of every file (the Buildpacks lifecycle).
IN_1980 = 315_532_801


def build(folder: Path, **environment: str) -> Path:
    """Compile a module as Google's functions-framework buildpack does, and put it into an image."""
    source = folder / "told.py"
    source.write_text("WORD = 'compiled'\n")
    command = [sys.executable, "-m", "compileall", "-f", "-q", "."]
    own = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}  # noqa: TID251  handed on
    subprocess.run(command, cwd=folder, check=True, env={**own, **environment})  # noqa: S603  our own
    for file in (source, Path(cache_from_source(str(source)))):
        os.utime(file, (IN_1980, IN_1980))
    return source


def build_environment() -> dict[str, str]:
    """Return what the script has Google's buildpack know."""
    found = re.search(r"--set-build-env-vars=(\w+)=(\S+)", SCRIPT.read_text())
    assert found is not None
    return {found[1]: found[2]}


@pytest.mark.parametrize("is_told", [True, False])
def test_a_cold_start_compiles_nothing(
    tmp_path: Path, mocker: MockerFixture, *, is_told: bool
) -> None:
    """What was compiled counts although the image has lost its files' times; without it, not."""
    source = build(tmp_path, **(build_environment() if is_told else {}))
    loader = SourceFileLoader("told", str(source))
    compiled = mocker.spy(loader, "source_to_code")
    assert loader.get_code("told") is not None
    assert compiled.called is not is_told
