# SPDX-License-Identifier: Apache-2.0
"""Devices: filters against a naive look at all of them, pages, orders of operators, tenants, discovery and health."""

import pytest

from daemon import wait_until
from test_pagination import pages

GPU = "gpu-lab-h100-001"


@pytest.fixture(scope="module")
def lab(daemon):
    """All GPUs have come to rest, so that what is asked twice is the same twice."""
    wait_until(lambda: all(row["status"] != "ramping" for row in everything(daemon, "type=gpu")), "the GPUs are at rest")
    return daemon


def everything(daemon, query=""):
    page = daemon.json(f"/api/v1/resources?limit=1000&{query}")
    assert page["next_cursor"] is None
    assert page["total"] == len(page["resources"])
    return page["resources"]


def device(daemon, name=GPU):
    return daemon.json(f"/api/v1/resources/{name}")


def order(daemon, what, name=GPU, **body):
    response = daemon.post(f"/api/v1/resources/{name}/{what}", body)
    assert response.status_code == 200, response.text
    return response.json()


def test_the_whole_fleet_is_listed_once(lab):
    rows = everything(lab)
    assert len(rows) == 60 == len({row["resource_id"] for row in rows}) == len({row["name"] for row in rows})
    assert [row["name"] for row in rows[:2]] == ["gpu-lab-h100-001", "gpu-lab-h100-002"]


@pytest.mark.parametrize("limit", [1, 7, 60, 1000])
@pytest.mark.parametrize("query", ["type=GPU", "type=asic", "class=H100&available=true", "status=active&type=gpu", "q=-00"])
def test_pages_of_any_size_give_the_same_list(lab, query, limit):
    names = [row["name"] for row in everything(lab, query)]
    assert pages(lab, f"/api/v1/resources?{query}", "resources", "name", limit) == names


@pytest.mark.parametrize("query, matches", [
    ("type=GPU", lambda row: row["type"] == "gpu"),
    ("class=H100", lambda row: row["class"] == "H100-80GB"),
    ("class=A100-80GB", lambda row: row["class"] == "A100-80GB"),
    ("class=A100&type=asic", lambda row: False),
    ("available=true&type=gpu", lambda row: row["available"] and row["type"] == "gpu"),
    ("available=false&type=gpu", lambda row: not row["available"] and row["type"] == "gpu"),
    ("mode=mining&type=gpu", lambda row: row["mode"] == "mining" and row["type"] == "gpu"),
    ("mode=mining&available=true&type=gpu",
     lambda row: row["mode"] == "mining" and row["available"] and row["type"] == "gpu"),
    ("status=active&type=gpu", lambda row: row["status"] == "active" and row["type"] == "gpu"),
    ("status=failed", lambda row: row["status"] == "failed"),
    ("q=s21-01", lambda row: "s21-01" in row["name"]),
    ("facility=lab&class=S21&q=-050", lambda row: row["name"] == "asic-lab-s21-050"),
])
def test_filters_find_what_a_look_at_all_finds(lab, query, matches):
    assert [row["name"] for row in everything(lab, query)] == [row["name"] for row in everything(lab) if matches(row)]


@pytest.mark.parametrize("query", ["class=B200", "facility=nowhere"])
def test_unknown_names_in_filters_are_told(lab, query):
    assert lab.get(f"/api/v1/resources?{query}").status_code == 404


def test_id_and_name_are_the_same_device(lab):
    by_name = device(lab)
    by_id = device(lab, by_name["resource_id"])
    assert by_id["name"] == GPU
    assert by_id["figures"] == by_name["figures"]
    assert lab.get("/api/v1/resources/gpu-lab-h100-009").status_code == 404
    assert lab.get("/api/v1/resources/dev_0000000000000x").status_code == 404


def test_figures_name_their_source_and_readings_their_age(lab):
    row = device(lab)
    assert row["figures"]["tdp_w"] == 700 and "datasheet" in row["figures"]["source"]
    assert row["stale"] is False and row["simulated"] is True
    assert 0 <= row["reading_age_ms"] <= 15000
    assert 0 < row["power_w"] <= 700 and 20 < row["temperature_c"] < 90
    miner = device(lab, "asic-lab-s21-001")
    assert [target for target in miner["figures"]["power_targets"] if target["default"]][0]["hashrate_ths"] == 200
    assert {"shares_accepted", "shares_rejected", "hashrate_ths"} <= set(miner)


def test_the_energy_counter_only_grows(lab):
    first = device(lab)
    later = wait_until(lambda: (row := device(lab))["observed_at"] != first["observed_at"] and row, "a new sample")
    assert later["energy_j"] > first["energy_j"]


