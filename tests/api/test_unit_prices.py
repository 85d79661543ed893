# SPDX-License-Identifier: Apache-2.0
"""Unit prices: the merit order in $/MWh agrees with the prices shown, adds up to the meter, and every answer about money
has it."""

import pytest

from daemon import wait_until

PUE, POOL_FEE = 1.1, 0.01
S21 = {0: (3500, 200.0)}


@pytest.fixture(name="order", scope="module")
def fixture_order(daemon):
    """The merit order at one state: nothing switches, and prices did not move between the questions."""
    def settled():
        prices = daemon.json("/api/v1/prices/current?facility=lab")["prices"]
        order = daemon.json("/api/v1/merit-order?facility=lab")["facilities"][0]
        same = daemon.json("/api/v1/prices/current?facility=lab")["prices"]
        quiet = order["switching_w"] == 0 and prices["hashprice"]["value"] == same["hashprice"]["value"]
        return quiet and daemon.json("/api/v1/decisions")["decisions"] and (order, prices)
    return wait_until(settled, "a moment at which nothing moves")


def row(order, use, class_key, target_w=None):
    return next(item for item in order["rows"] if item["use"] == use and item["class"] == class_key
                and item.get("power_target_w") == target_w)


def test_break_even_follows_from_hashprice(order):
    order, prices = order
    watts, ths = S21[0]
    usd_per_h = ths / 1000 * prices["hashprice"]["value"] / 24 * (1 - POOL_FEE)
    mining = row(order, "mining", "S21", watts)
    assert mining["break_even_usd_per_mwh"] == pytest.approx(usd_per_h / (watts * PUE / 1e6), abs=0.006)
    assert mining["labelled_simulation"] is False
    for item in order["rows"]:
        if item["use"] != "off":
            assert item["margin_usd_per_mwh"] == pytest.approx(
                item["break_even_usd_per_mwh"] - 1000 * prices["electricity"]["value"], abs=0.011)


def test_ai_is_at_list_price(daemon, order):
    order, _ = order
    quote = daemon.submit(requirements={"gpu_type": "H100", "gpu_count": 1}, duration_hours=1)["quote"]
    ai = row(order, "ai", "H100-80GB")
    assert ai["break_even_usd_per_mwh"] == pytest.approx(quote["rate_usd_per_h"] / (700 * PUE / 1e6), rel=1e-3)


def test_the_rows_add_up_to_the_meter(order):
    order, _ = order
    assert sum(item["used_w"] for item in order["rows"]) == pytest.approx(order["power_w"], abs=len(order["rows"]))
    assert all(item["used_w"] <= item["available_w"] + 1 for item in order["rows"])


def test_best_first_and_off_in_its_place(order):
    order, _ = order
    margins = [item["margin_usd_per_mwh"] for item in order["rows"]]
    assert margins == sorted(margins, reverse=True)
    off, = (item for item in order["rows"] if item["use"] == "off")
    assert off["margin_usd_per_mwh"] == 0 and off["break_even_usd_per_mwh"] is None and off["class"] is None
    simulated = [item for item in order["rows"] if item.get("labelled_simulation")]
    assert {item["class"] for item in simulated} == {"H100-80GB", "A100-80GB"}


def test_recommendation_and_status_have_unit_prices(daemon):
    advice = daemon.json("/api/v1/recommendation?facility=lab")
    plan_w = sum(plan["power_w"] for plan in advice["decision"]["chosen"]) * PUE
    expected = advice["decision"]["chosen_usd_micro_per_h"] / plan_w
    assert advice["usd_per_mwh"] == pytest.approx(expected, abs=0.006)
    assert advice["merit_order"]["facility"] == "lab"
    site = daemon.json("/api/v1/status")["facilities"][0]
    assert site["usd_per_mwh"] is not None and site["mining_usd_per_mwh"] is not None


def test_the_revenue_split_adds_up_to_the_cent(daemon):
    status = daemon.json("/api/v1/status")
    parts = ("btc", "ai", "grid", "curtailed_loss")
    for revenue in [status["revenue"]] + [site["revenue"] for site in status["facilities"]]:
        assert sum(revenue[f"{part}_usd_micro"] for part in parts) == revenue["potential_usd_micro"]
        cents = [round(100 * revenue[f"{part}_usd"]) for part in parts]
        assert sum(cents) == round(100 * revenue["potential_usd"])
        assert sum(cents[:3]) == round(100 * revenue["total_usd"])
        assert all(abs(cent - revenue[f"{part}_usd_micro"] / 1e4) < 1 for cent, part in zip(cents, parts))
        assert revenue["profit_usd_micro"] == (revenue["total_usd_micro"] - revenue["energy_cost_usd_micro"]
                                               - revenue["true_up_usd_micro"])
        assert revenue["btc_gross_usd_micro"] == revenue["btc_usd_micro"] + revenue["pool_fee_usd_micro"]
        if revenue["total_usd_micro"] > 0:
            margin = 100 * revenue["profit_usd_micro"] / revenue["total_usd_micro"]
            assert revenue["margin_pct"] == pytest.approx(margin, abs=0.006)
    assert sum(site["revenue"]["btc_usd_micro"] for site in status["facilities"]) == status["revenue"]["btc_usd_micro"]


def test_each_opportunity_opens_its_record(daemon):
    found = daemon.json("/api/v1/status")["switching_opportunities"]
    path = "/api/v1/decisions?limit=1000&switch_recommended=true&from=" + found["since"]
    decisions = daemon.json(path)["decisions"]
    assert found["today"] >= 1 and len(decisions) >= found["today"] >= found["taken"]
    assert all(item["switch_recommended"] for item in decisions)
    record = daemon.json(f"/api/v1/decisions/{decisions[-1]['decision_id']}")
    assert record["moved"] and record["inputs"] and record["chosen"]
    assert daemon.json("/api/v1/decisions?switch_recommended=true&from=2099-01-01T00:00:00Z")["decisions"] == []


def test_switches_have_a_measured_cost(daemon):
    def measured():
        return [row for row in daemon.json("/api/v1/switching/metrics")["costs"]
                if (row["class"], row["from"], row["to"]) == ("S21", "curtailed", "mining")]
    row, = wait_until(measured, "the miners have been switched on")
    assert row["switches"] >= 1 and row["devices"] >= 50 and row["mean_duration_ms"] > 0
    assert 0 < row["low_usd"] <= row["mean_usd"] <= row["high_usd"] and row["used"] is False
    assert row in daemon.json("/api/v1/recommendation?facility=lab")["switch_costs"]


def test_an_unknown_facility_is_named(daemon):
    answer = daemon.get("/api/v1/merit-order?facility=nowhere")
    assert answer.status_code == 404 and "nowhere" in answer.json()["detail"]
