"""Identify the board and provide the defaults that suit it."""

from appliance.board.detect import Board, detect_board, unknown_board_note
from appliance.board.profile import load_profile
from appliance.board.release import read_release
from appliance.board.root import board_root

__all__ = [
    "Board",
    "board_root",
    "detect_board",
    "load_profile",
    "read_release",
    "unknown_board_note",
]
