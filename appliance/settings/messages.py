"""Parts of sentences that several messages share."""

import difflib
from typing import Iterable, List, Optional


def nearest(word: str, known: Iterable[str], most: int = 1) -> List[str]:
    """Return the known words that may have been meant, the most similar first, at most `most`.

    Those that begin as the word does go before others: det_treshold means det_th rather than threshold.
    """
    words, start = sorted(known), word.partition("_")[0]
    alike = [one for one in words if one.partition("_")[0] == start]
    return difflib.get_close_matches(word, alike, most, 0.6) or difflib.get_close_matches(word, words, most, 0.6)


def did_you_mean(words: List[str]) -> str:
    """Return the question "did you mean a or b?"; "" for no words."""
    return f"did you mean {' or '.join(words)}?" if words else ""


def size_text(size: Optional[int]) -> str:
    """Format a number of bytes for people: "76 MB", "1.1 GB", "size unknown"."""
    if size is None:
        return "size unknown"
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(1, size // 1000000)} MB"
