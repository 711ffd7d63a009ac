"""Who gets what: every route and every Socket.IO event, from the app's own tables; forgery; what the answers forbid."""

import base64
import inspect
import threading
from urllib.parse import parse_qs, urlsplit

import pytest

from appliance.contract.commands import PAGE_COMMANDS
from appliance.contract.roles import Role
from tests.web.conftest import PASSWORD, InProcess, csrf_of
from tests.web.fake_events import EXAMPLE_ID
from web.accounts.throttle import LIMITS, Limit
from web.roles import needed_role

OPEN = {"/login", "/healthz", "/readyz", "/static/css/base.css"}
EXAMPLES = {"name": "main", "id": EXAMPLE_ID, "model": "broken", "filename": "css/base.css"}


VIEWERS = [command for command in PAGE_COMMANDS if command.role == Role.VIEWER]
"""The commands that change nothing but for the one who sends them."""
VIEWERS_CHANGES = {
    (command.http.method, f"/api/v1{command.http.path}".replace("{id}", EXAMPLE_ID))
    for command in VIEWERS
    if command.http and command.http.method != "GET"
}


QUERIES = {"/api/v1/heatmap.png": "?stream=main"}


def routes(app):
    """Every path of the app with its methods, taken from its own table."""
    for rule in app.url_map.iter_rules():
        values = {name: EXAMPLES[name] for name in rule.arguments}
        path = rule.rule
        for name, value in values.items():
            path = path.replace(f"<{name}>", value).replace(f"<path:{name}>", value)
        for method in sorted(rule.methods):
            yield method, path


def socket_handlers(parts):
    return parts.socketio.server.handlers["/"]


def test_the_tables_are_those_of_the_whole_dashboard(here):
    found = {path for _, path in routes(here.app)}
    assert found >= OPEN | {"/", "/logout", "/metrics", "/streams/main.mjpeg", "/api/v1/state", "/recordings/main"}
    assert not any("<" in path for path in found)
    assert set(socket_handlers(here.parts)) == {command.name for command in PAGE_COMMANDS} | {"connect", "disconnect"}
    assert not here.parts.socketio.server.namespace_handlers


def test_nobody_gets_anything_but_the_login_page_and_health(here):
    for method, path in routes(here.app):
        with here.client().open(path, method=method, headers={"Accept": "*/*"}) as answer:
            if path in OPEN and method != "POST":
                assert answer.status_code == 200, (method, path)
            elif path in OPEN:
                assert answer.status_code == 403, (method, path)  # without the form's token
            else:
                assert answer.status_code == 401, (method, path)
                assert b"main" not in answer.data


def test_nobody_is_not_told_what_exists(here):
    assert here.client().get("/no/such/page").status_code == 401
    assert here.client("viewer").get("/no/such/page").status_code == 404


def test_a_viewer_changes_nothing(here):
    """Whatever is not asked with GET is for operators, but for signing out and what the table gives to viewers."""
    assert [path.rpartition("/")[2] for _, path in sorted(VIEWERS_CHANGES)] == ["replay", "seen"]
    count = 0
    heard = len(here.daemon.heard)
    for method, path in routes(here.app):
        if method in ("GET", "HEAD", "OPTIONS") or path in ("/login", "/logout"):
            continue
        if (method, path) in VIEWERS_CHANGES:
            continue
        answer = here.client("viewer").open(path, method=method, json={})
        assert answer.status_code == 403, (method, path)
        assert "Only an operator" in answer.get_json()["error"]
        count += 1
    assert count >= 9
    assert [command for command in here.daemon.heard[heard:] if command["command"] != "get_state"] == []


def test_a_viewer_sees_everything(here):
    for method, path in routes(here.app):
        if method == "GET" and "recordings/" not in path and not path.endswith("/clip.mp4"):
            with here.client("viewer").open(path + QUERIES.get(path, ""), method=method) as answer:
                assert answer.status_code in (200, 302), path


def test_a_page_that_declares_no_role_is_for_nobody(tmp_path):
    made = InProcess()
    try:
        made.app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
        for role in ("viewer", "operator"):
            answer = made.client(role).get("/forgotten")
            assert (answer.status_code, b"secret" in answer.data) == (403, False)
    finally:
        made.close()


