"""Settings: applied, reset, and not taken from under the fingers."""

import dataclasses
import threading

import pytest

from appliance.contract.errors import INVALID, Refused
from appliance.contract.live_settings import describe_live_settings
from tests.browser.chromium import expect
from tests.waiting import wait_until
from tests.web import fake_daemon
from tests.web.fake_daemon import LABELS


@pytest.fixture
def path():
    return "/settings/detection"


def setting(page, key):
    return page.locator(f"[data-setting={key}]")


def test_the_threshold_is_set_by_number_and_by_slider(appliance, page):
    field = setting(page, "det_th")
    number = field.get_by_role("spinbutton")
    expect(number).to_have_value("0.5")
    number.fill("0.35")
    number.press("Enter")
    expect(field.locator(".outcome")).to_have_text("Applied.")
    expect(field.get_by_role("slider")).to_have_value("0.35")
    expect(field).to_contain_text("Configured: 0.5")
    field.get_by_role("slider").focus()
    page.keyboard.press("ArrowRight")
    expect(number).to_have_value("0.36")
    wait_until(lambda: len(appliance.heard("change_settings")) == 2, "the slider's value is sent")
    field.get_by_role("button", name="Reset").click()
    expect(number).to_have_value("0.5")
    expect(field.get_by_role("button", name="Reset")).to_be_hidden()
    assert [said["settings"] for said in appliance.heard("change_settings")] == [
        {"det_th": 0.35},
        {"det_th": 0.36},
        {"det_th": None},
    ]


@pytest.mark.parametrize(
    "key, written, complaint",
    [("det_th", "2", "from 0 to 1"), ("det_th", "", "from 0 to 1"), ("max_vis_fps", "-1", "from 0 to 1000")],
)
def test_what_makes_no_sense_is_told_and_not_sent(appliance, page, key, written, complaint):
    field = setting(page, key)
    field.get_by_role("spinbutton").fill(written)
    field.get_by_role("spinbutton").blur()
    expect(field.locator(".failed")).to_contain_text(complaint)
    expect(field.get_by_role("spinbutton")).to_have_value({"det_th": "0.5", "max_vis_fps": "0"}[key])
    assert appliance.heard("change_settings") == []


def test_a_value_that_the_appliance_refuses_leaves_the_field(appliance, page):
    def refuse(settings):
        raise Refused(INVALID, "det_th must be smaller today.")

    appliance.daemon.do_change_settings = refuse
    field = setting(page, "det_th")
    field.get_by_role("spinbutton").fill("0.9")
    field.get_by_role("spinbutton").press("Enter")
    expect(field.locator(".failed")).to_contain_text("must be smaller today")
    expect(field.get_by_role("spinbutton")).to_have_value("0.5")
    expect(field.get_by_role("slider")).to_have_value("0.5")


def test_the_threshold_takes_any_number_from_0_to_1(appliance, page):
    field = setting(page, "det_th")
    for written in ("0.123456", "1", "0", "1e-3"):
        field.get_by_role("spinbutton").fill(written)
        field.get_by_role("spinbutton").press("Enter")
        wait_until(lambda: appliance.daemon.settings["det_th"] == float(written), "it is set")  # noqa: B023
    expect(field.locator(".failed")).to_have_count(0)


def test_a_number_typed_while_another_is_applied_is_applied_after_it(appliance, page):
    change, answered = appliance.daemon.do_change_settings, threading.Event()

    def change_when_told(settings):
        assert answered.wait(60)
        change(settings)

    appliance.daemon.do_change_settings = change_when_told
    number = setting(page, "det_th").get_by_role("spinbutton")
    for written in ("0.3", "0.4", "0.6"):
        number.fill(written)
        number.press("Enter")
    expect(number).to_have_value("0.6")
    answered.set()
    wait_until(lambda: appliance.daemon.settings["det_th"] == 0.6, "the last one is set")
    assert [said["settings"] for said in appliance.heard("change_settings")] == [{"det_th": 0.3}, {"det_th": 0.6}]
    expect(number).to_have_value("0.6")


def test_classes_of_another_model_are_neither_shown_nor_sent(appliance, page):
    appliance.daemon.settings["shown_classes"] = ["car", "unicorn"]
    appliance.daemon.publish_state()
    field = setting(page, "shown_classes")
    field.locator("summary").click()
    expect(field.get_by_label("car")).to_be_checked()
    expect(field.get_by_label("unicorn")).to_have_count(0)
    field.get_by_label("dog").check()
    field.get_by_role("button", name="Apply").click()
    wait_until(lambda: appliance.heard("change_settings"), "it is sent")
    assert sorted(appliance.heard("change_settings")[0]["settings"]["shown_classes"]) == ["car", "dog"]


