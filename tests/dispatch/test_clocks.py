"""The clocks of the service's own process."""

import asyncio
from datetime import UTC, datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from dispatch.serve import cut_short
from tests.errorlog import ErrorLog


async def test_a_job_that_the_end_of_the_service_cuts_short_is_no_error(error_log: ErrorLog) -> None:
    under_way = asyncio.Event()

    async def job() -> None:
        under_way.set()
        await asyncio.Event().wait()

    scheduler = AsyncIOScheduler(timezone="UTC")
    scheduler.add_job(cut_short(job), next_run_time=datetime.now(UTC))
    scheduler.start()
    async with asyncio.timeout(30):
        await under_way.wait()
    scheduler.shutdown(wait=False)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert error_log.seen == []
