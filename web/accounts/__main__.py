"""`python -m web.accounts`: add, change and remove accounts of the dashboard. A running dashboard notices at once."""

import argparse
import getpass
import os
import sys
from typing import List, Optional

from appliance.contract.roles import Role
from web.accounts.passwords import make_password
from web.accounts.store import Accounts, AccountsError
from web.options import VARIABLE, OptionsError, read_options

ROLES = ["viewer", "operator"]


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m web.accounts", description=__doc__)
    parser.add_argument("--state-dir", help=f"the appliance's state folder (default: that of ${VARIABLE})")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.required = True
    add = commands.add_parser("add", help="add a user; asks for the password")
    password = commands.add_parser("password", help="set a password; signs the user out everywhere")
    token = commands.add_parser("token", help="make a token for a machine; shown once, `remove` takes it away")
    remove = commands.add_parser("remove", help="remove a user or a token")
    commands.add_parser("list", help="list users and tokens")
    for command in (add, password, token, remove):
        command.add_argument("name")
    for command in (add, token):
        command.add_argument("--role", choices=ROLES, default="viewer", help="default: viewer")
    for command in (add, password):
        command.add_argument("--generate", action="store_true", help="make up a password and show it")
    return parser


def _ask_password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise AccountsError("They are not the same; nothing was changed.")
    return password


def _run(options: argparse.Namespace) -> None:
    if not options.state_dir and not os.environ.get(VARIABLE):
        raise AccountsError("Give the folder: --state-dir DIR before the command.")
    accounts = Accounts(options.state_dir or read_options().state_dir)
    if options.command in ("add", "password"):
        password = make_password() if options.generate else _ask_password()
        if options.command == "add":
            accounts.add(options.name, Role[options.role.upper()], password)
        else:
            accounts.set_password(options.name, password)
        if options.generate:  # only now, so that a refused change prints no password
            _say(f"password {password} (shown once)")
    elif options.command == "token":
        _say(f"token {accounts.add_token(options.name, Role[options.role.upper()])} (shown once)")
    elif options.command == "remove":
        accounts.remove(options.name)
    else:
        for account in accounts.all().values():
            _say(f"{account.name:<32} {account.role.name.lower():<8} {'token' if account.token else 'password'}")


def main(words: Optional[List[str]] = None) -> int:
    try:
        _run(_parser().parse_args(words))
    except (AccountsError, OptionsError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
