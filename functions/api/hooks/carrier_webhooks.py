"""The function that carriers call back: verify the signature, then apply what they tell.

A message's own URL takes what happens to it. Texts that people send us, and batches of receipts,
come to one URL for each provider and organisation.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, assert_never

from fastapi import APIRouter, Request
from fastapi.responses import Response

from functions.domain.errors import InvalidFieldError, NotFoundError
from functions.domain.messages.delivery_events import DeliveryEvent, Inbound, MessageRef
from functions.domain.plain_text import whole
from functions.engine.campaigns.call_answers import call_answer, stray_answer
from functions.engine.kernel.concurrency import for_each
from functions.engine.kernel.engine import Engine
from functions.engine.ports.channel import Receiver, WebhookRequest
from functions.engine.receipts.applying import Applied
from functions.engine.receipts.inbound import receive_inbound
from functions.engine.receipts.orphans import receive_or_keep
from functions.web.context import AppContext, Context
from functions.web.fields import Id
from functions.web.routing.route import Route

router = APIRouter(tags=["webhooks"], route_class=Route)

_PATH = "/webhooks/{provider}/{event}/{org}/{campaign}/{message}/{attempt}"
_INBOUND = "/webhooks/{provider}/inbound/{org}"
#: Of one batch, what is applied at a time.
_AT_ONCE: Final = 20
_OK: Final = {"status": 200, "message": "OK"}


@router.get(_PATH, response_model=None)
@router.post(_PATH, response_model=None)
async def receive_webhook(
    provider: str,
    event: str,
    org: Id,
    campaign: Id,
    message: Id,
    attempt: int,
    request: Request,
    context: Context,
) -> Response | dict[str, Any]:
    """Apply what a carrier reports of a message; the answer webhook is told where to connect."""
    receiver = _receiver(context, provider)
    told = _told(receiver, await _as_sent(request, context))
    applied = await _take(context.engine, org, provider, told)
    if event != "answer":
        return _OK
    ref = MessageRef(org, campaign, message)
    if applied:
        call = await call_answer(context.engine, applied[0].campaign, applied[0].message)
    else:
        call = await stray_answer(context.engine, ref)
    answer = receiver.answer(ref, attempt, call.bot_url, call.about)
    return Response(answer.body, media_type=answer.media_type)


@router.post(_INBOUND)
async def receive_inbound_webhook(
    provider: str, org: Id, request: Request, context: Context
) -> dict[str, Any]:
    """Apply a batch of what a carrier reports: receipts of any messages, and texts to the org.

    One that fails keeps none of the others from being applied; the carrier is answered 5xx, and
    what it repeats is applied once.
    """
    told = _told(_receiver(context, provider), await _as_sent(request, context))
    await _take(context.engine, org, provider, told)
    return _OK


@router.get(_INBOUND, response_model=None)
@router.head(_INBOUND, response_model=None, include_in_schema=False)
async def greet_carrier(provider: str, org: Id, request: Request, context: Context) -> Response:  # noqa: ARG001 - any organisation's URL is ours
    """Answer a carrier that asks whether this URL is ours."""
    answer = _receiver(context, provider).greet(await _as_sent(request, context))
    return Response(answer.body, media_type=answer.media_type)


def _receiver(context: AppContext, provider: str) -> Receiver:
    receiver = context.receivers.get(provider)
    if receiver is None:
        raise NotFoundError("Provider", provider)
    return receiver


def _told(receiver: Receiver, request: WebhookRequest) -> Sequence[DeliveryEvent | Inbound]:
    try:
        return [_whole(each) for each in receiver.parse_webhook(request)]
    except ValueError as error:
        raise InvalidFieldError("body", str(error)) from None


def _whole(told: DeliveryEvent | Inbound) -> DeliveryEvent | Inbound:
    """Return what was told without halves of characters, which no store keeps."""
    if isinstance(told, DeliveryEvent):
        return replace(told, provider_id=whole(told.provider_id), reason=whole(told.reason))
    texts: dict[str, Any] = {
        name: whole(text) for name, text in told._asdict().items() if isinstance(text, str)
    }
    return told._replace(**texts)


async def _take(
    engine: Engine, org: str, provider: str, told: Sequence[DeliveryEvent | Inbound]
) -> list[Applied]:
    """Apply what was told; return what the receipts made of the messages that exist."""
    found = list[Applied]()

    async def take(each: DeliveryEvent | Inbound) -> None:
        match each:
            case DeliveryEvent():
                if applied := await receive_or_keep(engine, each):
                    found.append(applied)
            case Inbound():
                await receive_inbound(engine, org, provider, each)
            case _:
                assert_never(each)

    async def take_all(about_one: Sequence[DeliveryEvent | Inbound]) -> None:
        await for_each(about_one, take, at_once=1)

    await for_each(_by_message(told), take_all, at_once=_AT_ONCE)
    return found


def _by_message(
    told: Sequence[DeliveryEvent | Inbound],
) -> list[list[DeliveryEvent | Inbound]]:
    """Return what is told, what concerns one message or person together, and nothing twice.

    Receipts of one message that were applied at the same time would only get in each other's way.
    """
    found: dict[object, dict[str, DeliveryEvent | Inbound]] = {}
    for each in told:
        about = each.ref if isinstance(each, DeliveryEvent) else each.address
        found.setdefault(about, {})[each.id] = each
    return [list(events.values()) for events in found.values()]


async def _as_sent(request: Request, context: AppContext) -> WebhookRequest:
    """Return the request under the URL that the carrier knows us by, which is what it signs.

    That is the URL that we gave it, whatever a proxy or a function's name has cut off its path.
    """
    query = f"?{request.url.query}" if request.url.query else ""
    url = f"{context.settings.public_base_url}{request.url.path}{query}"
    return WebhookRequest(request.method, url, dict(request.headers), await request.body())
