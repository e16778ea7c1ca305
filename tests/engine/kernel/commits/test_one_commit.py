"""Writes that were decided one after the other, as one commit takes them."""

from functions.engine.kernel.commits.one_commit import one_commit
from functions.engine.ports.store import Add, Create, Delete, Set, Update, Write


def test_each_document_is_written_once_in_the_order_of_deciding() -> None:
    """Later changes come over earlier ones, at the version that was read; amounts are added up."""
    writes = one_commit(
        [
            Update("m/1", {"status": "sent", "reason": ""}, 7),
            Add("s/0", {"pending": -1, "sent": 1}),
            Create("m/2", {}),
            Set("n/1", {"a": 1}),
            Update("m/1", {"status": "read"}, 7),
            Add("s/0", {"sent": -1, "read": 1}, must_exist=True),
            Set("n/1", {"a": 2}),
        ]
    )
    assert writes == [
        Update("m/1", {"status": "read", "reason": ""}, 7),
        Add("s/0", {"pending": -1, "read": 1}, must_exist=True),
        Create("m/2", {}),
        Set("n/1", {"a": 2}),
    ]


def test_what_does_not_go_together_is_left_to_the_store() -> None:
    """It refuses such a commit; nothing is lost silently."""
    odd: list[Write] = [Add("c/1", {"a": 1}), Add("c/1", {"a": 1}, within="counts"), Delete("c/1")]
    assert one_commit(odd) == odd
