# SPDX-License-Identifier: Apache-2.0
"""hcp config, journal, doctor and version from outside: what they print, what they exit with, and that they look at a
journal without disturbing the daemon that writes it."""

import json
import os
import re
import socket
import sqlite3
import subprocess

import pytest

from daemon import PORTS, Daemon, binary, free_offset, wait_until

OK, FAILED, USAGE, UNAVAILABLE = 0, 1, 2, 3


def hcp(*args, **options):
    return subprocess.run([binary(), *map(str, args)], capture_output=True, text=True, check=False, timeout=600,
                          stdin=subprocess.DEVNULL, **options)


# --- the front ----------------------------------------------------------------------------------------------------------

def test_help_lists_commands_and_each_has_its_own():
    listed = re.findall(r"^  (\w+) +\S", hcp("--help").stdout, re.M)
    assert {"serve", "journal", "config", "doctor", "version"} <= set(listed)
    assert listed == sorted(listed)
    for command in listed:
        run = hcp(command, "--help")
        assert run.returncode == OK and "Usage:" in run.stdout, command


def test_wrong_command_lines_say_what_would_be_right():
    assert hcp().returncode == USAGE
    run = hcp("jurnal")
    assert run.returncode == USAGE and 'did you mean "journal"?' in run.stderr
    for args in (["journal"], ["journal", "look"], ["journal", "verify", "twice"], ["config", "--nonsense"],
                 ["journal", "dump", "--from", "x"]):
        run = hcp(*args)
        assert run.returncode == USAGE and f"hcp {args[0]}:" in run.stderr, args


def test_version():
    text = hcp("version").stdout.strip()
    assert re.fullmatch(r"hcp \d+\.\d+\.\d+", text)
    assert json.loads(hcp("version", "--json").stdout)["version"] == text.split()[1]


# --- config -------------------------------------------------------------------------------------------------------------

