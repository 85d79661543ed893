# SPDX-License-Identifier: Apache-2.0
"""What must never be accepted, crash anything or hold anybody up."""

import resource
import selectors
import socket
import time

import pytest

from daemon import PATIENCE_S, PORTS, wait_until

PROBE_MS = 1000
GOOD = {"workload_type": "ai_inference_realtime", "requirements": {"gpu_type": "H100", "gpu_count": 1}}


def problem(response):
    body = response.json()
    assert response.headers["Content-Type"].startswith("application/problem+json")
    assert body["status"] == response.status_code and body["type"].startswith("urn:hcp:problem:")
    return body


def submitted(daemon):
    return daemon.json("/api/v1/status")["workloads"]["submitted"]


@pytest.mark.parametrize("change, pointer", [
    ({"workload_type": "tea_making"}, "/workload_type"),
    ({"workload_type": 7}, "/workload_type"),
    ({"workload_type": None}, "/workload_type"),
    ({"workload_type": "bitcoin_mining"}, "/workload_type"),
    ({"type": "model_training"}, "/type"),
    ({"priority": 0}, "/priority"),
    ({"priority": 5}, "/priority"),
    ({"priority": "urgent"}, "/priority"),
    ({"priority": True}, "/priority"),
    ({"requirements": []}, "/requirements"),
    ({"requirements": {"gpu_count": -1}}, "/requirements/gpu_count"),
    ({"requirements": {"gpu_count": 0}}, "/requirements/gpu_count"),
    ({"requirements": {"gpu_count": 1.5}}, "/requirements/gpu_count"),
    ({"requirements": {"gpu_count": "8"}}, "/requirements/gpu_count"),
    ({"requirements": {"gpu_count": 4096}}, "/requirements/gpu_count"),
    ({"requirements": {"gpu_type": "RTX-9999"}}, "/requirements/gpu_type"),
    ({"requirements": {"gpu_type": "H100", "colour": "red"}}, "/requirements/colour"),
    ({"gpu_type": "Z100"}, "/gpu_type"),
    ({"gpu_count": 2}, "/requirements/gpu_count"),
    ({"facility": "atlantis"}, "/facility"),
    ({"customer_id": "cust-999"}, "/customer_id"),
    ({"customer_id": ""}, "/customer_id"),
    ({"duration_hours": -2}, "/duration_hours"),
    ({"duration_hours": 1e300}, "/duration_hours"),
    ({"max_latency_ms": 0.001}, "/max_latency_ms"),
    ({"model_gb": 100000}, "/model"),
    ({"surprise": 1}, "/surprise"),
])
def test_a_wrong_member_is_named(daemon, change, pointer):
    before = submitted(daemon)
    response = daemon.post("/api/v1/workloads", {**GOOD, **change})
    assert response.status_code in (400, 422)
    assert pointer in [error["pointer"] for error in problem(response)["errors"]]
    assert submitted(daemon) == before


def test_every_fault_is_named_at_once(daemon):
    response = daemon.post("/api/v1/workloads", {
        "workload_type": "model_training", "customer_id": "nobody", "facility": "nowhere", "gpu_type": "nothing"})
    assert {error["pointer"] for error in problem(response)["errors"]} == {"/customer_id", "/facility", "/gpu_type"}


@pytest.mark.parametrize("body", [
    b"", b"{", b"}", b"[]", b"null", b'"text"', b"{'a': 1}", b'{"workload_type":}', b'{"workload_type": NaN}',
    b'{"duration_hours": Infinity, "type": "model_training"}', b'{"a": 1} trailing', b'{"type": "\xff\xfe"}',
    b'{"type": "model_training", "type": "data_processing"}', b"\xef\xbb\xbf{}", b'{"name": "\\ud800"}', b"\x00" * 64,
    b"[" * 1000 + b"]" * 1000, b'{"requirements":' * 1000 + b"1" + b"}" * 1000, b'{"type": 1e999999}',
    b'{"type": "model_training", "gpu_count": 1' + b"0" * 30 + b"}",
], ids=lambda body: repr(body[:24]))
def test_what_is_not_the_json_we_want(daemon, body):
    before = submitted(daemon)
    response = daemon.request("POST", "/api/v1/workloads", data=body, headers={"Content-Type": "application/json"})
    assert response.status_code in (400, 422)
    problem(response)
    assert submitted(daemon) == before


