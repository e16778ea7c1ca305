"""The simulated carrier's script: what a setting says, and what becomes of an attempt."""

import math
from dataclasses import replace
from typing import Any

import pytest

from functions.channels.simulator.script import Script, Window
from tests.channels.conformance import REF


def test_one_seed_gives_one_fate() -> None:
    """Two carriers with one script decide alike; another seed decides otherwise."""
    terms = "busy=0.2,no_answer=0.2,failed=0.2,error=0.3,duplicate=0.3,lost=0.2"
    mixed = Script.parse(terms)
    refs = [REF._replace(message=f"m{n}") for n in range(50)]
    fates = [mixed.fate(ref, 1) for ref in refs]
    assert [Script.parse(terms).fate(ref, 1) for ref in refs] == fates
    assert [replace(mixed, seed=2).fate(ref, 1) for ref in refs] != fates
    assert [mixed.fate(ref, 2) for ref in refs] != fates


def test_shares_are_kept() -> None:
    """Of many attempts, about the script's shares meet each outcome."""
    script = Script(busy=0.2, no_answer=0.1, failed=0.05)
    outcomes = [str(script.fate(REF, n).outcome) for n in range(4000)]
    for name, share in {"busy": 0.2, "no_answer": 0.1, "failed": 0.05, "connected": 0.65}.items():
        assert math.isclose(outcomes.count(name) / 4000, share, abs_tol=0.03)


def test_the_shares_of_texts_are_kept() -> None:
    """A request that arrives may still be rejected, and a text that is taken may not arrive."""
    script = Script(rejected=0.2, lost_request=0.1, undelivered=0.3)
    fates = [script.text_fate(REF, n) for n in range(4000)]
    replies = [str(fate.reply) for fate in fates]
    for name, share in {"rejected": 0.18, "lost_request": 0.1, "accepted": 0.72}.items():
        assert math.isclose(replies.count(name) / 4000, share, abs_tol=0.03)
    outcomes = [str(fate.outcome) for fate in fates]
    assert math.isclose(outcomes.count("undelivered") / 4000, 0.3, abs_tol=0.03)
    assert [script.text_fate(REF, n) for n in range(4000)] == fates


def test_people_react_in_their_shares_and_only_to_what_arrives() -> None:
    """Of the texts that arrive, about the script's shares are read and answered; no others are."""
    shares: dict[str, Any] = {
        "read": 0.6,
        "clicked": 0.3,
        "replied": 0.2,
        "complained": 0.1,
        "opted_out": 0.05,
    }
    script = Script(undelivered=0.5, **shares)
    fates = [script.text_fate(REF, n) for n in range(4000)]
    done = [[n.reaction for n in fate.notices if n.reaction] for fate in fates]
    arrived = [each for each, fate in zip(done, fates, strict=True) if fate.outcome == "delivered"]
    for name, share in shares.items():
        count = sum(name in each for each in arrived)
        assert math.isclose(count / len(arrived), share, abs_tol=0.03)
    assert sum(map(len, done)) == sum(map(len, arrived))
    assert all("read" in each for each in done if "clicked" in each)


def test_a_term_for_texts_leaves_their_other_fates_as_they_were() -> None:
    """Reactions and recalls are drawn apart: a run without them can be compared with one with."""
    plain = [Script(lost=0.2, undelivered=0.3).text_fate(REF, n) for n in range(300)]
    script = Script(lost=0.2, undelivered=0.3, read=1, opted_out=0.5, recallable=0.5)
    for before, n in zip(plain, range(300), strict=True):
        after = script.text_fate(REF, n)
        told = [notice._replace(ends=True) for notice in after.notices if not notice.reaction]
        assert after._replace(notices=tuple(told), recallable_s=0) == before


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("", Script()),
        (
            "busy=0.1, no_answer=0.1,latency_ms=20,duration_s=1",
            Script(busy=0.1, no_answer=0.1, latency_ms=20, duration_s=1),
        ),
        ("rejected=0,undelivered=0.1", Script(rejected=0, undelivered=0.1)),
        ("seed=7,outage=10-15+30-35.5,", Script(seed=7, outage=(Window(10, 15), Window(30, 35.5)))),
    ],
)
def test_a_script_is_read_from_one_setting(text: str, script: Script) -> None:
    """A setting names what differs from the default."""
    assert Script.parse(text) == script


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("bussy=0.1", "'bussy=0.1' is not a term"),
        ("busy", "'busy' must hold a number"),
        ("busy=much", "'busy=much' must hold a number"),
        ("busy=1.5", "'busy=1.5' must be from 0 to 1"),
        ("rejected=1.5", "'rejected=1.5' must be from 0 to 1"),
        ("delivery_ms=-1", "'delivery_ms=-1.0' must be 0 or more"),
        ("busy=nan", "'busy=nan' must be from 0 to 1"),
        ("spread=2", "'spread=2.0' must be from 0 to 1"),
        ("latency_ms=-1", "'latency_ms=-1.0' must be 0 or more"),
        ("duration_s=inf", "'duration_s=inf' must be 0 or more"),
        ("busy=0.1,busy=0.2", "'busy=0.2' gives the script a second busy"),
        ("busy=0.6,failed=0.6", "add up to more than 1"),
        ("error=0.6,refused=0.6", "add up to more than 1"),
        ("seed=x", "'seed=x' must hold a whole number"),
        ("outage=10", "'outage=10' must hold windows"),
        ("outage=15-10", "'outage=15-10' must hold windows"),
        ("outage=a-b", "'outage=a-b' must hold windows"),
    ],
)
def test_a_wrong_term_is_named(text: str, named: str) -> None:
    """A script that cannot be is refused with the term at fault."""
    with pytest.raises(ValueError, match=named):
        Script.parse(text)
