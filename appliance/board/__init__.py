"""Which board this is, and the defaults that suit it."""

from appliance.board.detect import Board, detect_board
from appliance.board.profile import load_profile

__all__ = ["Board", "detect_board", "load_profile"]
