"""Choosing and getting models."""

import re

import pytest

from tests.browser.chromium import expect


@pytest.fixture
def path():
    return "/settings/model"


def row(page, name):
    return page.locator(f"#model [data-model='{name}']")


def test_the_model_is_switched_and_the_page_follows(appliance, page):
    expect(page.locator("#model-name")).to_have_text(appliance.first_model)
    row(page, appliance.other_model).get_by_role("button").click()
    expect(page.locator("#model-progress")).to_contain_text(f"{appliance.first_model} keeps running")
    expect(page.locator("#model-name")).to_have_text(appliance.other_model)
    expect(page.locator("#model-outcome")).to_have_text(f"{appliance.other_model} is running.")
    expect(page.locator("#model-progress")).to_be_hidden()
    expect(row(page, appliance.other_model)).to_contain_text("in use")
    assert appliance.heard("set_model") == [{"command": "set_model", "model": appliance.other_model}]


def test_a_switch_that_fails_says_why_and_that_the_old_model_runs(appliance, page):
    row(page, appliance.broken_model).get_by_role("button").click()
    failure = page.locator("#model-failure")
    expect(failure).to_contain_text("cut off")
    expect(failure).to_contain_text(appliance.first_model)
    expect(page.locator("#model-name")).to_have_text(appliance.first_model)
    expect(page.locator("#model-status")).to_have_text("running")
    expect(row(page, appliance.first_model)).to_contain_text("in use")


def test_a_second_switch_during_the_first_is_refused_with_the_reason(appliance, page):
    row(page, appliance.other_model).get_by_role("button").click()
    expect(page.locator("#model-progress")).to_be_visible()
    row(page, appliance.broken_model).get_by_role("button").click()
    expect(page.locator("#model-outcome")).to_contain_text("is being loaded")


def test_a_load_that_does_not_end_is_given_up(appliance, page):
    row(page, "stuck").get_by_role("button").click()
    page.get_by_role("button", name="Give up").click()
    expect(page.locator("#model-failure")).to_contain_text("stuck is not used: it was given up")
    expect(page.get_by_role("button", name="Give up")).to_be_hidden()
    row(page, appliance.other_model).get_by_role("button").click()
    expect(page.locator("#model-name")).to_have_text(appliance.other_model)


def test_a_model_is_got_from_the_catalogue_with_progress(appliance, page):
    page.locator("#catalogue-fold summary").click()
    page.get_by_label("Filter by name or family").fill("faster r-cnn")
    expect(page.locator("#catalogue [data-model]")).to_have_count(1)
    wanted = row(page, appliance.new_model)
    wanted.get_by_role("button", name="Get").click()
    expect(wanted.locator("progress")).to_be_visible()
    expect(wanted).to_contain_text(re.compile(r"\d of 70.0 MB|\d+\.\d MB of 70.0 MB"))
    installed = page.locator(f"#installed [data-model='{appliance.new_model}']")
    expect(installed.get_by_role("button", name="Use")).to_be_visible()


def test_a_download_that_breaks_says_why_and_can_be_tried_again(appliance, page):
    page.locator("#catalogue-fold summary").click()
    wanted = row(page, appliance.broken_download)
    wanted.get_by_role("button").click()
    expect(wanted.locator(".failed")).to_contain_text("The connection broke")
    expect(wanted.get_by_role("button", name="Try again")).to_be_enabled()


def test_what_does_not_fit_says_why_and_cannot_be_got(appliance, page):
    page.locator("#catalogue-fold summary").click()
    wanted = row(page, appliance.unfit_model)
    expect(wanted).to_contain_text("Does not fit: needs 6 GB of memory")
    expect(wanted.get_by_role("button")).to_be_disabled()


def test_without_a_model_one_large_button_gets_the_default(appliance, page):
    with appliance.daemon.lock:
        appliance.daemon.model.update(name=None, status="failed", error=f"{appliance.first_model} is not installed.")
        appliance.daemon.models[appliance.first_model].update(installed=False)
    appliance.daemon.publish_state()
    button = page.locator("#model-default")
    expect(button).to_have_text(re.compile(f"Get the default: {appliance.first_model}"))
    assert button.bounding_box()["height"] >= 44
    button.click()
    expect(button).to_be_hidden()
    expect(page.locator("#model-name")).to_have_text(appliance.first_model)
    assert appliance.heard("get_model") == [{"command": "get_model", "model": appliance.first_model}]


def test_why_the_default_could_not_be_had_stands_at_its_button(appliance, page):
    with appliance.daemon.lock:
        appliance.daemon.model.update(name=None, status="failed", error=f"{appliance.first_model} is not installed.")
        appliance.daemon.models[appliance.first_model].update(
            installed=False, download={"done": 0, "total": None, "error": "The server cannot be reached."}
        )
    appliance.daemon.publish_state()
    expect(page.locator("#model-default")).to_be_visible()
    expect(page.locator("#model-default-download")).to_have_text("The server cannot be reached.")
    with appliance.daemon.lock:
        appliance.daemon.models[appliance.first_model].update(download={"done": 7, "total": None, "error": None})
    appliance.daemon.publish_state()
    expect(page.locator("#model-default-download")).to_contain_text(f"Getting {appliance.first_model}")
    expect(page.locator("#model-default")).to_be_hidden()


def test_while_a_model_runs_there_is_no_such_button(appliance, page):
    expect(page.locator("#model-name")).to_have_text(appliance.first_model)
    expect(page.locator("#model-default")).to_be_hidden()


def test_a_filter_that_fits_no_model_says_so(appliance, page):
    page.locator("#catalogue-fold summary").click()
    page.get_by_label("Filter by name or family").fill("yolo")
    expect(page.locator("#catalogue-none")).to_have_text('None of 3 has "yolo" in its name or family.')
    page.get_by_label("Filter by name or family").fill("")
    expect(page.locator("#catalogue-none")).to_be_hidden()
