"""Every board of tests/boards as a user sees it: what it is taken for, its profile, its release, its power modes."""

import dataclasses
import re
import shutil
from pathlib import Path

import pytest

from appliance.board import detect_board, load_profile, read_release, unknown_board_note
from appliance.board.power_modes import PowerMode, current_mode, parse_conf, power_table
from appliance.board.telemetry import Telemetry
from appliance.settings import load_settings
from appliance.telemetry.console import describe_readings
from tests.command import run

BOARDS = Path(__file__).resolve().parents[1] / "boards"

# folder: profile, name, module, chip, release, mode, its name, its detail, power_mode of the profile, id of that,
# and of what the sensors say (power in total, warmth of the CPU; RAPL has no power at the first look)
TABLE = [
    (
        "tx1",
        "tx1",
        "NVIDIA Jetson TX1 developer kit",
        "p2597-2180",
        "tegra210",
        ("28.2.1", "3.3"),
        None,
        None,
        None,
        "MAXN",
        0,
        ("5.04 W", "cpu 35 C"),
    ),
    (
        "tx2",
        "tx2",
        "NVIDIA Jetson TX2",
        "p3310-1000",
        "tegra186",
        ("32.7.1", "4.6.1"),
        3,
        "MAXP_CORE_ARM",
        "4 cores, CPU 2.00 GHz, GPU 1.12 GHz",
        "MAXN",
        0,
        ("7.96 W", "cpu 44 C"),
    ),
    (
        "tx2_nx",
        "tx2_nx",
        "NVIDIA Jetson TX2 NX",
        "p3636-0001",
        "tegra186",
        ("32.7.4", "4.6.4"),
        1,
        "MAXQ",
        "4 cores, CPU 1.20 GHz, GPU 0.85 GHz",
        "MAXN",
        0,
        ("5.03 W", "cpu 43 C"),
    ),
    (
        "nano",
        "nano",
        "NVIDIA Jetson Nano developer kit",
        "p3448-0000",
        "tegra210",
        ("32.7.1", "4.6.1"),
        0,
        "MAXN",
        "4 cores, CPU 1.48 GHz, GPU 0.92 GHz",
        "MAXN",
        0,
        ("2.23 W", "cpu 39 C"),
    ),
    (
        "xavier",
        "xavier",
        "NVIDIA Jetson AGX Xavier",
        "p2888-0001",
        "tegra194",
        ("32.6.1", "4.6"),
        7,
        "MODE_15W_DESKTOP",
        "4 cores, CPU 2.19 GHz, GPU 0.67 GHz",
        "MAXN",
        0,
        ("8.43 W", "cpu 42 C"),
    ),
    (
        "xavier_nx",
        "xavier_nx",
        "NVIDIA Jetson Xavier NX developer kit",
        "p3668-0000",
        "tegra194",
        ("35.4.1", "5.1.2"),
        8,
        "MODE_20W_6CORE",
        "6 cores, CPU 1.42 GHz, GPU 1.11 GHz",
        "MODE_15W_6CORE",
        2,
        ("5.57 W", "cpu 46 C"),
    ),
    (
        "orin",
        "orin",
        "NVIDIA Jetson AGX Orin developer kit",
        "p3701-0000",
        "tegra234",
        ("36.4.3", "6.2"),
        2,
        "MODE_30W",
        "8 cores, CPU 1.73 GHz, GPU 0.61 GHz",
        "leave",
        None,
        ("10.14 W", "cpu 49 C"),
    ),
    (
        "orin_nx",
        "orin_nx",
        "NVIDIA Jetson Orin NX",
        "",
        "tegra234",
        ("35.6.1", "5.1.5"),
        None,
        None,
        None,
        "leave",
        None,
        ("6.01 W", "cpu 51 C"),
    ),
    (
        "orin_nano",
        "orin_nano",
        "NVIDIA Jetson Orin Nano 8GB developer kit",
        "p3767-0005",
        "tegra234",
        ("36.4.7", "6"),
        1,
        "25W",
        "6 cores, CPU 1.34 GHz, GPU 0.92 GHz",
        "leave",
        None,
        ("5.43 W", "cpu 47 C"),
    ),
    (
        "thor",
        "jetson",
        "NVIDIA Jetson (unknown module)",
        "",
        "",
        ("38.2.0", "7.0"),
        None,
        None,
        None,
        "leave",
        None,
        (None, None),
    ),
    ("pc", "pc", "PC", "", "", None, None, None, None, "leave", None, (None, "cpu 52 C")),
    (
        "pc_nvidia",
        "pc",
        "PC (NVIDIA GeForce RTX 3060)",
        "",
        "",
        None,
        None,
        None,
        None,
        "leave",
        None,
        (None, "cpu 58 C"),
    ),
]


