# SPDX-License-Identifier: Apache-2.0
"""The four calls with which people try the platform first, as they were published."""

import re


def test_submit_workload(daemon):
    response = daemon.post("/api/v1/workloads", service="orchestrator", body={
        "customer_id": "cust-001",
        "workload_type": "ai_inference_realtime",
        "priority": 1,
        "requirements": {"gpu_type": "H100", "gpu_count": 1},
    })
    body = response.json()
    assert response.status_code == 201
    assert re.fullmatch(r"wl_[0-9a-z]{13}[0-9a-z*~$=]", body["workload_id"])
    assert body["status"] == "queued"
    assert body["priority"] == 1
    assert isinstance(body["queue_position"], int)
    assert body["quote"]["rate_usd_micro_per_h"] == 3_750_000
    assert body["links"]["explain"] == f"/api/v1/workloads/{body['workload_id']}/explain"
    assert daemon.workload(body["workload_id"])["requirements"]["classes"] == ["H100-80GB"]


def test_current_prices(daemon):
    body = daemon.json("/api/v1/prices/current", service="optimizer")
    assert re.match(r"\d{4}-\d\d-\d\dT", body["timestamp"])
    units = {name: price["unit"] for name, price in body["prices"].items()}
    assert units["electricity"] == "USD/kWh" and units["btc"] == "USD" and units["gpu_spot"] == "USD/hour"
    for name in ("electricity", "btc", "gpu_spot"):
        price = body["prices"][name]
        assert isinstance(price["value"], float) and price["quality"] == "good" and price["simulated"] is True


def test_calculate_profitability(daemon):
    response = daemon.post("/api/v1/profitability/calculate", service="optimizer", body={
        "resource_type": "GPU", "workload_type": "ai_inference_realtime", "power_draw_w": 700})
    body = response.json()
    assert response.status_code == 200
    assert 0 <= body["score"] <= 100
    assert body["recommendation"] in ("allocate", "hold")
    assert abs(body["expected_revenue"] - body["estimated_cost"] - body["net_profit"]) < 1e-9


def test_calculate_profitability_with_the_published_figures(daemon):
    """700 W at $0.045/kWh against $2.73 an hour: 0.0315 and 2.6985, to the last digit."""
    body = daemon.post("/api/v1/profitability/calculate", service="optimizer", body={
        "resource_type": "GPU", "workload_type": "ai_inference_realtime", "power_draw_w": 700,
        "electricity_usd_per_kwh": 0.045, "gpu_spot_usd_per_h": 2.73}).json()
    assert round(body["estimated_cost"], 10) == 0.0315
    assert round(body["expected_revenue"], 10) == 2.73
    assert round(body["net_profit"], 10) == 2.6985
    assert body["recommendation"] == "allocate"


def test_queue_depth(daemon):
    body = daemon.json("/api/v1/queue/depth", service="router")
    assert set(body["by_priority"]) >= {"1", "2", "3"}
    assert body["total_depth"] == sum(body["by_priority"].values())
    assert body["utilization_pct"] == 100 * body["total_depth"] / body["capacity"]


def test_the_gateway_and_the_short_urls_answer_alike(daemon):
    for long, short, service in (("/api/v1/prices/current", "/prices", "optimizer"),
                                 ("/api/v1/queue/depth", "/queue/depth", "router"),
                                 ("/api/v1/status", "/status", "orchestrator")):
        assert daemon.json(long).keys() == daemon.json(short, service=service).keys()


def test_every_service_tells_its_health(daemon):
    for service in ("gateway", "orchestrator", "optimizer", "router", "resources", "simulator"):
        body = daemon.json("/health", service=service)
        assert body["status"] == "healthy" and body["service"] == service
        names = {dependency["name"] for dependency in body["dependencies"]}
        assert {"journal", "devices", "price:btc", "price:electricity:lab"} <= names
