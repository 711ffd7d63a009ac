"""Accounts in their file, from the command line; sessions; the brake on guessing."""

import hashlib
import io
import json
import os
import stat
import sys
import threading
import time

import pytest

from tests.waiting import wait_until
from tests.web.conftest import REAL_METHOD
from web.accounts import (
    Accounts,
    AccountsError,
    Devices,
    Hashing,
    Role,
    Sessions,
    Throttle,
    TooManyAttempts,
    passwords,
)
from web.accounts.__main__ import main
from web.accounts.hashing import MOST_OF_ONE, MOST_STRANGERS, MOST_WAITING, Busy
from web.accounts.sessions import IDLE_SECONDS, LONGEST_SECONDS, MOST_OF_AN_ACCOUNT, MOST_SESSIONS
from web.secret_key import read_secret_key


def run(function, *arguments):
    return function(*arguments)


@pytest.fixture
def accounts(tmp_path):
    return Accounts(str(tmp_path))


class Clock:
    now = 2000000000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_the_first_start_makes_an_operator_once(accounts):
    password = accounts.make_first()
    assert len(password) == 14 and password.count("-") == 2
    assert accounts.check_password("operator", password, run).role == Role.OPERATOR
    assert accounts.make_first() is None


def test_the_file_is_private_and_has_neither_password_nor_token(accounts):
    password = accounts.make_first()
    token = accounts.add_token("camera", Role.VIEWER)
    assert stat.S_IMODE(accounts.path.stat().st_mode) == 0o600
    text = accounts.path.read_text()
    assert password not in text and token not in text and token[4:] not in text
    assert [path.name for path in accounts.path.parent.iterdir()] == ["accounts.json"]


def test_passwords_are_hashed_slowly_with_a_salt_each(monkeypatch):
    monkeypatch.setattr(passwords, "_BEST", REAL_METHOD)
    assert REAL_METHOD in ("scrypt:16384:8:5", "pbkdf2:sha512:210000")
    assert passwords.hash_password("correct horse").startswith(REAL_METHOD)
    monkeypatch.undo()
    first, second = passwords.hash_password("correct horse"), passwords.hash_password("correct horse")
    assert first != second
    assert passwords.check_password("correct horse", first)
    assert not passwords.check_password("correct horsf", first)


def test_a_hash_that_this_python_cannot_check_lets_nobody_in(accounts, caplog):
    accounts.add("olga", Role.OPERATOR, "correct horse")
    accounts.path.write_text(accounts.path.read_text().replace("pbkdf2:sha512:1", "argon9:1"))
    assert accounts.check_password("olga", "correct horse", run) is None
    assert "this Python has no argon9: set the password anew" in caplog.text


# As earlier versions wrote them, with fewer rounds.
OLD_HASHES = [
    "pbkdf2:1$LeRamo9ySoBC1f2dh/tbAg==$"
    "q02mQoL79Wa8KEFpErRi/g8NTSdEJrrOYyb53Q3JpIG9HKHl6q/8p3Zf6HRMsSSUyyaF45edxxeCRpExDbm9FQ==",
    pytest.param(
        "scrypt:16384:8:5$BDbScGkevNQaRvx0GwFSFQ==$"
        "9XLJO93UhDJcplXAXxO7Pd6+/JreGb4W9qVLJLE+cVciiqq0UhZmd7IidbbU6yyQhh8/muo7maaHLWIBkYoINw==",
        marks=pytest.mark.skipif(not hasattr(hashlib, "scrypt"), reason="this Python has no scrypt"),
    ),
]


def account_with(accounts, hashed):
    """The account olga with a hash that something else made."""
    accounts.add("olga", Role.OPERATOR, "something else")
    content = json.loads(accounts.path.read_text())
    content["accounts"]["olga"]["password"] = hashed
    accounts.path.write_text(json.dumps(content))
    return content["accounts"]["olga"]


