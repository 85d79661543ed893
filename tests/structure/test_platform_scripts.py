# SPDX-License-Identifier: Apache-2.0
"""The scripts that start, check and stop a platform, against the daemon of this build."""

import os
import pathlib
import re
import socket
import subprocess

import pytest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"
PORTS = [3001, 8000, 8080, 8081, 8082, 8083, 8084, 8085, 8086, 8087, 8088, 8090]
ELEVEN = [
    "Orchestrator Health", "Optimizer Health", "Router Health", "Prometheus", "Grafana",
    "Workload Submission", "Price Retrieval", "Profitability Calculation", "Queue Depth",
    "Orchestrator Metrics", "Optimizer Metrics",
]


def is_free(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def free_offset():
    """A port offset under which no port of the platform is taken now, below the range from which
    the system picks ports for clients."""
    offsets = list(range(2000, 24600, 97))
    start = os.getpid() % len(offsets)
    for offset in offsets[start:] + offsets[:start]:
        if all(is_free(port + offset) for port in PORTS):
            return offset
    raise RuntimeError("no free range of ports")


@pytest.fixture(name="script")
def fixture_script(tmp_path):
    """Runs a script of the tree for a platform of its own; stops that platform in the end."""
    if "HCP_BINARY" not in os.environ:
        pytest.fail("HCP_BINARY must name the daemon to test; make test sets it")
    environment = {**os.environ, "HCP_SCENARIO": "dev", "HCP_PORT_OFFSET": str(free_offset()),
                   "HCP_RUN_DIR": str(tmp_path / "run")}

    def run(name, *arguments):
        return subprocess.run([SCRIPTS / name, *arguments], env=environment, capture_output=True,
                              text=True, timeout=600, check=False)

    yield run
    run("stop-all-services.sh")


def test_a_platform_starts_answers_and_stops(script):
    started = script("start-all-services.sh")
    assert started.returncode == 0, started.stdout + started.stderr
    pid = int(re.search(r"process (\d+)", started.stdout).group(1))
    assert "Already running" in script("start-all-services.sh").stdout
    health = script("health")
    assert health.returncode == 0, health.stdout + health.stderr
    assert "orchestrator" in health.stdout
    assert "journal_entry" in script("history-shell", ".tables").stdout
    stopped = script("stop-all-services.sh")
    assert stopped.returncode == 0, stopped.stdout + stopped.stderr
    assert not pathlib.Path(f"/proc/{pid}/exe").exists()  # an unreaped child has none
    assert script("health").returncode == 1


def test_the_eleven_checks_pass(script):
    assert script("start-all-services.sh").returncode == 0
    result = script("test-system.sh")
    assert re.findall(r"Testing (.+)\.\.\. ✓ PASS", result.stdout) == ELEVEN, result.stdout
    assert "Passed: 11\nFailed: 0\n" in result.stdout
    assert result.returncode == 0


def test_the_eleven_checks_fail_without_a_platform(script):
    result = script("test-system.sh")
    assert result.returncode == 1
    assert "Passed: 0\nFailed: 11\n" in result.stdout