@pytest.mark.parametrize(
    "folder, profile, name, module, chip, release, mode, mode_name, detail, wanted, wanted_id, sensors",
    TABLE,
    ids=[row[0] for row in TABLE],
)
def test_a_board_is_known_with_its_profile_and_power_modes(
    tmp_path,
    monkeypatch,
    folder,
    profile,
    name,
    module,
    chip,
    release,
    mode,
    mode_name,
    detail,
    wanted,
    wanted_id,
    sensors,
):
    monkeypatch.setenv("SPLITLENS_SYSROOT", str(BOARDS / folder))
    monkeypatch.chdir(tmp_path)
    board = detect_board()
    assert (board.id, board.name, board.module, board.chip) == (profile, name, module, chip)
    found = read_release()
    assert (found and dataclasses.astuple(found)) == release
    assert bool(unknown_board_note(board)) == (profile == "jetson")
    assert current_mode() == mode
    table = power_table(board)
    assert bool(table.modes) == (profile not in ("jetson", "pc", "orin_nx"))  # the last: they are hidden, and changed
    if mode is not None:
        found = table.find(mode)
        assert (found.name, found.detail) == (mode_name, detail)
        assert table.find(mode_name.lower()) is found
    settings = load_settings(None, {}, {}, load_profile(board.id)).settings
    assert settings.power_mode == wanted
    if wanted != "leave":
        assert table.find(wanted).id == wanted_id
    assert settings.force_gpu_compatible == (folder in ("tx2", "tx2_nx"))
    said = describe_readings(Telemetry().read())
    watts, warmth = re.search(r"[\d.]+ W\b", said), re.search(r"\bcpu \d+ C\b", said)
    assert (watts and watts.group(), warmth and warmth.group()) == sensors


def test_every_recorded_board_is_in_the_table_or_only_a_carrier():
    assert {path.name for path in BOARDS.iterdir() if path.is_dir()} == {row[0] for row in TABLE} | {"carrier_ina226"}


def test_the_evidence_is_what_the_files_say():
    board = detect_board(BOARDS / "tx2")
    assert dict(board.evidence) == {
        "/proc/device-tree/model": "quill",
        "/proc/device-tree/compatible": "nvidia,quill nvidia,p2597-0000+p3310-1000 nvidia,tegra186",
        "/proc/device-tree/nvidia,dtsfilename": "tegra186-quill-p3310-1000-c03-00-base.dts",
        "/sys/module/tegra_fuse/parameters/tegra_chip_id": "24",
        "/etc/nv_tegra_release": (
            "# R32 (release), REVISION: 7.1, GCID: 12345678, BOARD: t186ref, EABI: aarch64, "
            "DATE: Sat Feb 19 17:07:00 UTC 2022"
        ),
    }


@pytest.mark.parametrize(
    "left, board_id",
    [
        ("sys/devices/soc0", "xavier"),  # docker run
        ("sys/module", "xavier"),  # and the kernel that has no soc0
        ("etc", "jetson"),  # NVIDIA's runtime mounts nothing but the release
        ("var", "pc"),
    ],
)
def test_a_container_that_hides_much_is_still_known(tmp_path, left, board_id):
    (tmp_path / left).parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(str(BOARDS / "xavier" / left), str(tmp_path / left))
    assert detect_board(tmp_path).id == board_id


