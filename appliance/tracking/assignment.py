"""Which pairs to form so that the sum of their costs is least: shortest augmenting paths over the pairs that can be."""

from heapq import heappop, heappush
from typing import Dict, List, Set, Tuple

import numpy as np

ALONE = 1e6
"""Cost of a row without a pair: more than any, so that as many pairs are formed as can be."""

Pairs = List[Tuple[int, int]]


def assign(cost: np.ndarray) -> Pairs:
    """Pairs (row, column), each row and each column at most once, as many as can be and of least total cost.

    scipy has such a function, but takes 140 MB of disk and 50 MB of memory, and has no wheel that
    fits every board's numpy. Most pairs cannot be, so the paths are short.

    Args:
        cost: float64 [n, m], of each pair; infinite: it cannot be.
    """
    count, width = cost.shape
    edges: List[List[Tuple[int, float]]] = [[(width + row, ALONE)] for row in range(count)]
    rows, columns = np.nonzero(np.isfinite(cost))
    for row, column, value in zip(rows.tolist(), columns.tolist(), cost[rows, columns].tolist()):
        edges[row].append((column, value))
    row_of: Dict[int, int] = {}  # of each column that has one
    column_of: Dict[int, int] = {}
    row_price, column_price = [0.0] * count, [0.0] * (width + count)
    for start in range(count):
        reached: Dict[int, float] = {}  # how far each column is
        before: Dict[int, int] = {}  # the row it was reached from
        done: Set[int] = set()
        heap: List[Tuple[float, int]] = []
        row, length = start, 0.0
        while True:
            for column, value in edges[row]:
                far = length + value - row_price[row] - column_price[column]
                if column not in done and far < reached.get(column, np.inf):
                    reached[column], before[column] = far, row
                    heappush(heap, (far, column))
            length, column = heappop(heap)
            while column in done:
                length, column = heappop(heap)
            if column not in row_of:
                break
            done.add(column)
            row = row_of[column]
        row_price[start] += length
        for passed in done:
            row_price[row_of[passed]] += length - reached[passed]
            column_price[passed] -= length - reached[passed]
        while True:
            row = before[column]
            left = column_of.get(row, -1)
            row_of[column], column_of[row] = row, column
            if row == start:
                break
            column = left
    return sorted((row, column) for row, column in column_of.items() if column < width)
