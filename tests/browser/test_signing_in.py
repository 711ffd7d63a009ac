"""Who gets in, and what those see who may not."""

from tests.browser.chromium import expect
from tests.browser.rig import show, sign_in


def test_a_stranger_is_asked_to_sign_in_and_then_sees_the_picture(appliance, open_page):
    page = open_page(role=None)
    page.wait_for_url("**/login*")
    sign_in(page, appliance.address)
    page.wait_for_url(appliance.address + "/")
    expect(page.get_by_role("img", name="Live picture of main")).to_be_visible()
    show(page, "settings/account")
    expect(page.locator(".who")).to_contain_text("operator")


def test_a_wrong_password_is_told_and_lets_nobody_in(appliance, open_page):
    page = open_page(role=None, path="/login")
    page.forgiven.append("401")
    sign_in(page, appliance.address, "viewer", "not the password")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Name")).to_have_value("viewer")
    expect(page.get_by_label("Password")).to_have_value("")
    page.goto(appliance.address + "/")
    page.wait_for_url("**/login*")


def test_who_signs_out_is_out(appliance, open_page):
    page = open_page(role=None, path="/login")
    sign_in(page, appliance.address)
    show(page, "settings/account")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login*")
    page.goto(appliance.address + "/")
    page.wait_for_url("**/login*")


def test_a_page_whose_session_has_ended_asks_to_sign_in_again(appliance, open_page):
    page = open_page(role=None, path="/login")
    sign_in(page, appliance.address)
    expect(page.locator("#appliance-status")).to_have_text("running")
    page.forgiven += ["401", "WebSocket"]
    other = page.context.new_page()
    other.goto(appliance.address + "/settings/account")
    other.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login*")


def test_a_viewer_sees_all_and_can_change_nothing(appliance, open_page):
    page = open_page(role="viewer")
    expect(page.locator("#appliance-status")).to_have_text("running")
    expect(page.get_by_role("img", name="Live picture of main")).to_be_visible()
    expect(page.locator("#model-name")).to_have_text(appliance.first_model)
    show(page, "recordings")
    expect(page.locator("#recordings")).to_contain_text("No recordings")
    for card in ("model", "sources", "detection", "recordings"):
        expect(page.locator(f"#{card} .access-note")).to_contain_text("viewer")
    show(page, "settings/detection")
    page.locator("[data-setting=shown_classes] summary").click()
    controls = page.locator("#live .record, #model button, #sources button, #sources input").or_(
        page.locator("#detection input:not([type=search]), #detection button")
    )
    assert controls.count() > 10
    for control in controls.all():
        expect(control).to_be_disabled()
    show(page, "settings/model")
    page.locator("#catalogue-fold summary").click()
    expect(page.get_by_label("Filter by name or family")).to_be_enabled()  # what only looks works
    commands = {said["command"] for said in appliance.daemon.heard}
    assert all(name.startswith(("get_", "list_")) for name in commands), "it only asked"


def test_a_viewers_forged_command_is_refused(appliance, open_page):
    page = open_page(role="viewer")
    expect(page.locator("#appliance-status")).to_have_text("running")
    told = page.evaluate("""async () => {
        const { command } = await import("/static/js/connection.js");
        try {
            await command("record", { stream: "main", on: true });
            return "done";
        } catch (error) {
            return error.message;
        }
    }""")
    assert told != "done"
    assert appliance.heard("record") == []
