"""Writes and queries as Firestore's requests."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from google.cloud.firestore_v1.types import (
    BatchGetDocumentsRequest,
    CommitRequest,
    RunAggregationQueryRequest,
    RunQueryRequest,
    StructuredQuery,
)

from functions.engine.ports.store import (
    Add,
    Create,
    Delete,
    Query,
    Set,
    StoreError,
    Update,
    Where,
    Write,
)
from functions.stores.document_paths import place
from functions.stores.firestore.alike import Shape, copy, shape_of
from functions.stores.firestore.values import fill, put, put_version
from functions.stores.indexes import Need

_Commit = CommitRequest.pb()
_BatchGet = BatchGetDocumentsRequest.pb()
_RunQuery = RunQueryRequest.pb()
_RunAggregation = RunAggregationQueryRequest.pb()

_NAME = "__name__"
_PLAIN_FIELD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")
_Operator = StructuredQuery.FieldFilter.Operator
_OPERATORS = {
    "==": _Operator.EQUAL,
    "<": _Operator.LESS_THAN,
    "<=": _Operator.LESS_THAN_OR_EQUAL,
    ">": _Operator.GREATER_THAN,
    ">=": _Operator.GREATER_THAN_OR_EQUAL,
}
_AND = StructuredQuery.CompositeFilter.Operator.AND
_IS_NULL = StructuredQuery.UnaryFilter.Operator.IS_NULL
_IS_NOT_NULL = StructuredQuery.UnaryFilter.Operator.IS_NOT_NULL
_DIRECTIONS = {
    "ASCENDING": StructuredQuery.Direction.ASCENDING,
    "DESCENDING": StructuredQuery.Direction.DESCENDING,
}

#: The aggregation's name in its answer.
COUNT = "n"


class Requests:
    """Makes the requests for one database."""

    def __init__(self, project: str, database: str) -> None:
        self.database = f"projects/{project}/databases/{database}"
        self._root = f"{self.database}/documents"

    def commit(self, writes: Sequence[Write]) -> Any:
        request = _Commit(database=self.database)
        before: Shape | None = None
        like: Any = None
        for write in writes:
            message, name = request.writes.add(), f"{self._root}/{write.path}"
            shape = shape_of(write)
            if before is not None and shape is not None and shape.frame == before.frame:
                copy(message, like, before=before, after=shape, name=name)
            else:
                place(write.path)
                _put_write(message, write, name)
            before, like = shape, message
        return request

    def batch_get(self, paths: Sequence[str]) -> Any:
        for path in paths:
            place(path)
        names = [f"{self._root}/{path}" for path in dict.fromkeys(paths)]
        return _BatchGet(database=self.database, documents=names)

    def run_query(self, query: Query, needed: Need) -> Any:
        request = _RunQuery(parent=self._parent(query))
        self._put_query(request.structured_query, query, needed)
        request.structured_query.limit.value = query.limit
        request.structured_query.offset = query.offset
        return request

    def run_count(self, query: Query, needed: Need) -> Any:
        request = _RunAggregation(parent=self._parent(query))
        aggregation = request.structured_aggregation_query
        self._put_query(aggregation.structured_query, query, needed)
        count = aggregation.aggregations.add(alias=COUNT).count
        count.SetInParent()
        return request

    def path(self, name: str) -> str:
        """Return our path of a document, from its resource name."""
        return name[len(self._root) + 1 :]

    def _parent(self, query: Query) -> str:
        above = "" if query.group else query.collection.rpartition("/")[0]
        return f"{self._root}/{above}" if above else self._root

    def _put_query(self, message: Any, query: Query, needed: Need) -> None:
        message.from_.add(collection_id=needed.collection, all_descendants=query.group)
        message.where.composite_filter.op = _AND
        for where in query.where:
            _put_where(message.where.composite_filter.filters.add(), where)
        _put_order(message, query, needed)
        if not message.where.composite_filter.filters:
            message.ClearField("where")
        if query.start_after is not None:
            self._put_cursor(message.start_at, query, needed)

    def _put_cursor(self, cursor: Any, query: Query, needed: Need) -> None:
        *values, path = query.start_after or ()
        ordered = dict(zip((name.lstrip("-") for name in query.order_by), values, strict=True))
        for field, _ in needed.order:
            put(cursor.values.add(), ordered[field])
        cursor.values.add().reference_value = f"{self._root}/{path}"
        cursor.before = False


def _put_order(message: Any, query: Query, needed: Need) -> None:
    """Put the order, and that the first ordered field is not null: Firestore would return it.

    Firestore allows one such condition; nulls in further ordered fields it returns.
    """
    last = needed.order[-1][1] if needed.order else "ASCENDING"
    for field, direction in needed.order:
        order = message.order_by.add(direction=_DIRECTIONS[direction])
        order.field.field_path = field_path(field)
    message.order_by.add(direction=_DIRECTIONS[last]).field.field_path = _NAME
    if needed.order and all(where.op == "==" for where in query.where):
        unary = message.where.composite_filter.filters.add().unary_filter
        unary.field.field_path = field_path(needed.order[0][0])
        unary.op = _IS_NOT_NULL


def _put_where(message: Any, where: Where) -> None:
    if where.op == "==" and where.value is None:
        message.unary_filter.field.field_path = field_path(where.field)
        message.unary_filter.op = _IS_NULL
    else:
        message.field_filter.field.field_path = field_path(where.field)
        message.field_filter.op = _OPERATORS[where.op]
        put(message.field_filter.value, where.value)


def _put_write(message: Any, write: Write, name: str) -> None:
    match write:
        case Create(data=data):
            message.update.name = name
            fill(message.update.fields, data)
            message.current_document.exists = False
        case Set(data=data):
            message.update.name = name
            fill(message.update.fields, data)
            _put_precondition(message.current_document, write.if_version)
        case Update(changes=changes):
            message.update.name = name
            fill(message.update.fields, changes)
            message.update_mask.field_paths.extend([field_path(field) for field in changes])
            message.current_document.exists = True
            _put_precondition(message.current_document, write.if_version)
        case Delete():
            message.delete = name
            _put_precondition(message.current_document, write.if_version)
        case Add(amounts=amounts, within=within):
            message.update.name = name
            message.update_mask.SetInParent()  # that names no field: the others are left alone
            if write.must_exist:
                message.current_document.exists = True
            start = f"{field_path(within)}." if within else ""
            for field, amount in amounts.items():
                path = f"{start}{field_path(field)}"
                transform = message.update_transforms.add(field_path=path)
                put(transform.increment, amount)


def _put_precondition(message: Any, if_version: int | None) -> None:
    if if_version is not None:
        put_version(message.update_time, if_version)


@lru_cache(maxsize=1024)
def field_path(field: str) -> str:
    """Return a field's name as a path, quoted where it would be read as more than one name."""
    if _PLAIN_FIELD.fullmatch(field):
        return field
    if not field:
        raise StoreError("a field needs a name")
    return "`" + field.replace("\\", "\\\\").replace("`", "\\`") + "`"
