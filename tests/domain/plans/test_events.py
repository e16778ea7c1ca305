"""Events: which of them count for whom, by when they happened and what they happened to."""

from datetime import timedelta

from functions.domain.plans.enrollment import Enrollment
from functions.domain.plans.facts import Facts, MessageFacts, Occurrence
from tests.domain.plans.walking import DAY, HOUR, START, STOP, Walker, look, on, plan, send, wait

MINUTE = timedelta(minutes=1)
ROUND = plan(
    send("a", on("clicked", "b", within="P1D"), on("no_click", "a", after="P2D")),
    wait("b", on("visit", "stop", within="P1D"), on("elapsed", "a", after="P3D")),
    STOP,
)


def test_what_happened_before_a_node_was_entered_is_no_answer_to_it() -> None:
    """A visit a minute before the click does not count as one that followed it."""
    for minutes, path in ((-1, ["a", "b", "a"]), (0, ["a", "b", "stop", "end"])):
        visit = Occurrence("visit", START + HOUR + minutes * MINUTE, "v-1")
        walker = Walker(ROUND, {"a": [("clicked", HOUR)]}, custom=[visit])
        walker.look_at([START, START + HOUR, START + 4 * DAY + HOUR])
        assert walker.path[: len(path)] == path


def test_an_event_that_a_slow_clock_dates_before_its_message_counts() -> None:
    """It is bound to this visit's message: the provider's clock decides nothing."""
    walker = Walker(ROUND, {"a": [("clicked", -HOUR)]}).look_at([START, START + MINUTE])
    assert (walker.node, walker.enrollment.moves[0].at) == ("b", START)


def test_an_event_that_is_dated_ahead_moves_nobody_before_that() -> None:
    """And it is not forgotten until then."""
    walker = Walker(ROUND).look(START)
    ahead = Facts({"a/a/1": MessageFacts(START, None, {"clicked": START + HOUR})})
    before = look(ROUND, walker.enrollment, ahead, START).enrollment
    assert (before.threads["a"].node, before.next_at) == ("a", START + HOUR)
    assert look(ROUND, before, ahead, START + HOUR).enrollment.threads["a"].node == "b"


def test_a_receipt_that_is_told_before_the_send_was_recorded_counts() -> None:
    """The click of a mail that nobody has written down as sent yet is this visit's."""
    walker = Walker(ROUND).look(START)
    early = Facts({"a/a/1": MessageFacts(None, None, {"clicked": START + MINUTE})})
    after = look(ROUND, walker.enrollment, early, START + 2 * MINUTE).enrollment
    assert after.threads["a"].node == "b"


def test_what_people_do_before_a_message_leaves_is_judged_alike_before_and_after() -> None:
    """It is within any time of the send, and after none: however long that is held back."""
    visit = Occurrence("visit", START + HOUR, "v-1")
    end = on("elapsed", "stop", after="P1D")
    for timing, path in (({"within": "PT1H"}, "b"), ({"after": "PT0S"}, "stop"), ({}, "b")):
        walked = plan(send("a", on("visit", "b", **timing), end), wait("b", end), STOP)
        for looks in ([START, START + HOUR, START + 3 * DAY], [START, START + 3 * DAY]):
            walker = Walker(walked, custom=[visit], late=6 * HOUR).look_at(looks)
            assert walker.enrollment.moves[0].target == path


def test_whoever_replies_to_the_first_mail_leaves_three_nodes_on() -> None:
    """Exits hold for every message of the walk, wherever somebody stands."""
    row = [send(id_, on("elapsed", to, after="P1D")) for id_, to in ("ab", "bc", "cd")]
    walked = plan(*row, send("d"), exits=[{"on": "replied", "as": "answered"}])
    walker = Walker(walked, exits={"replied": START + 2 * DAY + HOUR})
    walker.look_at(START + hour * HOUR for hour in range(0, 200, 6))
    assert (walker.enrollment.exit, len(walker.promises)) == ("answered", 3)


def test_a_click_on_the_message_of_an_earlier_visit_moves_nobody() -> None:
    """The node is entered again, with a message of its own."""
    walker = Walker(ROUND).look_at([START, START + 2 * DAY, START + 2 * DAY])
    assert walker.enrollment.threads["a"].visit == 2
    told = walker.facts(START + 3 * DAY)
    late = told.messages["a/a/1"]._replace(events={"clicked": START + 3 * DAY})
    facts = told._replace(messages={**told.messages, "a/a/1": late})
    after = look(ROUND, walker.enrollment, facts, START + 3 * DAY).enrollment
    assert after.threads["a"] == walker.enrollment.threads["a"]


def test_an_event_that_happens_as_its_wait_begins_is_heard() -> None:
    """Whoever clicks and buys in one instant has bought."""
    bought = plan(
        send("a", on("clicked", "b"), on("elapsed", "stop", after="P9D")),
        wait("b", on("purchase", "stop"), on("elapsed", "c", after="P1D")),
        send("c"),
        STOP,
    )
    purchase = Occurrence("purchase", START + HOUR, "p-1")
    walker = Walker(bought, {"a": [("clicked", HOUR)]}, custom=[purchase])
    assert walker.look_at([START, START + HOUR]).path == ["a", "b", "stop", "end"]


def test_the_first_way_whose_time_holds_is_taken() -> None:
    """In the order of the node's list, both limits included."""
    ways = [
        on("clicked", "early", within="PT1H"),
        on("clicked", "late", after="PT2H"),
        on("clicked", "between"),
        on("elapsed", "stop", after="P1D"),
    ]
    waits = [wait(id_, ways[-1]) for id_ in ("early", "late", "between")]
    walked = plan(send("a", *ways), *waits, STOP)
    for minutes, node in ((60, "early"), (61, "between"), (119, "between"), (120, "late")):
        walker = Walker(walked, {"a": [("clicked", minutes * MINUTE)]})
        assert walker.look_at([START, START + 3 * HOUR]).node == node


def test_an_exit_before_the_entry_ends_nobody() -> None:
    """Whoever bought last year may be welcomed this year."""
    walked = plan(send("a", on("elapsed", "stop", after="P1D")), STOP, exits=[{"on": "purchase"}])
    walker = Walker(walked, exits={"purchase": START - HOUR}).look_at([START, START + DAY])
    assert walker.enrollment.exit == ""


def test_a_bounce_ends_a_walk_unless_the_node_says_what_follows() -> None:
    """Everywhere else nothing could reach them any more."""
    end = on("elapsed", "stop", after="P1D")
    text = send("b", end, channel="sms", subject=None)
    says = plan(send("a", on("bounced", "b"), end), text, STOP)
    silent = plan(send("a", end), STOP)
    enrollments: list[Enrollment] = []
    for walked in (says, silent):
        walker = Walker(walked, {"a": [("bounced", HOUR)]}, exits={"bounced": START + HOUR})
        enrollments.append(walker.look_at([START, START + HOUR]).enrollment)
    assert [each.exit for each in enrollments] == ["", "bounced"]
