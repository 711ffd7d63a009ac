"""Changing where frames come from."""

import pytest

from tests.browser.chromium import expect
from tests.browser.rig import show


@pytest.fixture
def path():
    return "/settings/streams"


def stream(page, name="main"):
    return page.locator(f"#streams > [data-stream={name}]")


def test_a_source_is_tried_out_on_one_frame_before_it_is_applied(appliance, page):
    stream(page).get_by_role("button", name="Edit").click()
    form = page.get_by_role("form", name="Source of main")
    expect(form.get_by_label("Source")).to_be_focused()
    form.get_by_label("Source").fill(appliance.other_source)
    form.get_by_role("button", name="Test").click()
    expect(form.get_by_role("img", name="One frame of the source")).to_be_visible()
    expect(form).to_contain_text("It works: 320×180")
    assert appliance.heard("set_stream") == []
    form.get_by_role("button", name="Apply").click()
    expect(stream(page).locator("code")).to_have_text(appliance.hidden_source)
    expect(form).to_have_count(0)
    expect(stream(page)).to_contain_text("Changed here. The configuration says 0")
    stream(page).get_by_role("button", name="Reset").click()
    expect(stream(page).locator("code")).to_have_text("0")
    expect(stream(page).get_by_role("button", name="Reset")).to_be_hidden()


def test_a_source_that_cannot_be_opened_is_told_and_changes_nothing(appliance, page):
    stream(page).get_by_role("button", name="Edit").click()
    form = page.get_by_role("form", name="Source of main")
    form.get_by_label("Source").fill(appliance.broken_source)
    form.get_by_role("button", name="Test").click()
    expect(form.locator(".failed")).to_contain_text("cannot be opened")
    expect(form.get_by_role("img")).to_have_count(0)
    form.get_by_role("button", name="Cancel").click()
    expect(stream(page).get_by_role("button", name="Edit")).to_be_focused()
    expect(stream(page).locator("code")).to_have_text("0")


def test_a_source_that_is_refused_keeps_the_form_and_says_why(appliance, page):
    stream(page).get_by_role("button", name="Edit").click()
    form = page.get_by_role("form", name="Source of main")
    form.get_by_label("Source").fill("videotestsrc ! filesink")
    form.get_by_role("button", name="Apply").click()
    expect(form.locator(".failed")).to_contain_text("filesink is not allowed")
    expect(form.get_by_label("Source")).to_have_value("videotestsrc ! filesink")


def test_a_cameras_number_goes_as_a_number_and_hidden_credentials_go_back_as_they_are(appliance, page):
    appliance.daemon.do_set_stream("main", appliance.other_source)
    appliance.daemon.publish_state()
    expect(stream(page).locator("code")).to_have_text(appliance.hidden_source)
    stream(page).get_by_role("button", name="Edit").click()
    form = page.get_by_role("form", name="Source of main")
    form.get_by_label("Model").select_option(appliance.other_model)
    form.get_by_role("button", name="Apply").click()
    expect(form).to_have_count(0)
    expect(stream(page)).to_contain_text(f"model {appliance.other_model}")
    stream(page).get_by_role("button", name="Edit").click()
    form.get_by_label("Source").fill("7")
    form.get_by_label("Model").select_option("")
    form.get_by_role("button", name="Apply").click()
    expect(stream(page).locator("code")).to_have_text("7")
    first, second = appliance.heard("set_stream")
    assert (first["source"], first["model"]) == (appliance.hidden_source, appliance.other_model)
    assert (second["source"], second.get("model")) == (7, None)


def test_a_stream_is_added_seen_and_removed(appliance, page):
    page.get_by_role("button", name="Add a stream").click()
    form = page.get_by_role("form", name="A new stream")
    form.get_by_label("Name").fill("main")
    form.get_by_label("Source").fill("1")
    form.get_by_role("button", name="Add").click()
    expect(form.locator(".failed")).to_contain_text("a stream main already")
    form.get_by_label("Name").fill("yard")
    form.get_by_role("button", name="Add").click()
    expect(stream(page, "yard")).to_contain_text("Added here")
    show(page, "")
    expect(page.get_by_role("img", name="Live picture of yard")).to_be_visible()
    show(page, "settings/streams")
    stream(page, "yard").get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(stream(page, "yard")).to_have_count(1)
    stream(page, "yard").get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(stream(page, "yard")).to_have_count(0)
    show(page, "")
    expect(page.get_by_role("img", name="Live picture of main")).to_be_visible()
    expect(page.get_by_role("img", name="Live picture of yard")).to_have_count(0)


def test_what_is_typed_is_not_overwritten_by_what_another_changes(appliance, page):
    stream(page).get_by_role("button", name="Edit").click()
    form = page.get_by_role("form", name="Source of main")
    form.get_by_label("Source").fill("rtsp://half-typed")
    appliance.daemon.do_set_stream("main", "5")
    appliance.daemon.publish_state()
    expect(form).to_contain_text("Meanwhile it was changed elsewhere, to 5")
    expect(form.get_by_label("Source")).to_have_value("rtsp://half-typed")


def test_what_is_set_for_a_stream_alone_is_told(appliance, page):
    appliance.daemon.streams["main"].settings.update(det_th=0.3, shown_classes=["car", "dog"])
    appliance.daemon.publish_state()
    expect(stream(page).locator(".details")).to_contain_text("det_th 0.3 · shown_classes car,dog")
