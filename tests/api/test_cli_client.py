# SPDX-License-Identifier: Apache-2.0
"""The commands that ask a daemon: what they send, print and exit with. Each --json is held against the API itself, and
top runs on a pseudo-terminal of its own."""

import fcntl
import json
import os
import pathlib
import pty
import re
import select
import shutil
import struct
import subprocess
import termios
import time

import pytest

from daemon import PATIENCE_S, PORTS, ROOT, binary, free_offset, wait_until

OK, FAILED, USAGE, UNAVAILABLE = 0, 1, 2, 3


def hcp(*args, url=None, **environment):
    env = {key: value for key, value in os.environ.items() if key != "HCP_URL"}
    if url:
        env["HCP_URL"] = url
    return subprocess.run([binary(), *map(str, args)], capture_output=True, text=True, check=False, timeout=600,
                          stdin=subprocess.DEVNULL, env={**env, **environment})


@pytest.fixture(name="ask", scope="module")
def fixture_ask(daemon):
    """ask(command…) of the module's daemon."""
    url = daemon.url("gateway", "")
    daemon.post("/api/v1/workloads", {"type": "model_training", "gpu_type": "H100", "gpu_count": 1, "duration_hours": 5})
    wait_until(lambda: daemon.json("/api/v1/recommendations")["recommendations"], "a decision")
    return lambda *args, **environment: hcp(*args, url=url, **environment)


@pytest.fixture(name="waiting", scope="module")
def fixture_waiting(daemon, ask):
    """Twelve workloads that wait: nothing here has that many devices free."""
    return [daemon.submit(gpu_type="H100", gpu_count=8, priority=3, duration_hours=9)["workload_id"] for _ in range(12)]


# --- the same as the API ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("command, path, member", [
    ("status", "/api/v1/status", None), ("merit", "/api/v1/merit-order", "facilities"), ("prices", "/api/v1/prices/current", None),
    ("queue", "/api/v1/queue?limit=50", "queue"), ("workloads", "/api/v1/workloads?limit=50", "workloads"),
    ("resources", "/api/v1/resources?limit=50", "resources"),
    ("recommend", "/api/v1/recommendations", "recommendations")])
def test_json_is_the_answer_of_the_api(daemon, ask, waiting, command, path, member):
    run = ask(command, "--json")
    assert run.returncode == OK, run.stderr
    mine, theirs = json.loads(run.stdout), daemon.json(path)
    assert mine.keys() == theirs.keys()
    if member:
        assert len(mine[member]) == len(theirs[member]) > 0
        assert [row.keys() for row in mine[member]] == [row.keys() for row in theirs[member]]


@pytest.mark.parametrize("command", ["status", "prices", "queue", "workloads", "resources", "recommend"])
def test_tables_are_aligned_and_plain_when_piped(ask, waiting, command):
    text = ask(command).stdout
    assert "\033" not in text
    head, *rows = text.split("\n\n")[-1].rstrip("\n").splitlines()
    starts = [match.start() for match in re.finditer(r"(?<=  )\S", head)]
    assert rows and starts
    for row in rows:
        if row.startswith("There are more"):
            continue
        assert row == row.rstrip() and len(row) > starts[-1] - 20


def test_merit_is_a_compact_table(daemon, ask):
    title, head, *rows = ask("merit", "--facility", "lab").stdout.splitlines()
    order = daemon.json("/api/v1/merit-order?facility=lab")["facilities"][0]
    assert re.match(r"lab: electricity [\d.]+ USD/MWh \(good\), [\d.]+ of 0\.250 MW used", title)
    assert "BREAK-EVEN" in head and len(rows) == len(order["rows"]) and max(map(len, rows)) <= 80
    assert any(row.startswith("mining H100-80GB") and "sim." in row for row in rows)
    assert ask("merit", "--facility", "nowhere").returncode == FAILED


def test_what_has_no_feeder_shows_none(ask):
    assert "FEEDER" not in ask("strike").stdout and "FEEDER" not in ask("status").stdout
    assert " on " not in ask("merit").stdout