def connect(here, token=None, **headers):
    headers.update({"Authorization": "Bearer " + token} if token else {})
    return here.parts.socketio.test_client(here.app, headers=headers)


def send(client, event, fields=None):
    return client.emit(event, fields, callback=True)


def test_nobody_is_connected_by_socket_io(here):
    assert not connect(here).is_connected()
    assert not connect(here, "wrong").is_connected()


def test_a_viewer_is_refused_every_command_that_the_table_does_not_give_to_viewers(here):
    client = connect(here, here.tokens["viewer"])
    heard = len(here.daemon.heard)
    allowed = {command.name for command in VIEWERS}
    for event in sorted(set(socket_handlers(here.parts)) - allowed - {"connect", "disconnect"}):
        assert send(client, event, {})["error"].startswith("Only an operator"), event
    assert [command for command in here.daemon.heard[heard:] if command["command"] != "get_state"] == []
    assert send(client, "list_recordings")["ok"]
    client.disconnect()


def test_an_event_that_declares_no_role_is_for_nobody():
    made = InProcess()
    try:
        made.parts.socketio.on("forgotten")(lambda fields=None: "secret")
        client = connect(made, made.tokens["operator"])
        assert send(client, "forgotten") == {"ok": False, "error": "This is for nobody: it declares no role."}
        client.disconnect()
    finally:
        made.close()


def test_every_handler_declares_its_role_in_the_tables(here):
    views = [here.app.view_functions[rule.endpoint] for rule in here.app.url_map.iter_rules()]
    assert all(needed_role(view) is not None for view in views)
    assert all(needed_role(handler) is not None for handler in socket_handlers(here.parts).values())


# Signing in


def test_signing_in_and_out(here):
    client = here.sign_in()
    assert (client.page.status_code, client.page.headers["Location"].endswith("/")) == (302, True)
    cookie = next(line for line in client.page.headers.getlist("Set-Cookie") if line.startswith("splitlens_session"))
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Secure" not in cookie
    page = client.get("/")
    assert page.status_code == 200
    assert client.get("/api/v1/state").status_code == 200
    assert client.get("/login").status_code == 302
    left = client.post("/logout", data={"csrf_token": csrf_of(page.get_data(as_text=True))})
    assert left.headers["Location"].endswith("/login")
    client.set_cookie(*cookie_of(cookie, here))
    assert client.get("/api/v1/state").status_code == 401  # the cookie that was kept is worth nothing


def cookie_of(line, here):
    name, value = line.split(";")[0].split("=", 1)
    old_werkzeug = "server_name" in inspect.signature(here.app.test_client().set_cookie).parameters
    return ("localhost", name, value) if old_werkzeug else (name, value)


def test_behind_https_the_cookies_are_for_https_only():
    made = InProcess(trusted_proxy="127.0.0.1")
    try:
        page = made.app.test_client().get("/login", headers={"X-Forwarded-Proto": "https"})
        assert "Secure" in page.headers["Set-Cookie"]
    finally:
        made.close()


def test_who_came_by_https_before_can_sign_in_by_http_at_the_same_host(here):
    """A browser lets no page of http replace a cookie of https, and does not tell ports apart."""
    client = here.sign_in()
    secure = here.app.test_client()
    token = csrf_of(secure.get("/login").get_data(as_text=True))
    secure.page = secure.post(
        "/login",
        data={"csrf_token": token, "name": "olga", "password": PASSWORD},
        headers={"Origin": "https://localhost"},
    )
    names = [
        {line.partition("=")[0] for line in answer.headers.getlist("Set-Cookie")}
        for answer in (client.page, secure.page)
    ]
    assert not names[0] & names[1] and all(name.startswith("__Secure-splitlens_") for name in names[1])
    session = next(line for line in secure.page.headers.getlist("Set-Cookie") if "_session" in line)
    stranger = here.app.test_client(use_cookies=False)
    assert stranger.get("/", headers={"Cookie": session.partition(";")[0]}).status_code == 200


def test_where_a_proxy_does_not_say_https_the_browsers_origin_does(here):
    for origin, secure in (("https://localhost", True), ("http://localhost", False)):
        client = here.app.test_client()
        token = csrf_of(client.get("/login").get_data(as_text=True))
        form = {"csrf_token": token, "name": "olga", "password": PASSWORD}
        answer = client.post("/login", data=form, headers={"Origin": origin})
        (session,) = [cookie for cookie in answer.headers.getlist("Set-Cookie") if "_session" in cookie]
        assert ("Secure" in session) == secure


