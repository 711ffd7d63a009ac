"""Extract the frozen graph from an archive of the model zoo (.tar.gz) without trusting anything in it."""

import gzip
import re
import tarfile
import zlib
from pathlib import Path
from typing import Dict, Iterator

from appliance.core.errors import ModelError
from appliance.zoo.install import check_space, writing
from appliance.zoo.layout import GRAPH_FILE, LABELS_FILE

# What an archive may unpack to: real ones give 1.1 times their size. The floor is for small, regular graphs.
_MOST_BYTES = 4 << 30
_MOST_TIMES = 20
_FLOOR_BYTES = 512 << 20

_MOST_LABEL_BYTES = 1 << 20
_MOST_HEADER_BYTES = 1 << 20
_LABEL_MAP = re.compile(r"label_?map.{0,100}\.pbtxt$|labels\.pbtxt$")

_PAX_RECORD = re.compile(rb"(\d{1,7}) ([^=\n]+)=")


def unpack_graph(archive: Path, folder: Path) -> None:
    """Write the archive's frozen graph, and its label map if it has one, into an existing folder.

    Only these two files are written, under fixed names. The archive is read to its end, so that gzip's checksum is
    verified.

    Raises:
        ModelError: The archive is damaged, has no graph, unpacks to more than allowed, or has names outside its folder.
        OutputError: There is no space.
    """
    try:
        limit = min(_MOST_BYTES, max(_FLOOR_BYTES, _MOST_TIMES * archive.stat().st_size))
        unzipped = gzip.open(str(archive), "rb")
    except OSError as error:
        raise ModelError(f"{archive} cannot be read: {error.strerror}.") from error
    with unzipped:
        stream = _Bounded(unzipped, limit, archive)
        try:
            for member in _members(stream):
                _take(member, stream, folder, archive)
            while stream.read(1 << 20):
                pass
        except (tarfile.TarError, ValueError) as error:
            raise ModelError(
                f"{archive} is no archive of a model, or a damaged one ({error}): fetch it again."
            ) from error
    if not (folder / GRAPH_FILE).exists():
        raise ModelError(f"There is no {GRAPH_FILE} in {archive}: it is no archive of the model zoo.")


def _take(member: tarfile.TarInfo, stream: "_Bounded", folder: Path, archive: Path) -> None:
    """Write a member that is needed, skip any other."""
    parts = member.name.split("/")
    if member.name.startswith("/") or ".." in parts:
        raise ModelError(f"{archive} holds the name {member.name!r}, which leads out of its folder: do not trust it.")
    if parts[-1] == GRAPH_FILE:
        target = folder / GRAPH_FILE
    elif _LABEL_MAP.search(parts[-1]) and member.size <= _MOST_LABEL_BYTES:
        target = folder / LABELS_FILE
    else:
        stream.skip(_size_in_archive(member))
        return
    if not member.isfile():
        raise ModelError(f"{member.name!r} in {archive} is no ordinary file: do not trust this archive.")
    if target.exists():
        raise ModelError(f"{archive} holds more than one {parts[-1]}: which one is meant cannot be told.")
    if member.size > _MOST_BYTES:
        raise ModelError(
            f"{member.name!r} in {archive} claims to be {member.size // 1000000} MB long: do not trust this archive."
        )
    check_space(folder, member.size)
    with writing(target), target.open("xb") as file:
        for block in stream.blocks(member.size):
            file.write(block)
    stream.skip(-member.size % tarfile.BLOCKSIZE)


def _members(stream: "_Bounded") -> Iterator[tarfile.TarInfo]:
    """Yield the members of an archive; the caller reads the data of one before it asks for the next.

    `tarfile` reads headers into memory whatever length they claim, recurses for each extended header, and lets sparse
    files grow to any size. This reads names and sizes in the formats that tar programs write (ustar, GNU, pax) and
    refuses sparse files. Raises TarError, ValueError.
    """
    block = stream.read(tarfile.BLOCKSIZE)
    if not block:
        raise tarfile.ReadError("it is empty")
    name = ""
    fields: Dict[str, str] = {}
    while block.strip(b"\0"):
        member = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        if member.size < 0:
            raise tarfile.ReadError("a size below zero")
        if member.type == tarfile.GNUTYPE_LONGNAME:
            name = _text(stream.header(member)).partition("\0")[0]
        elif member.type in (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE):
            fields = _pax_fields(stream.header(member))
        elif member.type in (tarfile.XGLTYPE, tarfile.GNUTYPE_LONGLINK):
            stream.header(member)
        else:
            if member.type == tarfile.GNUTYPE_SPARSE or any(field.startswith("GNU.sparse") for field in fields):
                raise tarfile.ReadError("it holds a file with holes; pack it without --sparse")
            member.name = fields.get("path") or name or member.name
            member.size = int(fields.get("size", member.size))
            if member.size < 0:
                raise tarfile.ReadError("a size below zero")
            yield member
            name, fields = "", {}
        block = stream.read(tarfile.BLOCKSIZE)


def _size_in_archive(member: tarfile.TarInfo) -> int:
    """Return the size of a member's data: links, folders and devices may claim a size, but have none."""
    if member.type in tarfile.SUPPORTED_TYPES and not member.isreg():
        return 0
    return member.size + -member.size % tarfile.BLOCKSIZE


def _pax_fields(data: bytes) -> Dict[str, str]:
    """Parse the records "LENGTH KEYWORD=VALUE\\n" of a pax header; LENGTH counts the whole record."""
    fields = {}
    position = 0
    while position < len(data):
        match = _PAX_RECORD.match(data, position)
        end = position + int(match.group(1)) if match else 0
        if match is None or end <= match.end() or data[end - 1 : end] != b"\n":
            raise tarfile.ReadError("a damaged pax header")
        fields[_text(match.group(2))] = _text(data[match.end() : end - 1])
        position = end
    return fields


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


class _Bounded:
    """The decompressed data of a gzip file, at most `limit` bytes; damage raises tarfile.ReadError."""

    def __init__(self, stream: gzip.GzipFile, limit: int, archive: Path) -> None:
        self._stream = stream
        self._left = limit
        self._archive = archive

    def read(self, size: int) -> bytes:
        try:
            data = self._stream.read(size)
        except (OSError, EOFError, zlib.error) as error:
            raise tarfile.ReadError(str(error)) from error
        self._left -= len(data)
        if self._left < 0:
            raise ModelError(f"{self._archive} unpacks to far more than such an archive should: do not trust it.")
        return data

    def blocks(self, size: int) -> Iterator[bytes]:
        """Yield the next `size` bytes in blocks."""
        while size:
            data = self.read(min(size, 1 << 20))
            if not data:
                raise tarfile.ReadError("it ends early")
            size -= len(data)
            yield data

    def skip(self, size: int) -> None:
        for _ in self.blocks(size):
            pass

    def header(self, member: tarfile.TarInfo) -> bytes:
        """Read the data of an extended header."""
        if member.size > _MOST_HEADER_BYTES:
            raise tarfile.ReadError(f"a header of {member.size // 1000000} MB")
        data = b"".join(self.blocks(member.size))
        self.skip(-member.size % tarfile.BLOCKSIZE)
        return data
