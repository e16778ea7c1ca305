"""How long a function takes from nothing to its first answer, against what it stands on alone.

Each figure is of fresh interpreters: one loads main.py as the framework does, builds what one
target serves and answers a request; beside it another imports functions-framework and FastAPI and
does nothing. Processor time is compared, which a busy machine changes least. The store is SQLite:
Google's libraries are told apart, for every deployed function imports Firestore's.

The source lies as it does in the cloud: compiled by Google's buildpack, and all times of files the
same (infra/deploy.sh says why that matters).
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.report import Row

_ROOT: Final = Path(__file__).parent.parent
_ROUNDS: Final = 9
_SOURCE: Final = ("main.py", "functions", "infra/firestore.indexes.json")
_1980: Final = 315_532_801  #: what images of buildpacks say of every file
_BASE: Final = "import functions_framework.aio, uvicorn_worker, fastapi"
_GOOGLE: Final = "import functions_framework.aio, uvicorn_worker, fastapi, google.cloud.firestore"
#: Loads a function as the framework does and sends it a request; argv: target, method, path, body.
_SERVE: Final = """
import sys
import functions_framework.aio
import asyncio
target, method, path, body = sys.argv[1:]
async def serve():
    app = functions_framework.aio.create_asgi_app(target, "main.py")
    headers = [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")]
    scope = dict(type="http", method=method, path=path, headers=headers, query_string=b"",
                 client=("127.0.0.1", 1), server=("127.0.0.1", 80), scheme="http",
                 http_version="1.1", root_path="", extensions={})
    async def receive():
        return dict(type="http.request", body=body.encode(), more_body=False)
    async def send(message):
        if message["type"] == "http.response.start":
            assert message["status"] < 500, message
    await app(scope, receive, send)
asyncio.run(serve())
"""
_COUNTED: Final = """
import os, re, resource, sys
used = resource.getrusage(resource.RUSAGE_SELF)  # whose peak of memory is that of our parent
peak = re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())
print(used.ru_utime + used.ru_stime, int(peak[1]) / 1024)
sys.stdout.flush()
os._exit(0)
"""


class Request(NamedTuple):
    """What a function is asked first."""

    method: str
    path: str = "/"
    body: str = ""


class Cost(NamedTuple):
    """What a start takes."""

    cpu_s: float
    rss_mb: float

    def __str__(self) -> str:
        return f"{self.cpu_s * 1000:,.0f} ms, {self.rss_mb:,.0f} MB"


_STEER: Final = Request("POST", body=json.dumps({"campaignId": "nobody"}))
#: Sends what is due of a campaign that there is not.
_TASK: Final = json.dumps({"kind": "lane", "body": {"org": "a", "campaign": "b", "lane": "0"}})
_LIGHT: Final = "<= 1.5"
#: What each target is asked, and the goal of its ratio.
TARGETS: Final[Mapping[str, tuple[Request, str]]] = {
    "app": (Request("GET", "/campaigns"), "<= 2.2"),
    "api": (Request("GET", "/campaigns"), "<= 2.2"),
    "create_campaign": (Request("POST", body="{}"), _LIGHT),
    "pause_campaign": (_STEER, _LIGHT),
    "resume_campaign": (_STEER, _LIGHT),
    "cancel_campaign": (_STEER, _LIGHT),
    "reschedule_campaign": (_STEER, _LIGHT),
    "retry_campaign": (_STEER, _LIGHT),
    "campaign_progress": (Request("GET", "/nobody"), _LIGHT),
    "get_report_by_campaign": (Request("GET", "/nobody"), _LIGHT),
    "upload_csv": (Request("POST"), _LIGHT),
    "get_list_contact": (Request("GET", "/nobody"), _LIGHT),
    "single_call": (Request("POST", body="{}"), _LIGHT),
    "check_scheduled_campaigns": (Request("POST"), _LIGHT),
    "run_task": (Request("POST", "/run", body=_TASK), _LIGHT),
    "receive_webhook": (Request("POST", "/simulator/events", body="{}"), _LIGHT),
    "links": (Request("GET", "/nobody"), "told"),
    "health": (Request("GET"), "told"),
}


async def measure() -> list[Row]:
    """Measure every target in turns with what it stands on."""
    with deployed() as folder:
        rows = [row(folder, target) for target in TARGETS]
        google = _compared(folder, (_GOOGLE, []))
    return [*rows, Row("google-cloud-firestore beside", *google, "told")]


def row(folder: Path, target: str) -> Row:
    """Measure one target that is deployed in a folder."""
    request, goal = TARGETS[target]
    return Row(f"cold start of {target}", *_compared(folder, (_SERVE, [target, *request])), goal)


@contextmanager
def deployed() -> Iterator[Path]:
    """Give a folder with our source as it lies in the image of a function."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "infra").mkdir()
        for part in _SOURCE:
            here, there = _ROOT / part, folder / part
            shutil.copytree(here, there) if here.is_dir() else shutil.copy(here, there)
        command = [sys.executable, "-m", "compileall", "-f", "-q", "."]
        environment = _environment(SOURCE_DATE_EPOCH=str(_1980))
        subprocess.run(command, env=environment, cwd=folder, check=True)  # noqa: S603 - our own
        for file in folder.rglob("*"):
            os.utime(file, (_1980, _1980))
        yield folder


_Start = tuple[str, Sequence[str]]


def _compared(folder: Path, ours: _Start) -> tuple[str, str, float]:
    """Start ours and what it stands on in turns; return both, and how many times as much."""
    rounds = [(_start(folder, *ours), _start(folder, _BASE, [])) for _ in range(_ROUNDS)]
    mine, theirs = (_median(side) for side in zip(*rounds, strict=True))
    return str(mine), str(theirs), mine.cpu_s / theirs.cpu_s


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(*(statistics.median(values) for values in zip(*costs, strict=True)))


def _start(folder: Path, code: str, arguments: Sequence[str]) -> Cost:
    command = [sys.executable, "-c", code + _COUNTED, *arguments]
    done = subprocess.run(  # noqa: S603 - our own command
        command, env=_environment(), cwd=folder, check=True, capture_output=True, text=True
    )
    return Cost(*map(float, done.stdout.split()))


def _environment(**more: str) -> Mapping[str, str]:
    # Nothing is kept from one start to the next, as nothing is from one instance to another.
    given = {
        "LOG_LEVEL": "error",
        "STORE_URL": "sqlite:///:memory:",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return {**os.environ, **given, **more}  # noqa: TID251 - handed on to a child process
