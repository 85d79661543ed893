# SPDX-License-Identifier: Apache-2.0
"""A customer's request from submission to the bill, in the eight steps of the system guide and with its figures. The
platform's clock runs fast, so the two hours of work pass in seconds; every figure below is in platform time."""

import threading

import pytest
import requests

from daemon import PATIENCE_S, sse_events, wait_until
from scenarios import one_site

SPEED = 600
RATE_USD_MICRO = 3_750_000
REQUESTS_PER_S = 42
HOURS = 2
PHASES = ["validate", "assign", "quiesce", "save", "activate", "verify", "serve"]


class Follower(threading.Thread):
    """A customer's dashboard: reads the stream of events from the beginning."""

    def __init__(self, daemon):
        super().__init__(daemon=True)
        self.events = []
        self.response = requests.get(daemon.url("orchestrator", "/events?cursor=0"), stream=True, timeout=PATIENCE_S)
        self.start()

    def run(self):
        try:
            for _, kind, event in sse_events(self.response):
                self.events.append((kind, event))
        except (requests.RequestException, AttributeError):
            pass  # the daemon has stopped

    def of(self, workload_id):
        return [kind for kind, event in list(self.events) if event["data"].get("id") == workload_id]


def test_a_request_from_submission_to_the_bill(start, tmp_path):
    # A phase is confirmed within milliseconds of real time, which are seconds on the platform's clock.
    daemon = start("--speed", str(SPEED), "--workloads", "none", "--set", "scheduling.gpu_phase_deadline=24h",
                   scenario=one_site(tmp_path / "site.yaml"))
    follower = Follower(daemon)

    # 1 The customer submits through the gateway.
    accepted = daemon.submit(workload_type="ai_inference_realtime", model="llama-3-70b", gpu_type="H100",
                             max_latency_ms=50, duration_hours=HOURS)
    workload_id = accepted["workload_id"]

    # 2 The orchestrator has validated it, checked the quota, named it, written it down and asked for the economics.
    assert accepted["status"] == "queued"
    assert accepted["quote"] == {"rate_usd_micro_per_h": RATE_USD_MICRO, "rate_usd_per_h": 3.75,
                                 "total_usd_micro": HOURS * RATE_USD_MICRO, "total_usd": 7.5}
    written = [event for event in daemon.events(type="workload_accepted") if event["data"]["id"] == workload_id]
    assert len(written) == 1 and written[0]["data"]["quota_device_us"] == HOURS * 3_600_000_000
    recommendation = daemon.json("/recommendation", service="optimizer")
    assert recommendation["ai_profit_per_hour"] > 0 and 0 <= recommendation["confidence"] <= 1

    # 3 The router's class is P1, and the answer said when it starts.
    assert accepted["priority"] == 1
    assert accepted["eta"]["low_ms"] <= accepted["eta"]["high_ms"]

    # 4 A device was scored and leased.
    placed = daemon.wait_for_status(workload_id, "starting", "running")
    (device,) = placed["devices"]
    assert device.startswith("gpu-tx-h100-") and placed["facility"] == "texas-north"
    explanation = daemon.json(f"/api/v1/workloads/{workload_id}/explain")
    assert explanation["scores"][0]["device"] == device
    assert explanation["scores"][0]["score"] == max(entry["score"] for entry in explanation["scores"])

    # 5 It switched from mining to serving, phase by phase, each measured.
    running = daemon.wait_for_status(workload_id, "running", "completed")
    switch = next(row for row in daemon.json("/api/v1/switches?limit=1000")["switches"]
                  if row["allocation_id"] == placed["allocation_id"] and row["to"] == "serving")
    assert (switch["from"], switch["devices"], switch["ok"]) == ("mining", 1, True)
    assert [phase["phase"] for phase in switch["phases"]] == PHASES
    assert abs(sum(phase["duration_ms"] for phase in switch["phases"]) - switch["duration_ms"]) < 1

    # 6 It serves: 42 requests a second within the promised 50 ms, at $3.75 an hour.
    assert running["status"] == "running"
    metrics = running["metrics"]
    assert metrics["throughput_per_s"] == REQUESTS_PER_S
    assert metrics["latency_ms"] == 27.0 and metrics["latency_ms"] < 50
    assert metrics["rate_usd_micro_per_h"] == RATE_USD_MICRO
    later = wait_until(lambda: (row := daemon.workload(workload_id))["served_s"] > 600 and row, "ten minutes were served")
    assert abs(later["cost_usd_micro"] - later["served_s"] / 3600 * RATE_USD_MICRO) <= 1
    assert abs(later["requests"] - later["served_s"] * REQUESTS_PER_S) <= 1

    # 8 It completes: two hours, 302,400 requests, $7.50, and the device is free again.
    done = daemon.wait_for_status(workload_id, "completed", "failed")
    assert done["status"] == "completed"
    assert done["served_s"] == 7200.0
    assert done["requests"] == 302_400
    assert done["cost_usd_micro"] == 7_500_000
    assert done["progress_pct"] == 100.0
    assert daemon.json("/api/v1/customers/cust-001")["quota_gpu_hours_left"] == 50 - HOURS
    assert done["preemptions"] == 0 and done["retries"] == 0
    released = [event for event in daemon.events(type="lease_released")
                if event["data"]["id"] == placed["allocation_id"]]
    assert len(released) == 1
    back = wait_until(
        lambda: [row for row in daemon.json("/api/v1/switches?limit=1000")["switches"]
                 if row["from"] == "serving" and row["ok"]],
        "the device left the serving mode")
    assert back[0]["devices"] == 1

    # 7 All of it was told while it happened, in this order.
    wait_until(lambda: "workload_ended" in follower.of(workload_id), "the end was told")
    assert [kind for kind in follower.of(workload_id) if kind != "wait_changed"] == [
        "workload_accepted", "workload_started", "workload_ended"]


