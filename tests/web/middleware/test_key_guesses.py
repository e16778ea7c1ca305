"""Whoever tries API keys is slowed down, and nobody else."""

from datetime import timedelta

import pytest

from functions.engine.accounts import api_keys
from functions.web.middleware import key_guesses
from functions.web.middleware.key_guesses import KeyGuesses, TooManyWrongKeysError
from tests.api.conftest import MakeRig
from tests.api.rig import JWT, Rig, token
from tests.clock import MovedClock


def key(id_: int, secret: int = 0) -> str:
    """Return the token of a key that there is not."""
    return f"clarion_acme_{id_:016x}_{secret:064x}"


def refused_after(guesses: KeyGuesses, address: str, tokens: list[str]) -> int:
    """Return how many wrong keys are looked at before the first is refused unseen."""
    for looked_at, each in enumerate(tokens):
        try:
            guesses.check(address, each)
        except TooManyWrongKeysError:
            return looked_at
        guesses.note_wrong(address, each)
    return len(tokens)


def test_an_address_has_ten_guesses_and_then_one_every_six_seconds() -> None:
    """The guesses of an address count together, whatever keys they are."""
    clock = MovedClock()
    guesses = KeyGuesses(clock=clock)
    many = [key(n) for n in range(100)]
    assert refused_after(guesses, "192.0.2.1", many) == 10
    assert refused_after(guesses, "192.0.2.2", many) == 10
    clock.advance(timedelta(seconds=12))
    assert refused_after(guesses, "192.0.2.1", many) == 2


def test_guessing_the_secret_of_one_key_is_stopped_sooner() -> None:
    """Guesses that share all but the secret are five, and no bar to the key's own holder."""
    guesses = KeyGuesses(clock=MovedClock())
    assert refused_after(guesses, "192.0.2.1", [key(1, n) for n in range(100)]) == 5
    assert refused_after(guesses, "192.0.2.9", [key(1)]) == 1


def test_a_key_that_was_right_passes_whatever_comes_from_beside_it() -> None:
    """Nobody behind the same proxy is shut out by another's guesses."""
    guesses = KeyGuesses(clock=MovedClock())
    guesses.note_right("clarion_acme_good")
    refused_after(guesses, "192.0.2.1", [key(n) for n in range(100)])
    guesses.check("192.0.2.1", "clarion_acme_good")
    with pytest.raises(TooManyWrongKeysError, match="try again in 6 s"):
        guesses.check("192.0.2.1", key(1000))


def test_a_network_of_ipv6_counts_as_one() -> None:
    """Who has a whole network gains nothing by changing the address within it."""
    guesses = KeyGuesses(clock=MovedClock())
    for n in range(10):
        guesses.note_wrong(f"2001:db8::{n:x}", key(n))
    with pytest.raises(TooManyWrongKeysError):
        guesses.check("2001:db8::ffff", key(1000))
    guesses.check("2001:db8:0:1::1", key(1000))
    guesses.note_wrong("::ffff:192.0.2.1", key(1))
    assert refused_after(guesses, "192.0.2.1", [key(n) for n in range(50)]) == 9


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many addresses and keys those that were quiet for longest are forgotten."""
    monkeypatch.setattr(key_guesses, "_REMEMBERED", 4)
    guesses = KeyGuesses(clock=MovedClock())
    for n in range(100):
        guesses.note_wrong(f"192.0.2.{n}", key(n))
        guesses.note_right(key(n))
    assert (len(guesses._free_at), len(guesses._right)) == (4, 4)


async def test_wrong_keys_cost_no_reads_after_a_while(jwt_rig: Rig) -> None:
    """The eleventh wrong key is refused with 429 and a time, before the store is asked."""
    answers = [await jwt_rig.get("/lists", authorization=f"Bearer {key(n)}") for n in range(12)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 2
    assert answers[-1].json()["code"] == "RATE_LIMITED"
    assert answers[-1].headers["retry-after"] == "6"
    assert (await jwt_rig.get("/lists", authorization=token())).status_code == 200


async def test_a_good_key_goes_on_working(jwt_rig: Rig) -> None:
    """A key in use is not kept out by wrong ones from the same address; a revoked one is out."""
    new = api_keys.NewKey(name="a", role="viewer", by="ana")
    made, good = await api_keys.create(jwt_rig.stack.engine, "acme", new)
    bearer = {"authorization": f"Bearer {good}"}
    assert (await jwt_rig.get("/lists", **bearer)).status_code == 200
    for n in range(12):
        await jwt_rig.get("/lists", authorization=f"Bearer {key(n)}")
    assert (await jwt_rig.get("/lists", **bearer)).status_code == 200
    await api_keys.revoke(jwt_rig.stack.engine, "acme", made.id, by="ana")
    assert (await jwt_rig.get("/lists", **bearer)).status_code == 401


@pytest.mark.parametrize(
    ("proxies", "told", "statuses"),
    [
        (0, "198.51.100.{n}", {429}),  # nobody's word is taken
        (1, "198.51.100.{n}", {401}),  # our proxy tells them apart
        (1, "198.51.100.{n}, 203.0.113.7", {429}),  # what the sender made up before it
        (2, "198.51.100.{n}, 203.0.113.7", {401}),
        (2, "10.0.0.1, 198.51.100.{n}:4711, 203.0.113.7", {401}),
        (1, "[2001:db8:{n}::1]:443", {401}),
        (1, "unknown-{n}", {429}),
    ],
)
async def test_addresses_are_believed_as_far_as_our_proxies_tell_them(
    make_rig: MakeRig, proxies: int, told: str, statuses: set[int]
) -> None:
    """X-Forwarded-For counts as many entries from its end as TRUSTED_PROXIES says."""
    rig = make_rig(**JWT, trusted_proxies=proxies)
    answers = [
        await rig.get(
            "/lists",
            authorization=f"Bearer {key(n)}",
            x_forwarded_for=told.replace("{n}", str(n)),
        )
        for n in range(20)
    ]
    assert {answer.status_code for answer in answers[10:]} == statuses
