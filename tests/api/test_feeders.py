# SPDX-License-Identifier: Apache-2.0
"""Feeders inside a facility: nothing that hangs on one draws more than it carries, and everybody can see which one binds."""

import re
import subprocess

from daemon import Daemon, binary, wait_until
from scenarios import two_feeders


def feeders(daemon):
    return {row["name"]: row for row in daemon.json("/api/v1/facilities/lab")["feeders"]}


def mined(daemon, feeder):
    decision = daemon.json("/api/v1/decisions")["decisions"][0]
    (plan,) = [plan for plan in decision["chosen"] if (plan["class"], plan["feeder"]) == ("S21", feeder)]
    return plan["mine"]


def test_a_feeder_bounds_what_hangs_on_it(tmp_path):
    scenario = two_feeders(tmp_path / "site.yaml")
    with Daemon(tmp_path / "data", "--workloads", "none", "--speed", "600", scenario=scenario) as daemon:
        wait_until(lambda: feeders(daemon)["T2"]["power_w"] > 90_000, "the miners of the wide feeder run")
        narrow = wait_until(lambda: (row := feeders(daemon)["T1"])["power_w"] > 40_000 and row, "the narrow one is full")
        assert narrow["power_w"] <= narrow["cap_w"] == 50_000
        assert narrow["headroom_w"] == narrow["cap_w"] - narrow["power_w"]

        wait_until(lambda: mined(daemon, "T2") == 28 > mined(daemon, "T1") > 0, "a decision about settled miners")

        merit = daemon.json("/api/v1/merit-order")["facilities"][0]["rows"]
        assert {row["feeder"] for row in merit if row["use"] == "mining" and row["class"] == "S21"} == {"T1", "T2"}
        assert {row["feeder"] for row in merit if row["use"] == "ai"} == {"T1"}
        assert all("feeder" not in row for row in merit if row["class"] is None)

        answer = daemon.post("/api/v1/allocations", {"class": "H100-80GB", "count": 8, "customer_id": "cust-001"})
        assert answer.status_code == 409, answer.text
        assert "feeder T1" in answer.json()["detail"]

        metrics = daemon.get("/metrics").text
        assert 'hcp_feeder_power_cap_watts{facility="lab",feeder="T1"} 50000' in metrics
        assert metrics.count('hcp_devices{facility="lab",class="S21",mode="mining"}') == 1


def said(daemon, *command):
    url = daemon.url("gateway", "")
    return subprocess.run([binary(), *command, "--url", url], capture_output=True, text=True, timeout=60, check=True).stdout


def test_commands_tell_feeders_apart(tmp_path):
    scenario = two_feeders(tmp_path / "site.yaml")
    with Daemon(tmp_path / "data", "--workloads", "none", scenario=scenario) as daemon:
        assert {"S21 on T1,", "S21 on T2,"} <= set(re.findall(r"S21 on T\d,", said(daemon, "merit")))
        rows = [line.split() for line in said(daemon, "strike", "--class", "S21").splitlines()]
        assert rows[0][-1] == "FEEDER" and {row[-1] for row in rows[1:]} == {"T1", "T2"}
        lines = [line.split() for line in said(daemon, "status").splitlines()]
        caps = {line[0]: line[3] for line in lines if line and line[0] in ("T1", "T2")}
        assert caps == {"T1": "0.050", "T2": "0.500"}


def test_an_unknown_feeder_is_named_with_those_there_are(tmp_path):
    scenario = two_feeders(tmp_path / "site.yaml", feeder="T3")
    ran = subprocess.run([binary(), "simulate", "--scenario", scenario, "--hours", "0.1"], capture_output=True, text=True, timeout=60)
    assert ran.returncode != 0
    assert 'there is no feeder "T3"; its feeders are: T1, T2' in ran.stderr