def test_config_reports_every_error_with_its_line(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text("speed: -1\nport_ofset: 3\nscheduling:\n  max_retries: many\n")
    run = hcp("config", "check", path)
    assert run.returncode == USAGE
    for line in (f"{path}:1: /speed", f"{path}:2: /port_ofset", f"{path}:4: /scheduling/max_retries"):
        assert line in run.stderr
    assert 'did you mean "port_offset"?' in run.stderr
    answer = json.loads(hcp("config", "check", path, "--json").stdout)
    assert answer["valid"] is False and len(answer["errors"]) == 3


def test_config_command_line_is_checked_too():
    run = hcp("config", "check", "--set", "dispatch.threshold=0")
    assert run.returncode == USAGE and "command line: /dispatch/threshold" in run.stderr
    assert hcp("config", "check", "--set", "no.such=1").returncode == USAGE
    assert hcp("config", "check", "--speed", "2").returncode == OK
    assert hcp("config", "check", "--scenario", "no-such-place").returncode == USAGE


def test_config_show_is_a_configuration(tmp_path):
    shown = hcp("config", "show", "--set", "dispatch.threshold=1.25")
    path = tmp_path / "shown.yaml"
    path.write_text(shown.stdout)
    assert "threshold: 1.25" in shown.stdout
    assert hcp("config", "check", path).returncode == OK
    assert json.loads(hcp("config", "show", path, "--json").stdout)["dispatch"]["threshold"] == 1.25


# --- journal ------------------------------------------------------------------------------------------------------------

@pytest.fixture(name="written", scope="module")
def fixture_written(tmp_path_factory):
    """A journal of some hundred entries; nobody runs on it any more."""
    with Daemon(tmp_path_factory.mktemp("written") / "data", "--workloads", "none") as daemon:
        for _ in range(20):
            daemon.submit(gpu_type="H100", duration_hours=1)
        return daemon.data


def copy(source, target):
    target.mkdir()
    for path in source.iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    return target


def test_journal_of_a_running_daemon_is_sound(start):
    daemon = start()
    daemon.submit(gpu_type="H100")
    run = hcp("journal", "verify", "--data", daemon.data, "--json")
    report = json.loads(run.stdout)
    assert run.returncode == OK, run.stdout
    assert report["sound"] and report["entries"] > 20 and report["findings"] == []
    assert daemon.submit(gpu_type="H100")["workload_id"]  # it did not mind


def test_journal_hash_follows_the_journal(written):
    whole = json.loads(hcp("journal", "hash", "--data", written, "--json").stdout)
    again = json.loads(hcp("journal", "hash", "--data", written, "--json").stdout)
    part = json.loads(hcp("journal", "hash", "--data", written, "--json", "--to", whole["sequence"] - 1).stdout)
    assert whole == again and len(whole["state_hash"]) == 64
    assert part["sequence"] == whole["sequence"] - 1 and part["chain_hash"] != whole["chain_hash"]


def test_journal_dump_is_the_table(written):
    lines = [json.loads(line) for line in hcp("journal", "dump", "--data", written, "--json").stdout.splitlines()]
    with sqlite3.connect(f"file:{written / 'journal.db'}?mode=ro", uri=True) as db:
        rows = db.execute("SELECT seq, type, payload, lower(hex(hash)) FROM journal_entry ORDER BY seq").fetchall()
    assert [(e["sequence"], e["type"], e["data"], e["hash"]) for e in lines] == [
        (seq, kind, json.loads(payload), digest) for seq, kind, payload, digest in rows]
    chosen = hcp("journal", "dump", "--data", written, "--json", "--type", "workload_accepted", "-n", 3)
    assert [json.loads(line)["type"] for line in chosen.stdout.splitlines()] == ["workload_accepted"] * 3
    part = hcp("journal", "dump", "--data", written, "--from", 5, "--to", 7).stdout.splitlines()
    assert [line.split()[0] for line in part] == ["5", "6", "7"]


def test_the_steps_of_a_workload_are_its_events(written):
    """The table of steps leaves nothing out and adds nothing: each is an entry that names the workload."""
    steps = ("workload_accepted", "workload_started", "workload_requeued", "workload_ended", "wait_changed")
    with sqlite3.connect(f"file:{written / 'journal.db'}?mode=ro", uri=True) as db:
        told = db.execute(f"SELECT seq, workload, at_us, step FROM workload_step WHERE step IN {steps} ORDER BY seq")
        entries = db.execute("SELECT seq, json_extract(payload, '$.id'), time_us, type FROM journal_entry"
                             f" WHERE type IN {steps} ORDER BY seq")
        told, entries = told.fetchall(), entries.fetchall()
        plan = " ".join(row[3] for row in db.execute(
            "EXPLAIN QUERY PLAN SELECT * FROM workload_step WHERE workload = 'wl_1' ORDER BY seq"))
    assert told == entries and "workload_accepted" in {row[3] for row in told}
    assert "SCAN workload_change" not in plan and not plan.endswith("SCAN workload"), plan
    assert "SEARCH workload USING" in plan and "SEARCH workload_change USING" in plan, plan


def test_journal_damage_is_named_and_fails(written, tmp_path):
    data = copy(written, tmp_path / "damaged")
    with sqlite3.connect(data / "journal.db") as db:
        db.execute("UPDATE journal_entry SET payload = replace(payload, '\"', '''') WHERE seq = 9")
    run = hcp("journal", "verify", "--data", data, "--json")
    report = json.loads(run.stdout)
    assert run.returncode == FAILED and report["first_bad_sequence"] == 9
    assert "Entries 1 to 8 are good" in hcp("journal", "verify", "--data", data).stdout
    assert hcp("journal", "hash", "--data", data).returncode == FAILED
    dump = hcp("journal", "dump", "--data", data)
    assert dump.returncode == FAILED and len(dump.stdout.splitlines()) == 8


def test_journal_compares_the_tables_row_by_row(written, tmp_path):
    data = copy(written, tmp_path / "edited")
    with sqlite3.connect(data / "journal.db") as db:
        assert db.execute("UPDATE workload SET customer = 'somebody' WHERE id = (SELECT min(id) FROM workload)").rowcount == 1
    run = hcp("journal", "verify", "--data", data)
    assert run.returncode == FAILED and "workload" in run.stdout


def test_journal_that_is_not_there(tmp_path):
    run = hcp("journal", "verify", "--data", tmp_path / "nothing")
    assert run.returncode == USAGE and "--data" in run.stderr
    assert not (tmp_path / "nothing").exists()


# --- doctor -------------------------------------------------------------------------------------------------------------

def findings(*args):
    run = hcp("doctor", "--json", *args)
    found = {}
    for finding in json.loads(run.stdout)["findings"]:
        found.setdefault(finding["check"], []).append(finding)
    return run.returncode, found


def test_doctor_knows_a_running_daemon(start):
    daemon = start()
    def ready():
        status, found = findings("--data", daemon.data, "--port-offset", daemon.offset)
        return status == OK and found["daemon"][0]["status"] == "ok" and found
    found = wait_until(ready, "the doctor finds the daemon ready")
    assert f"process {daemon.process.pid}" in found["data directory"][0]["detail"]
    assert "the daemon's" in found["ports"][0]["detail"]
    assert found["journal"][0]["status"] == "ok"


def test_doctor_names_who_has_a_port(tmp_path):
    with socket.socket() as taken:
        offset = free_offset()
        port = PORTS["router"] + offset
        taken.bind(("127.0.0.1", port))
        taken.listen()
        status, found = findings("--data", tmp_path / "data", "--port-offset", offset)
    assert status == FAILED
    fault = next(f for f in found["ports"] if f["status"] == "failed")
    assert str(port) in fault["detail"] and f"process {os.getpid()}" in fault["detail"] and fault["remedy"]
    assert found["data directory"][0]["status"] == "ok"
    assert not (tmp_path / "data").exists()


def test_doctor_does_not_wait_for_a_port_that_is_mute(tmp_path):
    with socket.socket() as mute:
        offset = free_offset()
        mute.bind(("127.0.0.1", PORTS["gateway"] + offset))
        mute.listen()
        status, found = findings("--data", tmp_path / "data", "--port-offset", offset)
    assert status == FAILED
    (fault,) = found["daemon"]
    assert fault["status"] == "failed" and "has not answered within 3 s" in fault["detail"]
    assert "--port-offset" in fault["remedy"]


def test_doctor_names_damage_and_a_file_in_the_way(written, tmp_path):
    data = copy(written, tmp_path / "damaged")
    (data / "journal.db").write_bytes(b"this is no database at all, but it is long enough" * 100)
    status, found = findings("--data", data)
    assert status == FAILED and found["journal"][0]["status"] == "failed" and found["journal"][0]["remedy"]
    (tmp_path / "file").write_text("")
    status, found = findings("--data", tmp_path / "file")
    assert status == FAILED and found["data directory"][0]["status"] == "failed"


def test_doctor_without_a_daemon_says_how_to_start_one(tmp_path):
    run = hcp("doctor", "--data", tmp_path / "data", "--port-offset", free_offset())
    assert "hcp serve" in run.stdout and run.returncode == OK