# L4T 28: the files themselves stand in the modes
JETPACK_3 = """
< POWER_MODEL ID=1 NAME=MAXQ >
# cpu core settings
/sys/devices/system/cpu/cpu1/online 0
/sys/devices/system/cpu/cpu2/online 0
/sys/devices/system/cpu/cpu3/online 1
/sys/devices/system/cpu/cpu4/online 1
/sys/devices/system/cpu/cpu5/online 1
/sys/devices/system/cpu/cpu0/cpufreq/scaling_min_freq 0
/sys/devices/system/cpu/cpu0/cpufreq/scaling_max_freq 1200000
/sys/devices/17000000.gp10b/devfreq/17000000.gp10b/min_freq 0
/sys/devices/17000000.gp10b/devfreq/17000000.gp10b/max_freq 850000000
/sys/kernel/nvpmodel_emc_cap/emc_iso_cap 1331200000
< PM_CONFIG DEFAULT=3 >
/sys/devices/system/cpu/cpu1/online 1
"""


@pytest.mark.parametrize(
    "text, modes",
    [
        ("", []),
        ("# < POWER_MODEL ID=0 NAME=MAXN >\n", []),
        (JETPACK_3, [PowerMode(1, "MAXQ", 4, 1200.0, 850.0)]),
        (
            (
                "<POWER_MODEL ID=12 NAME=MY_OWN>\nCPU_A78_0 MAX_FREQ -1\nCPU_A78_1 MAX_FREQ 1000\nGPU MAX_FREQ"
                " 2147483648\n"
            ),
            [PowerMode(12, "MY_OWN")],
        ),
        ("< POWER_MODEL ID=0 NAME=A >\n< POWER_MODEL ID=x NAME=B >\nGPU MAX_FREQ 5000000\n", [PowerMode(0, "A")]),
    ],
)
def test_an_nvpmodel_conf_of_any_age_is_read(text, modes):
    assert parse_conf(text) == modes


@pytest.mark.parametrize(
    "board, word, id",
    [
        ("tx2", "Max-N", 0),
        ("tx2", "max-q", 1),
        ("tx2", "Max-P Core-All", 2),
        ("tx2", "Max-P ARM", 3),
        ("tx2", "Max-P Denver", 4),
        ("tx2", "4", 4),
        ("tx2", 4, 4),
        ("tx2", 5, None),
        ("tx2", "15W", None),
        ("nano", "10W", 0),
        ("nano", "5w", 1),
        ("orin", "30W", 2),
        ("orin", "mode_30w", 2),
        ("orin_nano", "MODE_25W", 1),
        ("orin_nano", "MAXN", None),
        ("xavier", "leave", None),
    ],
)
def test_a_mode_is_found_by_what_people_call_it(board, word, id):
    found = power_table(detect_board(BOARDS / board), BOARDS / board).find(word)
    assert (found.id if found else None) == id


@pytest.mark.parametrize(
    "board, module, names",
    [
        ("tx2", "p3310-1000", "MAXN MAXQ MAXP_CORE_ALL MAXP_CORE_ARM MAXP_CORE_DENVER"),
        ("tx2", "p3489-0888", "MAXN MAXQ MAXP_CORE_ALL MAXP_CORE_ARM MAXP_CORE_DENVER"),
        ("tx2", "p3489-0000", ""),
        (
            "xavier",
            "",
            "MAXN MODE_10W MODE_15W MODE_30W_ALL MODE_30W_6CORE MODE_30W_4CORE MODE_30W_2CORE MODE_15W_DESKTOP",
        ),
        ("xavier", "p2888-0006", ""),
        ("xavier", "p2888-0008", ""),
        ("orin", "p3701-0004", "MAXN MODE_15W MODE_30W MODE_40W"),
        ("orin", "p3701-0005", "MAXN MODE_15W MODE_30W MODE_50W"),
        ("orin", "p3701-0008", ""),
        ("orin_nx", "p3767-0000", ""),
        ("orin_nano", "p3767-0005", ""),
        ("tx1", "p2180-1000", "MAXN"),
    ],
)
def test_without_nvpmodel_conf_only_modes_that_are_sure_are_named(tmp_path, board, module, names):
    found = power_table(dataclasses.replace(detect_board(BOARDS / board), module=module), tmp_path)
    assert " ".join(mode.name for mode in found.modes) == names


