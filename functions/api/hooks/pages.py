"""Pages for readers of mails: without scripts, and with nothing from anywhere else."""

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from html import escape
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import Path, Request
from fastapi.responses import HTMLResponse

from functions.api.hooks.catalogue import CATALOGUE, Words, language_for
from functions.web.openapi import FAILURES

_STYLE: Final = """\
:root { color-scheme: light dark; font: 100%/1.5 system-ui, sans-serif; }
body { margin: 0; padding: 2rem 1rem; }
main { max-width: 34rem; margin: 0 auto; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; }
fieldset { border: 1px solid; border-radius: .5rem; margin: 1.5rem 0; padding: .75rem 1rem; }
label { display: block; padding: .4rem 0; }
input { width: 1.1rem; height: 1.1rem; margin: 0 .6rem 0 0; vertical-align: -.15rem; }
button { font: inherit; padding: .6rem 1.4rem; cursor: pointer; }
small { display: block; margin-top: 1.5rem; font-size: .9rem; }
"""
_STYLE_HASH: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()
#: A link is of one person: nobody keeps its page, is told its address, shows it in a frame or
#: lists it.
PRIVATE: Final = {
    "cache-control": "no-store, private, max-age=0",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex, nofollow",
}
_HEADERS: Final = {
    **PRIVATE,
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-frame-options": "DENY",
    "vary": "accept-language",
}
#: What stands behind /links/u/ or /links/c/: links are cut off and lengthened on their way, and
#: whatever is left of them is answered with a page.
Token = Annotated[str, Path(json_schema_extra={"minLength": 1, "maxLength": 8192})]
_HTML: Final = {"text/html": {"schema": {"type": "string"}}}
#: How the pages that are shown instead are documented.
INSTEAD: Final[dict[int | str, dict[str, Any]]] = {
    404: {
        "description": "A page: the link is none of ours",
        # What cannot be a path at all, such as one with line breaks, leads to no page.
        "content": {**_HTML, **FAILURES["default"]["content"]},
    },
    410: {"description": "A page: its mail is forgotten", "content": _HTML},
    503: {"description": "A page: try again later", "content": _HTML},
}
_PAGE: Final = """\
<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{heading}</h1>
{body}
</main>
</body>
</html>
"""


def language_of(request: Request, *known: str) -> str:
    """Return the language to answer somebody in, of whom this is known beside their request."""
    return language_for(known, request.headers.get("accept-language", ""))


def asked(language: str, name: str, address: str, scopes: Sequence[str]) -> HTMLResponse:
    """Return the page that asks what is to stop, of these scopes; nothing has changed yet."""
    words = CATALOGUE[language]
    question = _sentence(words.ask, words, name, address)
    body = _paragraph(question) + _form(words, words.what, scopes)
    return _page(language, words.unsubscribe, name, body + _still(words))


def done(
    language: str, name: str, address: str, stopped: Sequence[str], left: Sequence[str]
) -> HTMLResponse:
    """Return the page that says what has stopped, and offers what is left."""
    words = CATALOGUE[language]
    text = words.done if left else words.done_with_all
    topics = ", ".join(words.topics[scope] for scope in stopped)
    body = _paragraph(_sentence(text, words, name, address, escape(topics)), role="status")
    body += _form(words, words.more, left) if left else ""
    return _page(language, words.unsubscribe, name, body + _still(words))


def dead(language: str) -> HTMLResponse:
    """Return the page of a link that is none of ours."""
    words = CATALOGUE[language]
    body = _paragraph(escape(words.no_link_why))
    return _page(language, words.no_link, "", body, HTTPStatus.NOT_FOUND)


def gone(language: str) -> HTMLResponse:
    """Return the page of a link whose mail nobody knows any more."""
    words = CATALOGUE[language]
    return _page(language, words.no_link, "", _paragraph(escape(words.gone_why)), HTTPStatus.GONE)


def broken(language: str) -> HTMLResponse:
    """Return the page for when we cannot do it now."""
    words = CATALOGUE[language]
    body = _paragraph(escape(words.broken_why), role="alert")
    page = _page(language, words.broken, "", body, HTTPStatus.SERVICE_UNAVAILABLE)
    page.headers["retry-after"] = "60"
    return page


def _page(
    language: str, heading: str, name: str, body: str, status: int = HTTPStatus.OK
) -> HTMLResponse:
    content = _PAGE.format(
        language=language,
        title=escape(f"{heading}: {name}" if name else heading),
        style=_STYLE,
        heading=escape(heading),
        body=body,
    )
    return HTMLResponse(content, status, {**_HEADERS, "content-language": language})


def _paragraph(html: str, *, role: str = "") -> str:
    return f'<p role="{role}">{html}</p>\n' if role else f"<p>{html}</p>\n"


def _still(words: Words) -> str:
    return f"<small>{escape(words.still)}</small>"


def _sentence(text: str, words: Words, name: str, address: str, topic: str = "") -> str:
    """Return a sentence as HTML; whatever a name is written in, it does not turn the rest round."""
    shown = f"<strong><bdi>{escape(name)}</bdi></strong>" if name else escape(words.sender)
    return escape(text).format(
        name=shown, address=f"<bdi>{escape(address)}</bdi>", topic=f"<strong>{topic}</strong>"
    )


def _form(words: Words, legend: str, scopes: Sequence[str]) -> str:
    """Return the form, which is posted to the page's own address; its first choice is chosen."""
    choices = "".join(
        f'<label><input type="radio" name="scope" value="{escape(scope)}"'
        f"{' checked' if scope == scopes[0] else ''}>{escape(words.topics[scope])}</label>\n"
        for scope in scopes
    )
    fields = f"<fieldset>\n<legend>{escape(legend)}</legend>\n{choices}</fieldset>"
    button = f'<button type="submit">{escape(words.unsubscribe)}</button>'
    return f'<form method="post">\n{fields}\n{button}\n</form>\n'
