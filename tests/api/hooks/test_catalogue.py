"""The catalogue says the same in every language."""

import re

import pytest

from functions.api.hooks.catalogue import CATALOGUE, DEFAULT, Words
from functions.domain.contacts.suppressions import SCOPES


def _marks(text: str) -> list[str]:
    return sorted(re.findall(r"{(\w+)}", text))


@pytest.mark.parametrize("language", CATALOGUE)
def test_every_language_has_every_sentence(language: str) -> None:
    """With the same marks as in English, and a word for everything one can unsubscribe from."""
    words = CATALOGUE[language]
    for name in Words._fields:
        said, english = getattr(words, name), getattr(CATALOGUE[DEFAULT], name)
        if name == "topics":
            assert set(said) == set(SCOPES)
            assert all(said.values())
        else:
            assert said
            assert _marks(said) == _marks(english)