def test_one_row_has_the_values_of_the_api(daemon, ask, waiting):
    line = next(line for line in ask("workloads").stdout.splitlines() if waiting[0] in line)
    row = daemon.workload(waiting[0])
    assert f"P{row['priority']}" in line and row["status"] in line and row["customer_id"] in line
    one = ask("workloads", waiting[0]).stdout
    assert re.search(r"^GPUs +8$", one, re.M) and waiting[0] in one


def test_pages(daemon, ask, waiting):
    total = len(daemon.json("/api/v1/resources?limit=1000")["resources"])
    assert total > 50
    first = ask("resources")
    assert len(first.stdout.splitlines()) == 52 and "--all" in first.stdout
    assert len(json.loads(ask("resources", "--all", "--json").stdout)["resources"]) == total
    few = json.loads(ask("resources", "-n", 7, "--json").stdout)
    assert len(few["resources"]) == 7 and few["next_cursor"]
    ids = [row["workload_id"] for row in json.loads(ask("workloads", "--all", "--json").stdout)["workloads"]]
    assert len(ids) == len(set(ids)) and set(waiting) <= set(ids)


def test_filters(ask, waiting):
    rows = json.loads(ask("workloads", "--status", "queued", "--priority", 3, "--json").stdout)["workloads"]
    assert rows and all(row["status"] == "queued" and row["priority"] == 3 for row in rows)
    devices = json.loads(ask("resources", "--type", "gpu", "--json").stdout)["resources"]
    assert devices and all(row["type"] == "gpu" for row in devices)
    bad = ask("workloads", "--status", "asleep")
    assert bad.returncode == USAGE and "status" in bad.stderr


def test_explain_gives_the_sentence(daemon, ask, waiting):
    answer = daemon.json(f"/api/v1/workloads/{waiting[0]}/explain")
    text = ask("explain", waiting[0]).stdout
    assert text.startswith(answer["reason"].split(";")[0][:20]) and waiting[0] in text
    assert all(item["text"] in text for item in answer["remedies"])
    run = ask("explain", "wl_nobody")
    assert run.returncode == FAILED and "wl_nobody" in run.stderr


def test_recommend_why_shows_inputs_and_both_plans(ask):
    text = ask("recommend", "--why").stdout
    for expected in ("reason", "would change when", "Inputs", "Chosen plan", "USD/MWh", "electricity", "Merit order", "BREAK-EVEN"):
        assert expected in text
    assert ask("recommend", "--facility", "nowhere").returncode == FAILED


def test_recommend_today_lists_and_opens_decisions(ask):
    rows = json.loads(ask("recommend", "--today", "--json").stdout)["decisions"]
    assert rows and rows[-1]["decision_id"] in ask("recommend", "--today").stdout
    text = ask("recommend", "--decision", rows[-1]["decision_id"]).stdout
    assert rows[-1]["recommendation"] in text and "Chosen plan" in text and "would change when" in text
    assert ask("recommend", "--decision", "dec_nothing").returncode == FAILED


# --- submit -------------------------------------------------------------------------------------------------------------

def test_submit_sends_every_field(daemon, ask):
    run = ask("submit", "--type", "ai_inference_batch", "--name", "nightly", "--customer", "cust-001", "--priority", 2,
              "--model", "llama-3-70b", "--gpu-type", "A100", "--gpu-count", 2, "--model-gb", 140, "--max-latency-ms",
              250, "--duration-hours", 1.5, "--facility", "lab", "--json")
    assert run.returncode == OK, run.stderr
    row = daemon.workload(json.loads(run.stdout)["workload_id"])
    assert (row["name"], row["customer_id"], row["priority"], row["model"]) == ("nightly", "cust-001", 2, "llama-3-70b")
    assert row["requirements"]["gpu_count"] == 2 and row["requirements"]["duration_hours"] == 1.5
    assert row["requirements"]["model_gb"] == 140 and row["requirements"]["max_latency_ms"] == 250
    assert row["requirements"]["facility"] == "lab"