@pytest.mark.parametrize("hashed", ["pbkdf2$c2FsdA==$c2VjcmV0", "md5$salt$c2VjcmV0", "==$c2VjcmV0"])
def test_a_damaged_hash_lets_nobody_in_and_is_not_logged(accounts, caplog, hashed):
    account_with(accounts, hashed)
    assert accounts.check_password("olga", "correct horse", run) is None
    assert "c2VjcmV0" not in caplog.text


@pytest.mark.parametrize("hashed", OLD_HASHES)
def test_an_old_hash_is_accepted_and_replaced_when_its_password_is_known(accounts, hashed):
    before = account_with(accounts, hashed)
    assert accounts.check_password("olga", "correct horsf", run) is None
    assert json.loads(accounts.path.read_text())["accounts"]["olga"] == before
    assert accounts.check_password("olga", "correct horse", run).name == "olga"
    after = json.loads(accounts.path.read_text())["accounts"]["olga"]
    assert after["password"].startswith(passwords._BEST + "$") and not passwords.is_outdated(after["password"])
    assert dict(after, password="") == dict(before, password="")  # who is signed in stays so
    assert accounts.check_password("olga", "correct horse", run).name == "olga"
    assert json.loads(accounts.path.read_text())["accounts"]["olga"] == after


def test_an_old_hash_stays_where_its_place_is_taken_meanwhile(accounts):
    account_with(accounts, OLD_HASHES[0])

    def change_first(function, *arguments):
        if function is passwords.hash_password and arguments == ("correct horse",):
            accounts.set_password("olga", "another one")
        return function(*arguments)

    accounts.check_password("olga", "correct horse", change_first)
    assert accounts.check_password("olga", "another one", run)
    assert accounts.check_password("olga", "correct horse", run) is None


def test_who_has_an_old_hash_signs_in_while_too_many_others_do(accounts):
    account_with(accounts, OLD_HASHES[0])

    def refuse_second(function, *arguments):
        if function is passwords.hash_password and arguments == ("correct horse",):
            raise Busy()
        return function(*arguments)

    assert accounts.check_password("olga", "correct horse", refuse_second)
    assert OLD_HASHES[0] in accounts.path.read_text()


def test_half_a_character_is_in_no_password(accounts, caplog):
    accounts.add("olga", Role.OPERATOR, "correct horse")
    assert accounts.check_password("olga", "correct horse\ud800", run) is None
    assert not caplog.records
    with pytest.raises(AccountsError, match="UTF-8"):
        accounts.set_password("olga", "correct horse\udc80")


@pytest.mark.parametrize("password", ["short", "x" * 201, ""])
def test_a_password_has_a_sensible_length(accounts, password):
    with pytest.raises(AccountsError, match="8 to 200 characters"):
        accounts.add("olga", Role.VIEWER, password)


def test_a_password_that_is_too_long_is_wrong(accounts):
    accounts.add("olga", Role.VIEWER, "x" * 200)
    assert accounts.check_password("olga", "x" * 200, run)
    assert accounts.check_password("olga", "x" * 201, run) is None


def test_an_unknown_name_costs_as_much_as_a_known_one(accounts):
    """The slow part runs for both: nobody learns from the time which names there are."""
    accounts.add("olga", Role.VIEWER, "correct horse")
    accounts.add_token("robot", Role.VIEWER)
    accounts.check_password("olga", "wrong", run)
    for name in ("olga", "nobody", "robot"):
        called = []

        def note(function, *arguments, called=called):
            called.append(function)

        accounts.check_password(name, "wrong", note)
        assert called == [passwords.check_password], name


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'{"accounts": []}',
        b'{"accounts": {"olga": []}}',
        b'{"accounts": {"olga": {"role": "king", "changed": 1, "password": "x"}}}',
    ],
)
def test_in_place_of_a_damaged_file_a_new_operator_is_made_and_a_copy_kept(accounts, content):
    accounts.path.write_bytes(content)
    password = accounts.make_first()
    assert accounts.check_password("operator", password, run).role == Role.OPERATOR
    assert accounts.path.with_name("accounts.json.damaged").read_bytes() == content


