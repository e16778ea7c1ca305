"""Quick start on Firestore: several processes that share it do everything once.

    python examples/quick_start_firestore.py firestore://PROJECT

With FIRESTORE_EMULATOR_HOST set it uses the emulator. Start it in two shells, and end one.
"""

import asyncio
import os
import sys
from contextlib import suppress
from datetime import timedelta

from functions import Call, CampaignScheduler, Worker


async def callback(call: Call) -> None:
    """Do what an action says."""
    print(f"{os.getpid()} {call.subject}: {call.action_id}")


async def main(store: str) -> None:
    """Define, schedule twenty subjects at once, and call back until it is stopped."""
    worker = Worker(callback=callback, concurrency=50, poll_interval=timedelta(seconds=5))
    host = os.environ.get("FIRESTORE_EMULATOR_HOST", "")
    async with CampaignScheduler(store, worker=worker, emulator_host=host) as scheduler:
        actions = [
            {"id": "now", "interval": {"offset": "0days"}, "callback": {"id": "sendEmail"}},
            {"id": "later", "interval": {"offset": "2seconds"}, "callback": {"id": "sendEmail"}},
        ]
        await scheduler.define({"id": "shared", "active": True, "actions": actions})
        subjects = [f"contact#{number}" for number in range(20)]
        await asyncio.gather(*(scheduler.schedule("shared", subject) for subject in subjects))
        await scheduler.start()
        await asyncio.Event().wait()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main(sys.argv[1]))
