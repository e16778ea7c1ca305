"""Rendering: what a send says to one recipient, as it is stored with the message."""

from typing import Any

from functions.domain.campaigns.content import ParsedContent, texts_of
from functions.domain.campaigns.send import Send
from functions.domain.templates.template import Missing, MissingFieldError, TemplateLimitError
from functions.engine.campaigns.recipient import Recipient


class CannotRenderError(Exception):
    """A send has nothing to say to a recipient; the message is the reason's code."""


class Renderer:
    """Fills in the texts of a send."""

    def __init__(self, send: Send) -> None:
        texts = texts_of(send)
        self._content = ParsedContent.parse(texts) if any(texts) else None
        self._missing, self._defaults = Missing(send.content.missing), send.content.defaults

    def of(self, recipient: Recipient) -> dict[str, Any]:
        """Return a recipient's texts as a message's fields. Raises CannotRenderError.

        A retry repeats the texts of the earlier campaign's message.
        """
        if self._content is None:
            return {}
        try:
            texts = recipient.texts or self._content.render(
                recipient.values, missing=self._missing, defaults=self._defaults
            )
        except MissingFieldError:
            raise CannotRenderError("missing_field") from None
        except TemplateLimitError:
            raise CannotRenderError("template_too_large") from None
        return texts.stored