def test_ten_megabytes_are_too_much(daemon):
    body = b'{"name": "' + b"x" * 10_000_000 + b'"}'
    response = daemon.request("POST", "/api/v1/workloads", data=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 413
    assert daemon.get("/livez").status_code == 200


def test_other_media_types(daemon):
    response = daemon.request("POST", "/api/v1/workloads", data=b"a=1", headers={"Content-Type": "text/plain"})
    assert response.status_code == 415


@pytest.mark.parametrize("method, path, status", [
    ("GET", "/api/v1/nothing", 404), ("PUT", "/api/v1/workloads", 405), ("DELETE", "/api/v1/status", 405),
    ("GET", "/api/v1/workloads/wl_0000000000000x", 404), ("GET", "/api/v1/workloads/%00", 404),
    ("GET", "/api/v1/workloads/..%2f..%2fetc", 404), ("DELETE", "/api/v1/workloads/dev_1m7yt7wbx0000u", 404),
    ("GET", "/api/v1/alerts/alr_nonsense", 404), ("GET", "/api/v1/decisions/x", 404),
    ("GET", "/api/v1/workloads/" + "w" * 2000, 404)])
def test_places_that_are_not_there(daemon, method, path, status):
    response = daemon.request(method, path)
    assert response.status_code in (status, 400)
    problem(response)


@pytest.mark.parametrize("text", [
    b"\r\n\r\n\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 10,
    b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST /api/v1/workloads HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST /api/v1/workloads HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(5000)) + b"\r\n",
], ids=range(9))
def test_what_is_not_http(daemon, text):
    with socket.create_connection(("127.0.0.1", PORTS["gateway"] + daemon.offset), timeout=PATIENCE_S) as connection:
        try:
            connection.sendall(text)
            connection.shutdown(socket.SHUT_WR)
            answer = connection.recv(65536)
        except OSError:
            answer = b""
    assert answer[:10] in (b"", b"HTTP/1.1 4", b"HTTP/1.0 4") or answer[:12] == b"HTTP/1.1 505", answer[:60]
    assert daemon.get("/livez").status_code == 200


def probe_ms(daemon):
    start = time.perf_counter()
    response = daemon.session.get(daemon.url("gateway", "/livez"), timeout=PATIENCE_S)
    assert response.status_code == 200
    return 1000 * (time.perf_counter() - start)


def test_ten_thousand_slow_connections(daemon):
    """Each sends a byte of its request now and then. Probes are answered all the same: within 50 ms on a quiet machine
    (-s prints the figure), and the bound leaves room for a busy one."""
    count = 10_000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + 500
    assert hard == resource.RLIM_INFINITY or hard >= wanted, "the hard limit of open files is too low for this test"
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    connections = []
    try:
        for n in range(count):
            connection = socket.create_connection(("127.0.0.1", PORTS["gateway"] + daemon.offset), timeout=PATIENCE_S)
            connection.setblocking(False)
            connection.send(b"POST /api/v1/workloads HTTP/1.1\r\nHost: x\r\nX-Slow: ")
            connections.append(connection)
            if n % 500 == 0:
                probe_ms(daemon)
        times = []
        for n in range(100):
            for connection in connections[n * 100:n * 100 + 100]:
                try:
                    connection.send(b"y")
                except OSError:
                    pass  # its time was up
            times.append(probe_ms(daemon))
        times.sort()
        print(f"\nprobes: p50 {times[50]:.1f} ms, p95 {times[95]:.1f} ms, worst {times[-1]:.1f} ms")
        assert times[50] < PROBE_MS / 4 and times[95] < PROBE_MS
    finally:
        for connection in connections:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert daemon.submit(duration_hours=1)["status"] == "queued"


def test_a_slow_request_is_cut_off(daemon):
    """One that never ends gets 408 or is closed; it does not wait for ever."""
    with socket.create_connection(("127.0.0.1", PORTS["gateway"] + daemon.offset), timeout=PATIENCE_S) as connection:
        connection.sendall(b"POST /api/v1/workloads HTTP/1.1\r\nHost: x\r\n")
        with selectors.DefaultSelector() as selector:
            selector.register(connection, selectors.EVENT_READ)
            assert wait_until(lambda: selector.select(0), "the server gave up", patience_s=PATIENCE_S)
        assert connection.recv(4096)[:12] in (b"", b"HTTP/1.1 408")
