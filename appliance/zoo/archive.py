"""Takes the frozen graph out of a zoo archive (.tar.gz), trusting nothing in it."""

import gzip
import re
import tarfile
import zlib
from pathlib import Path
from typing import Any

from appliance.errors import ModelError
from appliance.zoo.install import check_space, writing
from appliance.zoo.layout import GRAPH_FILE, LABELS_FILE

# What an archive may unpack to: real ones give 1.1 times their size. The floor is for small, regular graphs.
_MOST_BYTES = 4 << 30
_MOST_TIMES = 20
_FLOOR_BYTES = 512 << 20

_MOST_LABEL_BYTES = 1 << 20
_LABEL_MAP = re.compile(r"label_?map.*\.pbtxt$|labels\.pbtxt$")


def unpack_graph(archive: Path, folder: Path) -> None:
    """Write the archive's frozen graph, and its label map if it has one, into an existing folder.

    Only these two are written, under names of our own. The archive is read to its very end, so that gzip's
    checksum is compared. Raises ModelError for an archive that is damaged, has no graph, unpacks to more than
    it should, or has names that lead out of its folder; OutputError where there is no space.
    """
    try:
        limit = min(_MOST_BYTES, max(_FLOOR_BYTES, _MOST_TIMES * archive.stat().st_size))
        unzipped = gzip.open(str(archive), "rb")
    except OSError as error:
        raise ModelError("{} cannot be read: {}.".format(archive, error.strerror)) from error
    with unzipped:
        stream = _Bounded(unzipped, limit, archive)
        try:
            with tarfile.open(fileobj=stream, mode="r|") as tar:  # type: ignore[call-overload]
                _take_members(tar, folder, archive)
            while stream.read(1 << 20):
                pass
        except tarfile.TarError as error:
            raise ModelError(
                "{} is no archive of a model, or a damaged one ({}): fetch it again.".format(archive, error)
            ) from error
    if not (folder / GRAPH_FILE).exists():
        raise ModelError(
            "There is no {} in {}: it is no archive of the model zoo.".format(GRAPH_FILE, archive)
        )


def _take_members(tar: tarfile.TarFile, folder: Path, archive: Path) -> None:
    for member in tar:
        parts = member.name.split("/")
        if member.name.startswith("/") or ".." in parts:
            raise ModelError(
                "{} holds the name {!r}, which leads out of its folder: do not trust it.".format(
                    archive, member.name
                )
            )
        if parts[-1] == GRAPH_FILE:
            target = folder / GRAPH_FILE
        elif _LABEL_MAP.search(parts[-1]) and member.size <= _MOST_LABEL_BYTES:
            target = folder / LABELS_FILE
        else:
            continue
        if not member.isfile():
            raise ModelError(
                "{} in {} is no ordinary file: do not trust this archive.".format(member.name, archive)
            )
        if target.exists():
            raise ModelError(
                "{} holds more than one {}: which one is meant cannot be told.".format(archive, parts[-1])
            )
        _write_member(tar, member, target, archive)


def _write_member(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path, archive: Path) -> None:
    if member.size > _MOST_BYTES:
        raise ModelError(
            "{} in {} claims to be {} MB long: do not trust this archive.".format(
                member.name, archive, member.size // 1000000
            )
        )
    check_space(target.parent, member.size)
    source: Any = tar.extractfile(member)
    with writing(target), target.open("xb") as file:
        left = member.size
        while left:
            block = source.read(min(left, 1 << 20))
            if not block:
                raise tarfile.ReadError("{} ends early".format(member.name))
            left -= len(block)
            file.write(block)


class _Bounded:
    """What a gzip file unpacks to, `limit` bytes at most; damage raises tarfile.ReadError."""

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
            raise ModelError(
                "{} unpacks to far more than such an archive should: do not trust it.".format(self._archive)
            )
        return data