@pytest.mark.parametrize("name, password", [("olga", "wrong"), ("nobody", PASSWORD), ("robot", PASSWORD), ("", "")])
def test_wrong_credentials_are_refused_alike(name, password):
    made = InProcess()
    try:
        page = made.sign_in(name, password).page
        assert page.status_code == 401
        assert "The user or the password is wrong." in page.get_data(as_text=True)
    finally:
        made.close()


def test_guessing_is_slowed_down():
    made = InProcess()
    try:
        answers = [made.sign_in("olga", "wrong").page for _ in range(6)]
        assert [answer.status_code for answer in answers] == [401] * 5 + [429]
        assert 0 < int(answers[5].headers["Retry-After"]) <= 61
        right = made.sign_in().page
        assert right.status_code == 429  # the right password too, or the wait would tell that it is right
        basic = {"Authorization": "Basic " + base64.b64encode(b"olga:wrong").decode()}
        assert made.client().get("/api/v1/state", headers=basic).status_code == 429
        assert made.client("viewer").get("/api/v1/state").status_code == 200  # a token is not guessed
    finally:
        made.close()


def test_guesses_do_not_keep_out_who_has_signed_in_before():
    """Neither a browser by its cookie, which has counts of its own, nor a camera client that was let in already."""
    made = InProcess()
    try:
        owner = made.sign_in()
        basic = {"Authorization": "Basic " + base64.b64encode(f"olga:{PASSWORD}".encode()).decode()}
        assert made.client().get("/api/v1/state", headers=basic).status_code == 200
        token = csrf_of(owner.get("/").get_data(as_text=True))
        assert owner.post("/logout", headers={"X-CSRF-Token": token}).status_code == 302
        guesses = [made.sign_in("olga", "wrong").page.status_code for _ in range(8)]
        assert guesses == [401] * 5 + [429] * 3

        assert made.client().get("/api/v1/state", headers=basic).status_code == 200
        form = {"csrf_token": csrf_of(owner.get("/login").get_data(as_text=True)), "name": "olga"}
        assert owner.post("/login", data=dict(form, name="victor", password=PASSWORD)).status_code == 429
        assert owner.post("/login", data=dict(form, password="wrong")).status_code == 401
        assert owner.post("/login", data=dict(form, password=PASSWORD)).status_code == 302
    finally:
        made.close()


def test_a_device_that_guesses_is_slowed_down_as_well():
    made = InProcess()
    try:
        owner = made.sign_in()
        token = csrf_of(owner.get("/").get_data(as_text=True))
        assert owner.post("/logout", headers={"X-CSRF-Token": token}).status_code == 302
        form = {"csrf_token": csrf_of(owner.get("/login").get_data(as_text=True)), "name": "olga"}
        answers = [owner.post("/login", data=dict(form, password="wrong")).status_code for _ in range(6)]
        assert answers == [401] * 5 + [429]
        assert made.sign_in().page.status_code == 302  # its guesses are its own
    finally:
        made.close()


def test_behind_a_proxy_each_client_has_counts_of_its_own():
    made = InProcess(trusted_proxy="127.0.0.1")
    try:

        def guess(address):
            client = made.app.test_client()
            client.environ_base["HTTP_X_FORWARDED_FOR"] = address
            token = csrf_of(client.get("/login").get_data(as_text=True))
            return client.post("/login", data={"csrf_token": token, "name": "olga", "password": "x"}).status_code

        assert [guess(f"6.6.6.6, 1.2.3.{number // 6}") for number in range(12)] == ([401] * 5 + [429]) * 2
    finally:
        made.close()


def test_where_too_many_passwords_wait_the_next_is_told_and_not_counted():
    made = InProcess()
    try:
        made.parts.guard._hashing._waiting = 100
        answers = [made.sign_in().page for _ in range(8)]
        assert {(answer.status_code, answer.headers["Retry-After"]) for answer in answers} == {(503, "6")}
        assert "Too many others are signing in just now" in answers[0].get_data(as_text=True)
        made.parts.guard._hashing._waiting = 0
        assert made.sign_in().page.status_code == 302
    finally:
        made.close()


