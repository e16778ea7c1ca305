"""The locks hold what the requirements ask for: what one machine runs, every machine runs."""

import json
import re
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

ROOT: Final = Path(__file__).parents[1]
FILES: Final = ("requirements", "requirements-dev", "requirements-setup")
CONSOLE: Final = ROOT / "functions/console"


class Pin(NamedTuple):
    """One version of a lock."""

    version: Version
    hashes: int


def required(name: str) -> list[Requirement]:
    """Return the requirements of a file, without the files that it includes."""
    lines = (ROOT / f"{name}.txt").read_text().splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]


def pinned(name: str) -> dict[NormalizedName, Pin]:
    """Return the versions of a lock, by the package's normalised name."""
    entries = re.split(r"^(?=[A-Za-z0-9])", (ROOT / f"{name}.lock").read_text(), flags=re.MULTILINE)
    found = {}
    for entry in entries[1:]:
        requirement = Requirement(entry.splitlines()[0].rstrip("\\ "))
        (version,) = requirement.specifier
        hashes = entry.count("--hash=sha256:")
        found[canonicalize_name(requirement.name)] = Pin(Version(version.version), hashes)
    return found


@pytest.mark.parametrize("name", FILES)
def test_every_requirement_has_a_version_in_the_lock_that_it_admits(name: str) -> None:
    """Whoever changes a requirement writes the locks anew (make lock)."""
    lock = pinned(name)
    for requirement in required(name):
        pin = lock[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(pin.version), requirement


@pytest.mark.parametrize("name", FILES)
def test_every_requirement_is_bounded_on_both_sides(name: str) -> None:
    """A release that breaks what it promised is not installed by chance."""
    for requirement in required(name):
        operators = {specifier.operator for specifier in requirement.specifier}
        assert operators == {">=", "<"}, requirement


@pytest.mark.parametrize("name", FILES)
def test_a_lock_names_hashes_and_no_address(name: str) -> None:
    """Whatever was changed on the way is refused, from whichever index it comes."""
    assert all(pin.hashes for pin in pinned(name).values())
    assert "://" not in (ROOT / f"{name}.lock").read_text()


def test_tools_run_on_the_versions_that_functions_run_on() -> None:
    """What is tested is what is served."""
    tested = pinned("requirements-dev")
    for package, pin in pinned("requirements").items():
        assert tested[package].version == pin.version, package


def test_what_builds_the_console_is_one_package_of_one_version() -> None:
    """Where there is no wheel, pip would take an empty package for one that is not pinned."""
    (requirement,) = required("functions/console/requirements")
    pin = pinned("functions/console/requirements")[canonicalize_name(requirement.name)]
    assert str(requirement.specifier) == f"=={pin.version}"
    assert pin.hashes > 1


def test_the_packages_of_the_console_have_hashes_and_no_address() -> None:
    """Each is of one version, from whichever registry it comes."""
    named = json.loads((CONSOLE / "deno.json").read_text())["imports"].values()
    text = (CONSOLE / "deno.lock").read_text()
    lock = json.loads(text)
    assert "://" not in text
    assert {"npm"} == {key for key in lock if key not in {"version", "specifiers", "workspace"}}
    assert all(package["integrity"].startswith("sha512-") for package in lock["npm"].values())
    assert set(named) == set(lock["specifiers"])
