"""What somebody may do."""

import enum


class Role(enum.IntEnum):
    """A higher role may all that a lower one may."""

    ANONYMOUS = 0
    VIEWER = 1
    OPERATOR = 2
