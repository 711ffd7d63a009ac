"""The error of a value that a setting does not accept."""

from typing import Tuple, Union

Path = Tuple[Union[str, int], ...]


class BadValue(ValueError):
    """The value is not acceptable; the text follows the name of the setting: "must be ..., not ..."."""


class BadPart(BadValue):
    """A part of a value is not acceptable; the text names it: "zones.yard.polygon has 2 points; ...".

    Attributes:
        path: The keys and positions, from 0, that lead to it: ("zones", "yard", "polygon").
        problem: The text without that name.
    """

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{name_of(path)} {problem}" if path else problem)
        self.path = path
        self.problem = problem


def name_of(path: Path) -> str:
    """Return a path for people: "ignore.2.polygon" for ("ignore", 1, "polygon")."""
    return ".".join(str(one + 1) if isinstance(one, int) else one for one in path)
