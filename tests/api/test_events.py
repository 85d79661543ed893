# SPDX-License-Identifier: Apache-2.0
"""The stream of events: everything once and in order, across reconnects, restarts and slow readers."""

import contextlib
import threading

import requests

from daemon import PATIENCE_S, sse_events, wait_until


@contextlib.contextmanager
def stream(daemon, query="", **headers):
    response = requests.get(daemon.url("gateway", f"/events{query}"), stream=True, timeout=PATIENCE_S, headers=headers)
    try:
        yield response
    finally:
        response.close()


def read(response, count):
    found = []
    for event in sse_events(response):
        found.append(event)
        if len(found) == count:
            return found
    return found


def submit_many(daemon, count):
    return [daemon.submit(workload_type="model_training")["workload_id"] for _ in range(count)]


def test_history_and_live_events_join_without_a_gap(daemon):
    submit_many(daemon, 30)
    with stream(daemon, "?cursor=0") as response:
        last = daemon.json("/api/v1/events?limit=1")["last_sequence"]
        submit_many(daemon, 10)
        events = read(response, last + 20)
    assert [int(event_id) for event_id, _, _ in events] == list(range(1, last + 21))
    assert all(int(event_id) == data["sequence"] and kind == data["type"] for event_id, kind, data in events)


def test_a_client_resumes_where_it_was(daemon):
    submit_many(daemon, 5)
    with stream(daemon, "?cursor=0") as response:
        first = read(response, 20)
    submit_many(daemon, 5)
    with stream(daemon, **{"Last-Event-ID": first[-1][0]}) as response:
        second = read(response, 20)
    assert [int(event[0]) for event in first + second] == list(range(1, 41))


def test_last_event_id_wins_over_the_cursor(daemon):
    with stream(daemon, "?cursor=3", **{"Last-Event-ID": "7"}) as response:
        assert read(response, 1)[0][0] == "8"


def test_without_a_cursor_it_begins_now(daemon):
    last = daemon.json("/api/v1/events?limit=1")["last_sequence"]
    with stream(daemon) as response:
        (workload_id,) = submit_many(daemon, 1)
        events = []
        for event in sse_events(response):
            events.append(event)
            if event[1] == "workload_accepted":
                break
    assert int(events[0][0]) > last
    assert events[-1][2]["data"]["id"] == workload_id


def test_only_one_type(daemon):
    submit_many(daemon, 3)
    with stream(daemon, "?cursor=0&type=workload_accepted") as response:
        events = read(response, 3)
    assert {kind for _, kind, _ in events} == {"workload_accepted"}
    paged = daemon.events(type="workload_accepted")
    assert [event["sequence"] for event in paged][:3] == [int(event[0]) for event in events]


def test_pages_hold_the_whole_journal(daemon):
    events = daemon.events()
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    traced = [event for event in events if event["type"] == "workload_accepted"]
    assert all(len(event["trace_id"]) == 32 and event["actor"] == "anonymous" for event in traced)


def test_positions_that_are_none(daemon):
    assert daemon.get("/events?cursor=999999999").status_code == 409
    assert daemon.get("/events?cursor=-1").status_code in (400, 422)
    assert daemon.get("/events", headers={"Last-Event-ID": "last week"}).status_code == 400


def test_resuming_across_a_kill(start, tmp_path):
    daemon = start("--workloads", "none", data=tmp_path / "kept")
    submit_many(daemon, 5)
    with stream(daemon, "?cursor=0") as response:
        before = read(response, 30)
    daemon.kill()
    daemon.start()
    submit_many(daemon, 5)
    with stream(daemon, f"?cursor={before[-1][0]}") as response:
        after = read(response, 20)
    assert [int(event[0]) for event in before + after] == list(range(1, 51))


def test_a_reader_who_does_not_read_holds_nobody_up(daemon):
    """He is behind by more than the sockets and the buffer hold, and still resumes without a gap."""
    with stream(daemon, "?cursor=0") as idle:
        submit_many(daemon, 200)
        assert daemon.get("/livez").elapsed.total_seconds() < PATIENCE_S / 2
        last = daemon.json("/api/v1/events?limit=1")["last_sequence"]
        events = read(idle, last)
    assert [int(event[0]) for event in events] == list(range(1, last + 1))


def test_many_followers_see_the_same(daemon):
    last = daemon.json("/api/v1/events?limit=1")["last_sequence"]
    seen = [[] for _ in range(20)]
    responses = [requests.get(daemon.url("gateway", f"/events?cursor={last}"), stream=True, timeout=PATIENCE_S) for _ in seen]
    threads = [threading.Thread(target=lambda r=r, s=s: s.extend(read(r, 10)), daemon=True)
               for r, s in zip(responses, seen)]
    for thread in threads:
        thread.start()
    submit_many(daemon, 10)
    wait_until(lambda: all(len(s) == 10 for s in seen), "all twenty have ten events")
    assert all(s == seen[0] for s in seen)
    for response in responses:
        response.close()