@pytest.mark.parametrize(
    "fields",
    [
        5,
        {},
        {"role": "operator"},
        {"role": "operator", "changed": 1},
        {"role": "operator", "changed": 10**400, "password": "x"},
        {"role": 2, "changed": 1, "password": "x"},
        {"role": [], "changed": 1, "password": "x"},
        {"role": "operator", "changed": float("nan"), "password": "x"},
        {"role": "operator", "changed": True, "password": "x"},
        {"role": "operator", "changed": 1, "password": 5},
        {"role": "operator", "changed": 1, "token": "short"},
        {"role": "operator", "changed": 1, "password": "x", "token": "y"},
    ],
)
def test_an_account_that_cannot_be_one_is_left_out_and_the_others_hold(accounts, fields, caplog):
    accounts.add("olga", Role.OPERATOR, "correct horse")
    content = json.loads(accounts.path.read_text())
    content["accounts"]["victor"] = fields
    accounts.path.write_text(json.dumps(content))
    assert set(Accounts(str(accounts.path.parent)).all()) == {"olga"}
    assert "the account 'victor' is left out" in caplog.text


def test_a_damaged_file_is_named_and_a_running_dashboard_goes_on(accounts, caplog):
    accounts.make_first()
    assert accounts.find("operator")
    accounts.path.write_text("{")
    assert accounts.find("operator")
    assert "accounts.json: cannot be used" in caplog.text
    with pytest.raises(AccountsError, match="accounts.json: cannot be used"):
        Accounts(str(accounts.path.parent)).all()


# The command line


@pytest.fixture
def command(tmp_path, capsys, monkeypatch):
    def do(*words, typed=""):
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        code = main(["--state-dir", str(tmp_path)] + list(words))
        said = capsys.readouterr()
        return code, said.out, said.err

    return do


def test_the_command_line_keeps_the_accounts(command, accounts):
    assert command("add", "olga", "--role", "operator", typed="correct horse\n") == (0, "", "")
    code, said, _ = command("add", "victor", "--generate")
    assert code == 0 and accounts.check_password("victor", said.split()[1], run).role == Role.VIEWER
    code, said, _ = command("token", "robot", "--role", "operator")
    token = said.split()[1]
    assert accounts.check_token(token).name == "robot"
    assert command("list")[1].split("\n")[:3] == [
        "olga                             operator password",
        "victor                           viewer   password",
        "robot                            operator token",
    ]
    assert command("password", "olga", typed="another horse\n")[0] == 0
    assert accounts.check_password("olga", "correct horse", run) is None
    assert accounts.check_password("olga", "another horse", run)
    assert command("remove", "robot")[0] == 0
    assert accounts.check_token(token) is None


@pytest.mark.parametrize(
    "words, complaint",
    [
        (["remove", "nobody"], "There is no nobody"),
        (["password", "nobody", "--generate"], "There is no user nobody"),
        (["add", "a b", "--generate"], "'a b' is no name"),
        (["add", "../x", "--generate"], "is no name"),
        (["token", "a/b"], "is no name"),
    ],
)
def test_the_command_line_says_what_is_wrong(command, words, complaint):
    code, _, said = command(*words)
    assert code == 2 and said.startswith("error: ") and complaint in said


