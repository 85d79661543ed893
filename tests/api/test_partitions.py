# SPDX-License-Identifier: Apache-2.0
"""Parts of a GPU over HTTP, and what fragmentation leaves of the free devices."""

import pytest

from daemon import Daemon

SCENARIO = """\
title: Two halls
default_customer: cust-001
facilities:
  - key: north
    name: North
    cap_mw: 1
    devices:
      - {class: H100-80GB, count: 6}
      - {class: H100-80GB-3G, count: 2}
  - key: south
    name: South
    cap_mw: 1
    devices:
      - {class: H100-80GB, count: 2}
customers:
  - {key: cust-001, name: Acme Corporation}
"""


@pytest.fixture(scope="module")
def halls(tmp_path_factory):
    directory = tmp_path_factory.mktemp("halls")
    (directory / "halls.yaml").write_text(SCENARIO)
    with Daemon(directory / "data", "--workloads", "none", scenario=directory / "halls.yaml") as running:
        yield running


def h100(daemon):
    rows = daemon.json("/api/v1/capacity/summary")["totals"]["classes"]
    return {row["class"]: row for row in rows}["H100-80GB"]


def test_part_of_a_gpu_is_placed_on_a_partition(halls):
    accepted = halls.submit(workload_type="ai_inference_batch", gpu_type="H100", gpu_fraction=0.25, duration_hours=1)
    halls.wait_for_status(accepted["workload_id"], "running")
    workload = halls.workload(accepted["workload_id"])
    assert workload["resources"] == "1x H100-80GB-3G" and workload["facility"] == "north"
    assert workload["requirements"]["gpu_fraction"] == 0.429
    assert accepted["quote"]["rate_usd_micro_per_h"] == 1_700_000


def test_a_gang_of_parts_is_refused(halls):
    answer = halls.post("/api/v1/workloads", {"workload_type": "ai_inference_batch", "requirements": {
        "gpu_type": "H100", "gpu_count": 2, "gpu_fraction": 0.5}})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/requirements/gpu_fraction"


def test_fragmentation_is_what_no_gang_can_have(halls):
    before = h100(halls)
    assert (before["available"], before["largest_gang"], before["fragmentation"]) == (8, 6, 0.25)
    lease = halls.post("/api/v1/allocations", {"class": "H100-80GB", "count": 6, "facility": "north"})
    assert lease.status_code == 201, lease.text
    after = h100(halls)
    assert (after["available"], after["largest_gang"], after["fragmentation"]) == (2, 2, 0)
