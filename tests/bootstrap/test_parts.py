"""A function imports the parts of the application that it serves, and none that it does not."""

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest
from fastapi import APIRouter

from functions.bootstrap import parts
from functions.web.problems import first_segment

ROOT = Path(__file__).parents[2]
#: Asks a function as the framework serves it, and prints what has been imported by then.
ASK: Final = """
import asyncio, json, sys
import functions_framework.aio

target, method, path = sys.argv[1:]
scope = dict(type="http", method=method, path=path, query_string=b"", scheme="http",
             headers=[(b"content-type", b"application/json")], server=("127.0.0.1", 80),
             client=("127.0.0.1", 1), http_version="1.1", root_path="", extensions={})

async def receive():
    return dict(type="http.request", body=b"{}", more_body=False)

async def send(message):
    statuses.append(message.get("status"))

statuses = []
app = functions_framework.aio.create_asgi_app(target, "main.py")
asyncio.run(app(scope, receive, send))
assert statuses[0] < 500, statuses
print(json.dumps([name for name, module in sys.modules.items() if module]))
"""
#: What no function needs before somebody asks for what it is for.
SELDOM: Final = {
    "rich": "draws in terminals",
    "jwt": "reads tokens (AUTH_MODE=jwt)",
    "cryptography": "seals sessions, reads keys",
    "phonenumbers": "reads numbers",
    "liquid": "fills templates",
    "holidays": "knows public holidays",
    "dateutil": "reckons with rules of recurrence",
    "openpyxl": "reads workbooks",
    "aiosmtplib": "hands over mails",
    "google.cloud.firestore": "the store of others",
    "google.cloud.tasks_v2": "the queue of others",
    "functions.client": "the library",
    "functions.cli": "the command line",
    "functions.api.reference.document": "the OpenAPI document",
}

#: Most campaigns have no plan: of the functions below only one may know what a plan is.
PLANS: Final = "functions.domain.plans.document"


def imported(target: str, method: str, path: str) -> set[str]:
    """Return what a function has imported once it has answered its first request."""
    settings = {"STORE_URL": "sqlite:///:memory:", "LOG_LEVEL": "error"}
    done = subprocess.run(  # noqa: S603  our own command
        [sys.executable, "-c", ASK, target, method, path],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **settings},  # noqa: TID251  handed on to a child process
        timeout=60,
    )
    return set(json.loads(done.stdout))


@pytest.mark.parametrize(
    ("target", "method", "path", "served"),
    [
        ("check_scheduled_campaigns", "POST", "/", {"hooks.scheduler"}),
        ("run_task", "POST", "/run", {"hooks.task_runner"}),
        ("receive_webhook", "POST", "/simulator/ring/o/c/m/1", {"hooks.carrier_webhooks"}),
        ("pause_campaign", "POST", "/", {"calling.campaigns"}),
        ("app", "GET", "/lists", {"contacts.lists"}),
    ],
)
def test_a_function_imports_what_it_serves(
    target: str, method: str, path: str, served: set[str]
) -> None:
    """Of the API a function has what it was asked for, and none of the libraries of the rest."""
    found = imported(target, method, path)
    listed = {name for names in parts.EVERYTHING.values() for name in names}
    assert {f"functions.api.{name}" for name in served} == found & {
        f"functions.{name}" for name in listed
    }
    assert not found & set(SELDOM)
    assert PLANS not in found or target == "app"


def modules_with_routes() -> dict[str, APIRouter]:
    """Return the routers that are served, by their modules."""
    files = [*(ROOT / "functions/api").rglob("*.py"), ROOT / "functions/console/pages.py"]
    names = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files]
    found = {name: getattr(import_module(name), "router", None) for name in names}
    del found["functions.api.reference.events"]  # described, never served
    return {name: router for name, router in found.items() if isinstance(router, APIRouter)}


def test_the_table_names_each_part_by_how_its_paths_begin() -> None:
    """A route that is added is served only if its beginning is in the table: none is forgotten."""
    found: dict[str, set[str]] = {}
    for name, router in modules_with_routes().items():
        for route in router.routes:
            found.setdefault(first_segment(getattr(route, "path", "")), set()).add(name)
    listed = {
        start: {f"functions.{name}" for name in names} for start, names in parts.EVERYTHING.items()
    }
    assert listed == found


def test_nothing_lies_below_a_beginning_that_is_nobodys() -> None:
    """A path that no part has leads to no import."""
    assert parts.routes_below("/nothing") == []
