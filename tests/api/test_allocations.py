# SPDX-License-Identifier: Apache-2.0
"""Allocations: all or nothing, fenced, scored, scrubbed when released, and remembered."""

import pytest

from daemon import wait_until


@pytest.fixture
def lab(start):
    return start("--workloads", "none")


def allocate(daemon, **body):
    response = daemon.post("/api/v1/allocations", body)
    assert response.status_code == 201, response.text
    return response.json()


def release(daemon, lease, **body):
    return daemon.post("/api/v1/release", {"allocation_id": lease["allocation_id"], **body})


def pointers(response):
    return {error["pointer"] for error in response.json()["errors"]}


def free(daemon, query="class=H100"):
    return {row["name"] for row in daemon.json(f"/api/v1/resources?available=true&{query}")["resources"]}


def rested(daemon):
    wait_until(lambda: len(free(daemon)) == 8 and len(free(daemon, "class=A100")) == 2, "all GPUs are free")


def test_a_lease_has_devices_scores_and_a_token(lab):
    rested(lab)
    lease = allocate(lab, gpu_type="H100", gpu_count=3, customer_id="cust-002")
    assert lease["status"] == "active" and lease["fencing_token"] >= 1
    assert (lease["customer_id"], lease["facility"], lease["class"]) == ("cust-002", "lab", "H100-80GB")
    assert len(lease["resources"]) == 3 == len(set(lease["resource_ids"]))
    chosen = [score for score in lease["scores"] if score["chosen"]]
    others = [score for score in lease["scores"] if not score["chosen"]]
    assert {score["resource"] for score in chosen} == set(lease["resources"])
    assert len(others) == 5 and min(s["score"] for s in chosen) >= max(s["score"] for s in others)
    assert all(0 <= score["score"] <= 100 for score in lease["scores"])
    assert {"reason": "lower score", "count": 5} in lease["rejections"]
    for name in lease["resources"]:
        row = lab.json(f"/api/v1/resources/{name}")
        assert (row["allocation_id"], row["customer_id"]) == (lease["allocation_id"], "cust-002")
    assert lab.json(f"/api/v1/allocations/{lease['allocation_id']}")["scores"] == lease["scores"]


def test_all_or_nothing(lab):
    rested(lab)
    allocate(lab, gpu_type="H100", gpu_count=6)
    refused = lab.post("/api/v1/allocations", {"gpu_type": "H100", "gpu_count": 3})
    assert refused.status_code == 409 and pointers(refused) == {"/count"}
    assert "at most 2 are free" in refused.json()["detail"]
    assert len(free(lab)) == 2
    assert len(lab.json("/api/v1/allocations")["allocations"]) == 1


def test_every_rejected_device_has_its_reason(lab):
    rested(lab)
    lab.post("/api/v1/resources/gpu-lab-h100-001/cordon")
    allocate(lab, resource_ids=["gpu-lab-h100-002", "gpu-lab-h100-003"])
    lease = allocate(lab, **{"class": "H100-80GB"})
    reasons = {row["reason"]: row["count"] for row in lease["rejections"]}
    assert reasons["cordoned"] == 1 and reasons["leased"] == 2
    assert sum(reasons.values()) + len(lease["resources"]) == 8


def test_tokens_grow_and_an_old_one_is_refused(lab):
    rested(lab)
    first = allocate(lab, gpu_type="A100")
    assert release(lab, first, fencing_token=first["fencing_token"]).status_code == 200
    second = allocate(lab, gpu_type="H100")
    assert second["fencing_token"] > first["fencing_token"]
    refused = release(lab, second, fencing_token=first["fencing_token"])
    assert refused.status_code == 409 and refused.json()["type"] == "urn:hcp:problem:fenced"
    assert pointers(refused) == {"/fencing_token"}
    assert lab.json(f"/api/v1/allocations/{second['allocation_id']}")["status"] == "active"
    path = f"/api/v1/allocations/{second['allocation_id']}"
    assert lab.request("DELETE", f"{path}?fencing_token={second['fencing_token'] + 1}").status_code == 409
    assert lab.request("DELETE", f"{path}?fencing_token={second['fencing_token']}").status_code == 200
    assert lab.request("DELETE", path).status_code == 404
    assert lab.json(path)["status"] == "released"


def test_release_scrubs_before_anybody_else_gets_the_device(lab):
    rested(lab)
    lease = allocate(lab, resource_ids=["gpu-lab-a100-001"])
    wait_until(lambda: lab.json(f"/api/v1/allocations/{lease['allocation_id']}")["ready"], "the device serves")
    released = release(lab, lease).json()
    assert released["status"] == "released" and [scrub["devices"] for scrub in released["scrubs"]] == [1]
    row = lab.json("/api/v1/resources/gpu-lab-a100-001")
    assert row["switch"]["scrub"] is True and row["status"] == "draining" and row["available"] is False
    assert row["customer_id"] is None
    assert lab.post("/api/v1/allocations", {"resource_ids": ["gpu-lab-a100-001"]}).status_code == 409
    wait_until(lambda: lab.json("/api/v1/resources/gpu-lab-a100-001")["available"], "it is scrubbed")
    scrub = [row for row in lab.json("/api/v1/switches?limit=100")["switches"]
             if row["switch_id"] == released["scrubs"][0]["switch_id"]]
    assert scrub[0]["ok"] is True