def test_both_shapes_of_the_request_mean_the_same(daemon):
    v1 = daemon.submit(workload_type="model_training", requirements={"gpu_type": "A100", "gpu_count": 2,
                                                                     "duration_hours": 3})
    response = daemon.post("/workload/submit", {"type": "model_training", "gpu_type": "A100", "gpu_count": 2,
                                                "duration_hours": 3})
    assert response.status_code == 201
    one, two = daemon.workload(v1["workload_id"]), daemon.workload(response.json()["workload_id"])
    for key in ("workload_type", "priority", "requirements", "customer_id", "quote"):
        assert one[key] == two[key]


@pytest.mark.parametrize(("kind", "hours"), [("model_training", 0.5), ("ai_inference_realtime", None)])
def test_the_answer_to_a_submission_says_what_the_view_says(daemon, kind, hours):
    requirements = {"gpu_type": "H100", "gpu_count": 2} | ({"duration_hours": hours} if hours else {})
    accepted = daemon.submit(workload_type=kind, model="a \"quoted\" näme", requirements=requirements)
    seen = daemon.workload(accepted["workload_id"])
    assert accepted["quote"] == seen["quote"]
    assert (accepted["priority"], accepted["start_by"], accepted["classified_by"]) == (
        seen["priority"], seen["start_by"], seen["classified_by"])
    assert accepted["links"] == {"self": f"/api/v1/workloads/{seen['workload_id']}",
                                 "explain": f"/api/v1/workloads/{seen['workload_id']}/explain",
                                 "cancel": f"/api/v1/workloads/{seen['workload_id']}/cancel"}


def test_the_three_spellings_of_a_priority(daemon):
    for spelling in (2, "P2", "High"):
        assert daemon.submit(priority=spelling, duration_hours=0.1)["priority"] == 2


def test_what_was_accepted_survives_a_kill(start, tmp_path):
    daemon = start("--workloads", "none", data=tmp_path / "kept")
    ids = [daemon.submit(gpu_type="H100", duration_hours=1)["workload_id"] for _ in range(20)]
    daemon.kill()
    daemon.start()
    listed = {row["workload_id"] for row in daemon.json("/api/v1/workloads?limit=1000")["workloads"]}
    assert set(ids) <= listed
    status = daemon.json("/api/v1/status")["workloads"]
    assert status["submitted"] == len(ids)
    assert status["queued"] + status["starting"] + status["running"] == len(ids)


def test_cancelling_gives_everything_back(daemon):
    workload_id = daemon.submit(gpu_type="A100", gpu_count=1)["workload_id"]
    daemon.wait_for_status(workload_id, "running", "starting", "queued")
    response = daemon.post(f"/api/v1/workloads/{workload_id}/cancel", {"reason": "not needed"})
    assert response.status_code == 200 and response.json()["status"] == "cancelled"
    again = daemon.request("DELETE", f"/api/v1/workloads/{workload_id}")
    assert again.status_code == 409
    assert daemon.workload(workload_id)["status"] == "cancelled"


def test_a_shutdown_needs_a_second_person_and_reaches_its_safe_state(start):
    daemon = start("--speed", "20", "--workloads", "none", "--set", "scheduling.gpu_phase_deadline=10min")
    dry = daemon.post("/emergency/shutdown", {"dry_run": True}).json()
    assert dry["status"] == "dry_run" and dry["facilities"][0]["devices_affected"] > 0
    assert daemon.json("/api/v1/emergency")["status"] == "normal"

    ordered = daemon.post("/emergency/shutdown", {"require_approval": True, "requested_by": "ann", "reason": "smoke"})
    assert ordered.status_code == 202 and ordered.json()["status"] == "awaiting_approval"
    approval = {"shutdown_id": ordered.json()["shutdown_id"]}
    assert daemon.post("/emergency/approve", {**approval, "approved_by": "ann"}).status_code == 409
    assert daemon.json("/api/v1/status")["status"] == "operational"

    approved = daemon.post("/emergency/approve", {**approval, "approved_by": "bob"})
    assert approved.status_code == 202 and approved.json()["status"] in ("shutting_down", "safe")
    assert daemon.post("/api/v1/workloads", {"type": "model_training"}).status_code == 503
    safe = wait_until(lambda: (row := daemon.json("/api/v1/emergency"))["status"] == "safe" and row, "all is asleep")
    assert safe["facilities"][0]["time_to_safe_ms"] > 0 and "smoke" in safe["reason"]
    assert safe["facilities"][0]["devices_affected"] == 0

    assert daemon.post("/emergency/clear", {"reason": "over"}).json()["status"] == "normal"
    assert daemon.post("/api/v1/workloads", {"type": "model_training"}).status_code == 201
