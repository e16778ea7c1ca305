"""The programs with the library that are shown: the examples, and the one of the guide, run."""

import asyncio
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
GUIDE = ROOT / "docs" / "guide" / "library.md"


@asynccontextmanager
async def running(*words: object, cwd: Path, **more: str) -> AsyncIterator[Process]:
    """Give a program that runs, as somebody starts it in a folder of theirs."""
    env = {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **more}
    program = await asyncio.create_subprocess_exec(
        sys.executable, *map(str, words), cwd=cwd, env=env, stdout=PIPE, stderr=PIPE
    )
    try:
        yield program
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()


async def lines(program: Process, count: int) -> list[str]:
    """Return the next lines that a program prints."""
    assert program.stdout is not None
    return [(await program.stdout.readline()).decode().strip() for _ in range(count)]


async def interrupted(program: Process) -> tuple[int, str]:
    """Press Ctrl-C; return how a program ends, and what it complains of."""
    program.send_signal(signal.SIGINT)
    _, errors = await program.communicate()
    assert program.returncode is not None
    return program.returncode, errors.decode()


async def test_the_quick_start_calls_its_first_action_and_ends_by_ctrl_c(tmp_path: Path) -> None:
    """Two actions are defined; the one that is due is called."""
    async with running(ROOT / "examples" / "quick_start_sqlite.py", cwd=tmp_path) as program:
        assert await lines(program, 1) == ["contact#1: action1 emailTemplate1"]
        assert await interrupted(program) == (0, "")


async def test_after_a_purchase_each_customer_gets_each_mail_at_its_time(tmp_path: Path) -> None:
    """The table of what is to come, the first mail of each, and the counts; then it ends."""
    async with running(ROOT / "examples" / "after_purchase.py", cwd=tmp_path) as program:
        out, errors = await program.communicate()
    assert (program.returncode, errors.decode()) == (0, "")
    said = out.decode().splitlines()
    assert [line.split("  ")[0] for line in said[:3]] == [f"customer#{n}" for n in (1, 2, 3)]
    assert all(line.endswith(("08:00", "09:00")) for line in said[:3])  # ten o'clock there, in UTC
    assert sorted(said[3:6]) == [f"to customer#{number}: thanks" for number in (1, 2, 3)]
    assert "'completed': 3" in said[6]


async def test_the_quick_start_on_firestore_calls_twenty_subjects(
    tmp_path: Path, firestore_emulator: str
) -> None:
    """Twice each: at once, and two seconds later."""
    store = f"firestore://demo-program-{uuid4().hex[:8]}"
    path = ROOT / "examples" / "quick_start_firestore.py"
    more = {"FIRESTORE_EMULATOR_HOST": firestore_emulator}
    async with running(path, store, cwd=tmp_path, **more) as program:
        said = {line.partition(" ")[2] for line in await lines(program, 40)}
        assert await interrupted(program) == (0, "")
    names = [f"contact#{number}" for number in range(20)]
    assert said == {f"{name}: {action}" for name in names for action in ("now", "later")}


async def test_the_program_of_the_guide_does_what_the_page_says(tmp_path: Path) -> None:
    """Copied from the page as it is, it calls the first mail."""
    (program_text, *_) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    path = tmp_path / "program.py"
    path.write_text(program_text)
    async with running(path, cwd=tmp_path) as program:
        out, errors = await program.communicate()
    assert (program.returncode, errors.decode()) == (0, "")
    assert out.decode() == "customer#1 email1 {'id': 'sendEmail', 'view': 'one'}\n"
