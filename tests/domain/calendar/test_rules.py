"""Rules of recurrence: what is read, refused by part, and said in words."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from functions.domain.calendar.rule_words import rule_words
from functions.domain.calendar.rules import Day, InvalidRuleError, parse_rule

START = datetime(2026, 3, 2, 14, tzinfo=UTC)  # a Monday, 09:00 in New York


def test_a_rule_is_read_part_by_part() -> None:
    """In any order, in small letters, and with its name before it, as calendars write it."""
    rule = parse_rule("rrule:byday=-1fr,2mo;freq=monthly;interval=2;until=20271231")
    assert (rule.frequency, rule.interval) == ("MONTHLY", 2)
    assert rule.days == (Day(4, -1), Day(0, 2))
    assert rule.until == datetime(2027, 12, 31, 23, 59, 59)  # noqa: DTZ001 - as clocks show it


@pytest.mark.parametrize(
    ("rule", "part", "problem"),
    [
        ("", "", "'' is no part of a rule"),
        ("FREQ", "", "'FREQ' is no part of a rule"),
        ("FREQ=DAILY;", "", "'' is no part of a rule"),
        ("every Monday", "", "one line without blanks"),
        ("INTERVAL=2", "FREQ", "is missing"),
        ("FREQ=HOURLY", "FREQ", "must be one of DAILY, WEEKLY, MONTHLY, YEARLY, not 'HOURLY'"),
        ("FREQ=SECONDLY", "FREQ", "must be one of"),
        ("FREQ=DAILY; BYHOUR=9", "", "one line without blanks"),
        ("DTSTART:20270101T090000\nRRULE:FREQ=DAILY", "", "its start is said beside it"),
        ("FREQ=DAILY;FREQ=DAILY", "FREQ", "is said twice"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL", "from 1 to 1,000, not '0'"),
        ("FREQ=DAILY;INTERVAL=-1", "INTERVAL", "from 1 to 1,000"),
        ("FREQ=DAILY;INTERVAL=1.5", "INTERVAL", "whole numbers"),
        ("FREQ=DAILY;COUNT=0", "COUNT", "from 1 to 100,000"),
        ("FREQ=DAILY;COUNT=\u0663", "COUNT", "whole numbers"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20270101", "UNTIL", "goes without COUNT"),
        ("FREQ=DAILY;UNTIL=2027", "UNTIL", "must be a day or an instant"),
        ("FREQ=DAILY;UNTIL=20270231", "UNTIL", "must be a day or an instant"),
        ("FREQ=WEEKLY;BYDAY=XX", "BYDAY", "must be days such as MO"),
        ("FREQ=WEEKLY;BYDAY=", "", "'BYDAY=' is no part"),
        ("FREQ=WEEKLY;BYDAY=MO,,TU", "BYDAY", "must be days"),
        ("FREQ=WEEKLY;BYDAY=2MO", "BYDAY", "go with FREQ=MONTHLY or YEARLY"),
        ("FREQ=MONTHLY;BYDAY=0MO", "BYDAY", "from -53 to 53 but 0"),
        ("FREQ=MONTHLY;BYDAY=6MO", "BYDAY", "names day 6 of a month"),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=20MO", "BYDAY", "names day 20 of a month"),
        ("FREQ=YEARLY;BYWEEKNO=1;BYDAY=2MO", "BYDAY", "do not go with BYWEEKNO"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY", "but 0, not '0'"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY", "not '32'"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY", "does not go with FREQ=WEEKLY"),
        ("FREQ=YEARLY;BYMONTH=13", "BYMONTH", "from 1 to 12"),
        ("FREQ=MONTHLY;BYWEEKNO=20", "BYWEEKNO", "goes with FREQ=YEARLY"),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR", "from 0 to 23"),
        ("FREQ=DAILY;BYMINUTE=60", "BYMINUTE", "from 0 to 59"),
        ("FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS", "there is none"),
        ("FREQ=YEARLY;BYWEEKNO=2;BYSETPOS=1", "BYSETPOS", "does not go with BYWEEKNO"),
        ("FREQ=DAILY;BYHOUR=9;BYSETPOS=2", "BYSETPOS", "does not go with FREQ=DAILY"),
        (
            f"FREQ=MONTHLY;BYDAY=MO;BYSETPOS={','.join(map(str, range(1, 12)))}",
            "BYSETPOS",
            "has more than 10 numbers",
        ),
        ("FREQ=DAILY;BYSECOND=1", "BYSECOND", "the seconds are those of the start"),
        ("FREQ=YEARLY;BYYEARDAY=100", "BYYEARDAY", "say BYMONTH and BYMONTHDAY"),
        ("FREQ=WEEKLY;WKST=SU", "WKST", "weeks begin on Monday"),
        ("FREQ=DAILY;COLOUR=RED", "COLOUR", "a rule is made of FREQ"),
        ("FREQ=DAILY;BYHOUR=" + "1," * 300, "", "at most 500 characters"),
    ],
)
def test_what_is_no_rule_is_refused_by_its_part(rule: str, part: str, problem: str) -> None:
    """Never read as something else."""
    with pytest.raises(InvalidRuleError) as refused:
        parse_rule(rule)
    assert refused.value.part == part
    assert problem in str(refused.value)
    assert str(refused.value).startswith(f"{part}: " if part else "")


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("FREQ=MONTHLY;BYDAY=2MO;COUNT=12", "every second Monday of the month at 09:00, 12 times"),
        ("FREQ=DAILY", "every day at 09:00"),
        ("FREQ=DAILY;INTERVAL=3;COUNT=1", "every 3 days at 09:00, once"),
        ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "every working day at 09:00"),
        ("FREQ=DAILY;INTERVAL=2;BYDAY=SA", "every 2 days, only on Saturday at 09:00"),
        ("FREQ=DAILY;BYMONTH=7", "every day in July at 09:00"),
        ("FREQ=DAILY;BYHOUR=9,17;BYMINUTE=30", "every day at 09:30 and 17:30"),
        (
            "FREQ=DAILY;BYHOUR=9,10;BYMINUTE=0,15,30,45",
            "every day 8 times from 09:00 to 10:45",
        ),
        ("FREQ=WEEKLY", "every Monday at 09:00"),
        (
            "FREQ=WEEKLY;BYDAY=MO,WE,FR;UNTIL=20271231",
            "every Monday, Wednesday and Friday at 09:00, until 31 December 2027",
        ),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", "every 2 weeks on each Monday at 09:00"),
        ("FREQ=MONTHLY", "every month on the 2nd at 09:00"),
        ("FREQ=MONTHLY;BYMONTHDAY=15,-1", "every month on the 15th and last day at 09:00"),
        ("FREQ=MONTHLY;INTERVAL=3;BYDAY=-1FR", "every 3 months on the last Friday at 09:00"),
        (
            "FREQ=MONTHLY;BYDAY=-1FR,MO",
            "every Monday and the last Friday of the month at 09:00",
        ),
        (
            "FREQ=YEARLY;BYDAY=-1FR,MO;BYMONTH=3",
            "every year on each Monday and the last Friday of March at 09:00",
        ),
        ("FREQ=MONTHLY;BYDAY=1MO;BYMONTH=3", "every first Monday of the month in March at 09:00"),
        (
            "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
            "every month on each Friday that is the 13th at 09:00",
        ),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            "every last working day of the month at 09:00",
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=1,2;BYSETPOS=2",
            "every month on the 1st and 2nd at 09:00, of these only the second of the month",
        ),
        ("FREQ=YEARLY", "every year on the 2nd of March at 09:00"),
        ("FREQ=YEARLY;BYMONTHDAY=1", "every year on the 1st of each month at 09:00"),
        ("FREQ=YEARLY;BYDAY=20MO", "every year on the 20th Monday of the year at 09:00"),
        ("FREQ=YEARLY;BYDAY=MO", "every year on each Monday at 09:00"),
        (
            "FREQ=YEARLY;BYWEEKNO=20,-2;BYDAY=MO",
            "every year in the 20th and the second last week on each Monday at 09:00",
        ),
        (
            "FREQ=YEARLY;INTERVAL=2;BYDAY=-1SU;BYMONTH=3,10;UNTIL=20300101T170000Z",
            (
                "every 2 years on the last Sunday of March and October at 09:00,"
                " until 1 January 2030, 17:00 UTC"
            ),
        ),
    ],
)
def test_a_rule_is_said_in_words(rule: str, words: str) -> None:
    """With what it leaves to its start, by the clocks of the zone."""
    assert rule_words(parse_rule(rule), START, ZoneInfo("America/New_York")) == words
