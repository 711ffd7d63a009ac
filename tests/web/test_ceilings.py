"""How many connections there may be, and who goes for a new one."""

from web.ceilings import Ceilings


def enter(ceilings, name, address="10.0.0.1", **options):
    place, victim = ceilings.enter(name, address, **options)
    return place, victim.connection if victim else None


def test_the_oldest_that_asked_for_nothing_goes_for_a_new_one_of_its_address():
    ceilings = Ceilings(10, 3)
    places = [enter(ceilings, name)[0] for name in "abc"]
    assert enter(ceilings, "other", "10.0.0.2")[1] is None
    ceilings.change(places[0], is_busy=True)
    assert enter(ceilings, "d")[1] == "b"
    assert enter(ceilings, "e")[1] == "c"
    assert places[1].must_go and not places[0].must_go


def test_who_is_signed_in_goes_last_and_yet_nobody_is_shut_out():
    ceilings = Ceilings(10, 4)
    kinds = {"nobody": (False, False), "idle": (False, True), "stranger": (True, False), "viewer": (True, True)}
    for name, (is_busy, is_known) in kinds.items():
        place, victim = enter(ceilings, name)
        ceilings.change(place, is_busy=is_busy, is_known=is_known)
        assert victim is None
    gone = []
    for number in range(4):
        place, victim = enter(ceilings, number)
        ceilings.change(place, is_busy=True, is_known=True)
        gone.append(victim)
    assert gone == ["nobody", "idle", "stranger", "viewer"]


def test_one_of_the_address_with_the_most_goes_where_all_places_are_taken():
    ceilings = Ceilings(5, 4)
    for name in "abc":
        enter(ceilings, name, "10.0.0.1")
    enter(ceilings, "x", "10.0.0.2")
    enter(ceilings, "y", "10.0.0.3")
    assert enter(ceilings, "z", "10.0.0.4")[1] == "a"


def test_a_proxy_brings_many_and_has_no_share():
    ceilings = Ceilings(6, 2)
    assert [enter(ceilings, name, is_proxy=True)[1] for name in "abcdef"] == [None] * 6
    assert enter(ceilings, "g", is_proxy=True)[1] == "a"


def test_an_ipv6_network_is_one_address():
    ceilings = Ceilings(10, 2)
    enter(ceilings, "a", "2001:db8::1")
    enter(ceilings, "b", "2001:db8::ffff:1")
    assert enter(ceilings, "c", "2001:db8::2")[1] == "a"
    enter(ceilings, "d", "::ffff:10.0.0.1")
    enter(ceilings, "e", "10.0.0.1")
    assert enter(ceilings, "f", "10.0.0.1")[1] == "d"


def test_those_that_are_told_to_go_count_until_they_went():
    ceilings = Ceilings(10, 1)
    places = [enter(ceilings, number)[0] for number in range(102)]
    assert places[-1] is None and ceilings.count() == 101
    ceilings.leave(places[0])
    assert enter(ceilings, "again")[0] is not None
    for place in places[1:101]:
        ceilings.change(place, is_busy=False)
        ceilings.leave(place)
    assert ceilings.count() == 1
