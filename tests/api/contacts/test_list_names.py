"""A list's name is its own: a second one of that name is refused, unless it is to be added to."""

from typing import Any

from tests.api.campaigns.writing import problem
from tests.api.rig import Rig, numbers

A, B, C = numbers(3)


def rows(*people: str) -> str:
    """Return a CSV file of numbers."""
    return "\n".join(("number", *people))


async def upload(rig: Rig, *people: str, **data: str) -> Any:
    """Upload a file under one name."""
    files = {"file": ("people.csv", rows(*people))}
    return await rig.http.post("/upload-csv", files=files, data={"listName": "Spring", **data})


async def bring(rig: Rig, *people: str, **data: str) -> Any:
    """Import a file, and let the import end."""
    content = rows(*people).replace("number", "phone", 1)
    files = {"file": ("people.csv", content)}
    answer = await rig.http.post("/contacts/imports", files=files, data=data)
    await rig.settle()
    return answer


async def lists(rig: Rig) -> list[tuple[str, int]]:
    """Return the names and sizes of all lists."""
    return [(each["name"], each["size"]) for each in (await rig.get("/lists")).json()["data"]]


async def test_an_upload_under_a_used_name_is_refused(rig: Rig) -> None:
    """409, and neither a second list nor its people are there."""
    assert (await upload(rig, A)).status_code == 200
    refused = await upload(rig, B)
    assert refused.status_code == 409
    assert refused.json() == {"status": 409, "message": "List named 'Spring' already exists"}
    assert await lists(rig) == [("Spring", 1)]
    assert len((await rig.get("/contacts")).json()["data"]) == 1


async def test_an_upload_may_append(rig: Rig) -> None:
    """With append=true new people join the list of that name; who is on it is a duplicate."""
    first = (await upload(rig, A, B, append="true")).json()
    again = (await upload(rig, B, C, append="true")).json()
    assert (again["listId"], again["imported"], again["duplicates"]) == (first["listId"], 1, 1)
    assert again["errors"][0]["error"].startswith(f"number: {B} is on the list")
    assert await lists(rig) == [("Spring", 3)]


async def test_a_list_imported_twice_is_told(rig: Rig) -> None:
    """A file of which everybody is on the list already is taken, with a warning."""
    await upload(rig, A, B)
    again = (await upload(rig, A, B, append="true")).json()
    assert (again["imported"], again["warnings"][0]["code"]) == (0, "LIST_IMPORTED_TWICE")
    assert await lists(rig) == [("Spring", 2)]


async def test_every_way_to_name_a_list_is_held_to_it(rig: Rig) -> None:
    """An empty list, another name for one, and an import's list."""
    made = (await rig.post("/lists", {"name": "Spring"})).json()
    other = (await rig.post("/lists", {"name": "Other"})).json()
    problem(await rig.post("/lists", {"name": "Spring"}), 409, "NAME_TAKEN")
    renamed = await rig.http.patch(f"/lists/{other['id']}", json={"name": "Spring"})
    problem(renamed, 409, "NAME_TAKEN")
    problem(await bring(rig, A, list_name="Spring"), 409, "NAME_TAKEN")
    assert (await upload(rig, A)).status_code == 409
    same = await rig.http.patch(f"/lists/{made['id']}", json={"name": "Spring"})
    assert same.status_code == 200


async def test_a_name_is_free_again_when_its_list_is_gone(rig: Rig) -> None:
    """After a deletion, after another name, and after an import that was undone."""
    made = (await rig.post("/lists", {"name": "Spring"})).json()
    await rig.http.patch(f"/lists/{made['id']}", json={"name": "Summer"})
    assert (await rig.post("/lists", {"name": "Spring"})).status_code == 201
    await rig.http.delete(f"/lists/{made['id']}")
    job = (await bring(rig, A, list_name="Summer")).json()
    assert (await rig.post(f"/contacts/imports/{job['id']}/undo")).status_code == 202
    await rig.settle()
    assert (await rig.post("/lists", {"name": "Summer"})).status_code == 201


async def test_an_import_may_append(rig: Rig) -> None:
    """`append` puts its people on the list of that name, or on a new one."""
    for people in ((A,), (A, B)):
        answer = await bring(rig, *people, list_name="Spring", append="true")
        assert answer.status_code == 202
    assert await lists(rig) == [("Spring", 2)]
    for data in ({"append": "true"}, {"list_name": "x", "append": "perhaps"}):
        assert problem(await bring(rig, A, **data), 400, "INVALID_FIELD")["field"] == "append"


async def test_a_name_is_held_while_its_import_is_at_work(rig: Rig) -> None:
    """Two imports into one new name at once do not make two lists."""
    files = {"file": ("people.csv", f"phone\n{A}")}
    first, second = [
        await rig.http.post("/contacts/imports", files=files, data={"list_name": "Spring"})
        for _ in range(2)
    ]
    assert (first.status_code, second.status_code) == (202, 409)
    await rig.settle()
    assert await lists(rig) == [("Spring", 1)]


async def test_a_form_says_everything_once(rig: Rig) -> None:
    """Two files, two names or an unknown field: nothing is imported."""
    file = ("file", ("a.csv", rows(A)))
    name = ("listName", (None, "Spring"))
    for form, field in (
        ([file, file, name], "file"),
        ([file, name, name], "listName"),
        ([file, name, ("listname", (None, "x"))], "listname"),
    ):
        answer = await rig.http.post("/upload-csv", files=form)
        assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert await lists(rig) == []
