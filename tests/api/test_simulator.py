# SPDX-License-Identifier: Apache-2.0
"""The simulated site tells that it is one, and fails on demand."""

import pytest

from daemon import wait_until
from test_pagination import pages


@pytest.fixture
def lab(start):
    return start("--workloads", "none")


def inject(daemon, **fault):
    return daemon.post("/api/v1/simulator/faults", fault, service="simulator")


def health(daemon, name):
    return daemon.json(f"/api/v1/resources/{name}")["health"]


def test_status_on_its_own_port(daemon):
    status = daemon.json("/status", service="simulator")
    assert (status["status"], status["scenario"], status["speed"], status["driver"]) == ("running", "dev", 1, "sim")
    assert status["simulated"] is True and status["silent_feeds"] == []
    assert {kind: status["devices"][kind]["devices"] for kind in status["devices"]} == {"gpu": 10, "asic": 50, "cpu": 0}


def test_devices_show_what_their_models_have(daemon):
    names = pages(daemon, "/api/v1/simulator/devices?type=asic", "devices", "name", 20)
    assert len(names) == 50
    for row in daemon.json("/api/v1/simulator/devices?type=gpu")["devices"]:
        assert 0 <= row["power_w"] <= 700 and 20 < row["temperature_c"] < 90 and row["simulated"] is True
        assert row["device_mode"] in ("off", "idle", "mine", "serve")


def test_a_failed_device_loses_its_work_and_comes_back(lab):
    job = lab.submit(workload_type="model_training", gpu_type="A100", gpu_count=1, duration_hours=1)
    (name,) = lab.wait_for_status(job["workload_id"], "running")["devices"]
    answer = inject(lab, kind="device_failed", device=name, xid=79)
    assert answer.status_code == 202 and answer.json()["subject"] == name
    wait_until(lambda: health(lab, name) == "failed", "the failure is seen")
    row = wait_until(lambda: (r := lab.json(f"/api/v1/resources/{name}"))["changes"] and r, "the failure is told")
    assert (row["status"], row["mode"], row["customer_id"]) == ("failed", "off", None)
    assert row["changes"][0]["xid"] == 79 and "fallen off the bus" in row["changes"][0]["xid_name"]
    moved = wait_until(lambda: (r := lab.workload(job["workload_id"]))["status"] == "running" and r, "it runs elsewhere")
    assert moved["devices"] != [name] and moved["retries"] == 1
    inject(lab, kind="device_recovered", device=name)
    wait_until(lambda: health(lab, name) == "ok", "it recovers")


def test_a_failure_with_a_duration_ends_by_itself(lab):
    name = "gpu-lab-h100-002"
    inject(lab, kind="device_degraded", device=name, duration_s=0.5)

    def told():
        changes = [change["what"] for change in lab.json(f"/api/v1/resources/{name}")["changes"]]
        return changes if len(changes) >= 2 else None

    assert wait_until(told, "both changes are told")[:2] == ["ok", "degraded"]
    assert health(lab, name) == "ok"


def test_a_silent_device_is_stale(lab):
    """A device that fails sends nothing more; its readings grow old and say so."""
    inject(lab, kind="device_failed", device="asic-lab-s21-001")
    wait_until(lambda: lab.json("/api/v1/resources/asic-lab-s21-001")["stale"], "its reading is old")
    assert lab.json("/api/v1/resources/asic-lab-s21-002")["stale"] is False


def test_a_lost_command_is_noticed_and_the_switch_rolled_back(start):
    daemon = start("--workloads", "none", "--set", "scheduling.gpu_phase_deadline=2s")
    wait_until(lambda: daemon.json("/api/v1/resources?limit=1&class=H100&available=true")["total"] == 8, "all rest")
    inject(daemon, kind="command_lost", device="gpu-lab-h100-004")
    lease = daemon.post("/api/v1/allocations", {"resource_ids": ["gpu-lab-h100-004"]}).json()

    def failed():
        return [row for row in daemon.json("/api/v1/switches?limit=100")["switches"]
                if row["ok"] is False and row["allocation_id"] == lease["allocation_id"]]

    (row,) = wait_until(failed, "the deadline passes")
    assert row["devices"] == 1 and row["to"] == "serving"


