"""After a purchase: a mail at once, and two more, each at ten in the morning two days apart.

Customers buy on different days, and each gets each mail once. The program prints the table of
what each will get when, and calls back what is due now.
"""

import asyncio
import sys

from functions import Call, CampaignScheduler, Worker

CAMPAIGN = {
    "id": "afterPurchase",
    "active": True,
    "timezone": "Europe/Copenhagen",
    "actions": [
        {
            "id": "email1",
            "interval": {"offset": "0days"},
            "callback": {"id": "sendEmail", "view": "thanks"},
        },
        {
            "id": "email2",
            "interval": {"offset": "2days", "time": "10:00"},
            "callback": {"id": "sendEmail", "view": "howIsIt"},
        },
        {
            "id": "email3",
            "interval": {"offset": "4days", "time": "10:00"},
            "callback": {"id": "sendEmail", "view": "more"},
        },
    ],
}


async def send_email(call: Call) -> str:
    """Send a mail; here it is printed."""
    print(f"to {call.subject}: {call.callback['view']}")
    return "sent"


async def main(store: str) -> None:
    """Schedule three customers, show what is to come, and call back what is due."""
    async with CampaignScheduler(store, worker=Worker(callback=send_email)) as scheduler:
        await scheduler.define(CAMPAIGN)
        for number in (1, 2, 3):
            schedule = await scheduler.schedule("afterPurchase", f"customer#{number}")
            times = [f"{action.expected_at:%d %b %H:%M}" for action in schedule.actions]
            print(schedule.subject, *times, sep="  ")
        await scheduler.run_due()
        print(await scheduler.status())


if __name__ == "__main__":
    store = sys.argv[1] if len(sys.argv) > 1 else "sqlite:///after-purchase.db"
    asyncio.run(main(store))