def test_submit_takes_a_file_and_options_win(daemon, ask, tmp_path):
    path = tmp_path / "work.json"
    path.write_text(json.dumps({"type": "data_processing", "gpu_type": "H100", "gpu_count": 3, "duration_hours": 1}))
    run = ask("submit", "--file", path, "--gpu-count", 1, "--json")
    assert run.returncode == OK, run.stderr
    assert daemon.workload(json.loads(run.stdout)["workload_id"])["requirements"]["gpu_count"] == 1
    path.write_text("{nonsense")
    assert ask("submit", "--file", path).returncode == USAGE


def test_submit_twice_with_one_key_is_one_workload(ask):
    ids = {json.loads(ask("submit", "-t", "data_processing", "-k", "once-only", "--json").stdout)["workload_id"]
           for _ in range(2)}
    assert len(ids) == 1


def test_submit_names_every_wrong_field(ask):
    run = ask("submit", "-t", "knitting", "-n", 5000)
    assert run.returncode == USAGE
    assert "/workload_type" in run.stderr and "/gpu_count" in run.stderr and "trace" in run.stderr
    assert ask("submit").returncode == USAGE
    assert ask("submit", "-t", "data_processing", "--timeout", "soon").returncode == USAGE


def test_submit_waits(start):
    daemon = start("--workloads", "none", "--speed", "60")
    url = daemon.url("gateway", "")
    run = hcp("submit", "-t", "ai_inference_realtime", "-g", "H100", "-d", 1, "--wait", "--json", url=url)
    assert run.returncode == OK and json.loads(run.stdout)["status"] in ("running", "completed")
    run = hcp("submit", "-t", "ai_inference_realtime", "-g", "H100", "-d", 0.05, "--follow", "--json", url=url)
    assert run.returncode == OK and json.loads(run.stdout)["status"] == "completed"
    run = hcp("submit", "-t", "model_training", "-g", "H100", "-n", 8, "-d", 900, "--follow", "--timeout", "200ms", url=url)
    assert run.returncode == FAILED and "hcp explain" in run.stderr


# --- no daemon ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("command", [["status"], ["prices"], ["queue"], ["workloads"], ["resources"], ["recommend"],
                                     ["explain", "wl_x"], ["submit", "-t", "data_processing"], ["top", "--once"]])
def test_without_a_daemon(command):
    offset = free_offset()
    run = hcp(*command, "--port-offset", offset)
    assert run.returncode == UNAVAILABLE and f"127.0.0.1:{PORTS['gateway'] + offset}" in run.stderr
    assert command[0] == "top" or "hcp serve" in run.stderr


def test_names_cannot_take_over_the_terminal(daemon, ask):
    ask("submit", "-t", "data_processing", "--name", "\033[2Jgone", "--model", "a\nb")
    row = json.loads(ask("workloads", "-n", 1, "--json").stdout)["workloads"][0]
    text = ask("workloads", row["workload_id"]).stdout
    assert row["name"] == "\033[2Jgone" and "\033" not in text and "?[2Jgone" in text


# --- top ----------------------------------------------------------------------------------------------------------------

class Terminal:
    """A pseudo-terminal with `hcp top` in it."""

    def __init__(self, args, rows=24, columns=80, **environment):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update({"TERM": "xterm-256color", **environment})
            os.execv(binary(), [binary(), "top", *map(str, args)])
        self.resize(rows, columns)
        self.output = b""

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds):
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and select.select([self.fd], [], [], left)[0]:
            try:
                self.output += os.read(self.fd, 65536)
            except OSError:
                break
        return self.output

    def wait_for(self, text):
        return wait_until(lambda: text in self.read(0.2), f"{text!r} on the screen")

    def quit(self):
        os.write(self.fd, b"q")
        self.read(PATIENCE_S)  # until the terminal is closed
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)


def test_top_once_shows_what_the_api_says(daemon, ask, waiting):
    text = ask("top", "--once").stdout
    status = daemon.json("/api/v1/status")
    assert "Power" in text and "$/MWh" in text and "P3" in text and "BTC" in text
    assert status["facilities"][0]["facility"] in text and max(map(len, text.splitlines())) <= 80
    assert set(json.loads(ask("top", "--json").stdout)) == {
        "status", "prices", "queue", "switches", "alerts", "recommendations", "merit_order"}
    assert ask("top").returncode == USAGE  # no terminal


