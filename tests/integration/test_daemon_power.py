"""The daemon on a recorded TX2 with the real power helper: the profile's mode, an operator's choice, the readings."""

import pytest

from appliance.contract.errors import Refused
from tests.daemon import Daemon
from tests.power_helper import Helper

CONFIG = "camera_input: videotestsrc is-live=true ! video/x-raw,width=64,height=48 ! videoconvert ! appsink\n"


def power(daemon):
    return daemon.state()["power"]


def test_the_profiles_mode_is_set_at_the_start_and_an_operators_choice_stays(tmp_path):
    with Helper("tx2") as helper:
        daemon = Daemon(tmp_path, config=CONFIG, environ={"SPLITLENS_SYSROOT": str(helper.root)})
        with daemon:
            assert daemon.state()["board"] == {"id": "tx2", "name": "NVIDIA Jetson TX2"}
            daemon.until(lambda state: state["power"]["current"] == 0 and state["power"]["settable"])
            assert helper.calls() == ["nvpmodel -m 0"]
            assert [mode["name"] for mode in power(daemon)["modes"]][3:] == ["MAXP_CORE_ARM", "MAXP_CORE_DENVER"]
            row = daemon.ask("set_power", mode=3, clocks=True)["state"]["power"]
            assert (row["current"], row["clocks"], row["problem"]) == (3, True, None)
            for fields, kind in (
                ({}, "invalid"),
                ({"mode": "0"}, "invalid"),
                ({"clocks": 1}, "invalid"),
                ({"mode": 77}, "not_found"),
            ):
                with pytest.raises(Refused) as caught:
                    daemon.ask("set_power", **fields)
                assert caught.value.kind == kind
            readings = daemon.events("statistics", lambda event: event["readings"])["readings"]
            assert readings["power"]["total"] == pytest.approx(7.96, abs=0.01) and readings["gpu"] == 73.1
        # What nvpmodel kept over a restart of the board, jetson_clocks did not.
        (helper.folder / "held").write_text("0")
        helper.kept.unlink()
        helper.calls()
        with daemon:
            daemon.until(lambda state: state["power"]["clocks"])
            assert power(daemon)["current"] == 3
            assert helper.calls() == ["jetson_clocks --store KEPT.new", "jetson_clocks "]


def test_without_the_helper_it_says_so_and_goes_on(tmp_path):
    helper = Helper("tx2")
    try:
        with Daemon(tmp_path, config=CONFIG, environ={"SPLITLENS_SYSROOT": str(helper.root)}) as daemon:
            row = power(daemon)
            assert (row["current"], row["clocks"], row["settable"]) == (3, None, False)
            assert "power helper" in row["problem"]
            with pytest.raises(Refused) as caught:
                daemon.ask("set_power", mode=0)
            assert caught.value.kind == "conflict"
        assert "left as they are: the power helper does not run" in daemon.printed
    finally:
        helper.remove()


def test_a_pc_has_none(tmp_path):
    with Daemon(tmp_path, config=CONFIG) as daemon:
        assert power(daemon) is None
