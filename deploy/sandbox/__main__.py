from __future__ import annotations

import logging

import uvicorn

from deploy.sandbox.app import create_app
from deploy.sandbox.settings import settings_or_exit


def main() -> None:
    settings = settings_or_exit()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    print(f"sandbox agencies on http://{settings.host}:{settings.port}", flush=True)
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=2,
    )


if __name__ == "__main__":
    main()