def test_top_lives_resizes_and_quits(daemon, ask):
    top = Terminal(["--url", daemon.url("gateway", ""), "--interval", "0.2"])
    top.wait_for(b"QUEUE")
    for rows, columns in ((50, 160), (5, 20), (1, 1), (24, 80)):
        top.resize(rows, columns)
        top.read(0.3)
    assert top.quit() == OK
    assert b"Sanitizer" not in top.output
    assert b"\033[?1049l" in top.output  # the screen is given back


def test_top_redraws_only_what_changed(daemon, ask):
    top = Terminal(["--url", daemon.url("gateway", ""), "--interval", "0.2"])
    top.wait_for(b"QUEUE")
    top.read(0.5)
    before = len(top.output)
    top.read(2)
    assert b"\033[2J" not in top.output[before:]
    assert len(top.output) - before < 10 * 80 * 24 / 2
    assert top.quit() == OK


def test_top_without_colour(daemon, ask):
    top = Terminal(["--url", daemon.url("gateway", "")], NO_COLOR="1")
    top.wait_for(b"QUEUE")
    assert top.quit() == OK
    assert not re.search(rb"\033\[[0-9;]*3[1-7]m", top.output)


def test_top_survives_the_daemon(start):
    daemon = start("--workloads", "none")
    top = Terminal(["--url", daemon.url("gateway", ""), "--interval", "0.2"])
    top.wait_for(b"QUEUE")
    daemon.kill()
    top.wait_for(b"no daemon answers")
    assert top.quit() == OK


def test_tables_fit_the_terminal(daemon, ask, waiting):
    for columns in (40, 80, 120):
        for command in ("workloads", "resources", "status", "recommend", "prices", "queue"):
            pid, fd = pty.fork()
            if pid == 0:
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
                os.environ.update({"TERM": "xterm", "NO_COLOR": "1", "HCP_URL": daemon.url("gateway", "")})
                os.execv(binary(), [binary(), command])
            output = b""
            while True:
                try:
                    output += os.read(fd, 65536)
                except OSError:
                    break
            os.waitpid(pid, 0)
            os.close(fd)
            lines = output.decode().replace("\r\n", "\n").splitlines()
            assert lines and max(map(len, lines)) <= columns, (command, columns, lines)


# --- completion and the manual ------------------------------------------------------------------------------------------

def options_of(command):
    return set(re.findall(r"--[a-z-]+", hcp(command, "--help").stdout))


def complete(*words):
    script = ('source <(%s completion bash); COMP_WORDS=(%s); COMP_CWORD=%d; _hcp; printf "%%s\\n" "${COMPREPLY[@]}"'
              % (binary(), " ".join(f"'{w}'" for w in words), len(words) - 1))
    run = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_bash_completes_commands_options_and_values():
    assert {"serve", "submit", "top"} <= complete("hcp", "")
    assert complete("hcp", "jo") == {"journal"}
    assert complete("hcp", "journal", "") >= {"verify", "dump", "hash"}
    assert complete("hcp", "submit", "--type", "model") == {"model_training"}
    for command in ("submit", "workloads", "simulate", "doctor"):
        assert complete("hcp", command, "--") >= options_of(command) - {"--help"}, command


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_know_every_command(shell, tmp_path):
    script = hcp("completion", shell).stdout
    for command in complete("hcp", "") - {"--help"}:
        assert command in script
    assert "gpu-count" in script and "model_training" in script
    if shutil.which(shell):
        path = tmp_path / "script"
        path.write_text(script)
        subprocess.run([shell, "-n", path], check=True)
    assert hcp("completion", "tcsh").returncode == USAGE


def test_manual_is_current():
    page = pathlib.Path(ROOT / "docs/hcp.1").read_text()
    assert page == hcp("man").stdout, "docs/hcp.1 is old: `hcp man > docs/hcp.1`"
    for command in complete("hcp", "") - {"--help"}:
        assert f".SS hcp {command}" in page
