"""The function that carriers call back: verify the signature, then apply the receipts."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from functions.api.fields import Id
from functions.api.house import House, HouseOf
from functions.domain.errors import InvalidFieldError, NotFoundError
from functions.domain.events import MessageRef
from functions.engine.campaigns import load
from functions.engine.ports import WebhookRequest
from functions.engine.receive import receive

router = APIRouter(tags=["webhooks"])

_PATH = "/webhooks/{provider}/{event}/{org}/{campaign}/{message}/{attempt}"


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
    house: HouseOf,
) -> Response | dict[str, Any]:
    """Apply what a carrier reports of a message; the answer webhook is told where to connect."""
    channel = house.engine.channels.get(provider)
    if channel is None:
        raise NotFoundError("Provider", provider)
    try:
        events = channel.parse_webhook(await _as_sent(request, house))
    except ValueError as error:
        raise InvalidFieldError("body", str(error)) from None
    for each in events:
        await receive(house.engine, each)
    if event != "answer":
        return {"status": 200, "message": "OK"}
    bot_url = (await load(house.engine, org, campaign)).bot_url
    answer = channel.answer(MessageRef(org, campaign, message), attempt, bot_url)
    return Response(answer.body, media_type=answer.media_type)


async def _as_sent(request: Request, house: House) -> WebhookRequest:
    """Return the request under the URL that the carrier knows us by, which is what it signs.

    That is the URL that we gave it, whatever a proxy or a function's name has cut off its path.
    """
    query = f"?{request.url.query}" if request.url.query else ""
    url = f"{house.settings.public_base_url}{request.url.path}{query}"
    return WebhookRequest(request.method, url, dict(request.headers), await request.body())
