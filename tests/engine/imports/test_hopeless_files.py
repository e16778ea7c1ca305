"""A file that is not what it should be costs no more than it takes to see that."""

from io import BytesIO

import pytest

from functions.domain.errors import InvalidFieldError
from functions.engine import paths
from functions.engine.imports import list_upload
from functions.engine.imports.job import ImportStatus
from functions.engine.imports.list_upload import SenderGoneError
from functions.engine.ports.store import Query
from tests.engine.imports.importing import imported
from tests.engine.world import ORG, World, number


async def test_an_upload_of_bad_rows_stops_early(world: World) -> None:
    """Two megabytes of nonsense are refused after the first rows, with what was wrong."""
    file = BytesIO(b"number\n" + b"x\n" * 1_000_000)
    with pytest.raises(InvalidFieldError, match="of its first 2,000 rows are bad"):
        await list_upload.import_csv(world.engine, ORG, "Nonsense", file)
    assert await world.store.count(Query(paths.lists(ORG))) == 0


async def test_an_import_of_bad_rows_stops_early_and_keeps_the_good_ones(world: World) -> None:
    """It has failed, says why, and tells the rows that it has read."""
    content = "phone\n" + number(1) + "\n" + "x\n" * 50_000
    job = await imported(world, content)
    assert (job["status"], job["created"]) == (ImportStatus.FAILED, 1)
    assert job["error"] == (
        "1,999 of its first 2,000 rows are bad, such as: phone: must be in E.164 format, "
        "starting with + and the country code"
    )
    assert job["rows"] < 2_100


async def test_a_file_with_some_good_rows_is_read_to_its_end(world: World) -> None:
    """One good row among ten bad ones is enough to go on."""
    rows = [number(n // 10) if n % 10 == 0 else "x" for n in range(3_000)]
    job = await imported(world, "phone\n" + "\n".join(rows))
    assert (job["status"], job["created"]) == (ImportStatus.COMPLETED, 300)


async def test_an_upload_whose_sender_has_left_is_given_up(world: World) -> None:
    """No list is made that nobody is told of."""
    asked = 0

    async def has_gone() -> bool:
        nonlocal asked
        asked += 1
        return asked > 1

    file = BytesIO("\n".join(["number", *(number(n) for n in range(4_000))]).encode())
    with pytest.raises(SenderGoneError):
        await list_upload.import_csv(world.engine, ORG, "Gone", file, has_gone=has_gone)
    assert asked == 2
    assert await world.store.count(Query(paths.lists(ORG))) == 0
