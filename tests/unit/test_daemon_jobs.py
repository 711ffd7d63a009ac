"""Work that is done over and over, by jobs whose seconds never pass unless a test wants them to."""

import threading

from appliance.core.events import EventBus
from appliance.daemon.events import ApplianceFailed
from appliance.daemon.jobs import Job, Jobs

LIMIT = 20
NEVER, AT_ONCE = 3600.0, 0.0


def test_a_job_is_done_again_and_again_until_it_is_closed():
    turns = threading.Semaphore(0)
    jobs = Jobs([Job("count", AT_ONCE, turns.release)], EventBus())
    jobs.start()
    for _ in range(3):
        assert turns.acquire(timeout=LIMIT)
    jobs.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "count"]


def test_a_job_that_is_wanted_soon_waits_for_nothing():
    turned, other = threading.Event(), threading.Event()
    jobs = Jobs([Job("asked", NEVER, turned.set), Job("not asked", NEVER, other.set)], EventBus())
    jobs.start()
    jobs.run_soon("asked")
    assert turned.wait(LIMIT)
    jobs.close()
    assert not other.is_set()


def test_without_one_of_its_jobs_the_appliance_ends():
    def fail():
        raise ValueError("it broke")

    events, failures, failed = EventBus(), [], threading.Event()
    events.subscribe(ApplianceFailed, failures.append)
    events.subscribe(ApplianceFailed, lambda event: failed.set())
    jobs = Jobs([Job("broken", AT_ONCE, fail), Job("whole", AT_ONCE, lambda: None)], events)
    jobs.start()
    assert failed.wait(LIMIT)
    jobs.close()
    assert [str(event.error) for event in failures] == ["it broke"]
