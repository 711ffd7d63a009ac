"""Accounts, passwords, sessions and login throttling. `python -m web.accounts` changes accounts."""

from appliance.contract.roles import Role
from web.accounts.devices import Devices
from web.accounts.hashing import Hashing
from web.accounts.sessions import Session, Sessions
from web.accounts.store import Account, Accounts, AccountsError
from web.accounts.throttle import Throttle, TooManyAttempts

__all__ = [
    "Account",
    "Accounts",
    "AccountsError",
    "Devices",
    "Hashing",
    "Role",
    "Session",
    "Sessions",
    "Throttle",
    "TooManyAttempts",
]
