"""What a board can hold: which families of models, as boards.yml says."""

from typing import Optional

from appliance.board.detect import Board
from appliance.core.errors import ModelError

FAMILY_NAMES = {"ssd": "SSD", "faster_rcnn": "Faster R-CNN", "mask_rcnn": "Mask R-CNN", "deeplab": "DeepLab"}
"""The families as people write them."""


def unsupported_reason(board: Board, family: str) -> Optional[str]:
    """Why models of a family do not fit a board, in a sentence; None where they do."""
    if board.families is None or family in board.families:
        return None
    return (
        f"{FAMILY_NAMES[family]} models need more memory than the {board.name} has;"
        f" {' and '.join(FAMILY_NAMES[one] for one in board.families)} models fit"
    )


def check_board_holds(board: Board, family: str, model: str) -> None:
    """Raises ModelError, with the reason, for a model that does not fit the board."""
    reason = unsupported_reason(board, family)
    if reason is not None:
        raise ModelError(f"{model}: {reason}. `--force` tries it all the same.")
