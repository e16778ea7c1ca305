"""What whole cases ask of the store is bounded: a cloud bills it, and it decides how fast we are.

`python -m benchmarks operations` counts the same for more people, and says of what it consists.
"""

import random
from uuid import UUID

import pytest
from pytest_mock import MockerFixture

from benchmarks.operations import cases, plans, virtual_time
from benchmarks.operations.cases import Case

#: For one of so many: writes and reads as they were counted last. Lower them whenever they sink.
REACHED = [
    (cases.text, 100, 3.7, 2.7),
    (cases.calls, 50, 8.5, 6.3),
    (cases.blocked_calls, 50, 6.0, 5.1),
    (cases.mail, 50, 6.3, 5.3),
    (cases.webhook, 50, 3.9, 3.3),
    (cases.import_row, 100, 1.13, 1.08),
    (cases.single, 2, 28.5, 30.5),
    (plans.enroll, 100, 1.12, 1.09),
    (plans.move_by_timer, 100, 2.2, 3.2),
    (plans.send_moved, 100, 1.2, 1.6),
    (plans.move_by_receipt, 50, 5.2, 5.2),
    (plans.unheard_event, 50, 1.0, 2.1),
    (cases.minutes, 20, 1.0, 7.5),
    (cases.paused, 1, 0.0, 0.0),
    (cases.closed_window, 1, 0.0, 0.0),
    (cases.waiting_plan, 1, 8.0, 27.0),
]
#: So much more is let pass.
SLACK = 1.05


@pytest.mark.parametrize(("case", "size", "writes", "reads"), REACHED)
def test_a_case_asks_no_more_of_the_store_than_it_did(
    case: Case, size: int, writes: float, reads: float, mocker: MockerFixture
) -> None:
    """Neither writes nor reads grow beyond what was reached."""
    # What goes by chance: when to come back for room, and which lane a message lies in.
    random.seed(1)
    mocker.patch("functions.engine.campaigns.drafts.uuid4", return_value=UUID(int=1))
    counted = virtual_time.run(case(size))
    assert counted.writes / size <= writes * SLACK, counted.written
    assert counted.reads / size <= reads * SLACK, counted.read