def test_the_rate_and_the_text_in_the_picture(appliance, page):
    rate = setting(page, "max_vis_fps")
    rate.get_by_role("spinbutton").fill("7.5")
    rate.get_by_role("spinbutton").press("Enter")
    expect(rate).to_contain_text("Configured: no limit")
    text = setting(page, "vis_text")
    text.get_by_role("checkbox").uncheck()
    expect(text).to_contain_text("Configured: on")
    assert [said["settings"] for said in appliance.heard("change_settings")] == [
        {"max_vis_fps": 7.5},
        {"vis_text": False},
    ]


def test_the_classes_that_are_shown(appliance, page):
    field = setting(page, "shown_classes")
    expect(field.locator("summary")).to_have_text("All 6")
    field.locator("summary").click()
    field.get_by_role("button", name="None").click()
    field.get_by_label("Filter").fill("ca")
    expect(field.get_by_role("checkbox")).to_have_count(2)
    field.get_by_label("car").check()
    appliance.daemon.publish_state()
    field.get_by_label("Filter").fill("")
    expect(field.get_by_label("car")).to_be_checked()
    expect(field.get_by_label("dog")).not_to_be_checked()
    field.get_by_role("button", name="Apply").click()
    expect(field.locator("summary")).to_have_text("car")
    expect(field).to_contain_text("Configured: all")
    field.get_by_role("button", name="Reset").click()
    expect(field.locator("summary")).to_have_text("All 6")
    assert [said["settings"] for said in appliance.heard("change_settings")] == [
        {"shown_classes": ["car"]},
        {"shown_classes": None},
    ]


def test_a_number_half_typed_stays_when_another_changes_it(appliance, page):
    number = setting(page, "det_th").get_by_role("spinbutton")
    number.fill("0.1")
    appliance.daemon.settings["det_th"] = 0.8
    appliance.daemon.publish_state()
    expect(setting(page, "det_th")).to_contain_text("Configured: 0.5")
    expect(number).to_have_value("0.1")


def test_all_classes_can_be_shown_where_the_configuration_names_some(appliance, page):
    appliance.daemon.configured["shown_classes"] = ["car"]
    appliance.daemon.settings["shown_classes"] = ["car"]
    appliance.daemon.publish_state()
    field = setting(page, "shown_classes")
    expect(field.locator("summary")).to_have_text("car")
    field.locator("summary").click()
    field.get_by_role("button", name="All").click()
    field.get_by_role("button", name="Apply").click()
    expect(field).to_contain_text("Configured: car")
    expect(field.get_by_label("dog")).to_be_checked()
    (said,) = appliance.heard("change_settings")
    assert sorted(said["settings"]["shown_classes"]) == sorted(LABELS)


def test_the_form_is_made_of_what_the_daemon_describes(appliance, page):
    described = {one.key: one for one in describe_live_settings()}
    fields = page.locator("#setting-fields > .setting")
    expect(fields).to_have_count(len(described))
    for key, one in described.items():
        expect(setting(page, key)).to_contain_text(one.title)
    for key in ("det_th", "max_vis_fps"):
        number = setting(page, key).get_by_role("spinbutton")
        expect(number).to_have_attribute("min", f"{described[key].minimum:g}")
        expect(number).to_have_attribute("max", f"{described[key].maximum:g}")


def test_a_setting_with_choices_is_a_list_of_them(appliance, page, monkeypatch):
    (row,) = [one for one in describe_live_settings() if one.key == "vis_text"]
    row = dataclasses.replace(row, title="Look", kind="text", choices=["thin", "thick"])
    monkeypatch.setattr(fake_daemon, "describe_live_settings", lambda: [row])
    appliance.daemon.settings["vis_text"] = appliance.daemon.configured["vis_text"] = "thick"
    appliance.daemon.publish_state()
    choice = setting(page, "vis_text").get_by_role("combobox", name="Look")
    expect(choice).to_have_value("thick")
    choice.select_option("thin")
    expect(setting(page, "vis_text").locator(".failed")).to_contain_text("vis_text must be true or false")
    expect(choice).to_have_value("thick")
