"""The web process: the services app with the panel on it, on one port. `python -m deploy.web`"""

from __future__ import annotations

import uvicorn
from fastapi import FastAPI

from admin.app import mount
from services import logs
from services.app import create_app
from services.runtime import Services
from services.settings import Settings, settings_or_exit


def create_whole_app(settings: Settings, *, services: Services | None = None) -> FastAPI:
    app = create_app(settings, services=services)
    mount(app)
    return app


def main() -> None:
    settings = settings_or_exit()
    logs.configure("web")
    uvicorn.run(
        create_whole_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=4,
        server_header=False,
        proxy_headers=False,
        ws_ping_interval=20,
    )


if __name__ == "__main__":
    main()
