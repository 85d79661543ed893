# SPDX-License-Identifier: Apache-2.0
"""A recorded market tells an hour's price when it is over: bills are trued up to it, everywhere alike."""

import datetime
import json
import sqlite3
import subprocess

import pytest

from daemon import Daemon, binary, wait_until

START = datetime.datetime(2024, 5, 6, tzinfo=datetime.timezone.utc)
PRICES = [20, 45, -5, 300, 31.5]


def market(path, hours=24 * 40):
    rows = ["ts_utc,rtm_usd_mwh,dam_usd_mwh,btc_usd,difficulty,subsidy_btc,fee_btc_per_block_prevday"]
    for hour in range(-24, hours):
        at = START + datetime.timedelta(hours=hour)
        rows.append(f"{at:%Y-%m-%dT%H:%M:%SZ},{PRICES[hour % 5]},40,64000,8.8e13,3.125,0.2")
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.fixture(name="fast", scope="module")
def fixture_fast(tmp_path_factory):
    """An hour a second, and a pool that keeps 2 %."""
    directory = tmp_path_factory.mktemp("settlement")
    with Daemon(directory / "data", "--speed", "3600", "--workloads", "none", "--set", "dispatch.pool_fee=0.02",
                "--market", f"replay={market(directory / 'market.csv')}") as daemon:
        wait_until(lambda: len(settled(daemon)) >= 6, "six intervals settled")
        yield daemon


def settled(daemon):
    rows = daemon.json("/api/v1/accounts?facility=lab")["accounts"]
    return [row for row in rows if row["settled_usd_per_mwh"] is not None]


def energy_mwh(row):
    return row["energy_ai_mwh"] + row["energy_mining_mwh"] + row["energy_idle_mwh"]


def test_each_interval_is_billed_at_its_own_price(fast):
    trued_up = set()
    for row in settled(fast):
        bill = row["energy_cost_usd_micro"] + row["true_up_usd_micro"]
        assert bill == pytest.approx(energy_mwh(row) * row["settled_usd_per_mwh"] * 1e6, abs=2)
        assert row["settled_usd_per_mwh"] in PRICES
        trued_up.add(row["true_up_usd_micro"] > 0)
        assert row["profit_usd_micro"] == (row["mining_usd_micro"] + row["ai_usd_micro"] + row["grid_usd_micro"]
                                           - row["energy_cost_usd_micro"] - row["true_up_usd_micro"])
    assert trued_up == {True, False}


def test_the_meter_is_the_sum_and_the_metric_says_so(fast):
    site = next(row for row in fast.json("/api/v1/facilities")["facilities"] if row["key"] == "lab")
    revenue = site["revenue"]
    assert site["true_up_usd_micro"] == revenue["true_up_usd_micro"] != 0
    assert revenue["profit_usd_micro"] == (revenue["total_usd_micro"] - revenue["energy_cost_usd_micro"]
                                           - revenue["true_up_usd_micro"])
    # GPUs that mine are a simulation without a pool.
    assert 0 < revenue["pool_fee_usd_micro"] <= 0.02 * revenue["btc_gross_usd_micro"] + 1
    metrics = fast.get("/metrics").text
    assert "# TYPE hcp_facility_true_up_usd gauge" in metrics
    assert 'hcp_facility_pool_fee_usd_total{facility="lab"}' in metrics


def test_the_history_says_the_same(fast):
    rows = {row["from"][:19]: row for row in settled(fast)}
    with sqlite3.connect(f"file:{fast.data}/journal.db?mode=ro", uri=True) as db:
        table = list(db.execute(
            "SELECT strftime('%Y-%m-%dT%H:%M:%S', from_us / 1000000, 'unixepoch'), settled_usd_per_mwh,"
            " true_up_usd_micro, pool_fee_usd_micro FROM interval WHERE facility = 'lab'"))
    found = 0
    for at, price, true_up, fee in table:
        if at in rows:
            found += 1
            assert price == rows[at]["settled_usd_per_mwh"] and true_up == rows[at]["true_up_usd_micro"]
            assert fee == rows[at]["pool_fee_usd_micro"]
    assert found >= 6
    types = {event["type"] for event in fast.events()}
    assert "interval_settled" in types


