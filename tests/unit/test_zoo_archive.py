"""Archives: the graph comes out, nothing else does, and bad archives are refused in a sentence."""

import gzip
import io
import tarfile

import pytest

from appliance.core.errors import ModelError, OutputError
from appliance.zoo import archive as archive_module
from appliance.zoo.archive import unpack_graph

GRAPH = b"graph" * 5000


def member(name, data=b"", kind=tarfile.REGTYPE, link="", size=None):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    info.size = len(data) if size is None else size
    return info, data


def real_looking(graph_name="model/frozen_inference_graph.pb"):
    """The members of a zoo archive, as they are in the published ones."""
    return [
        member("model", kind=tarfile.DIRTYPE),
        member("model/model.ckpt.index", b"i" * 900),
        member("model/checkpoint", b"model_checkpoint_path: x"),
        member("model/pipeline.config", b"model { ssd { } }"),
        member("model/model.ckpt.data-00000-of-00001", b"w" * 70000),
        member("model/saved_model", kind=tarfile.DIRTYPE),
        member("model/saved_model/saved_model.pb", b"another graph"),
        member(graph_name, GRAPH),
    ]


def make(path, members):
    with tarfile.open(str(path), "w:gz") as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    return path


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "new"
    folder.mkdir()
    return folder


def unpacked(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(
    "name",
    ["model/frozen_inference_graph.pb", "./model/frozen_inference_graph.pb", "frozen_inference_graph.pb"],
)
def test_only_the_graph_comes_out(tmp_path, folder, name):
    unpack_graph(make(tmp_path / "a.tar.gz", real_looking(name)), folder)
    assert unpacked(folder) == {"frozen_inference_graph.pb": GRAPH}


def test_a_label_map_comes_out_too(tmp_path, folder):
    members = real_looking() + [
        member("model/my_label_map.pbtxt", b"item {}"),
        member("model/graph.pbtxt", b"node {}"),
    ]
    unpack_graph(make(tmp_path / "a.tar.gz", members), folder)
    assert unpacked(folder) == {"frozen_inference_graph.pb": GRAPH, "labels.pbtxt": b"item {}"}


def test_links_and_devices_beside_the_graph_are_passed_over(tmp_path, folder):
    members = [
        member("model/link", kind=tarfile.SYMTYPE, link="/etc/passwd"),
        member("model/hard", kind=tarfile.LNKTYPE, link="/etc/passwd"),
        member("model/null", kind=tarfile.CHRTYPE),
        member("model/pipe", kind=tarfile.FIFOTYPE),
    ]
    unpack_graph(make(tmp_path / "a.tar.gz", members + real_looking()), folder)
    assert unpacked(folder) == {"frozen_inference_graph.pb": GRAPH}


@pytest.mark.parametrize(
    "members, complaint",
    [
        ([member("../frozen_inference_graph.pb", GRAPH)], "leads out of its folder"),
        ([member("model/../../escaped.txt", b"x")] + real_looking(), "leads out of its folder"),
        (real_looking() + [member("/tmp/escaped.txt", b"x")], "leads out of its folder"),
        (
            [member("m/frozen_inference_graph.pb", kind=tarfile.SYMTYPE, link="/etc/passwd")],
            "no ordinary file",
        ),
        ([member("m/frozen_inference_graph.pb", kind=tarfile.LNKTYPE, link="m/x")], "no ordinary file"),
        ([member("m/frozen_inference_graph.pb", kind=tarfile.CHRTYPE)], "no ordinary file"),
        ([member("m/frozen_inference_graph.pb", kind=tarfile.DIRTYPE)], "no ordinary file"),
        ([member("m/label_map.pbtxt", kind=tarfile.SYMTYPE, link="/etc/passwd")], "no ordinary file"),
        (real_looking()[:-1], "There is no frozen_inference_graph.pb in"),
        ([], "There is no frozen_inference_graph.pb in"),
        (real_looking() + [member("b/frozen_inference_graph.pb", GRAPH)], "more than one"),
    ],
)
def test_an_archive_that_is_not_to_be_trusted_is_refused(tmp_path, folder, members, complaint):
    path = make(tmp_path / "a.tar.gz", members)
    with pytest.raises(ModelError) as caught:
        unpack_graph(path, folder)
    assert complaint in str(caught.value) and str(path) in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tar.gz", "new"]
    assert not any(path.is_symlink() for path in folder.iterdir())


def damaged(data, how):
    if how == "truncated":
        return data[: len(data) // 2]
    if how == "without its end":
        return data[:-8]
    if how == "checksum":
        return data[:-8] + b"\x00\x00\x00\x00" + data[-4:]
    if how == "garbage":
        return data[:200] + b"\xff" * 50 + data[250:]
    return {"empty": b"", "html": b"<html>Sign in</html>", "gzip of text": gzip.compress(b"hello" * 999)}[how]


@pytest.mark.parametrize(
    "how", ["truncated", "without its end", "checksum", "garbage", "empty", "html", "gzip of text"]
)
def test_a_damaged_archive_is_refused(tmp_path, folder, how):
    path = make(tmp_path / "a.tar.gz", real_looking())
    path.write_bytes(damaged(path.read_bytes(), how))
    with pytest.raises(ModelError, match=r"a\.tar\.gz is no archive of a model, or a damaged one"):
        unpack_graph(path, folder)


def test_a_huge_declared_size_is_refused_before_anything_is_written(tmp_path, folder):
    info, _ = member("m/frozen_inference_graph.pb", size=5 << 30)
    info.mtime = 0
    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress(info.tobuf(format=tarfile.GNU_FORMAT) + b"x" * 10240))
    with pytest.raises(ModelError, match="claims to be 5368 MB long"):
        unpack_graph(path, folder)
    assert unpacked(folder) == {}


def test_a_bomb_is_stopped(tmp_path, folder, monkeypatch):
    monkeypatch.setattr(archive_module, "_FLOOR_BYTES", 1 << 20)
    members = [member("m/padding", bytes(30 << 20))] + real_looking()
    path = make(tmp_path / "a.tar.gz", members)
    assert path.stat().st_size < 100000
    with pytest.raises(ModelError, match="unpacks to far more"):
        unpack_graph(path, folder)
    assert unpacked(folder) == {}


def test_no_space_is_found_before_writing(tmp_path, folder, monkeypatch):
    class Usage:
        free = len(GRAPH) - 1

    monkeypatch.setattr("appliance.zoo.install.shutil.disk_usage", lambda path: Usage)
    with pytest.raises(OutputError, match="needs 1 MB more, and 0 MB are free there: make room"):
        unpack_graph(make(tmp_path / "a.tar.gz", real_looking()), folder)
    assert unpacked(folder) == {}


def test_an_archive_that_is_not_there_is_named(tmp_path, folder):
    with pytest.raises(ModelError, match=r"gone\.tar\.gz cannot be read: No such file"):
        unpack_graph(tmp_path / "gone.tar.gz", folder)


def header(name, kind=tarfile.REGTYPE, size=0):
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, size
    return info.tobuf(format=tarfile.GNU_FORMAT)


def padded(data):
    return data + bytes(-len(data) % 512)


def pax(*records):
    data = "".join(f"{len(record) + 4} {record}\n" for record in records).encode()
    return header("pax", tarfile.XHDTYPE, len(data)) + padded(data)


def with_size(block, field):
    """A header whose size field holds these twelve bytes, and its checksum anew."""
    block = bytearray(block[:124] + field + block[136:])
    block[148:156] = b" " * 8
    block[148:156] = f"{sum(block):06o}\0 ".encode()
    return bytes(block)


NAMED = header("m/frozen_inference_graph.pb", size=len(GRAPH)) + padded(GRAPH)
HOLED = header("m/frozen_inference_graph.pb", tarfile.GNUTYPE_SPARSE, 0)


@pytest.mark.parametrize(
    "content",
    [
        pax("GNU.sparse.map=abc", "GNU.sparse.size=900") + NAMED,
        pax("GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.realsize=944000000") + NAMED,
        pax("size=-5") + NAMED,
        pax("size=abc") + NAMED,
        pax("size=" + "9" * 20) + NAMED,
        header("pax", tarfile.XHDTYPE, 9) + padded(b"nonsense\n") + NAMED,
        header("pax", tarfile.XHDTYPE, 9) + padded(b"99 path=x") + NAMED,
        HOLED,
        with_size(header("m/padding"), b"\xff" * 12) + NAMED,
        header("long", tarfile.GNUTYPE_LONGNAME, 2 << 20) + bytes(2 << 20) + NAMED,
        header("pax", tarfile.XHDTYPE, 480 << 20) + b"x" * 10240,
        header("pax", tarfile.XGLTYPE, 480 << 20) + b"x" * 10240,
    ],
    ids=[
        "map of holes",
        "pax with holes",
        "size below zero",
        "size that is no number",
        "endless size",
        "no pax records",
        "pax record too long",
        "GNU with holes",
        "header below zero",
        "long name",
        "long pax header",
        "long global header",
    ],
)
def test_a_hostile_archive_is_refused_in_a_sentence(tmp_path, folder, content):
    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress(content + bytes(1024)))
    with pytest.raises(ModelError, match=r"a\.tar\.gz"):
        unpack_graph(path, folder)
    assert sum(path.stat().st_size for path in folder.iterdir()) < 1 << 20


def test_headers_without_end_do_not_end_python(tmp_path, folder):
    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress(pax("comment=x") * 5000 + NAMED + bytes(1024)))
    unpack_graph(path, folder)
    assert unpacked(folder) == {"frozen_inference_graph.pb": GRAPH}


@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_every_format_of_tar_is_read(tmp_path, folder, format):
    path = tmp_path / "a.tar.gz"
    long_name = "mödel/" + "x" * 90 + "/" + "y" * 40 + "/frozen_inference_graph.pb"
    members = [member("mödel/label_map.pbtxt", b"item {}"), member(long_name, GRAPH)]
    with tarfile.open(str(path), "w:gz", format=format, pax_headers={"comment": "of the archive"}) as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    unpack_graph(path, folder)
    assert unpacked(folder) == {"frozen_inference_graph.pb": GRAPH, "labels.pbtxt": b"item {}"}
