"""Queries in SQLite's words."""

from typing import Any

from functions.engine.ports.store import Query, Where
from functions.stores.indexes import Need, Ordered
from functions.stores.sqlite.documents import column
from functions.stores.sqlite.schema import DIRECTIONS, column_of, table_of

Clause = tuple[str, list[Any]]

_PARENT = "parent = (SELECT id FROM parents WHERE path = ?)"


def select(query: Query, needed: Need) -> Clause:
    """Return the statement that reads path, version and document of what `query` asks for."""
    condition, values = _condition(query, needed)
    order = ", ".join(f"{each} {DIRECTIONS[direction]}" for each, direction in _sort(needed))
    table = table_of(needed.collection)
    statement = (
        f"SELECT path, version, doc FROM {table}"  # noqa: S608  quoted names
        f" WHERE {condition} ORDER BY {order} LIMIT ? OFFSET ?"
    )
    return statement, [*values, query.limit, query.offset]


def count(query: Query, needed: Need) -> Clause:
    """Return the statement that counts what `query` would return without limit and offset."""
    condition, values = _condition(query, needed)
    return f"SELECT count(*) FROM {table_of(needed.collection)} WHERE {condition}", values  # noqa: S608  quoted names


def select_paths(table: str) -> str:
    """Return the statement that reads documents by a JSON list of pairs: collection and id.

    The order of the joins is forced: each pair is looked up by its key.
    """
    return (
        "SELECT path, version, doc FROM (SELECT parents.id AS parent, wanted.value ->> 1 AS id"  # noqa: S608  quoted names
        " FROM json_each(?) AS wanted CROSS JOIN parents ON parents.path = wanted.value ->> 0)"
        f" CROSS JOIN {table} USING (parent, id)"
    )


def select_ids(table: str) -> str:
    """Return the statement that reads documents of one collection by a JSON list of ids."""
    return (
        f"SELECT path, version, doc FROM {table}"  # noqa: S608  quoted names
        f" WHERE {_PARENT} AND id IN (SELECT value FROM json_each(?))"
    )


def _condition(query: Query, needed: Need) -> Clause:
    clauses: list[Clause] = [] if query.group else [(_PARENT, [query.collection])]
    clauses += [_where(where) for where in query.where]
    clauses += [(f"{column_of(field)} IS NOT NULL", []) for field, _ in needed.order]
    if query.start_after is not None:
        clauses.append(_behind(_sort(needed), _cursor(query, needed)))
    condition = " AND ".join(clause for clause, _ in clauses)
    return condition or "1", [value for _, values in clauses for value in values]


def _where(where: Where) -> Clause:
    if where.value is None and where.op == "==":
        field = where.field.replace('"', '\\"')
        return f"{column_of(where.field)} IS NULL AND json_type(doc, ?) = 'null'", [f'$."{field}"']
    return f"{column_of(where.field)} {where.op} ?", [column(where.value)]


def _sort(needed: Need) -> list[Ordered]:
    """Return the columns to sort by: the ordered fields, then the path."""
    direction = needed.order[-1][1] if needed.order else "ASCENDING"
    tie = "path" if needed.group else "id"
    return [*((column_of(field), each) for field, each in needed.order), (tie, direction)]


def _cursor(query: Query, needed: Need) -> list[Any]:
    """Return the values of the sorted columns at which the query goes on."""
    *values, path = query.start_after or ()
    ordered = dict(zip((name.lstrip("-") for name in query.order_by), values, strict=True))
    last = path if needed.group else path.rpartition("/")[2]
    return [*(column(ordered[field]) for field, _ in needed.order), last]


def _behind(sort: list[Ordered], values: list[Any]) -> Clause:
    """Return the condition that a row sorts behind these values."""
    if len({direction for _, direction in sort}) == 1:
        names = ", ".join(name for name, _ in sort)
        marks = ", ".join("?" * len(sort))
        return f"({names}) {_sign(sort[0])} ({marks})", values
    (name, _), *rest = sort
    inner, inner_values = _behind(rest, values[1:])
    clause = f"({name} {_sign(sort[0])} ? OR ({name} = ? AND {inner}))"
    return clause, [values[0], values[0], *inner_values]


def _sign(ordered: Ordered) -> str:
    return ">" if ordered[1] == "ASCENDING" else "<"
