"""Files as Excel and its kin write them are read right."""

import pytest

from functions.engine.accounts import organisation
from functions.engine.imports.job import ImportStatus
from tests.engine.imports.importing import PAGED, bad_rows, counts, imported, names
from tests.engine.world import ORG, World, number

ANN, BEN = number(1), number(2)
FILES = {
    "a byte order mark": f"\ufeffphone,first_name\n{ANN},José\n{BEN},Ben\n".encode(),
    "UTF-16 with tabs": f"phone\tfirst_name\r\n{ANN}\tJosé\r\n{BEN}\tBen\r\n".encode("utf-16"),
    "UTF-16 of the other end": f"\ufeffphone,first_name\n{ANN},José\n{BEN},Ben".encode("utf-16-be"),
    "UTF-32": f"phone,first_name\n{ANN},José\n{BEN},Ben\n".encode("utf-32"),
    "Windows-1252": f"phone;first_name\r\n{ANN};José\r\n{BEN};Ben\r\n".encode("windows-1252"),
    "sep=;": f"sep=;\r\nphone;first_name\r\n{ANN};José\r\n{BEN};Ben\r\n".encode(),
    "sep in quotes": f'"sep=|"\nphone|first_name\n{ANN}|José\n{BEN}|Ben\n'.encode(),
    "sep of a rare kind": f"sep=^\nphone^first_name\n{ANN}^José\n{BEN}^Ben\n".encode(),
    "pipes": f"phone|first_name\n{ANN}|José\n{BEN}|Ben\n".encode(),
    "commas within names": (
        f'"phone";"name, full";"first_name"\n"{ANN}";"x";José\n{BEN};y;Ben'.encode()
    ),
    "CR alone": f"phone,first_name\r{ANN},José\r{BEN},Ben\r".encode(),
    "trailing columns": f"phone,first_name,,\n{ANN},José,,\n{BEN},Ben\n".encode(),
    "trailing cells": f"phone,first_name\n{ANN},José,,,\n{BEN},Ben,\n".encode(),
    "blank names of columns": f",phone,,first_name\nx,{ANN},y,José\n,{BEN},,Ben\n".encode(),
    "invisible marks": (
        f"\u200bphone\u00a0,first_name\n\u202a{ANN}\u202c,José\n{BEN}\u200b,Ben".encode()
    ),
    "formulas": f'phone,first_name\n"=""{ANN}""",José\n\'{BEN},Ben\n'.encode(),
    "schemes and blanks": f"Phone Number,FIRST NAME\ntel:{ANN},José\n00{BEN[1:]},Ben\n".encode(),
    "blank lines": f"phone,first_name\n\n\r\n{ANN},José\n\n\n{BEN},Ben\n\n".encode(),
}


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("paged", [False, True])
async def test_a_file_as_people_have_it_is_read_right(kind: str, paged: bool) -> None:
    """Encodings, delimiters, ends of lines and marks do not matter, wherever the work goes on."""
    async with World(PAGED) if paged else World() as world:
        job = await imported(world, FILES[kind])
        assert (job["status"], counts(job)) == (ImportStatus.COMPLETED, (2, 0, 0, 0, 0))
        assert await names(world) == {ANN: "José", BEN: "Ben"}


async def test_bytes_that_mean_nothing_spoil_their_row_only(world: World) -> None:
    """Half a character of UTF-16 is told, and the rows around it are kept."""
    rows = [f"phone,first_name\n{ANN},José\n".encode("utf-16"), f"{number(3)},".encode("utf-16-le")]
    rows += [b"\x00\xd8", f"\n{BEN},Ben\n".encode("utf-16-le")]
    job = await imported(world, b"".join(rows))
    assert counts(job) == (2, 0, 0, 1, 0)
    (bad,) = await bad_rows(world, job["id"])
    assert (bad["line"], bad["reason"]) == (3, "is not UTF-8 text")


async def test_a_line_names_the_true_cause(world: World) -> None:
    """Lost digits, control characters, open quotes and surplus cells are told as what they are."""
    content = f'phone,first_name\n9.19877E+11,a\n{ANN},a\0b\n{ANN},"open\n{BEN},a,b\n\0{BEN},c\n'
    job = await imported(world, content)
    told = {row["line"]: row["reason"] for row in await bad_rows(world, job["id"])}
    assert told == {
        2: "phone: was rounded by a spreadsheet (9.19877E+11), which has lost its last digits; "
        "format the column as text and save it again",
        3: "first_name: holds control characters",
        4: "a quote is opened and never closed",
        5: "has 3 cells, the first line has 2",
        6: "phone: holds control characters",
    }


async def test_the_settings_say_where_national_numbers_are_dialled(world: World) -> None:
    """A file that names no country goes by the organisation's; one that names another by that."""
    content = "phone,first_name\n(202) 555-0001,Ann\n020 7946 0018,Ben\n"
    assert counts(await imported(world, content)) == (0, 0, 0, 2, 0)
    await organisation.update(
        world.engine, ORG, {"default_country": "us"}, by="ann", if_version=None
    )
    assert counts(await imported(world, content)) == (1, 0, 0, 1, 0)
    assert counts(await imported(world, content, default_country="GB")) == (1, 0, 0, 1, 0)
    assert await names(world) == {ANN: "Ann", "+442079460018": "Ben"}
