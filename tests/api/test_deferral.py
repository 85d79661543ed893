# SPDX-License-Identifier: Apache-2.0
"""Work that may wait is put off to the cheap hours of a published market, keeps its devices, says so, and is in time."""

import datetime
import json
import subprocess

import pytest

from daemon import binary, wait_until

START = datetime.datetime(2024, 5, 6, tzinfo=datetime.timezone.utc)


def market(path, hours=60):
    """Dear until 06:00, cheap from 06:00 to 09:00, dear again; the auction is the settlement."""
    rows = ["ts_utc,rtm_usd_mwh,dam_usd_mwh,btc_usd,difficulty,subsidy_btc,fee_btc_per_block_prevday"]
    for hour in range(-24, hours):
        at = START + datetime.timedelta(hours=hour)
        price = 31.2 if 6 <= at.hour < 9 else 578.0
        rows.append(f"{at:%Y-%m-%dT%H:%M:%SZ},{price},{price},64000,8.8e13,3.125,0.2")
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.fixture(name="site")
def fixture_site(start, tmp_path):
    daemon = start("--workloads", "none", "--market", f"replay={market(tmp_path / 'market.csv')}")
    wait_until(lambda: daemon.json("/api/v1/decisions?moved=true")["decisions"]
               and daemon.json("/api/v1/status")["devices"]["switching"] == 0, "the first decision is carried out")
    return daemon


def now(daemon):
    return datetime.datetime.fromisoformat(daemon.json("/api/v1/status")["timestamp"].replace("Z", "+00:00"))


def job(daemon, hours=2, slack=30, **more):
    deadline = now(daemon) + datetime.timedelta(hours=hours + slack)
    return {"workload_type": "model_training", "priority": 3, "duration_hours": hours,
            "requirements": {"gpu_type": "H100", "gpu_count": 4}, "deadline": deadline.isoformat(), **more}


def test_a_start_is_put_off_and_explained(site):
    body = job(site, deferrable=True)
    workload = site.workload(site.post("/api/v1/workloads", body).json()["workload_id"])
    assert workload["status"] == "queued" and workload["wait_reason"] == "deferred"
    until = datetime.datetime.fromisoformat(workload["deferred_until"].replace("Z", "+00:00"))
    assert now(site) < until < now(site) + datetime.timedelta(hours=30)
    # (700 - 70) W x 4 x 1.1 for 2 h at 546.80 USD/MWh less.
    idle_w = 70
    expected = (700 - idle_w) * 4 * 1.1 / 1e6 * 2 * (578 - 31.2)
    assert workload["deferral_saving_usd"] == pytest.approx(expected, rel=0.05)
    answer = site.json(f"/api/v1/workloads/{workload['workload_id']}/explain")
    assert answer["reason"].startswith("deferred until about") and "31.20 instead of 578.00 USD/MWh" in answer["reason"]
    assert "deadline" in answer["reason"]
    events = [event["type"] for event in site.events() if event["data"].get("id") == workload["workload_id"]]
    assert events[:2] == ["workload_accepted", "workload_deferred"]


def test_what_may_not_wait_starts_at_once(site):
    workload = site.post("/api/v1/workloads", job(site)).json()["workload_id"]
    site.wait_for_status(workload, "starting", "running")
    tight = site.post("/api/v1/workloads", job(site, slack=0.3, deferrable=True,
                                               requirements={"gpu_type": "H100", "gpu_count": 1})).json()["workload_id"]
    site.wait_for_status(tight, "starting", "running")


def test_bad_deadlines_are_named(site):
    body = job(site, deferrable=True)
    past = {**body, "deadline": (now(site) + datetime.timedelta(hours=1)).isoformat()}
    answer = site.post("/api/v1/workloads", past)
    assert answer.status_code == 422 and answer.json()["errors"][0]["pointer"] == "/deadline"
    without = {key: value for key, value in body.items() if key != "deadline"}
    answer = site.post("/api/v1/workloads", without)
    assert answer.status_code == 422 and answer.json()["errors"][0]["pointer"] == "/deadline"
    answer = site.post("/api/v1/workloads", {**body, "deadline": "tomorrow"})
    assert answer.status_code == 422 and answer.json()["errors"][0]["pointer"] == "/deadline"
    endless = {key: value for key, value in body.items() if key != "duration_hours"}
    answer = site.post("/api/v1/workloads", endless)
    assert answer.status_code == 422 and answer.json()["errors"][0]["pointer"] == "/duration_hours"


def test_the_slack_of_the_site_is_measured_against_starting_at_once(tmp_path):
    run = subprocess.run(
        [binary(), "simulate", "--scenario", "dev", "--hours", "36", "--json", "--market",
         f"replay={market(tmp_path / 'market.csv')}", "--set", "scheduling.deferral_slack=12h", "--set",
         "scheduling.finished_retention=1h"], capture_output=True, text=True, check=True, timeout=120)
    report = json.loads(run.stdout)
    assert report["deferred"] > 0 and report["deferral_usd_micro"] > 0 and report["deadlines_missed"] == 0
    assert report["nothing_put_off"]["deferred"] == 0
