# SPDX-License-Identifier: Apache-2.0
"""SIGHUP: a configuration is read again as a whole, or not at all."""

import signal

from daemon import wait_until

GOOD = "scheduling: {queue_capacity: %d}\nlog_level: info\n"
BAD = "scheduling:\n  queue_capacity: 1\n  max_wait_p1: soon\nlog_level: loud\n"


def reload(daemon, message):
    """Asks for it and waits until the log tells how it went; gives the line."""
    before = daemon.log().count(message)
    daemon.process.send_signal(signal.SIGHUP)
    wait_until(lambda: daemon.log().count(message) > before, f"the log says: {message}")
    return [line for line in daemon.log().splitlines() if message in line][-1]


def fill(daemon):
    """More than the site can start at once, so that some wait; the status of one more."""
    return daemon.post("/api/v1/workloads", {"workload_type": "model_training", "gpu_type": "A100", "gpu_count": 2,
                                             "duration_hours": 1}).status_code


def test_a_good_configuration_applies_without_a_restart(start, tmp_path):
    config = tmp_path / "hcp.yaml"
    config.write_text(GOOD % 1000)
    daemon = start("--workloads", "none", "--config", str(config))
    assert [fill(daemon) for _ in range(5)] == [201] * 5
    config.write_text(GOOD % 4)
    reload(daemon, "configuration reloaded")
    assert fill(daemon) == 503  # four wait already
    config.write_text(GOOD % 6)
    reload(daemon, "configuration reloaded")
    assert fill(daemon) == 201
    assert len(daemon.events(type="settings_changed")) >= 2


def test_a_bad_configuration_changes_nothing_and_is_told_with_its_lines(start, tmp_path):
    config = tmp_path / "hcp.yaml"
    config.write_text(GOOD % 1000)
    daemon = start("--workloads", "none", "--config", str(config))
    config.write_text(BAD)
    line = reload(daemon, "configuration not reloaded")
    assert "hcp.yaml:3" in line and "max_wait_p1" in line, line
    assert "hcp.yaml:4" in line and "log_level" in line, line
    assert [fill(daemon) for _ in range(5)] == [201] * 5  # a queue of one would have refused the third
    config.unlink()
    reload(daemon, "configuration not reloaded")
    assert fill(daemon) == 201

def test_a_reload_keeps_what_the_command_line_says(start, tmp_path):
    config = tmp_path / "hcp.yaml"
    config.write_text(GOOD % 1000)
    daemon = start("--workloads", "none", "--config", str(config), "--set", "scheduling.queue_capacity=1")
    assert [fill(daemon) for _ in range(3)] == [201, 201, 503]
    reload(daemon, "configuration reloaded")
    assert fill(daemon) == 503
