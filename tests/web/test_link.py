"""What the dashboard keeps of what the daemon says."""

from web import link


def state(status, started=1.0):
    return {"daemon": {"status": status, "started": started}, "streams": []}


def test_a_late_answer_does_not_revive_a_daemon_that_stops(tmp_path, monkeypatch):
    answers = iter([state("running"), state("running", started=2.0)])
    monkeypatch.setattr(link, "ask", lambda *arguments: {"state": next(answers)})
    monkeypatch.setattr(link.Link, "_fetch_state", lambda self: None)  # it asks by itself
    here = link.Link(str(tmp_path), lambda topic, message: None)
    here._take(link.STATE, state("stopping"))
    here.ask({"command": "get_state"}, 1.0)
    assert here.get_state()["daemon"]["status"] == "stopping"
    here.ask({"command": "get_state"}, 1.0)  # of the next one
    assert here.get_state()["daemon"]["status"] == "running"