def test_what_was_released_is_remembered_with_its_devices(lab):
    rested(lab)
    lease = allocate(lab, gpu_type="H100", gpu_count=2, customer_id="cust-002")
    kept = allocate(lab, gpu_type="A100")
    release(lab, lease)
    then = lab.json(f"/api/v1/allocations/{lease['allocation_id']}")
    assert then["status"] == "released" and then["released_at"] is not None
    for member in ("resources", "resource_ids", "scores", "rejections", "fencing_token", "customer_id", "class"):
        assert then[member] == lease[member]

    def listed(query=""):
        return [row["allocation_id"] for row in lab.json(f"/api/v1/allocations?{query}")["allocations"]]

    assert listed() == [kept["allocation_id"]]
    assert listed("status=released") == [lease["allocation_id"]]
    assert listed("status=all") == [kept["allocation_id"], lease["allocation_id"]]
    assert listed("status=all&customer_id=cust-002") == [lease["allocation_id"]]
    assert listed("status=all&customer_id=nobody") == []
    assert listed("facility=lab") == [kept["allocation_id"]]


def test_the_lease_of_a_workload_is_listed_and_not_released_by_hand(lab):
    rested(lab)
    job = lab.submit(workload_type="model_training", gpu_type="H100", gpu_count=2, duration_hours=1)
    lab.wait_for_status(job["workload_id"], "running")
    (lease,) = lab.json("/api/v1/allocations")["allocations"]
    assert lease["workload_id"] == job["workload_id"]
    refused = release(lab, lease)
    assert refused.status_code == 409 and job["workload_id"] in refused.json()["detail"]


@pytest.mark.parametrize("body, pointer", [
    ({"gpu_type": "B200"}, "/gpu_type"),
    ({"gpu_type": "H100", "resource_type": "ASIC"}, "/gpu_type"),
    ({"gpu_type": "H100", "customer_id": "nobody"}, "/customer_id"),
    ({"gpu_type": "H100", "facility": "nowhere"}, "/facility"),
    ({"gpu_type": "H100", "count": 1, "gpu_count": 2}, "/count"),
    ({"resource_ids": ["gpu-lab-h100-001", "gpu-lab-h100-999"]}, "/resource_ids/1"),
    ({"resource_ids": ["gpu-lab-h100-001", "gpu-lab-h100-001"]}, "/resource_ids"),
    ({"resource_ids": ["gpu-lab-h100-001", "gpu-lab-a100-001"]}, "/resource_ids"),
    ({"resource_ids": ["gpu-lab-h100-001"], "count": 2}, "/count"),
    ({"gpu_type": "H100", "workload_id": "wl_nothing"}, "/workload_id"),
])
def test_each_fault_is_named_where_it_is(daemon, body, pointer):
    refused = daemon.post("/api/v1/allocations", body)
    assert refused.status_code == 422, refused.text
    assert pointer in pointers(refused)
    assert daemon.json("/api/v1/allocations")["allocations"] == []


def test_ids_with_any_check_character_are_accepted(lab):
    """The last character of an id is one of 37, five of them no letters."""
    rested(lab)
    rows = lab.json("/api/v1/resources?class=S21")["resources"]
    by_ids = [row for row in rows if not row["resource_id"][-1].isalnum()]
    assert by_ids
    for row in by_ids:
        asked = lab.post("/api/v1/allocations", {"resource_ids": [row["resource_id"]]})
        assert asked.status_code in (201, 409), asked.text
        assert lab.json(f"/api/v1/resources/{row['resource_id']}")["name"] == row["name"]


def test_a_retried_order_leases_once(lab):
    rested(lab)
    body, headers = {"gpu_type": "H100"}, {"Idempotency-Key": "once"}
    first = lab.post("/api/v1/allocations", body, headers=headers)
    again = lab.post("/api/v1/allocations", body, headers=headers)
    assert first.status_code == again.status_code == 201
    assert first.json()["allocation_id"] == again.json()["allocation_id"]
    assert len(lab.json("/api/v1/allocations")["allocations"]) == 1


def test_leases_survive_a_kill(start, tmp_path):
    daemon = start("--workloads", "none", data=tmp_path / "kept")
    rested(daemon)
    lease = allocate(daemon, gpu_type="H100", gpu_count=2)
    daemon.kill()
    daemon.start()
    again = daemon.json(f"/api/v1/allocations/{lease['allocation_id']}")
    for member in ("resources", "fencing_token", "status", "granted_at"):
        assert again[member] == lease[member]
    assert allocate(daemon, gpu_type="H100")["fencing_token"] > lease["fencing_token"]


def test_the_customer_pays_for_what_is_held(lab):
    rested(lab)
    lease = allocate(lab, gpu_type="H100", gpu_count=2, customer_id="cust-002")
    assert lease["rate_per_h_usd_micro"] == 2 * 3750000
    row = lab.json("/api/v1/customers/cust-002")
    assert row["rate_per_h_usd_micro"] == 7500000 and row["allocations"] == 1
    more = wait_until(lambda: (r := lab.json("/api/v1/customers/cust-002"))["spent_usd_micro"] > row["spent_usd_micro"] and r,
                      "cost accrues")
    release(lab, lease)
    end = lab.json("/api/v1/customers/cust-002")
    assert end["rate_per_h_usd_micro"] == 0 and end["allocations"] == 0
    assert end["settled_usd_micro"] == end["spent_usd_micro"] >= more["spent_usd_micro"]
