"""Roles of users."""

import enum


class Role(enum.IntEnum):
    """A role includes everything that lower roles may do."""

    ANONYMOUS = 0
    VIEWER = 1
    OPERATOR = 2
