"""`python -m admin.auth create-user`: accounts from the command line.

The password comes from the environment variable ADMIN_PASSWORD; without it one is made up and printed, once, in the
JSON line that the command writes to stdout.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys

from admin.auth import accounts, passwords
from admin.auth.enums import Role
from services.database import Database
from services.settings import settings_or_exit


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m admin.auth")
    commands = parser.add_subparsers(dest="command", required=True)
    create = commands.add_parser("create-user", help="make an account for the panel")
    create.add_argument("--username", required=True)
    create.add_argument("--role", required=True, type=Role, choices=list(Role))
    create.add_argument("--display-name", required=True)
    create.add_argument("--department")
    create.add_argument("--phone")
    create.add_argument("--if-absent", action="store_true", help="succeed quietly when the account is there already")
    return parser.parse_args()


async def create_user(arguments: argparse.Namespace) -> dict[str, object]:
    """Returns what to print. Raises AccountError, WeakPassword."""
    given = os.environ.get("ADMIN_PASSWORD")
    password = given or passwords.generate()
    database = Database(settings_or_exit())
    try:
        async with database.transaction() as session:
            user = await accounts.create_user(
                session,
                username=arguments.username,
                role=arguments.role,
                display_name=arguments.display_name,
                department=arguments.department,
                phone=arguments.phone,
                password=password,
            )
    except accounts.UsernameTaken:
        if not arguments.if_absent:
            raise
        return {"username": accounts.normal_username(arguments.username), "created": False}
    finally:
        await database.aclose()
    made: dict[str, object] = {"username": user.username, "role": user.role, "created": True}
    return made if given else made | {"password": password}


def main() -> int:
    try:
        print(json.dumps(asyncio.run(create_user(_arguments())), ensure_ascii=False))
    except accounts.UsernameTaken as error:
        print(f"create-user: the user name {error} is taken", file=sys.stderr)
        return 1
    except accounts.InvalidUsername as error:
        print(f"create-user: {error} is no user name (3 to 40 of a-z, 0-9, . - _)", file=sys.stderr)
        return 1
    except passwords.WeakPassword as error:
        print(f"create-user: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
