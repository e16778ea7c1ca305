"""A process with a worker, to be killed: it writes down each call as it begins and as it ends."""

import asyncio
import os
import random
import sys
from datetime import timedelta
from pathlib import Path

from functions import Call, CampaignScheduler, Worker


async def main(store: str, book: Path, idempotent: bool) -> None:
    """Call back until killed."""
    written = os.open(book, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def callback(call: Call) -> str:
        os.write(written, f"begun {call.subject} {call.action_id} {call.key}\n".encode())
        await asyncio.sleep(random.uniform(0, 0.02))  # noqa: S311 - no secret
        os.write(written, f"ended {call.subject} {call.action_id} {call.key}\n".encode())
        return "done"

    worker = Worker(
        callback=callback,
        concurrency=20,
        poll_interval=timedelta(seconds=0.5),
        timeout=timedelta(seconds=1),
        idempotent=idempotent,
    )
    async with CampaignScheduler(store, worker=worker) as scheduler:
        await scheduler.start()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3] == "idempotent"))
