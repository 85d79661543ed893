# SPDX-License-Identifier: Apache-2.0
"""Reserve of a running platform: sold at a published price, called, paid once, in the revenue, and explained."""

import json
import subprocess

import pytest

from daemon import binary, wait_until
from test_grid import announcement, lab

PATH = "/api/v1/facilities/lab/reserve"


def put(daemon, **body):
    return daemon.request("PUT", PATH, json=body)


def coming(daemon):
    rows = daemon.json("/api/v1/prices/current?facility=lab")["coming"]
    return [row for row in rows if row["kind"] == "reserve"]


@pytest.fixture(name="mining")
def fixture_mining(start):
    """All miners of the lab run at full power and sell reserve. What is inside a switch stands not ready, so they are waited for:
    they start at their default target and reserve raises them."""
    daemon = start("--workloads", "none", "--speed", "300", "--set", "dispatch.policy=mine")
    answer = put(daemon, products=["rrs", "ecrs", "nspin"])
    assert answer.status_code == 200, answer.text
    wait_until(lambda: lab(daemon)["power_by_use_w"]["mining"] > 190_000
               and daemon.json("/api/v1/status")["devices"]["switching"] == 0, "the miners run at full power")
    return daemon


def test_it_is_sold_at_the_published_price(mining):
    rows = coming(mining)
    assert {row["product"] for row in rows} == {"rrs", "ecrs", "nspin"}
    assert all(row["simulated"] and row["value"] > 0 and row["unit"] == "USD/(MW h)" for row in rows)
    sold = wait_until(lambda: (found := lab(mining)["reserve"])["sold"] and found, "reserve is paid")
    assert sold["products"] == ["rrs", "ecrs", "nspin"] and sold["share_pct"] == 100
    assert sold["product"] in sold["products"] and sold["usd_per_mw_h"] > 0
    # Ten or more miners at what they draw beyond their sleep, overhead included.
    assert 0 < sold["ready_mw"] * 1e6 <= lab(mining)["power_by_use_w"]["mining"]
    half = put(mining, share_pct=50).json()["reserve"]
    assert half["ready_mw"] == pytest.approx(sold["ready_mw"] / 2, rel=0.01)
    assert half["products"] == sold["products"]


def test_it_is_revenue_and_explained(mining):
    found = wait_until(lambda: (body := lab(mining))["reserve_revenue_usd_micro"] > 0 and body, "reserve is paid")
    assert sum(row["income_usd_micro"] for row in found["reserve"]["sold"]) == found["reserve_revenue_usd_micro"]
    assert found["grid_revenue_usd_micro"] == found["reserve_revenue_usd_micro"]
    decision = wait_until(lambda: next((row for row in mining.json("/api/v1/decisions?facility=lab")["decisions"]
                                        if row["reserve_usd_micro_per_h"] > 0), None), "a decision counts reserve")
    assert "stands ready" in decision["reason"]
    assert any(row["name"].startswith("reserve ") for row in decision["inputs"])
    text = mining.get("/metrics").text
    assert 'hcp_facility_reserve_usd_total{facility="lab",product="' in text
    assert 'hcp_facility_reserve_watts{facility="lab",product="' in text


def test_a_call_takes_it_and_is_paid_once(mining):
    wait_until(lambda: lab(mining)["reserve"]["ready_mw"] > 0, "reserve is sold")
    call = announcement(mining, start_min=10, length_min=30, kind="reserve_call", reduce_mw=0.05, restore_min=0)
    twice = mining.post("/api/v1/grid/events", {**call, "payment_usd_per_mwh": 100})
    assert twice.status_code == 422 and "paid its price" in twice.text
    answer = mining.post("/api/v1/grid/events", call)
    assert answer.status_code == 201, answer.text
    event = f"/api/v1/grid/events/{answer.json()['grid_event_id']}"
    wait_until(lambda: mining.json(event)["stage"] == "active", "the call begins")
    before = lab(mining)
    assert before["reserve"]["ready_mw"] > 0
    report = wait_until(lambda: (body := mining.json(event))["stage"] == "ended" and body["report"], "the call is over")
    assert report["verdict"] == "met" and report["payment_usd_micro"] == report["availability_usd_micro"] == 0
    assert lab(mining)["reserve_revenue_usd_micro"] > before["reserve_revenue_usd_micro"]


def test_nothing_is_sold_during_a_demand_response_event(mining):
    answer = mining.post("/api/v1/grid/events", announcement(mining, start_min=10, length_min=60))
    assert answer.status_code == 201, answer.text
    event = f"/api/v1/grid/events/{answer.json()['grid_event_id']}"
    wait_until(lambda: mining.json(event)["stage"] == "active", "the event begins")
    assert lab(mining)["reserve"]["ready_mw"] == 0


def test_bad_orders_are_named(mining):
    for body in ({"products": ["rrr"]}, {"share_pct": 0}, {"share_pct": 101}, {"call_usd_per_mwh": -1}):
        assert put(mining, **body).status_code == 400, body
    assert mining.request("PUT", "/api/v1/facilities/nowhere/reserve", json={}).status_code == 404
    assert put(mining, products=[]).json()["reserve"]["product"] is None


def test_the_command_line_sells_it(mining):
    done = subprocess.run([binary(), "grid", "reserve", "lab", "--products", "nspin", "--share", "25", "--called-from", "500",
                           "--json", "--url", mining.url("gateway", "")], capture_output=True, text=True, check=False,
                          timeout=60)
    assert done.returncode == 0, done.stderr
    sold = json.loads(done.stdout)["reserve"]
    assert (sold["products"], sold["share_pct"], sold["call_usd_per_mwh"]) == (["nspin"], 25, 500)