def test_who_signs_in_without_end_must_wait_and_others_need_not(monkeypatch):
    monkeypatch.setitem(LIMITS, "success", Limit(3, 1e6))
    made = InProcess()
    try:
        assert [made.sign_in("victor").page.status_code for _ in range(5)] == [302] * 3 + [429] * 2
        assert made.sign_in().page.status_code == 302
    finally:
        made.close()


def test_many_cameras_that_sign_in_at_once_are_one_attempt():
    made = InProcess()
    try:
        basic = {"Authorization": "Basic " + base64.b64encode(f"olga:{PASSWORD}".encode()).decode()}
        statuses = []

        def ask():
            statuses.append(made.app.test_client().get("/api/v1/logs", headers=basic).status_code)

        threads = [threading.Thread(target=ask) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert statuses == [200] * 12
    finally:
        made.close()


@pytest.mark.parametrize(
    "target, leads_to",
    [
        ("/api/v1/docs", "/api/v1/docs"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example/", "/"),
        ("", "/"),
        ("/a\r\nX: y", "/"),
    ],
)
def test_signing_in_leads_to_pages_of_ours_only(here, target, leads_to):
    client = here.app.test_client()
    page = client.get("/login").get_data(as_text=True)
    answer = client.post(
        "/login", data={"csrf_token": csrf_of(page), "name": "olga", "password": PASSWORD, "next": target}
    )
    assert answer.status_code == 302
    assert answer.headers["Location"].replace("http://localhost", "") == leads_to


def test_a_browser_is_led_to_the_login_page_and_a_machine_is_told(here):
    browser = here.client().get("/api/v1/docs?x=1", headers={"Accept": "text/html,*/*"})
    leads_to = urlsplit(browser.headers["Location"])
    assert (browser.status_code, leads_to.path) == (302, "/login")
    assert parse_qs(leads_to.query) == {"next": ["/api/v1/docs?x=1"]}
    vlc = here.client().get("/streams/main.mjpeg")
    assert (vlc.status_code, vlc.headers["WWW-Authenticate"]) == (401, 'Basic realm="Splitlens"')
    image = here.client().get("/streams/main.mjpeg", headers={"Accept": "image/avif,*/*"})
    assert (image.status_code, image.headers.get("WWW-Authenticate")) == (401, None)


@pytest.mark.parametrize(
    "name, password, status",
    [
        ("victor", PASSWORD, 200),
        ("victor", "wrong", 401),
        ("camera", None, 200),
        ("anything", None, 200),
    ],
)
def test_home_assistant_signs_in_with_http_basic(here, name, password, status):
    """A token may stand for the password."""
    value = f"{name}:{password or here.tokens['viewer']}"
    header = {"Authorization": "Basic " + base64.b64encode(value.encode()).decode()}
    for _ in range(2):  # the second time it is known already
        assert here.client().get("/streams/main.jpg", headers=header).status_code == status


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic " + "A" * 9, "Digest x", "Bearer", "Bearer x y", "x"])
def test_what_is_no_credential_is_refused(here, header):
    assert here.client().get("/api/v1/state", headers={"Authorization": header}).status_code == 401


# Forgery


def test_a_change_of_the_page_needs_its_token(here):
    client = here.sign_in()
    token = csrf_of(client.get("/").get_data(as_text=True))
    change = {"json": {"settings": None, "det_th": 0.4}, "path": "/api/v1/settings"}
    del change["json"]["settings"]
    assert client.patch(**change).status_code == 403
    assert client.patch(headers={"X-CSRF-Token": "0" * 64}, **change).status_code == 403
    other = csrf_of(here.sign_in().get("/").get_data(as_text=True))
    assert client.patch(headers={"X-CSRF-Token": other}, **change).status_code == 403
    assert client.patch(headers={"X-CSRF-Token": token}, **change).status_code == 200
    assert client.post("/logout").status_code == 403


@pytest.mark.parametrize(
    "origin, status",
    [
        ("http://localhost", 200),
        ("https://localhost", 200),
        ("http://localhost:81", 403),
        ("http://evil.example", 403),
        ("null", 403),
        ("", 403),
    ],
)
def test_another_sites_page_changes_nothing(here, origin, status):
    """Not even with credentials that a browser adds by itself, as it does with HTTP basic."""
    answer = here.client("operator").patch("/api/v1/settings", json={"det_th": 0.4}, headers={"Origin": origin})
    assert answer.status_code == status


def test_another_sites_page_does_not_sign_anybody_in(here):
    client = here.app.test_client()
    token = csrf_of(client.get("/login").get_data(as_text=True))
    form = {"csrf_token": token, "name": "olga", "password": PASSWORD}
    assert client.post("/login", data=form, headers={"Origin": "http://evil.example"}).status_code == 403
    assert here.app.test_client().post("/login", data=form).status_code == 403  # without the form's cookie
    assert client.post("/login", data=dict(form, csrf_token="x")).status_code == 403
    assert client.post("/login", data=form).status_code == 302


@pytest.mark.parametrize("host", ["", "a b", "evil.example/x", "x;y", "[evil]"])
def test_a_host_that_is_none_is_refused(here, host):
    assert here.client("viewer").get("/api/v1/state", headers={"Host": host}).status_code == 400


@pytest.fixture(scope="module")
def unlocked():
    made = InProcess(sign_in=False)
    yield made
    made.close()


@pytest.mark.parametrize(
    "host, status",
    [
        ("192.168.1.5:8080", 200),
        ("[fe80::1]:8080", 200),
        ("localhost", 200),
        ("xavier", 200),
        ("xavier.local:8080", 200),
        ("evil.example", 403),
        ("192.168.1.5.evil.example:8080", 403),
    ],
)
def test_without_signing_in_no_name_from_outside_leads_here(unlocked, host, status):
    """DNS rebinding: a site's own name that suddenly means this machine."""
    assert unlocked.client().get("/api/v1/state", headers={"Host": host}).status_code == status


def test_without_signing_in_a_header_makes_no_foreign_name_local():
    """A page that is led here by rebinding can send any header, and the proxy may pass it on."""
    made = InProcess(sign_in=False, trusted_proxy="127.0.0.1")
    try:

        def ask(host, forwarded):
            headers = {"Host": host, "X-Forwarded-Host": forwarded}
            return made.client().get("/api/v1/state", headers=headers).status_code

        assert [ask("evil.example", "192.168.1.5"), ask("192.168.1.5", "evil.example")] == [403, 403]
        assert ask("127.0.0.1:8080", "cam.local") == 200
    finally:
        made.close()


def test_without_signing_in_the_page_still_needs_its_token(unlocked):
    client = unlocked.app.test_client()
    token = csrf_of(client.get("/").get_data(as_text=True))
    change = {"json": {"det_th": 0.4}, "path": "/api/v1/settings"}
    assert client.patch(**change).status_code == 403
    assert client.patch(headers={"X-CSRF-Token": token}, **change).status_code == 200
    assert unlocked.client().patch(**change).status_code == 200  # no browser: no cookie, no Origin
    assert unlocked.client().patch(headers={"Origin": "http://evil.example"}, **change).status_code == 403
    assert client.get("/login").status_code == 302


# What comes back


def test_every_answer_forbids_what_the_pages_do_not_need(here):
    for path in ("/login", "/api/v1/state", "/no/such/page", "/static/css/base.css", "/streams/main.jpg"):
        with here.client("viewer").get(path) as answer:
            headers = answer.headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert "connect-src 'self' ws://localhost wss://localhost;" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cache-Control"] == ("no-cache" if "static" in path else "no-store")


@pytest.mark.parametrize("path", ["../app.py", "..%2fapp.py", "%2e%2e/app.py", "css/../../app.py", "/etc/passwd"])
def test_static_files_are_those_of_their_folder_only(here, path):
    assert here.client().get("/static/" + path).status_code in (401, 404)


def test_what_is_too_long_is_refused(here):
    long = {"data": b"x" * 70000, "content_type": "application/json"}
    assert here.client("operator").put("/api/v1/model", **long).status_code == 400
    form = {"data": b"x" * 70000, "content_type": "application/x-www-form-urlencoded"}
    assert here.client().post("/login", **form).status_code == 400
    chunked = here.client().post("/login", headers={"Transfer-Encoding": "chunked"}, input_stream=None)
    assert chunked.status_code == 411
