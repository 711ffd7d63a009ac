"""Which board a machine is, by what its files say, and the defaults that come with it."""

import pytest

from appliance.board import detect_board, load_profile
from appliance.board.detect import known_boards
from appliance.core.errors import ConfigError, ModelError
from appliance.detectors.capacity import check_board_holds, unsupported_reason
from appliance.detectors.family import all_families
from appliance.settings import load_settings

MODEL, COMPATIBLE = "proc/device-tree/model", "proc/device-tree/compatible"
DTS = "proc/device-tree/nvidia,dtsfilename"
MACHINE, FAMILY = "sys/devices/soc0/machine", "sys/devices/soc0/family"

# What such machines are known to say (L4T 28 to 36), from published listings.
MACHINES = [
    ("pc", "", {}),
    (
        "pc",
        "Raspberry Pi 4 Model B Rev 1.4",
        {MODEL: "Raspberry Pi 4 Model B Rev 1.4\0", COMPATIBLE: "raspberrypi,4-model-b\0brcm,bcm2711\0"},
    ),
    (
        "tx1",
        "jetson_tx1",
        {MODEL: "jetson_tx1\0", COMPATIBLE: "nvidia,p2597-2180\0nvidia,jetson-cv\0nvidia,tegra210\0"},
    ),
    (
        "tx1",
        "NVIDIA Jetson TX1 Developer Kit",
        {MODEL: "NVIDIA Jetson TX1 Developer Kit\0", COMPATIBLE: "nvidia,p2371-2180\0nvidia,tegra210\0"},
    ),
    ("tx2", "quill", {MODEL: "quill\0", COMPATIBLE: "nvidia,quill\0nvidia,p2597-0000+p3310-1000\0nvidia,tegra186\0"}),
    ("tx2", "quill", {MODEL: "quill\0", DTS: "/src/kernel/tegra186-quill-p3310-1000-c03-00-base.dts\0"}),
    (
        "tx2_nx",
        "NVIDIA Jetson TX2 NX Developer Kit",
        {MODEL: "NVIDIA Jetson TX2 NX Developer Kit\0", COMPATIBLE: "nvidia,p3509-0000+p3636-0001\0nvidia,tegra186\0"},
    ),
    ("tx2", "", {COMPATIBLE: "nvidia,storm\0nvidia,p9999\0"}),
    (
        "xavier",
        "Jetson-AGX",
        {
            MODEL: "Jetson-AGX\0",
            COMPATIBLE: "nvidia,galen\0nvidia,jetson-xavier\0nvidia,p2822-0000+p2888-0001\0nvidia,tegra194\0",
        },
    ),
    (
        "xavier_nx",
        "NVIDIA Jetson Xavier NX Developer Kit",
        {
            MODEL: "NVIDIA Jetson Xavier NX Developer Kit\0",
            COMPATIBLE: "nvidia,p3449-0000+p3668-0000\0nvidia,tegra194\0",
        },
    ),
    (
        "nano",
        "NVIDIA Jetson Nano Developer Kit",
        {MODEL: "NVIDIA Jetson Nano Developer Kit\0", COMPATIBLE: "nvidia,jetson-nano\0nvidia,tegra210\0"},
    ),
    ("nano", "", {COMPATIBLE: "nvidia,p3450-0000\0nvidia,tegra210\0"}),
    (
        "orin",
        "NVIDIA Jetson AGX Orin Developer Kit",
        {
            MODEL: "NVIDIA Jetson AGX Orin Developer Kit\0",
            COMPATIBLE: "nvidia,p3737-0000+p3701-0000\0nvidia,tegra234\0",
        },
    ),
    (
        "orin_nano",
        "NVIDIA Jetson Orin Nano Developer Kit",
        {
            MODEL: "NVIDIA Jetson Orin Nano Developer Kit\0",
            COMPATIBLE: "nvidia,p3768-0000+p3767-0005\0nvidia,tegra234\0",
        },
    ),
    # A container, from which Docker hides the device tree.
    ("xavier", "Jetson-AGX", {MACHINE: "Jetson-AGX\n", FAMILY: "Tegra\n"}),
    ("tx2", "quill", {MACHINE: "quill\n", FAMILY: "Tegra\n"}),
    ("tx2", "storm", {MACHINE: "storm\n", FAMILY: "Tegra\n"}),
    ("tx2", "lightning", {MACHINE: "lightning\n", FAMILY: "Tegra\n"}),
    (
        "tx2_nx",
        "NVIDIA Jetson TX2 NX Developer Kit",
        {MACHINE: "NVIDIA Jetson TX2 NX Developer Kit\n", FAMILY: "Tegra\n"},
    ),
    ("jetson", "", {FAMILY: "Tegra\n"}),
    ("jetson", "", {"etc/nv_tegra_release": "# R32 (release), REVISION: 7.1\n"}),
    ("jetson", "", {COMPATIBLE: "nvidia,p9999-0000\0nvidia,tegra999\0"}),
    ("jetson", "NVIDIA Jetson Thor", {MODEL: "NVIDIA Jetson Thor\0"}),
    ("jetson", "", {COMPATIBLE: "nvidia,tegra210\0"}),
]


@pytest.mark.parametrize("board_id, model, files", MACHINES)
def test_a_board_is_known_by_its_files(tmp_path, board_id, model, files):
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    board = detect_board(tmp_path)
    assert (board.id, board.model) == (board_id, model)
    assert board.name


@pytest.mark.parametrize("row", known_boards(), ids=lambda row: row["id"])
def test_every_board_has_a_profile_that_loads(tmp_path, monkeypatch, row):
    monkeypatch.chdir(tmp_path)
    profile = load_profile(row["id"])
    loaded = load_settings(None, {}, {}, profile)
    assert loaded.origins["camera_input"] == "profile " + row["id"]
    camera = loaded.settings.camera_input
    assert isinstance(camera, int) or camera.endswith("appsink")


def test_a_mistake_in_a_profile_is_named(tmp_path):
    (tmp_path / "mine.yml").write_text("# mine\ndet_th: 3\ncamera: 0\n")
    with pytest.raises(ConfigError) as caught:
        load_profile("mine", tmp_path)
    assert str(caught.value).split("\n") == [
        f"{tmp_path}/mine.yml line 2: det_th must be a number from 0 to 1, not 3",
        f"{tmp_path}/mine.yml line 3: camera is no setting; did you mean camera_input?",
    ]


@pytest.mark.parametrize("name", ["toaster", "pc.backup", ""])
def test_an_unknown_profile_is_named_with_those_there_are(name):
    expected = f"there is no profile {name}; there are: jetson, nano, orin, orin_nano, orin_nx, pc"
    with pytest.raises(ConfigError, match=expected):
        load_profile(name)


def write(root, files):
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return detect_board(root)


@pytest.mark.parametrize("board_id", ["pc", "orin", "xavier", "tx2", "tx1", "nano", "jetson"])
def test_a_board_says_what_it_can_hold(board_id, tmp_path):
    files = next(files for known, _, files in MACHINES if known == board_id)
    board = write(tmp_path, files)
    assert board.id == board_id
    small = board_id in ("tx2", "tx1", "nano")
    for family in all_families():
        fits = family == "ssd" or not small
        assert (unsupported_reason(board, family) is None) == fits
    if small:
        with pytest.raises(ModelError) as raised:
            check_board_holds(board, "mask_rcnn", "mine")
        assert (
            str(raised.value)
            == f"mine: Mask R-CNN models need more memory than the {board.name} has; SSD models fit. `--force` tries it"
            " all the same."
        )
    check_board_holds(board, "ssd", "mine")
