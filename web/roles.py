"""Which role a view or an event handler needs, and which one the sender of a request has."""

from dataclasses import dataclass
from typing import Any, Callable, Optional, TypeVar

from appliance.contract.roles import Role

View = TypeVar("View", bound=Callable[..., Any])


class Denied(Exception):
    """A request is refused.

    Attributes:
        status: Of HTTP: 400 (makes no sense), 401 (sign in), 403 (not for this role, or not from this page), 411, 429.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Identity:
    """Who sends a request.

    Attributes:
        name: Of the account; "" for nobody.
        role: What it may do.
        changed: `Account.changed` at that time.
        session: The value of the session's cookie, where there is one.
    """

    name: str
    role: Role
    changed: float = 0.0
    session: Optional[str] = None


NOBODY = Identity("", Role.ANONYMOUS)


def needs(role: Optional[Role]) -> Callable[[View], View]:
    """Declare the role that a view needs; None is for nobody."""

    def declare(view: View) -> View:
        view.needed_role = role  # type: ignore[attr-defined]
        return view

    return declare


def check_role(has: Role, needs: Role) -> None:
    """Raises Denied where a role does not suffice."""
    if has >= needs:
        return
    if has == Role.ANONYMOUS:
        raise Denied(401, "Sign in first.")
    raise Denied(403, "Only an operator may do that; you are signed in as a viewer.")


def needed_role(view: Any) -> Optional[Role]:
    role: Optional[Role] = getattr(view, "needed_role", None)
    return role
