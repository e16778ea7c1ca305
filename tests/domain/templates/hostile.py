"""Templates as an attacker writes them, and what they are filled in with."""

from typing import Any

ITEM = {"name": "Pen", "price": 2.5}
PERSON = {"first_name": "Ada", "since": "2026-01-31", "items": [ITEM]}

SPLIT = "{% assign a = '" + "x," * 80 + "' | split: ',' %}"
TWO_LOOPS = SPLIT + "{% for i in a %}{% for j in a %}"
END_LOOPS = "{% endfor %}{% endfor %}"
ALL_TRUE = "{% if " + " and ".join(["''"] * 28) + " %}{% endif %}"


def repeated(text: str, setting: str, *, times: int = 5) -> str:
    """Return a template that first makes a long `a` of `text`."""
    grow = "{% assign a = a | append: a %}" * times
    return "{% assign a = '" + text * (150 // len(text)) + "' %}" + grow + setting


HOSTILE = {
    "loops behind each other": SPLIT + ("{% for i in a %}{% for j in a %}" + END_LOOPS) * 40,
    "loops in each other": SPLIT + "{% for i in a %}" * 10 + "x" + "{% endfor %}" * 10,
    "empty blocks in loops": TWO_LOOPS + "{% if 1 %}{% endif %}" * 100 + END_LOOPS,
    "filters in loops": TWO_LOOPS + ("{{ 1" + "|url_encode" * 16 + "}}") * 30 + END_LOOPS,
    "conditions in loops": TWO_LOOPS + ALL_TRUE * 30 + END_LOOPS,
    "output in loops": TWO_LOOPS + "y" * 5000 + END_LOOPS,
    "captures in loops": TWO_LOOPS + f"{{% capture b %}}{'y' * 5000}{{% endcapture %}}" + END_LOOPS,
    "multiplying whens": f"{{% case 1 %}}{{% when {','.join('1' * 90)} %}}" * 10
    + "{% endcase %}" * 10,
    "a range": "{% for i in (1..1000000000) %}x{% endfor %}",
    "a range backwards": "{% for i in (1..1000000000) reversed %}x{% endfor %}",
    "a range's end": "{% for i in (1..1000000000) offset: 999999999 %}x{% endfor %}",
    "an assigned range": "{% assign a = (1..1000000000) %}{{ a | join }}",
    "appending": repeated("y", "", times=200),
    "capturing": "{% capture a %}yyyyyyyy{% endcapture %}"
    + "{% capture a %}{{ a }}{{ a }}{% endcapture %}" * 60,
    "replacing": repeated("y", "{% assign a = a | replace: 'y', a %}" * 100),
    "replacing nothing": repeated("y", "{% assign a = a | replace: '', a %}" * 100),
    "joining": "{% assign b='yyyyyyyyyyyyyyyy' %}"
    + "{% assign a = b | split: '' %}{% assign b = a | join: b %}" * 99,
    "growing numbers": "{% assign a = 999999999 %}" + "{% assign a = a | times: a %}" * 99,
    "a huge number": "{{ 9" + " | times: 999999" * 12 + " }}",
    "a number of many digits": repeated("9", "{{ a | plus: 1 }}" * 100),
    "infinity": "{{ '1e999999999' | times: 1 }}",
    "padding dates": "{{ since | date: '%9999999d' }}",
    "text in text": repeated(
        "y",
        "{% assign b = a | append: 'z' | append: a %}"
        "{% assign c = a | append: a | append: a | append: a %}"
        + "{% if c contains b %}{% endif %}"
        * 140,
        times=3,
    ),
    "text from text": repeated("y", "{{ a | remove: a | default: a | remove: 'yz' }}" * 100),
    "blanks": repeated(" ", "{{ a | squish }}" * 100),
    "words": repeated("y ", "{{ a | truncatewords: 3 }}" * 100),
    "encoding": repeated("ж", "{{ a | url_encode }}" * 100, times=4),
    "entities": repeated("<", "{{ a | escape }}" * 100),
    "many placeholders": "{first_name}" * 2000,
    "many tags": "{% if a %}{% endif %}" * 3000,
    "many filters": ("{{ 'a'" + "|upcase" * 24 + "}}") * 300,
    "much code": ("{% if " + " or ".join(["a"] * 38) + " %}{% endif %}") * 200,
    "deep blocks": "{% if a %}" * 900 + "{% endif %}" * 900,
    "open outputs": "{{" * 5000,
    "open blanks": "{{" + " " * 9000,
    "open tags": "{% raw %}" * 1111,
    "open comments": "{% comment %}" + ("{%" + " " * 60) * 150,
    "open raws": "{% raw %}" + ("{%" + " " * 60) * 150,
    "quotes": ("{{ " + "\"'" * 95 + " }}") * 40,
    "open brackets": "{{ a" + "[" * 190 + " }}",
    "quoted brackets": "{{ a" + "['  " * 45 + " }}",
    "parentheses": "{{ " + "(" * 190 + " }}",
    "loading itself": "{% include 'self' %}{% render 'self' %}",
    "a huge value": "{{ huge }}" * 300,
    "a huge value's filter": "{{ huge | upcase | replace: 'y', 'z' }}",
    "a long list": "{% for i in long %}x{% endfor %}",
    "a deep list": "{{ deep | join }}",
}
DEEP: list[Any] = []
for _ in range(900):
    DEEP = [DEEP]
VALUES = {**PERSON, "huge": "<" * 1_000_000, "long": [1] * 100_000, "deep": DEEP}

#: What the limits let pass, as large as they let it be.
LARGEST = (
    ("{% if " + " or ".join(["a"] * 38) + " %}{% endif %}") * 40,
    ("{{ 1" + "|abs" * 45 + "}}") * 42,
    "{{ a | upcase }}" * 300,
    "{{ a['x']" + ".x" * 60 + " }}",
    "{{ 'a' | append: 'b' }}{first_name}" * 140,
)
