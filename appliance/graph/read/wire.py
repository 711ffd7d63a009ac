"""Count the fields of a GraphDef before protobuf parses it: two bytes of a file can become an object of a hundred."""

from typing import Dict, List, Optional, Tuple

from appliance.graph.read.proto import MESSAGES

MOST_FIELDS = 4 * 10**6
"""Of all messages together; the largest graph of the catalogue has 0.4 million."""
_DEEPEST = 60

# Field number to the name of the message that it holds, None for what is no message, and "" for packed varints.
_Table = Dict[int, Optional[str]]


class TooMuchError(Exception):
    """The data has too many fields or too deep a nesting to be a graph."""


def count_fields(data: bytes) -> int:
    """Count the fields of a GraphDef, including nested messages; a packed number counts as one per byte.

    Data that is damaged is counted up to the damage.

    Raises:
        TooMuchError: There are too many fields, or they are nested too deeply.
    """
    count, position, end = 0, 0, len(data)
    table = _TABLES["GraphDef"]
    around: List[Tuple[int, _Table]] = []
    try:
        while True:
            while position >= end:
                if not around:
                    return count
                end, table = around.pop()
            count += 1
            if count > MOST_FIELDS:
                raise TooMuchError(f"it has more than {MOST_FIELDS // 10**6} million fields")
            tag = data[position]
            position += 1
            if tag > 127:
                tag, position = _varint(data, position - 1)
            kind = tag & 7
            if kind == 0:
                while data[position] > 127:
                    position += 1
                position += 1
            elif kind == 1:
                position += 8
            elif kind == 5:
                position += 4
            elif kind == 2:
                length = data[position]
                position += 1
                if length > 127:
                    length, position = _varint(data, position - 1)
                inner = table.get(tag >> 3)
                if inner:
                    if len(around) >= _DEEPEST:
                        raise TooMuchError(f"its messages are nested more than {_DEEPEST} deep")
                    around.append((end, table))
                    end, table = min(end, position + length), _TABLES[inner]
                else:
                    count += length if inner == "" else 0
                    position += length
    except IndexError:  # the file ends inside a field, which protobuf says
        return count


def _varint(data: bytes, position: int) -> Tuple[int, int]:
    value, shift = 0, 0
    while shift < 70:
        byte = data[position]
        position += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            break
    return value, position


def _tables() -> Dict[str, _Table]:
    tables: Dict[str, _Table] = {}
    for message, fields in MESSAGES.items():
        tables[message] = {}
        for name, number, kind in fields:
            base = kind.rstrip("[]{}|")
            if kind.endswith("{}"):
                entry = f"{message}.{name}"
                tables[message][number] = entry
                tables[entry] = {2: base}
            elif base in MESSAGES:
                tables[message][number] = base
            else:
                tables[message][number] = "" if kind.endswith("[]") and base in _VARINTS else None
    return tables


_VARINTS = ("int32", "int64", "bool")
_TABLES = _tables()