def simulate(path, *more):
    done = subprocess.run([binary(), "simulate", "--json", "--no-baselines", "--workloads", "none",
                           "--market", f"replay={path}", *more], capture_output=True, text=True, check=True, timeout=120)
    return json.loads(done.stdout)


def test_a_contract_may_bill_the_price_in_force(tmp_path):
    path = market(tmp_path / "market.csv")
    own = simulate(path, "--hours", "48", "--policies", "mine", "--set", "dispatch.policy=mine")
    in_force = simulate(path, "--hours", "48", "--set", "dispatch.policy=mine", "--set", "dispatch.billed_at=price_in_force")
    assert own["true_up_usd_micro"] != 0 and in_force["true_up_usd_micro"] == 0
    assert own["energy_cost_usd_micro"] == in_force["energy_cost_usd_micro"]
    assert own["profit_usd_micro"] == in_force["profit_usd_micro"] - own["true_up_usd_micro"]
    assert own["profit_usd_micro"] == own["policies"]["mine"]["profit_usd_micro"]


SITE = """
title: a peak
facilities:
  - {key: west, name: West, hub: HB_WEST, cap_mw: 0.2, pue: 1.1, grid: {peak_charge: {usd_per_mw_year: 60000%s}},
     devices: [{class: S21, count: 40}]}
"""


def peak_market(path):
    """The last two days of June, in Texas, and the first of July: cheap, and once dear, day-ahead."""
    rows = ["ts_utc,rtm_usd_mwh,dam_usd_mwh,btc_usd,difficulty,subsidy_btc,fee_btc_per_block_prevday"]
    for hour in range(24 * 4):
        at = datetime.datetime(2024, 6, 28, tzinfo=datetime.timezone.utc) + datetime.timedelta(hours=hour)
        ahead = 95 if hour == 46 else 25
        rows.append(f"{at:%Y-%m-%dT%H:%M:%SZ},30,{ahead},64000,8.8e13,3.125,0.2")
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.mark.parametrize("policy, paid_mw", [("mine", 40 * 3500 * 1.1 / 1e6), ("hcp", 40 * 25 * 1.1 / 1e6)])
def test_an_assumed_peak_is_booked_with_the_next_month(tmp_path, policy, paid_mw):
    scenario = tmp_path / "site.yaml"
    scenario.write_text(SITE % "")
    report = simulate(peak_market(tmp_path / "market.csv"), "--scenario", str(scenario), "--hours", "84", "--set",
                      f"dispatch.policy={policy}")
    # Mining draws 0.154 MW in the hour; the plan leaves it but for the ramp.
    assert report["peak_charge_usd_micro"] == pytest.approx(15000e6 * paid_mw, rel=0.02, abs=60e6)
    assert report["profit_usd_micro"] == (report["mining_usd_micro"] + report["ai_usd_micro"] + report["grid_usd_micro"]
                                          - report["energy_cost_usd_micro"] - report["true_up_usd_micro"]
                                          - report["peak_charge_usd_micro"])


@pytest.mark.parametrize("months, field", [(", months: [13]", "months"), (", months: []", "months"),
                                           (", month: [6]", "month")])
def test_a_bad_peak_charge_names_its_field(tmp_path, months, field):
    scenario = tmp_path / "site.yaml"
    scenario.write_text(SITE % months)
    done = subprocess.run([binary(), "simulate", "--scenario", str(scenario), "--hours", "1"], capture_output=True,
                          text=True, check=False, timeout=60)
    assert done.returncode != 0 and f"/grid/peak_charge/{field}" in done.stderr


def test_quotes_settle_nothing(tmp_path):
    done = subprocess.run([binary(), "simulate", "--json", "--no-baselines", "--hours", "24"], capture_output=True,
                          text=True, check=True, timeout=120, cwd=tmp_path)
    report = json.loads(done.stdout)
    assert report["true_up_usd_micro"] == 0
    assert report["pool_fee_usd_micro"] > 0
