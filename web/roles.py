"""The role that a view or an event handler needs, and the role of a request's sender."""

from dataclasses import dataclass
from typing import Any, Callable, Optional, TypeVar

from appliance.contract.roles import Role

View = TypeVar("View", bound=Callable[..., Any])


class Denied(Exception):
    """A request is refused.

    Attributes:
        status: HTTP status: 400 (invalid), 401 (sign in), 403 (not for this role, or not from this page), 411, 429.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Identity:
    """The sender of a request.

    Attributes:
        name: The account's name; "" for nobody.
        role: The account's role.
        changed: `Account.changed` at that time.
        session: The value of the session cookie, if there is one.
    """

    name: str
    role: Role
    changed: float = 0.0
    session: Optional[str] = None


NOBODY = Identity("", Role.ANONYMOUS)


def needs(role: Optional[Role]) -> Callable[[View], View]:
    """Declare the role that a view needs; None if none is needed."""

    def declare(view: View) -> View:
        view.needed_role = role  # type: ignore[attr-defined]
        return view

    return declare


def check_role(has: Role, needs: Role) -> None:
    """Raise Denied if a role is not sufficient."""
    if has >= needs:
        return
    if has == Role.ANONYMOUS:
        raise Denied(401, "Sign in first.")
    raise Denied(403, "Only an operator may do that; you are signed in as a viewer.")


def needed_role(view: Any) -> Optional[Role]:
    """Return the role that a view declared; None for no role or no declaration."""
    role: Optional[Role] = getattr(view, "needed_role", None)
    return role