def test_cordon_takes_no_new_work_and_keeps_what_runs(start):
    daemon = start("--workloads", "none")
    lease = daemon.post("/api/v1/allocations", {"resource_ids": [GPU]}).json()
    wait_until(lambda: daemon.json(f"/api/v1/allocations/{lease['allocation_id']}")["ready"], "the device serves")
    row = order(daemon, "cordon", reason="noisy fan")
    assert (row["admin"], row["available"], row["mode"], row["status"]) == ("cordoned", False, "serving", "active")
    assert row["allocation_id"] == lease["allocation_id"] and row["customer_id"] == "cust-001"
    (change,) = device(daemon)["changes"]
    assert (change["what"], change["reason"]) == ("cordoned", "noisy fan")
    daemon.request("DELETE", f"/api/v1/allocations/{lease['allocation_id']}")
    refused = daemon.post("/api/v1/allocations", {"resource_ids": [GPU]})
    assert refused.status_code == 409 and GPU in refused.json()["detail"]
    wait_until(lambda: device(daemon)["switch"] is None, "it is scrubbed")
    assert device(daemon)["available"] is False
    order(daemon, "uncordon")
    wait_until(lambda: device(daemon)["available"], "it is back")
    assert daemon.post("/api/v1/allocations", {"resource_ids": [GPU]}).status_code == 201


def test_maintenance_drains_first(start):
    daemon = start("--workloads", "none")
    lease = daemon.post("/api/v1/allocations", {"resource_ids": [GPU]}).json()
    wait_until(lambda: daemon.json(f"/api/v1/allocations/{lease['allocation_id']}")["ready"], "the device serves")
    row = order(daemon, "maintenance", reason="new fan")
    assert (row["admin"], row["available"], row["status"], row["mode"]) == ("maintenance", False, "draining", "serving")
    daemon.request("DELETE", f"/api/v1/allocations/{lease['allocation_id']}")
    row = wait_until(lambda: (r := device(daemon))["status"] == "maintenance" and r, "it is drained")
    assert row["mode"] == "off" and row["allocation_id"] is None and row["customer_id"] is None
    assert GPU in [found["name"] for found in everything(daemon, "status=maintenance")]
    row = order(daemon, "uncordon")
    assert row["admin"] == "none"


def test_orders_are_idempotent(lab):
    order(lab, "cordon", "gpu-lab-a100-001")
    before = device(lab, "gpu-lab-a100-001")["changes"]
    order(lab, "cordon", "gpu-lab-a100-001")
    assert device(lab, "gpu-lab-a100-001")["changes"] == before
    order(lab, "uncordon", "gpu-lab-a100-001")


def test_every_leased_device_shows_its_tenant(start):
    daemon = start("--workloads", "none")
    job = daemon.submit(workload_type="model_training", gpu_type="H100", gpu_count=4, duration_hours=1,
                        customer_id="cust-002", name="tenant test")
    daemon.wait_for_status(job["workload_id"], "running")
    held = [row for row in everything(daemon) if row["allocation_id"] is not None]
    assert len(held) == 4
    for row in held:
        assert row["workload_id"] == job["workload_id"] and row["workload_name"] == "tenant test"
        assert row["customer_id"] == "cust-002" and row["mode"] == "serving" and not row["available"]
    assert {row["name"] for row in held} == set(daemon.workload(job["workload_id"])["devices"])


def test_discovery_compares_and_changes_nothing(start):
    daemon = start("--workloads", "none")
    assert daemon.json("/api/v1/discovery/status")["status"] == "never"
    first = daemon.post("/api/v1/discovery/scan").json()
    assert (first["found"], first["known"], first["new"], first["changed"], first["missing"]) == (60, 60, 0, 0, 0)
    again = daemon.post("/discover").json()
    assert again["groups"] == first["groups"]
    assert sum(group["count"] for group in first["groups"]) == 60
    status = daemon.json("/api/v1/discovery/status")
    assert status["status"] == "completed" and status["started_at"] == again["started_at"]
    assert daemon.post("/api/v1/discovery/scan", {"facility": "nowhere"}).status_code == 404
    assert daemon.post("/api/v1/discovery/scan", {"driver": "nvml"}).status_code == 404
    assert "devices_registered" not in [event["type"] for event in daemon.events()[-5:]]


def test_health_checks_begin_with_the_worst(start):
    daemon = start("--workloads", "none")
    for kind, name in (("device_degraded", "asic-lab-s21-007"), ("device_failed", "gpu-lab-h100-003")):
        assert daemon.post("/api/v1/simulator/faults", {"kind": kind, "device": name}).status_code == 202

    def both_told():
        rows = daemon.json("/api/v1/health-checks?limit=3")["health_checks"]
        return rows if all(row["reason"] for row in rows[:2]) else None

    checks = wait_until(both_told, "both reports have arrived")
    assert [row["health"] for row in checks] == ["failed", "degraded", "ok"]
    assert [row["name"] for row in checks[:2]] == ["gpu-lab-h100-003", "asic-lab-s21-007"]
    assert checks[2]["reason"] is None
    assert [row["name"] for row in daemon.json("/api/v1/health-checks?health=failed")["health_checks"]] == [
        "gpu-lab-h100-003"]
    names = pages(daemon, "/api/v1/health-checks", "health_checks", "name", 7)
    assert len(names) == 60 == len(set(names)) and names[:2] == ["gpu-lab-h100-003", "asic-lab-s21-007"]
    one = daemon.json("/api/v1/health-checks/gpu-lab-h100-003")
    assert one["health"] == "failed" and one["changes"][0]["what"] == "failed"
