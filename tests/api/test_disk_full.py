# SPDX-License-Identifier: Apache-2.0
"""No space for the journal: writes are refused and say so, reads go on, and when there is space again so do writes. The
limit on the size of a file stands in for the full disk: the write fails in the same place, and it needs no mount."""

import resource
from concurrent.futures import ThreadPoolExecutor

import journal_reader
from daemon import wait_until

HEADROOM = 512 << 10  # bytes until it is full: more than what the platform writes of itself meanwhile
CLIENTS = 16


def limit(daemon, size):
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def fill_up(daemon):
    limit(daemon, max(path.stat().st_size for path in daemon.data.iterdir()) + HEADROOM)


def submit(daemon):
    return daemon.post("/api/v1/workloads", {"workload_type": "ai_inference_batch", "duration_hours": 0.01})


def submit_until_refused(daemon):
    accepted = []
    while (response := submit(daemon)).status_code == 201:
        accepted.append(response.json()["workload_id"])
        assert len(accepted) < 10_000, "the limit does nothing"
    return accepted, response


def ids(daemon):
    return {workload_id for _, workload_id in journal_reader.models(daemon.data)[0]}


def test_writes_stop_and_resume_and_reads_go_on(start):
    daemon = start("--workloads", "none")
    fill_up(daemon)
    accepted, refusal = submit_until_refused(daemon)
    assert accepted
    assert refusal.status_code == 503
    assert refusal.headers["content-type"] == "application/problem+json"
    assert "journal" in refusal.json()["detail"]

    limit(daemon, 0)  # what was refused did not fit; the platform's own trial is smaller, and might
    assert submit(daemon).status_code == 503
    assert daemon.workload(accepted[-1])["workload_id"] == accepted[-1]
    assert daemon.json("/api/v1/status")["status"] == "read_only"
    health = daemon.get("/health")
    assert health.status_code == 503
    journal = next(entry for entry in health.json()["dependencies"] if entry["name"] == "journal")
    assert journal["status"] == "unhealthy" and journal["reason"]
    assert ids(daemon) == set(accepted)

    limit(daemon, resource.RLIM_INFINITY)
    again = wait_until(lambda: (response := submit(daemon)).status_code == 201 and response, "writes are taken again")
    assert daemon.json("/api/v1/status")["status"] == "operational"
    assert daemon.get("/health").status_code == 200
    assert ids(daemon) == {*accepted, again.json()["workload_id"]}
    assert daemon.json("/api/v1/status")["workloads"]["submitted"] == len(accepted) + 1
    journal_reader.verify(daemon.data)


def test_many_at_once_are_told_the_truth(start):
    """Requests come in while the commit that fails is under way: each is answered, and only what is stored was accepted."""
    daemon = start("--workloads", "none")
    fill_up(daemon)
    with ThreadPoolExecutor(CLIENTS) as pool:
        outcomes = list(pool.map(lambda _: submit_until_refused(daemon), range(CLIENTS)))
    assert {refusal.status_code for _, refusal in outcomes} == {503}
    accepted = [workload_id for mine, _ in outcomes for workload_id in mine]
    assert accepted and len(set(accepted)) == len(accepted)
    daemon.kill()
    daemon.start()
    assert ids(daemon) == set(accepted)
    journal_reader.verify(daemon.data)


def test_what_was_acknowledged_before_is_there_after_a_kill_on_a_full_disk(start):
    daemon = start("--workloads", "none")
    fill_up(daemon)
    accepted, _ = submit_until_refused(daemon)
    daemon.kill()
    daemon.start()
    assert ids(daemon) == set(accepted)
    assert submit(daemon).status_code == 201
    journal_reader.verify(daemon.data)
