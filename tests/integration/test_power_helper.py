"""The power helper as it runs on the host: a process, its socket, who may, and what is refused."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from appliance.board import detect_board
from appliance.board.power import ANSWER_SECONDS, NO_HELPER, NoHelper, Power, PowerError
from appliance.contract.commands import COMMAND_OF_NAME
from appliance.contract.state import PowerMode
from tests.command import ROOT
from tests.power_helper import HELPER, Helper
from tests.waiting import LIMIT

MODES = [
    {"id": 0, "name": "MAXN"},
    {"id": 1, "name": "MAXQ"},
    {"id": 2, "name": "MAXP_CORE_ALL"},
    {"id": 3, "name": "MAXP_CORE_ARM"},
    {"id": 4, "name": "MAXP_CORE_DENVER"},
]


def tells_groups():
    ours, other = socket.socketpair()
    with ours, other:
        try:
            return bool(ours.getsockopt(socket.SOL_SOCKET, 59, 1024) or True)
        except OSError:
            return False


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")


@pytest.fixture
def helper():
    with Helper() as helper:
        yield helper


def client(helper):
    return Power(detect_board(helper.root), helper.root)


def add_mode_that_reboots(helper):
    with helper.conf.open("a") as file:
        file.write("< POWER_MODEL ID=9 NAME=MODE_REBOOT >\nCPU_ONLINE CORE_1 0\n")


def test_the_mode_is_told_and_set(helper):
    assert helper.ask({"verb": "mode"}) == {"ok": True, "mode": 3, "modes": MODES}
    assert helper.ask({"verb": "mode", "set": 0}) == {"ok": True, "mode": 0, "modes": MODES}
    assert helper.status.read_text() == "pmode:0000 fmode:quiet"
    assert helper.calls() == ["nvpmodel -m 0"]
    helper.ask({"verb": "mode", "set": 0})
    assert helper.calls() == []  # it is so already
    assert "process" in helper.stop() and '"set": 0' in helper.printed


def test_clocks_are_held_and_let_go_as_they_were(helper):
    assert helper.ask({"verb": "clocks"}) == {"ok": True, "clocks": False}
    assert helper.ask({"verb": "clocks", "set": True}) == {"ok": True, "clocks": True}
    assert helper.calls() == ["jetson_clocks --store KEPT.new", "jetson_clocks "]
    assert helper.ask({"verb": "clocks", "set": True})["clocks"]
    assert helper.calls() == []
    assert helper.ask({"verb": "clocks", "set": False}) == {"ok": True, "clocks": False}
    assert helper.calls() == ["jetson_clocks --restore KEPT"]
    assert not helper.kept.exists()


def test_how_the_clocks_were_is_never_overwritten(helper):
    helper.ask({"verb": "clocks", "set": True})
    before = helper.kept.read_text()
    (helper.folder / "held").write_text("0")  # somebody let the memory's go
    helper.calls()
    assert helper.ask({"verb": "clocks", "set": True}) == {"ok": True, "clocks": True}
    assert helper.calls() == ["jetson_clocks "] and helper.kept.read_text() == before


def test_half_a_file_of_clocks_is_none(helper):
    helper.kept.with_name("before.new").write_text("of a helper that was killed")
    (helper.folder / "broken").write_text("")  # the clocks cannot be held, but how they were is kept
    assert helper.ask({"verb": "clocks", "set": True})["kind"] == "failed"
    assert "scaling_min_freq" in helper.kept.read_text()
    assert helper.ask({"verb": "clocks", "set": False})["ok"] and not helper.kept.exists()


def test_a_folder_that_is_gone_is_told():
    with Helper("tx2", "--kept", "/no/such/folder/before") as helper:
        answer = helper.ask({"verb": "clocks", "set": True})
        assert answer["kind"] == "failed" and "/no/such/folder" in answer["error"]
        assert helper.ask({"verb": "mode"})["ok"]


def test_held_clocks_are_those_of_the_new_mode(helper):
    helper.ask({"verb": "clocks", "set": True})
    helper.calls()
    assert helper.ask({"verb": "mode", "set": 2})["mode"] == 2
    assert helper.calls() == [
        "jetson_clocks --restore KEPT",
        "nvpmodel -m 2",
        "jetson_clocks --store KEPT.new",
        "jetson_clocks ",
    ]


def test_a_mode_that_fails_says_so_whatever_becomes_of_the_clocks(helper):
    helper.ask({"verb": "clocks", "set": True})
    (helper.folder / "broken").write_text("")
    error = helper.ask({"verb": "mode", "set": 0})["error"]
    assert "nvpmodel did not set mode 0 (MAXN): NVPM ERROR: Error writing 1" in error
    assert "The clocks are not held any more: `jetson_clocks` failed: Error: Failed to max GPU frequency!" in error


def test_a_mode_that_is_set_says_so_though_the_clocks_are_lost(helper):
    helper.ask({"verb": "clocks", "set": True})
    (helper.folder / "hot").write_text("")
    answer = helper.ask({"verb": "mode", "set": 0})
    assert answer["kind"] == "failed"
    assert answer["error"].startswith("Power mode 0 (MAXN) is set. The clocks are not held any more: `jetson_clocks` f")
    assert helper.ask({"verb": "mode"})["mode"] == 0


def test_clocks_that_somebody_else_holds_are_not_let_go_wrongly(helper):
    (helper.folder / "held").write_text("1")
    answer = helper.ask({"verb": "clocks", "set": False})
    assert answer["kind"] == "failed" and "A restart of the board lets them go" in answer["error"]


def test_a_mode_that_needs_a_restart_is_reported_and_never_restarts(helper):
    add_mode_that_reboots(helper)
    helper.ask({"verb": "clocks", "set": True})
    helper.calls()
    answer = helper.ask({"verb": "mode", "set": 9})
    assert answer == {
        "ok": False,
        "kind": "reboot",
        "error": (
            "Power mode 9 (MODE_REBOOT) needs a restart of the board, so it was not set. On the board, "
            "`sudo nvpmodel -m 9` asks for it and does both."
        ),
    }
    assert [call for call in helper.calls() if "clocks" not in call] == ["nvpmodel -m 9", "answer: NO"]
    assert helper.ask({"verb": "mode"})["mode"] == 3 and helper.ask({"verb": "clocks"})["clocks"]


@pytest.mark.parametrize(
    "request_, kind, words",
    [
        ({"verb": "mode", "set": 5}, "invalid", "5 is no power mode of this board"),
        ({"verb": "mode", "set": -1}, "invalid", "-1 is no power mode"),
        ({"verb": "mode", "set": "0; reboot"}, "invalid", '"0; reboot" is no power mode'),
        ({"verb": "mode", "set": True}, "invalid", "true is no power mode"),
        ({"verb": "mode", "set": 1.0}, "invalid", "1.0 is no power mode"),
        ({"verb": "mode", "set": [0]}, "invalid", "is no power mode"),
        ({"verb": "clocks", "set": 1}, "invalid", "true or false"),
        ({"verb": "reboot"}, "invalid", "one of mode, clocks"),
        ({"verb": ["mode"]}, "invalid", "one of mode, clocks"),
        ({"verb": "mode", "conf": "/tmp/x"}, "invalid", "only `verb` and `set`"),
        ([], "invalid", "one of mode, clocks"),
        (b"hello\n", "invalid", "no JSON"),
        (b"\xff\xfe\n", "invalid", "no JSON"),
        (b"[" * 990 + b"\n", "invalid", ""),
        (b"x" * 3000, "invalid", "at most 1000 bytes"),
    ],
)
def test_what_makes_no_sense_is_refused_and_starts_nothing(helper, request_, kind, words):
    answer = helper.ask(request_)
    assert (answer["ok"], answer["kind"]) == (False, kind) and words in answer["error"]
    assert helper.calls() == []
    assert helper.ask({"verb": "mode"})["ok"]


def test_a_client_that_says_nothing_holds_up_nobody_for_long(helper):
    with socket.socket(socket.AF_UNIX) as silent:
        silent.connect(str(helper.socket))
        assert helper.ask({"verb": "mode"})["ok"]
        assert silent.recv(100) == b""
    assert "timed out" in helper.stop()


def test_a_client_that_drips_has_no_longer(helper):
    with socket.socket(socket.AF_UNIX) as dripping:
        dripping.connect(str(helper.socket))
        answers = []
        other = threading.Thread(target=lambda: answers.append(helper.ask({"verb": "mode"})))
        other.start()
        with pytest.raises(OSError):  # each byte well within the time of the line
            for _ in range(900):
                dripping.sendall(b" ")
                other.join(0.1)
        other.join(LIMIT)
        assert answers and answers[0]["ok"]


@as_root
def test_other_users_are_refused():
    with Helper("tx2", "--allow-user", "10001,10002", "--allow-group", "4242") as helper:
        denied = helper.ask_as(1234, 1234, {"verb": "mode", "set": 0})
        assert denied["kind"] == "denied"
        assert denied["error"].startswith("User 1234 and group 1234 may not set the power mode")
        assert helper.ask_as(1234, 5, {"verb": "mode"}, [6, 7])["kind"] == "denied"
        assert helper.ask_as(1234, 0, {"verb": "mode"})["kind"] == "denied"  # root's group is not root
        assert helper.calls() == []
        for user, group in ((10001, 5), (10002, 5), (1234, 4242)):
            assert helper.ask_as(user, group, {"verb": "mode"})["ok"]


@as_root
@pytest.mark.skipif(not tells_groups(), reason="this kernel tells the primary group only")
def test_any_group_of_a_user_counts():
    with Helper("tx2", "--allow-group", "4242") as helper:
        assert helper.ask_as(1234, 5, {"verb": "mode"}, [6, 4242, 7])["ok"]


def test_a_request_has_one_time_for_all_its_commands():
    with Helper("tx2", "--request-seconds", "1.5") as helper:
        (helper.folder / "slow").write_text("")
        answer = helper.ask({"verb": "mode"})
        assert answer["kind"] == "failed"
        assert re.search(r"had not ended after 1\.[0-5] seconds, and was stopped", answer["error"])
        (helper.folder / "slow").unlink()
        assert helper.ask({"verb": "mode"})["mode"] == 3
    with Helper("tx2", "--request-seconds", "0") as helper:
        answer = helper.ask({"verb": "mode"})
        assert answer["kind"] == "failed" and answer["error"].startswith("The time of 0 seconds was over before `")


def test_who_waits_waits_longer_than_the_helper_takes():
    said = re.search(r'"--request-seconds", type=float, default=([\d.]+)', HELPER.read_text()).group(1)
    page = re.search(r"const SECONDS = (\d+);", (ROOT / "web/static/js/power.js").read_text()).group(1)
    assert float(said) + 5 < ANSWER_SECONDS
    assert 2 * float(said) + 5 < COMMAND_OF_NAME["set_power"].seconds < float(page)  # mode and clocks are two requests


def test_a_command_that_hangs_is_stopped_with_all_it_started():
    with Helper("tx2", "--seconds", "0.5") as helper:
        (helper.folder / "slow").write_text("")
        answer = helper.ask({"verb": "mode"})
        assert answer["kind"] == "failed" and "had not ended after 0.5 seconds, and was stopped" in answer["error"]
        (helper.folder / "slow").unlink()
        assert helper.ask({"verb": "mode"})["mode"] == 3


def test_what_escapes_a_command_that_is_stopped_holds_up_nobody():
    with Helper("tx2", "--seconds", "2") as helper:
        (helper.folder / "stuck").write_text("")
        answer = helper.ask({"verb": "mode"})
        sleeper = int((helper.folder / "sleeper").read_text())
        try:
            assert answer["kind"] == "failed" and "was stopped" in answer["error"]
            os.kill(sleeper, 0)  # it still holds the command's output
        finally:
            os.kill(sleeper, signal.SIGKILL)


@pytest.mark.parametrize(
    "spoil, words",
    [
        (
            lambda helper: (helper.folder / "broken").write_text(""),
            "nvpmodel did not set mode 0 (MAXN): NVPM ERROR: Error writing 1 to /sys/devices/system/cpu/cpu1/online: 1",
        ),
        (lambda helper: (helper.folder / "nvpmodel").unlink(), "nvpmodel: No such file or directory"),
        (lambda helper: helper.conf.unlink(), "nvpmodel.conf: No such file or directory: no power modes"),
    ],
)
def test_what_does_not_work_says_why(helper, spoil, words):
    spoil(helper)
    answer = helper.ask({"verb": "mode", "set": 0})
    assert answer["kind"] == "failed" and words in answer["error"]


def test_clocks_that_cannot_be_held_say_why(helper):
    (helper.folder / "broken").write_text("")
    answer = helper.ask({"verb": "clocks", "set": True})
    assert answer["kind"] == "failed" and "Error: Failed to max GPU frequency!" in answer["error"]


def test_it_takes_the_socket_that_systemd_hands_over():
    helper = Helper()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(helper.socket))
        listener.listen(5)
        program = (
            f"import os, sys; os.dup2({listener.fileno()}, 3); os.environ.update(LISTEN_FDS='1',"
            " LISTEN_PID=str(os.getpid()));os.execv(sys.argv[1], sys.argv[1:])"
        )
        helper.command = [sys.executable, "-c", program, *helper.command, "--socket", "/no/such/folder"]
        helper.process = subprocess.Popen(
            helper.command, stderr=subprocess.PIPE, pass_fds=[listener.fileno(), 3] if listener.fileno() != 3 else [3]
        )
        try:
            assert helper.ask({"verb": "mode"})["mode"] == 3
        finally:
            helper.__exit__()


def test_the_oldest_python_of_a_board_runs_it():
    """The host's Python is not the image's: 3.6 is JetPack 4's. Only its own library may be needed."""
    with Helper("tx2", python=sys.executable) as helper:
        assert helper.ask({"verb": "mode"})["ok"]
    isolated = subprocess.run([sys.executable, "-S", "-I", str(HELPER), "--help"], stdout=subprocess.PIPE)
    assert isolated.returncode == 0 and b"--allow-user" in isolated.stdout


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze here")
def test_the_units_are_as_systemd_has_them():
    units = [str(path) for path in sorted((ROOT / "deploy" / "power").glob("splitlens-power.*"))]
    assert len(units) == 2
    done = subprocess.run(["systemd-analyze", "verify"] + units, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = [line for line in done.stdout.decode().splitlines() if "splitlens" in line]
    assert said == [] and done.returncode == 0, done.stdout


# The appliance's side of it


def test_the_appliance_shows_and_sets_mode_and_clocks(helper):
    power = client(helper)
    assert power.as_message().problem == NO_HELPER  # not asked yet
    power.refresh()
    facts = power.as_message()
    assert facts.modes[1] == PowerMode(1, "MAXQ", "4 cores, CPU 1.20 GHz, GPU 0.85 GHz")
    assert (facts.current, facts.clocks, facts.settable, facts.problem, facts.needs_reboot) == (
        3,
        False,
        True,
        None,
        False,
    )
    power.set_mode("Max-N")
    power.set_clocks(True)
    assert (power.as_message().current, power.as_message().clocks) == (0, True)


def test_the_appliance_says_that_a_restart_is_needed_until_another_mode_is_set(helper):
    add_mode_that_reboots(helper)
    power = client(helper)
    with pytest.raises(PowerError, match="needs a restart of the board") as caught:
        power.set_mode(9)
    assert caught.value.needs_reboot
    power.refresh()
    facts = power.as_message()
    assert facts.needs_reboot and "sudo nvpmodel -m 9" in facts.problem and facts.current == 3
    power.set_mode(1)
    assert not power.as_message().needs_reboot and power.as_message().problem is None


def test_what_a_helper_that_is_gone_told_is_not_shown(helper):
    power = client(helper)
    power.set_clocks(True)
    assert power.as_message().clocks is True
    helper.stop()
    power.refresh()
    facts = power.as_message()
    assert (facts.clocks, facts.settable, facts.problem) == (None, False, NO_HELPER)


def test_a_mode_that_is_set_on_the_board_settles_the_last_change(helper):
    add_mode_that_reboots(helper)
    power = client(helper)
    with pytest.raises(PowerError):
        power.set_mode(9)
    helper.status.write_text("pmode:0009")  # `sudo nvpmodel -m 9`, and the restart
    power.refresh()
    facts = power.as_message()
    assert (facts.current, facts.needs_reboot, facts.problem) == (9, False, None)


@pytest.mark.parametrize(
    "board, name, detail", [("tx2", "MAXQ", "4 cores, CPU 1.20 GHz, GPU 0.85 GHz"), ("orin_nano", "25W", "")]
)
def test_a_container_that_hides_nvpmodel_conf_learns_the_modes_from_the_helper(tmp_path, board, name, detail):
    with Helper(board) as helper:
        known = detect_board(helper.root)
        (tmp_path / "run/splitlens-power").mkdir(parents=True)
        (tmp_path / "run/splitlens-power/socket").symlink_to(helper.socket)
        power = Power(known, tmp_path)
        assert power.has_modes and bool(power.as_message()) == (board == "tx2")
        power.refresh()
        facts = power.as_message()
        assert facts.modes[1] == PowerMode(1, name, detail)
        assert facts.current == helper.ask({"verb": "mode"})["mode"]
        power.set_mode(name)
        assert power.as_message().current == 1


@pytest.mark.parametrize(
    "mode, clocks, calls",
    [
        ("leave", None, []),
        ("MAXP_CORE_ARM", False, []),
        (0, None, ["nvpmodel -m 0"]),
        ("leave", True, ["jetson_clocks --store KEPT.new", "jetson_clocks "]),
        ("MAXQ", True, ["nvpmodel -m 1", "jetson_clocks --store KEPT.new", "jetson_clocks "]),
    ],
)
def test_what_is_set_is_applied_where_it_is_not_so_already(helper, mode, clocks, calls):
    client(helper).apply(mode, clocks)
    assert helper.calls() == calls


def test_a_mode_that_the_board_lacks_is_said_and_nothing_is_done(helper, caplog):
    power = client(helper)
    power.apply("50W", None)
    assert "This board has no power mode 50W; it has MAXN (0), MAXQ (1)" in power.as_message().problem
    power.refresh()
    assert "50W" in power.as_message().problem and power.as_message().settable
    assert helper.calls() == []


def test_without_a_helper_modes_are_only_shown():
    helper = Helper()
    try:
        power = client(helper)
        power.apply("MAXN", True)
        facts = power.as_message()
        assert (facts.current, facts.settable, facts.problem) == (3, False, NO_HELPER)
        with pytest.raises(NoHelper):
            power.set_mode(0)
    finally:
        helper.remove()


def test_a_helper_that_says_nonsense_or_nothing_is_a_problem_with_a_remedy():
    helper = Helper()
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(helper.socket))
            listener.listen(5)
            pid = os.fork()
            if pid == 0:
                for answer in (b"hello\n", b"[1]\n", b""):
                    connection = listener.accept()[0]
                    connection.recv(1000)
                    connection.sendall(answer)
                    connection.close()
                os._exit(0)
            power = client(helper)
            for _ in range(3):
                with pytest.raises(PowerError, match="journalctl -u splitlens-power"):
                    power.set_mode(0)
            os.waitpid(pid, 0)
    finally:
        helper.remove()


def test_a_pc_has_no_power_modes():
    power = Power(detect_board(ROOT / "tests/boards/pc"), ROOT / "tests/boards/pc")
    began = time.monotonic()
    power.refresh()
    power.apply("MAXN", True)
    assert power.as_message() is None and time.monotonic() - began < 60
