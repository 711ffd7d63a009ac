"""Which board this is, and the defaults that suit it."""

from appliance.board.capacity import FAMILY_NAMES, check_board_holds, reason_not_to_hold
from appliance.board.detect import Board, detect_board
from appliance.board.profile import load_profile

__all__ = [
    "FAMILY_NAMES", "Board", "check_board_holds", "detect_board", "load_profile", "reason_not_to_hold",
]