def test_a_late_command_is_late(lab):
    wait_until(lambda: lab.json("/api/v1/resources?limit=1&class=H100&available=true")["total"] == 8, "all rest")
    inject(lab, kind="command_late", device="gpu-lab-h100-004", duration_s=1.5)
    lease = lab.post("/api/v1/allocations", {"resource_ids": ["gpu-lab-h100-004"]}).json()
    wait_until(lambda: lab.json(f"/api/v1/allocations/{lease['allocation_id']}")["ready"], "it serves")
    (row,) = [row for row in lab.json("/api/v1/switches?limit=100")["switches"]
              if row["to"] == "serving" and row["allocation_id"] == lease["allocation_id"]]
    assert max(phase["duration_ms"] for phase in row["phases"]) >= 1500


def test_a_silent_feed_grows_old(lab):
    wait_until(lambda: lab.json("/api/v1/prices/current")["prices"]["btc"]["value"], "there is a price")
    assert inject(lab, kind="feed_stale", feed="btc").status_code == 202
    (silent,) = lab.json("/api/v1/simulator/status")["silent_feeds"]
    assert silent == {"feed": "btc", "until": None}
    before = lab.json("/api/v1/prices/current")["prices"]["btc"]
    later = wait_until(lambda: (p := lab.json("/api/v1/prices/current")["prices"]["btc"])["age_ms"] > 12000 and p,
                       "it is older than its cadence")
    assert later["observed_at"] == before["observed_at"] and later["value"] == before["value"]
    inject(lab, kind="feed_recovered", feed="btc")
    assert lab.json("/api/v1/simulator/status")["silent_feeds"] == []
    wait_until(lambda: lab.json("/api/v1/prices/current")["prices"]["btc"]["observed_at"] > before["observed_at"],
               "it is heard again")


@pytest.mark.parametrize("fault, status", [
    ({"kind": "device_failed"}, 422),
    ({"kind": "device_failed", "device": "gpu-nowhere-001"}, 404),
    ({"kind": "feed_stale"}, 422),
    ({"kind": "feed_stale", "feed": "hashprice"}, 422),
    ({"kind": "feed_stale", "feed": "btc", "facility": "lab"}, 422),
    ({"kind": "command_late", "device": "gpu-lab-h100-001"}, 422),
    ({"kind": "earthquake"}, 400),
    ({}, 400),
])
def test_faults_that_make_no_sense_are_refused(daemon, fault, status):
    assert inject(daemon, **fault).status_code == status


def test_readings_that_do_not_fit_together_raise_an_alert(start):
    fast = start("--workloads", "none", "--speed", "600", "--seed", "3")

    def mining():
        rows = fast.json("/api/v1/resources?type=asic&mode=mining&limit=50")["resources"]
        return [row["name"] for row in rows if row["anomaly_score"] is not None]

    name = wait_until(mining, "an hour of readings has been seen")[0]
    assert fast.json(f"/api/v1/resources/{name}")["anomaly_cause"] is None
    assert inject(fast, kind="board_lost", device="gpu-lab-h100-001").status_code in (409, 422, 501)
    assert inject(fast, kind="board_lost", device=name).status_code == 202
    alert = wait_until(lambda: [a for a in fast.json("/api/v1/alerts?open=true")["alerts"]
                                if a["kind"] == "device_anomaly"], "the alert is raised")
    assert [a["subject"] for a in alert] == [name] and "hashrate" in alert[0]["message"]
    row = fast.json(f"/api/v1/resources/{name}")
    assert row["anomaly_score"] >= 3.5 and row["anomaly_cause"] == "hashrate" and row["health"] == "ok"
    assert 'hcp_devices_anomalous{' in fast.get("/metrics").text
