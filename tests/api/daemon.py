# SPDX-License-Identifier: Apache-2.0
"""The platform as a process: started on free ports, asked over HTTP, stopped or killed. Every answer is checked against
api/openapi.yaml, so a test that looks at one thing still notices when the rest of the answer breaks the contract."""

import itertools
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

import requests

from contract import Contract

ROOT = pathlib.Path(__file__).resolve().parents[2]
PORTS = {"gateway": 8000, "orchestrator": 8080, "optimizer": 8081, "router": 8082, "resources": 8083, "simulator": 8090}
OFFSETS = range(2000, 24600, 97)
OFFSET_TURN = itertools.islice(itertools.cycle(OFFSETS), os.getpid() % len(OFFSETS), None)
CONTRACT = Contract(ROOT / "api/openapi.yaml")
EXIT_UNAVAILABLE = 3
PATIENCE_S = 120  # for what takes milliseconds; a loaded machine is slow, not broken


def binary():
    """What the test runner built, else the newest build in the tree."""
    if "HCP_BINARY" in os.environ:
        return os.environ["HCP_BINARY"]
    found = sorted(ROOT.glob("build/*/src/cli/hcp"), key=lambda path: path.stat().st_mtime)
    assert found, "nothing is built: run `make test` or set HCP_BINARY"
    return str(found[-1])


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_offset():
    """An offset under which no port of the platform is taken, below the range from which the system picks the ports of
    clients. Processes that look at the same time begin at different places, and each call goes on from the last."""
    for _ in OFFSETS:
        offset = next(OFFSET_TURN)
        if all(is_free(port + offset) for port in PORTS.values()):
            return offset
    raise AssertionError("no free block of ports")


def wait_until(condition, what, patience_s=PATIENCE_S):
    """Polls until `condition()` is true and returns what it gave; fails with `what`."""
    until = time.monotonic() + patience_s
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < until, f"after {patience_s} s still not: {what}"
        time.sleep(0.01)


class Daemon:
    """`hcp serve`. As a context manager it stops cleanly at the end and checks that it did."""

    def __init__(self, data, *options, scenario="dev"):
        self.data, self.options, self.scenario = pathlib.Path(data), options, scenario
        self.process = None
        self.offset = None
        self.logged = 0  # bytes that earlier runs wrote
        self.session = requests.Session()
        self.exercised = set()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def start(self):
        for _ in range(5):  # somebody else may take a port between the look and the start
            self.offset = free_offset()
            self.process = self.spawn()
            if self.is_up():
                return self
            if self.process.wait(PATIENCE_S) != EXIT_UNAVAILABLE:
                break
        raise AssertionError(f"the daemon did not start:\n{self.log()}")

    def spawn(self):
        self.data.parent.mkdir(parents=True, exist_ok=True)
        self.logged = self.log_path().stat().st_size if self.log_path().exists() else 0
        with open(self.log_path(), "ab") as log:
            return subprocess.Popen(
                [binary(), "serve", "--scenario", str(self.scenario), "--data", str(self.data), "--port-offset",
                 str(self.offset), *self.options],
                stdout=log, stderr=subprocess.STDOUT, cwd=ROOT)

    def is_up(self):
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until and self.process.poll() is None:
            if b"Ready in" in self.log_path().read_bytes()[self.logged:]:  # it, and not somebody else on its port
                return True
            time.sleep(0.02)
        return False

    def stop(self):
        """SIGTERM; a clean exit is part of every test, and so is a quiet sanitizer."""
        if self.process is None:
            return
        self.session.close()
        if self.process.poll() is None:
            self.process.terminate()
        status = self.process.wait(PATIENCE_S)
        self.process = None
        assert status == 0, f"exit status {status}:\n{self.log()}"
        assert "Sanitizer" not in self.log(), self.log()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE_S)
        self.process = None
        self.session.close()
        self.session = requests.Session()

    def log_path(self):
        return self.data.with_suffix(".log")

    def log(self):
        return self.log_path().read_text(errors="replace")

    def url(self, service, path):
        return f"http://127.0.0.1:{PORTS[service] + self.offset}{path}"

    def request(self, method, path, service="gateway", **options):
        response = self.session.request(method, self.url(service, path), timeout=PATIENCE_S, **options)
        operation = CONTRACT.check(service, method, path, response)
        if operation is not None:
            self.exercised.add(operation)
        return response

    def get(self, path, service="gateway", **options):
        return self.request("GET", path, service, **options)

    def post(self, path, body=None, service="gateway", **options):
        return self.request("POST", path, service, json={} if body is None else body, **options)

    def json(self, path, service="gateway"):
        response = self.get(path, service)
        assert response.status_code == 200, response.text
        return response.json()

    def submit(self, **body):
        response = self.post("/api/v1/workloads", {"workload_type": "ai_inference_realtime", **body})
        assert response.status_code == 201, response.text
        return response.json()

    def workload(self, workload_id):
        return self.json(f"/api/v1/workloads/{workload_id}")

    def wait_for_status(self, workload_id, *statuses):
        return wait_until(
            lambda: (row := self.workload(workload_id))["status"] in statuses and row,
            f"{workload_id} is {' or '.join(statuses)}")

    def events(self, **params):
        """All events, page by page."""
        found, cursor = [], None
        while True:
            page = self.get("/api/v1/events", params={**params, "limit": 1000, **({"cursor": cursor} if cursor else {})})
            assert page.status_code == 200, page.text
            found += page.json()["events"]
            cursor = page.json()["next_cursor"]
            if cursor is None:
                return found


def sse_events(response):
    """(id, type, data) of a server-sent stream as they come."""
    event = {}
    for line in response.iter_lines(chunk_size=1):
        text = line.decode()
        if text == "" and "data" in event:
            yield event.get("id"), event.get("event"), json.loads(event["data"])
            event = {}
        elif text and not text.startswith(":"):
            name, _, value = text.partition(": ")
            event[name] = value
