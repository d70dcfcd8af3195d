"""Runs one Rasa replica: `python -m bot.serve --model PATH --port N`.

It listens on 127.0.0.1 only. From the environment it wants RASA_TOKEN (channel header `X-Rasa-Token`, HTTP API parameter
`token`), ACTION_ENDPOINT_URL and ACTION_TOKEN (the services' action webhook), REDIS_HOST, REDIS_PORT and REDIS_PASSWORD.
Exit status: 0 after SIGTERM or SIGINT, 2 if it cannot start.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot.environment import prepare

if TYPE_CHECKING:
    from sanic import Sanic

HOME = Path(__file__).resolve().parent
DRAIN_SECONDS = 2.5
"""How long open requests may take after SIGTERM."""
_REQUIRED = ("RASA_TOKEN", "ACTION_ENDPOINT_URL", "ACTION_TOKEN", "REDIS_HOST", "REDIS_PORT")


def main(arguments: list[str] | None = None) -> int:
    """Parses the command line and serves until told to stop."""
    parser = argparse.ArgumentParser(prog="bot.serve", description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="a model archive")
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1")
    parser.add_argument("--endpoints", type=Path, default=HOME / "endpoints.yml")
    parser.add_argument("--credentials", type=Path, default=HOME / "credentials.yml")
    options = parser.parse_args(arguments)

    required = _REQUIRED if options.endpoints == HOME / "endpoints.yml" else _REQUIRED[:1]
    if missing := [name for name in required if not os.environ.get(name)]:
        print(f"bot.serve: set {', '.join(missing)}", file=sys.stderr)
        return 2
    if not options.model.is_file():
        print(f"bot.serve: no model at {options.model}", file=sys.stderr)
        return 2
    prepare()
    os.environ.setdefault("REDIS_PASSWORD", "")
    app = make_app(options.model, options.port, options.endpoints, options.credentials)
    app.run(
        host="127.0.0.1",
        port=options.port,
        workers=1,
        access_log=False,
        motd=False,
        backlog=100,
    )
    return 0


def make_app(model: Path, port: int, endpoints: Path, credentials: Path) -> Sanic:
    """Rasa's Sanic application with the gateway channel and the HTTP API; the model is loaded when it starts."""
    from rasa.core.run import close_resources, configure_app, create_http_input_channels, load_agent_on_start
    from rasa.core.utils import AvailableEndpoints

    from bot import speedups
    from bot.logs import adopt_loggers, configure_logs

    configure_logs()
    speedups.apply()
    available = AvailableEndpoints.read_endpoints(str(endpoints))
    app: Sanic = configure_app(
        create_http_input_channels(None, str(credentials)),
        auth_token=os.environ["RASA_TOKEN"],
        enable_api=True,
        port=port,
        endpoints=available,
    )
    adopt_loggers()
    app.config.GRACEFUL_SHUTDOWN_TIMEOUT = DRAIN_SECONDS
    app.config.ACCESS_LOG = False
    app.register_listener(partial(load_agent_on_start, str(model), available, None), "before_server_start")
    app.register_listener(_warm_up, "before_server_start")
    app.register_listener(close_resources, "after_server_stop")
    return app


async def _warm_up(app: Sanic, _: object) -> None:
    """Loads dictionary and encoder before the first citizen waits for them (1.4 s).

    Rasa would serve without a model; a replica that cannot answer must not look alive, so the process ends with 2.
    """
    from bot.classification import classify

    if not app.ctx.agent.is_ready():
        logging.getLogger("bot.serve").critical("the model could not be loaded")
        logging.shutdown()
        os._exit(2)
    await classify(app.ctx.agent, ["안녕하세요"])


if __name__ == "__main__":
    status = main()
    logging.shutdown()
    sys.stdout.flush()
    os._exit(status)  # TensorFlow's tear-down would take another second or two of the five that a stop may take
