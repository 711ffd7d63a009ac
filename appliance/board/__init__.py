"""Which board this is, and the defaults that suit it."""

from appliance.board.capacity import FAMILY_NAMES, check_board_holds, unsupported_reason
from appliance.board.detect import Board, detect_board, unknown_board_note
from appliance.board.profile import load_profile
from appliance.board.release import read_release
from appliance.board.root import board_root

__all__ = [
    "FAMILY_NAMES",
    "Board",
    "board_root",
    "check_board_holds",
    "detect_board",
    "load_profile",
    "read_release",
    "unknown_board_note",
    "unsupported_reason",
]