@pytest.mark.parametrize(
    "text, release",
    [
        ("# R24 (release), REVISION: 2.1, GCID: 8028265, BOARD: t210ref, EABI: aarch64, DATE: x\n", "24.2.1 2.3.1"),
        ("# R28 (release), REVISION: 3.2, GCID: 1\n", "28.3.2 3.3.2"),
        ("# R28 (release), REVISION: 3.0, GCID: 1\n", "28.3.0 3"),
        ("# R28 (release), REVISION: 5.0, GCID: 1\n", "28.5.0 3.3.4"),
        ("# R31 (release), REVISION: 0.2, GCID: 1\n", "31.0.2 4.1"),
        ("# R32 (release), REVISION: 5, GCID: 1\n", "32.5.0 4.5"),
        ("# R32 (release), REVISION: 99.1, GCID: 1\n", "32.99.1 4"),
        ("# R99 (release), REVISION: 1.0, GCID: 1\n", "99.1.0 "),
        ("Debian\n", None),
    ],
)
def test_a_release_is_named_as_far_as_it_is_known(tmp_path, text, release):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/nv_tegra_release").write_text(text)
    found = read_release(tmp_path)
    assert (f"{found.l4t} {found.jetpack}" if found else None) == release


def test_doctor_tries_another_board(tmp_path):
    ended = run(tmp_path, "doctor", SPLITLENS_SYSROOT=str(BOARDS / "tx2"))
    said = ended.out
    assert re.search(r"board +NVIDIA Jetson TX2 \(profile tx2\); Jetson Linux R32\.7\.1, JetPack 4\.6\.1", said)
    assert "/proc/device-tree/model says quill" in said
    assert re.search(r"note +power +mode 3; clocks unknown\n", said) and "* 3 MAXP_CORE_ARM: 4 cores" in said
    assert "7.96 W" in said and "gpu 42 C" in said
    assert "SPLITLENS_SYSROOT" not in said + ended.err  # it is no setting, and no mistake


def test_an_unknown_jetson_gets_a_message(tmp_path):
    said = run(tmp_path, "doctor", SPLITLENS_SYSROOT=str(BOARDS / "thor")).out
    assert re.search(r"note +board +NVIDIA Jetson \(unknown module\) \(profile jetson\); Jetson Linux R38\.2\.0", said)
    assert "-> This Jetson (NVIDIA Jetson AGX Thor Developer Kit) is not in the list of boards" in said


@pytest.mark.parametrize(
    "profile, origin",
    [
        ("tx1", "profile tx1"),
        ("mine.yml", "profile mine.yml"),
        (None, "profile tx2"),
    ],
)
def test_a_user_chooses_a_profile_or_writes_one(tmp_path, profile, origin):
    (tmp_path / "mine.yml").write_text("camera_input: 7\npower_mode: 3\n")
    if profile:
        (tmp_path / "config.yml").write_text(f"profile: {profile}\n")
    out = run(tmp_path, "config", "show", SPLITLENS_SYSROOT=str(BOARDS / "tx2")).out
    rows = {line.split()[0]: line for line in out.splitlines()}
    assert origin in rows["camera_input"] and origin in rows["power_mode"]
    if profile == "mine.yml":
        assert rows["camera_input"].split()[-1] == "7" and rows["power_mode"].split()[-1] == "3"
        assert "default" in rows["max_vis_fps"]  # it takes the place of the board's own


@pytest.mark.parametrize(
    "text, complaint",
    [
        ("profile: tx2\n", "mine.yml line 1: a profile cannot name another one; take the line out"),
        ("power_mode: true\n", "line 1: power_mode must be the id from 0 to 255 or the name of a power mode, or leave"),
        ("power_mode: 256\n", "mine.yml line 1: power_mode must be the id from 0 to 255"),
        ("jetson_clocks: 2\n", "mine.yml line 1: jetson_clocks must be true or false"),
        (None, "mine.yml: cannot be read: No such file or directory"),
    ],
)
def test_a_mistake_in_a_profile_of_ones_own_is_named(tmp_path, text, complaint):
    if text:
        (tmp_path / "mine.yml").write_text(text)
    ended = run(tmp_path, "config", "show", "--profile", "mine.yml")
    assert ended.code == 2 and complaint in ended.err
