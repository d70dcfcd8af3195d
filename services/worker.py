"""The job worker: `python -m services.worker`. Any number may run side by side."""

from __future__ import annotations

import asyncio

import structlog

from services import logs, runtime
from services.agencies import delivery
from services.cases import notices
from services.jobs import jobs, make_app
from services.runtime import Services
from services.settings import Settings, settings_or_exit

log = structlog.get_logger()

# Importing them declares their tasks.
TASKS = (delivery.deliver, delivery.sweep_deliveries, notices.send_notices)
CONCURRENCY = 8


@jobs.periodic(cron="* * * * * */5")
@jobs.task(name="retry_stalled_jobs", queue="housekeeping", queueing_lock="retry_stalled_jobs", pass_context=True)
async def retry_stalled_jobs(context: object, timestamp: int) -> None:  # noqa: ARG001
    """Jobs whose worker stopped sending its heartbeat are started again (every job here may run twice safely)."""
    app = context.app  # type: ignore[attr-defined]
    settings = settings_or_exit()
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=settings.worker_stalled_after):
        await app.job_manager.retry_job(job)
        log.info("stalled_job_retried", task=job.task_name, job=job.id)


async def run(settings: Settings) -> None:
    services = Services(settings)
    runtime.bind(services)
    try:
        with jobs.replace_connector(make_app(settings).connector) as app:
            async with app.open_async():
                log.info("worker_started")
                await app.run_worker_async(
                    concurrency=CONCURRENCY,
                    fetch_job_polling_interval=1.0,
                    shutdown_graceful_timeout=5.0,
                    update_heartbeat_interval=settings.worker_heartbeat,
                    stalled_worker_timeout=settings.worker_stalled_after * 3,
                    delete_jobs="successful",
                )
    finally:
        await services.aclose()


def main() -> None:
    settings = settings_or_exit()
    logs.configure("worker")
    asyncio.run(run(settings))


if __name__ == "__main__":
    main()
