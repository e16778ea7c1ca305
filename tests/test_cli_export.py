"""`export` writes what the API gives out, to a file or to standard output."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from functions.cli.app import app

PEOPLE = "number,name\n+12025550142,Ann\n"


def test_a_list_is_imported_and_taken_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What went in by a file comes out in one; without --out it goes to standard output."""
    monkeypatch.setenv("STORE_URL", f"sqlite:///{tmp_path}/clarion.db")
    file, out = tmp_path / "people.csv", tmp_path / "contacts.jsonl"
    file.write_text(PEOPLE)
    run = CliRunner().invoke
    assert run(app, ["import-contacts", str(file), "--list", "People"]).exit_code == 0
    written = run(app, ["export", "contacts", "--format", "jsonl", "--out", str(out)])
    assert (written.exit_code, written.stdout) == (0, ""), written.output
    assert '"phone":"+12025550142"' in out.read_text()
    shown = run(app, ["export", "suppressions"])
    assert shown.stdout.splitlines() == ["address,scope,reason,at,until,by,active"]