def test_a_folder_without_accounts_is_named(tmp_path, capsys):
    assert main(["--state-dir", str(tmp_path / "nodir"), "list"]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: There is no {tmp_path}/nodir/accounts.json: ") and "Errno" not in said


def test_a_name_is_taken_once(command):
    command("add", "olga", "--generate")
    assert command("add", "olga", "--generate")[:2] == (2, "")  # and shows no password that is not hers
    assert "olga exists already" in command("add", "olga", "--generate")[2]
    assert "olga exists already" in command("token", "olga")[2]


def test_the_command_line_asks_for_the_folder(capsys, monkeypatch):
    monkeypatch.delenv("SPLITLENS_DASHBOARD", raising=False)
    assert main(["list"]) == 2
    assert "--state-dir DIR" in capsys.readouterr().err


# Sessions


@pytest.fixture
def signed_in(accounts, clock):
    accounts.add("olga", Role.OPERATOR, "correct horse")
    sessions = Sessions(str(accounts.path.parent), accounts, clock)
    return sessions, sessions.add(accounts.find("olga"))


def test_a_session_is_found_by_its_token_alone(signed_in):
    sessions, token = signed_in
    assert sessions.find(token).name == "olga"
    assert sessions.find(token[:-1]) is None and sessions.find("") is None


def test_a_session_survives_a_restart_and_its_file_does_not_have_the_token(signed_in, accounts, clock):
    _, token = signed_in
    folder = accounts.path.parent
    assert Sessions(str(folder), accounts, clock).find(token).name == "olga"
    assert token not in (folder / "sessions.json").read_text()
    assert stat.S_IMODE((folder / "sessions.json").stat().st_mode) == 0o600


def test_a_session_that_is_not_used_ends(signed_in, clock):
    sessions, token = signed_in
    clock.now += IDLE_SECONDS - 1
    assert sessions.find(token)
    clock.now += IDLE_SECONDS - 1
    assert sessions.find(token)
    clock.now += IDLE_SECONDS + 1
    assert sessions.find(token) is None


def test_a_session_ends_even_when_it_is_used_all_the_time(signed_in, clock):
    sessions, token = signed_in
    began = clock.now
    while clock.now - began < LONGEST_SECONDS:
        assert sessions.find(token)
        clock.now += IDLE_SECONDS / 2
    assert sessions.find(token) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda accounts: accounts.set_password("olga", "another horse"),
        lambda accounts: accounts.remove("olga"),
    ],
)
def test_a_session_ends_with_its_password_and_its_account(accounts, change):
    accounts.add("olga", Role.OPERATOR, "correct horse")
    sessions = Sessions(str(accounts.path.parent), accounts)
    token = sessions.add(accounts.find("olga"))
    assert sessions.find(token)
    change(accounts)
    assert sessions.find(token) is None


def test_signing_out_ends_the_session_for_good(signed_in, accounts, clock):
    sessions, token = signed_in
    sessions.remove(token)
    assert sessions.find(token) is None
    assert Sessions(str(accounts.path.parent), accounts, clock).find(token) is None


def test_one_accounts_sessions_push_out_no_others(accounts, clock):
    accounts.add("olga", Role.OPERATOR, "correct horse")
    accounts.add("victor", Role.VIEWER, "correct horse")
    sessions = Sessions(str(accounts.path.parent), accounts, clock)
    owner = sessions.add(accounts.find("olga"))
    for _ in range(MOST_OF_AN_ACCOUNT + 1):
        clock.now += 1
        newest = sessions.add(accounts.find("victor"))
    kept = json.loads((accounts.path.parent / "sessions.json").read_text())["sessions"]
    assert len(kept) == MOST_OF_AN_ACCOUNT + 1 and sessions.find(owner) and sessions.find(newest)


def test_there_is_a_most_of_sessions_and_the_oldest_go(accounts, clock):
    accounts.add("olga", Role.OPERATOR, "correct horse")
    folder = accounts.path.parent
    (folder / "sessions.json").write_text(
        json.dumps(
            {
                "sessions": {
                    str(number): {
                        "name": str(number % 10),
                        "made": clock.now,
                        "seen": clock.now + number,
                        "changed": 0.0,
                    }
                    for number in range(MOST_SESSIONS)
                }
            }
        )
    )
    sessions = Sessions(str(folder), accounts, clock)
    clock.now += MOST_SESSIONS
    token = sessions.add(accounts.find("olga"))
    kept = json.loads((folder / "sessions.json").read_text())["sessions"]
    assert len(kept) == MOST_SESSIONS and "0" not in kept and "1" in kept and sessions.find(token)


