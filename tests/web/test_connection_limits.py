"""How many connections there may be, and who goes for a new one."""

from web.connection_limits import ConnectionLimits


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        self.now += 0.001
        return self.now


class Doors(ConnectionLimits):
    """With names for connections and for victims."""

    def __init__(self, *most):
        self.clock = Clock()
        super().__init__(*most, clock=self.clock)

    def come(self, name, address="10.0.0.1", **options):
        place, victim = self.enter(name, address, **options)
        return place, victim.connection if victim else None

    def ask(self, name, address="10.0.0.1", is_known=False, **options):
        """Whether it is answered, and who goes for it."""
        place = self.come(name, address, **options)[0]
        begins, victim = self.begin(place, is_known)
        return begins, victim.connection if victim else None


def test_who_was_unfinished_longest_goes_for_a_new_one():
    doors = Doors(3, 3, 3)
    places = [doors.come(name)[0] for name in "abc"]
    assert doors.come("d")[1] == "a" and doors.come("e")[1] == "b"
    assert places[0].must_go and not places[2].must_go
    doors.know(places[2])
    assert doors.come("f")[1] == "d"


def test_a_crowd_of_unfinished_ones_takes_nothing_from_those_that_are_answered():
    doors = Doors(5, 2, 2)
    assert doors.ask("viewer") == (True, None)
    for number in range(1000):
        assert doors.come(number)[1] != "viewer"
    assert doors.ask("health") == (True, None)


def test_an_unfinished_one_of_the_address_with_the_most_goes():
    doors = Doors(5, 5, 5)
    for name in "abc":
        doors.come(name, "10.0.0.1")
    doors.come("x", "10.0.0.2")
    doors.come("y", "10.0.0.3")
    assert doors.come("z", "10.0.0.4")[1] == "a"


def test_the_oldest_of_nobody_is_answered_no_longer_where_an_address_has_its_share():
    doors = Doors(10, 10, 3)
    assert [doors.ask(name, is_known=name == "a") for name in "abc"] == [(True, None)] * 3
    doors.clock.now += 2
    assert doors.ask("other", "10.0.0.2") == (True, None)
    assert [doors.ask(name) for name in "de"] == [(True, "b"), (True, "c")]


def test_none_goes_that_just_came():
    doors = Doors(10, 5, 3)
    assert [doors.ask(name) for name in "abcde"] == [(True, None)] * 5
    assert doors.ask("f") == (False, None)
    assert doors.ask("owner", is_known=True) == (True, "a")
    doors.clock.now += 2
    assert doors.ask("g") == (True, "b")


def test_who_is_signed_in_goes_last_and_yet_nobody_is_shut_out():
    doors = Doors(10, 10, 3)
    for name, is_known in (("viewer", True), ("stranger", False), ("other viewer", True)):
        assert doors.ask(name, is_known=is_known) == (True, None)
    doors.clock.now += 2
    assert [doors.ask(number, is_known=True)[1] for number in range(3)] == ["stranger", "viewer", "other viewer"]


def test_a_proxy_brings_many_and_has_no_share():
    doors = Doors(10, 6, 2)
    assert [doors.ask(name, is_proxy=True) for name in "abcdef"] == [(True, None)] * 6
    doors.clock.now += 2
    assert doors.ask("g", is_proxy=True) == (True, "a")


def test_an_ipv6_network_is_one_address():
    doors = Doors(10, 10, 2)
    doors.ask("a", "2001:db8::1")
    doors.ask("b", "2001:db8::ffff:1")
    doors.ask("d", "::ffff:10.0.0.1")
    doors.ask("e", "10.0.0.1")
    doors.clock.now += 2
    assert doors.ask("c", "2001:db8::2")[1] == "a"
    assert doors.ask("f", "10.0.0.1")[1] == "d"


def test_those_that_are_told_to_go_count_until_they_went():
    doors = Doors(200, 200, 1)
    places = []
    for number in range(101):
        places.append(doors.come(number)[0])
        assert doors.begin(places[-1], False)[0]
        doors.clock.now += 2
    waits = doors.come("waits")[0]
    assert doors.begin(waits, False) == (False, None) and doors.count_busy() == 101
    doors.leave(places[0])
    assert doors.begin(waits, False)[1] is places[100]
    for place in places[1:]:
        assert doors.rest(place) is None
        doors.leave(place)
    doors.leave(waits)
    assert doors.count_busy() == 0


def test_those_that_were_answered_wait_with_the_others_for_their_next_request():
    doors = Doors(2, 5, 5)
    first, second = (doors.come(name)[0] for name in "ab")
    assert doors.begin(first, False)[0] and doors.come("c")[1] is None
    assert doors.rest(first) is second
