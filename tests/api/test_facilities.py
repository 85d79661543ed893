# SPDX-License-Identifier: Apache-2.0
"""Facilities under their caps, and customers with quota and spend."""

import pytest

from daemon import Daemon, wait_until
from scenarios import one_site


def lab(daemon):
    return daemon.json("/api/v1/facilities/lab")


def set_cap(daemon, cap_w, facility="lab"):
    return daemon.request("PUT", f"/api/v1/facilities/{facility}/cap", json={"cap_w": cap_w})


def test_power_adds_up_and_stays_under_the_cap(daemon):
    site = lab(daemon)
    assert site["cap_w"] == 250_000
    assert site["headroom_w"] == site["cap_w"] - site["power_w"] >= 0
    assert site["power_w"] == pytest.approx(sum(site["power_by_use_w"].values()), abs=3)
    assert site["power_w"] == pytest.approx(site["it_power_w"] * site["pue"], abs=1)
    assert site["devices"]["gpu"]["devices"] == 10 and site["devices"]["asic"]["devices"] == 50
    assert site["electricity"]["unit"] == "USD/kWh" and site["electricity"]["simulated"] is True


def test_energy_and_money_only_grow_with_time(daemon):
    first = lab(daemon)
    later = wait_until(lambda: (row := lab(daemon))["metered_at"] > first["metered_at"] and
                       sum(row["energy_j"].values()) > sum(first["energy_j"].values()) and row, "energy is used")
    assert later["profit_usd_micro"] == (later["mining_revenue_usd_micro"] + later["ai_revenue_usd_micro"]
                                         - later["energy_cost_usd_micro"] - later["true_up_usd_micro"])


def test_carbon_is_the_energy_at_the_figure_of_the_grid(daemon):
    site = lab(daemon)
    carbon = site["carbon"]
    assert carbon["g_per_kwh"] == 350 and "eGRID" in carbon["source"]
    for use, energy_j in site["energy_j"].items():
        assert carbon["kg_by_use"][use] == pytest.approx(energy_j / 3.6e6 * 0.350, abs=0.002)


def test_carbon_is_not_told_where_the_grid_has_no_figure(tmp_path):
    with Daemon(tmp_path / "data", "--workloads", "none", scenario=one_site(tmp_path / "site.yaml")) as running:
        assert running.json("/api/v1/facilities/texas-north")["carbon"] is None


def test_id_and_key_name_the_same_facility(daemon):
    (listed,) = daemon.json("/api/v1/facilities")["facilities"]
    assert daemon.json(f"/api/v1/facilities/{listed['facility_id']}")["key"] == "lab"
    assert daemon.get("/api/v1/facilities/nowhere").status_code == 404


def test_a_lower_cap_is_kept(start):
    daemon = start("--workloads", "none")
    wait_until(lambda: lab(daemon)["power_by_use_w"]["mining"] > 60_000, "miners run")
    answer = set_cap(daemon, 50_000)
    assert answer.status_code == 200 and answer.json()["cap_w"] == 50_000
    wait_until(lambda: (site := lab(daemon))["power_w"] <= site["cap_w"], "power is under the new cap")
    assert daemon.json("/api/v1/capacity/summary")["totals"]["by_mode"]["curtailed"] > 0
    assert [event["data"]["cap_w"] for event in daemon.events(type="cap_changed")] == [50_000]


@pytest.mark.parametrize("body, status", [
    ({}, 400), ({"cap_w": -1}, 400), ({"cap_w": "much"}, 400), ({"cap_w": 0}, 422), ({"cap_w": 1, "cap": 2}, 400)])
def test_impossible_caps_are_refused(daemon, body, status):
    before = lab(daemon)["cap_w"]
    refused = daemon.request("PUT", "/api/v1/facilities/lab/cap", json=body)
    assert refused.status_code == status, refused.text
    assert lab(daemon)["cap_w"] == before


def test_the_cap_of_an_unknown_facility(daemon):
    assert set_cap(daemon, 1000, "nowhere").status_code == 404


def test_lists_have_pages(start):
    daemon = start("--workloads", "none", scenario="guide")
    for path, member, total in (("facilities", "facilities", 3), ("customers", "customers", 3)):
        keys, url = [], f"/api/v1/{path}?limit=2"
        while url:
            response = daemon.get(url)
            keys += [row["key"] for row in response.json()[member]]
            url = response.links.get("next", {}).get("url")
        assert len(keys) == len(set(keys)) == total


def test_quota_is_reserved_and_cost_accrues(start):
    daemon = start("--workloads", "none")
    before = daemon.json("/api/v1/customers/cust-002")
    assert before["quota_gpu_hours"] == before["quota_gpu_hours_left"] == 2000
    assert (before["name"], before["tier"], before["spent_usd_micro"]) == ("TechCo Inc", "growth", 0)
    job = daemon.submit(workload_type="model_training", gpu_type="H100", gpu_count=2, duration_hours=3,
                        customer_id="cust-002")
    assert daemon.json("/api/v1/customers/cust-002")["quota_gpu_hours_left"] == 1994
    daemon.wait_for_status(job["workload_id"], "running")
    row = wait_until(lambda: (r := daemon.json("/api/v1/customers/cust-002"))["spent_usd_micro"] > 0 and r, "cost")
    assert (row["running_workloads"], row["running_devices"]) == (1, 2)
    daemon.post(f"/api/v1/workloads/{job['workload_id']}/cancel")
    after = daemon.json("/api/v1/customers/cust-002")
    assert after["spent_usd_micro"] == after["settled_usd_micro"] == daemon.workload(job["workload_id"])["cost_usd_micro"]
    assert after["quota_gpu_hours_left"] == pytest.approx(2000 - after["used_gpu_hours"], abs=0.001)
    assert (after["active_workloads"], after["running_devices"]) == (0, 0)


def test_no_customer_of_that_name(daemon):
    assert daemon.get("/api/v1/customers/cust-999").status_code == 404
    assert daemon.json("/api/v1/customers/cust-001")["budget_usd"] == 25000
    assert daemon.json("/api/v1/customers/cust-002")["budget_usd_micro"] is None


def test_miners_rest_above_their_strike_price(start):
    daemon = start("--workloads", "none", "--set", "dispatch.policy=mine", "--set", "scheduling.min_dwell=0s")
    wait_until(lambda: lab(daemon)["devices"]["asic"]["by_mode"]["mining"] == 50, "miners run")
    answer = daemon.request("PUT", "/api/v1/facilities/lab/strike", json={"class": "S21", "usd_per_mwh": -500})
    assert answer.status_code == 200 and answer.json()["strikes"] == [{"class": "S21", "usd_per_mwh": -500}]
    wait_until(lambda: lab(daemon)["devices"]["asic"]["by_mode"]["curtailed"] == 50, "they rest")
    assert "strike price of -500.00" in daemon.json("/api/v1/recommendations")["recommendations"][0]["reason"]
    assert daemon.request("PUT", "/api/v1/facilities/lab/strike", json={}).json()["strikes"] == []
    wait_until(lambda: lab(daemon)["devices"]["asic"]["by_mode"]["mining"] == 50, "they mine again")
    for body, status in (({"usd_per_mwh": "dear"}, 400), ({"usd_per_mwh": 1e9}, 400), ({"usd_per_mwh": 1, "class": "M50"}, 422)):
        assert daemon.request("PUT", "/api/v1/facilities/lab/strike", json=body).status_code == status