TIMES = '{"sessions": {"x": {"name": "olga", "made": %s, "seen": %s, "changed": 1}}}'


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"sessions": {"x": {}}}',
        '{"sessions": {"x": 3}}',
        TIMES % ("1" + "0" * 400, "1"),
        TIMES % ("NaN", "1"),
        TIMES % ("1", "Infinity"),
        TIMES % ("null", "1"),
    ],
)
def test_a_damaged_file_of_sessions_signs_everybody_out(accounts, clock, content, caplog):
    (accounts.path.parent / "sessions.json").write_text(content)
    assert Sessions(str(accounts.path.parent), accounts, clock).find("x") is None
    assert "everybody must sign in again" in caplog.text
    assert (accounts.path.parent / "sessions.json.damaged").read_text() == content


def test_an_account_that_was_made_while_the_clock_was_ahead_can_sign_in(accounts, clock):
    accounts.add("olga", Role.OPERATOR, "correct horse")  # by the real clock
    clock.now = time.time() - 30 * 86400
    sessions = Sessions(str(accounts.path.parent), accounts, clock)
    token = sessions.add(accounts.find("olga"))
    assert sessions.find(token)
    accounts.set_password("olga", "another horse")
    assert sessions.find(token) is None


def test_a_session_from_a_time_when_the_clock_was_ahead_does_not_last(accounts, clock):
    accounts.add("olga", Role.OPERATOR, "correct horse")
    sessions = Sessions(str(accounts.path.parent), accounts, clock)
    token = sessions.add(accounts.find("olga"))
    clock.now -= 30 * 86400
    assert sessions.find(token) is None


@pytest.mark.parametrize(
    "make", [lambda path: path.mkdir(), lambda path: path.symlink_to(path), lambda path: path.write_text('"short"')]
)
def test_a_key_that_cannot_be_used_is_made_anew(tmp_path, make):
    path = tmp_path / "secret_key"
    make(path)
    made = read_secret_key(path)
    assert len(made) == 32 and read_secret_key(path) == made
    assert os.path.lexists(str(tmp_path / "secret_key.damaged"))


