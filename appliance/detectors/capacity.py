"""What a board can hold: which families of models, as boards.yml says."""

from typing import Optional

from appliance.board import Board
from appliance.core.errors import ModelError
from appliance.detectors.family import find_family


def unsupported_reason(board: Board, family: str) -> Optional[str]:
    """Why models of a family do not fit a board, in a sentence; None where they do.

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
    """Raises ModelError, with the reason, for a model that does not fit the board."""
    reason = unsupported_reason(board, family)
    if reason is not None:
        raise ModelError(f"{model}: {reason}. `--force` tries it all the same.")
