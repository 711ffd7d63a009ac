"""The families of models that fit a board's memory, from boards.yml."""

from typing import Optional

from appliance.board import Board
from appliance.core.errors import ModelError
from appliance.detectors.family import find_family


def unsupported_reason(board: Board, family: str) -> Optional[str]:
    """Return why a board cannot run models of a family, in a sentence; None if it can.

    Args:
        board: The board.
        family: Key of the family.
    """
    if board.families is None or family in board.families:
        return None
    return (
        f"{find_family(family).title} models need more memory than the {board.name} has;"
        f" {' and '.join(find_family(one).title for one in board.families)} models fit"
    )


def check_board_holds(board: Board, family: str, model: str) -> None:
    """Raise ModelError, with the reason, for a model that the board cannot run."""
    reason = unsupported_reason(board, family)
    if reason is not None:
        raise ModelError(f"{model}: {reason}. `--force` tries it all the same.")