def test_where_no_key_can_be_kept_there_is_one_all_the_same(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    assert len(read_secret_key(tmp_path / "file" / "secret_key")) == 32
    assert "a new key is made at each start" in caplog.text


def test_a_disk_that_is_full_signs_nobody_out(signed_in, accounts, clock, monkeypatch, caplog):
    sessions, _ = signed_in

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("web.accounts.sessions.write_json", full)
    token = sessions.add(accounts.find("olga"))
    assert sessions.find(token)
    assert "No space left on device" in caplog.text


# The brake

ADDRESS, NAME = ("address", "192.168.1.9"), ("account", "olga")


def attempt(throttle, *keys):
    try:
        throttle.begin(*keys)
        return 0
    except TooManyAttempts as error:
        return error.seconds


def test_five_failures_of_an_address_are_free_and_then_one_a_minute(clock):
    throttle = Throttle(clock)
    waits = []
    for _ in range(8):
        wait = attempt(throttle, ADDRESS)
        waits.append(round(wait))
        if wait:
            clock.now += wait
            assert not attempt(throttle, ADDRESS)
    assert waits == [0, 0, 0, 0, 0, 60, 60, 60]


def test_an_account_is_guarded_against_many_addresses_and_an_address_against_many_accounts(clock):
    throttle = Throttle(clock)
    for number in range(20):
        assert not attempt(throttle, ("address", str(number)), NAME)
    assert attempt(throttle, ("address", "new"), NAME)
    for number in range(5):
        assert not attempt(throttle, ADDRESS, ("account", str(number)))
    assert attempt(throttle, ADDRESS, ("account", "new"))
    assert not attempt(throttle, ("address", "new"), ("account", "new"))


def test_a_guess_a_second_from_one_address_keeps_nobody_else_out(clock):
    """Not for hours: what one address may fail, its account's count makes good faster."""
    throttle = Throttle(clock)
    guesses = 0
    for second in range(4 * 3600):
        clock.now += 1
        guesses += not attempt(throttle, ADDRESS, NAME)
        if second % 600 == 0:
            assert not attempt(throttle, ("address", "owner"), NAME)
            throttle.take_back(("address", "owner"), NAME)
    assert guesses <= 5 + 4 * 60


def test_time_makes_good_and_a_success_only_itself(clock):
    throttle = Throttle(clock)
    for _ in range(5):
        throttle.begin(ADDRESS)
    throttle.take_back(ADDRESS)
    assert not attempt(throttle, ADDRESS)
    assert attempt(throttle, ADDRESS)
    clock.now += 5 * 60
    assert [bool(attempt(throttle, ADDRESS)) for _ in range(6)] == [False] * 5 + [True]


def test_attempts_at_the_same_moment_are_no_way_around(clock):
    throttle = Throttle(clock)
    assert [bool(attempt(throttle, ADDRESS)) for _ in range(7)] == [False] * 5 + [True] * 2


def test_made_up_names_take_no_memory_and_push_out_none_that_is_guessed_at(clock):
    throttle = Throttle(clock)
    for _ in range(5):
        throttle.begin(ADDRESS)
    for number in range(20000):
        throttle.begin(("account", str(number)))
    assert len(throttle._failures) <= 2000
    assert attempt(throttle, ADDRESS)


# One thread for passwords


def test_passwords_are_checked_in_one_thread():
    """What a thread has once taken for scrypt it keeps: with as many threads as sign-ins that was 300 MB."""
    hashing = Hashing("gthread")
    assert len({hashing.run(True, "olga", threading.get_ident) for _ in range(30)}) == 1
    with pytest.raises(ZeroDivisionError):
        hashing.run(True, "olga", lambda: 1 // 0)


def test_strangers_who_wait_leave_places_to_who_has_signed_in_before():
    hashing = Hashing("gthread")
    hold, results = threading.Event(), []

    def run(is_known):
        try:
            results.append(hashing.run(is_known, object(), hold.wait))
        except Busy as busy:
            results.append(busy)

    def start(is_known):
        threads.append(threading.Thread(target=run, args=(is_known,)))
        threads[-1].start()
        wait_until(lambda: hashing._waiting + len(results) == len(threads))

    threads = []
    for is_known in [False] * (MOST_STRANGERS + 1) + [True] * (MOST_WAITING - MOST_STRANGERS + 1):
        start(is_known)
    assert [str(busy) for busy in results] == ["Too many others are signing in just now; try again in 5 seconds."] * 2
    hold.set()
    for thread in threads:
        thread.join()
    assert len(results) == MOST_WAITING + 2 and results.count(True) == MOST_WAITING
    assert hashing.run(False, "olga", int, "7") == 7


def test_one_account_or_address_does_not_take_all_the_places():
    """Whoever knows a password may sign in without end."""
    hashing = Hashing("gthread")
    hold = threading.Event()
    threads = [threading.Thread(target=hashing.run, args=(True, "victor", hold.wait)) for _ in range(MOST_OF_ONE)]
    for thread in threads:
        thread.start()
    try:
        wait_until(lambda: hashing._waiting == MOST_OF_ONE)
        with pytest.raises(Busy):
            hashing.run(True, "victor", int, "7")
    finally:
        hold.set()
    assert hashing.run(True, "olga", int, "7") == 7
    for thread in threads:
        thread.join()
    assert hashing.run(True, "victor", int, "7") == 7 and not hashing._owners


# Devices


def test_a_device_is_known_to_the_account_that_it_signed_in_to():
    devices = Devices(b"secret")
    name, value = devices.make("olga")
    assert devices.find("olga", {name: value})
    assert devices.find("victor", {name: value}) is None
    assert devices.find("victor", {devices.make("victor")[0]: value}) is None
    assert Devices(b"other").find("olga", {name: value}) is None
    assert devices.make("olga")[1] != value


@pytest.mark.parametrize("value", ["", ".", "x", "A" * 24 + "." + "0" * 64, "A" * 5000, "\u0663" * 24 + "." + "0" * 64])
def test_a_made_up_device_is_a_stranger(value):
    devices = Devices(b"secret")
    assert devices.find("olga", {devices.make("olga")[0]: value}) is None
