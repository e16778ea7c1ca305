"""An import whose server is killed at random moments stores nobody twice and forgets nobody."""

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final

import httpx
import pytest

from tests.faults.rig.server import Server

pytestmark = pytest.mark.slow

#: An import ends this soon after the last kill, or it is stuck.
_PATIENCE_S: Final = 240
_BAD: Final = 100  #: every so manieth row is bad
_PAGED: Final = {"LAUNCH_PAGE": "50"}
_IMPORTS: Final = "/contacts/imports"


@dataclass(slots=True)
class Table:
    """A file of people, 1 % of whom are nobody, and what must become of it."""

    rows: int
    seed: int
    good: set[str] = field(default_factory=set)
    bad_lines: list[int] = field(default_factory=list)

    def content(self) -> bytes:
        """Write the file; quoted cells span lines, so that lines are more than rows."""
        random = Random(self.seed)  # noqa: S311 - it only has to be repeatable
        lines, parts = 1, ["phone,first_name,city\n"]
        for number in range(self.rows):
            phone = f"+1{random.choice((212, 415, 312))}{2_000_000 + number}"
            if number % _BAD == _BAD // 2:
                self.bad_lines.append(lines + 1)
                phone = "nobody"
            else:
                self.good.add(phone)
            row = f'{phone},"Zoë ""{number}""{chr(10) if number % 7 == 0 else ""}",Bath\n'
            lines += row.count("\n")
            parts.append(row)
        return "".join(parts).encode()


class Storm:
    """A server that imports a table, and is killed as it does so."""

    def __init__(self, server: Server, table: Table) -> None:
        self.server = server
        self.table = table
        self.torn = 0  #: kills that left the work half done
        self._random = Random(table.seed)  # noqa: S311 - it only has to be repeatable
        self._http = httpx.Client(base_url=server.url, timeout=60, trust_env=False)
        self._id = ""

    def rage(self, kills: int) -> None:
        """Import the table, with so many kills; then undo it, with one kill more."""
        self.server.start()
        files = {"file": ("people.csv", self.table.content(), "text/csv")}
        answer = self._http.post(_IMPORTS, files=files, data={"list_name": "Storm"})
        assert answer.status_code == 202, answer.text
        self._id = answer.json()["id"]
        moments = sorted(self._random.uniform(0, 0.9) for _ in range(kills))
        for moment in moments:
            self._strike(partial(_has_come, round(moment * self.table.rows)))
        self._until(lambda job: job["status"] not in {"queued", "running"})
        self._check_import()
        assert self._http.post(f"{_IMPORTS}/{self._id}/undo").status_code == 202
        self._strike(lambda job: job["undone"]["removed"] > self.table.rows / 3)
        self._until(lambda job: job["status"] != "undoing")
        self._check_undone()

    def close(self) -> None:
        """Let go of the server."""
        self._http.close()

    def _strike(self, moment: Callable[[dict[str, Any]], bool]) -> None:
        """Kill the server a little after a moment, and start it again."""
        self._until(moment)
        time.sleep(self._random.uniform(0, 0.05))
        self.server.kill()
        self.server.start()
        self.torn += self._job()["status"] in {"running", "undoing"}

    def _until(self, happened: Callable[[dict[str, Any]], bool]) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while not happened(job := self._job()):
            assert time.monotonic() < deadline, job
            time.sleep(0.05)

    def _job(self) -> dict[str, Any]:
        return dict(self._http.get(f"{_IMPORTS}/{self._id}").raise_for_status().json())

    def _check_import(self) -> None:
        """Hold what is stored and told against the file."""
        job, table = self._job(), self.table
        assert job["status"] == "completed", job
        assert (job["created"], job["invalid"]) == (len(table.good), len(table.bad_lines))
        assert (job["updated"], job["unchanged"], job["duplicates"]) == (0, 0, 0)
        assert job["progress"]["rows"] == table.rows
        people = [person["phone"] for person in self._pages("/contacts")]
        assert len(people) == len(table.good)
        assert set(people) == table.good
        members = [member["address"] for member in self._pages(f"/lists/{self._id}/contacts")]
        assert sorted(members) == sorted(people)
        assert self._http.get(f"/lists/{self._id}").json()["size"] == len(people)
        told = [row["line"] for row in self._pages(f"{_IMPORTS}/{self._id}/errors")]
        assert told == table.bad_lines

    def _check_undone(self) -> None:
        job = self._job()
        assert job["status"] == "undone", job
        assert job["undone"] == {"removed": len(self.table.good), "restored": 0, "left": 0}
        assert list(self._pages("/contacts")) == []
        assert self._http.get(f"/lists/{self._id}").status_code == 404

    def _pages(self, path: str) -> Iterator[dict[str, Any]]:
        cursor: str | None = ""
        while cursor is not None:
            answer = self._http.get(path, params={"limit": 1000, "cursor": cursor})
            page = answer.raise_for_status().json()
            yield from page["data"]
            cursor = page["next_cursor"]


def _has_come(rows: int, job: dict[str, Any]) -> bool:
    return bool(job["progress"]["rows"] >= rows)


def weather(folder: Path, store: dict[str, str], table: Table, kills: int) -> None:
    """Let a storm rage, and tell its figures."""
    with Server(folder, _PAGED, store) as server:
        storm = Storm(server, table)
        try:
            storm.rage(kills)
        finally:
            storm.close()
        figures = f"seed: {table.seed}, rows: {table.rows}, kills: {kills + 1}, torn: {storm.torn}"
        sys.stdout.write(f"{figures}\n")
        assert storm.torn > 0
        assert server.errors == []


@pytest.mark.timeout(300)
def test_a_killed_import_stores_everybody_once(store: dict[str, str], tmp_path: Path) -> None:
    """Killed several times, every good row is stored once and every bad one told once."""
    rows = 5000 if store["STORE_URL"].startswith("sqlite") else 1500
    weather(tmp_path, store, Table(rows, seed=1), kills=2)


@pytest.mark.storm
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(300, 303))
def test_a_storm_of_imports(
    seed: int, store: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Twenty thousand rows, killed ten times at random moments: every seed ends all right."""
    with capsys.disabled():
        sys.stdout.write(f"\n{store['STORE_URL']}: ")
        weather(tmp_path, store, Table(20_000, seed=seed), kills=9)
