"""Quick start: two actions, one at once and one two days later, on a file beside this one.

Run it twice: the first action is called once all the same. Ctrl-C ends it.
"""

import asyncio
import sys
from contextlib import suppress

from functions import Call, CampaignScheduler, Worker


def callback(call: Call) -> str:
    """Do what an action says; what is returned is kept as its log."""
    print(f"{call.subject}: {call.action_id} {call.callback['view']}")
    return "sent"


async def main(store: str) -> None:
    """Define, schedule, and call back until it is stopped."""
    async with CampaignScheduler(store, worker=Worker(callback=callback)) as scheduler:
        await scheduler.define(
            {
                "id": "emailCampaign1",
                "active": True,
                "actions": [
                    {
                        "id": "action1",
                        "interval": {"offset": "0days"},
                        "callback": {"id": "sendEmail", "view": "emailTemplate1"},
                    },
                    {
                        "id": "action2",
                        "interval": {"offset": "2days"},
                        "callback": {"id": "sendEmail", "view": "emailTemplate2"},
                    },
                ],
            }
        )
        await scheduler.schedule("emailCampaign1", "contact#1")
        await scheduler.start()
        await asyncio.Event().wait()


if __name__ == "__main__":
    store = sys.argv[1] if len(sys.argv) > 1 else "sqlite:///quick-start.db"
    with suppress(KeyboardInterrupt):
        asyncio.run(main(store))
