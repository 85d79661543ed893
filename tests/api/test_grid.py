# SPDX-License-Identifier: Apache-2.0
"""Grid events over HTTP and on the command line: announced, kept to, measured, paid, and still there after a crash."""

import csv
import datetime
import io
import json
import sqlite3
import subprocess

import pytest

from daemon import binary, wait_until

SPEED = 300  # an hour is 12 s


def now(daemon):
    return datetime.datetime.fromisoformat(daemon.json("/api/v1/status")["timestamp"].replace("Z", "+00:00"))


def announcement(daemon, start_min=30, length_min=60, **more):
    start = now(daemon) + datetime.timedelta(minutes=start_min)
    return {"facility": "lab", "start": start.isoformat(), "end": (start + datetime.timedelta(minutes=length_min)).isoformat(),
            **({} if "at_most_mw" in more else {"reduce_mw": 0.05}), **more}


def announce(daemon, **more):
    answer = daemon.post("/api/v1/grid/events", announcement(daemon, **more))
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"].endswith(answer.json()["grid_event_id"])
    return answer.json()


def event(daemon, row):
    return daemon.json(f"/api/v1/grid/events/{row['grid_event_id']}")


def lab(daemon):
    return daemon.json("/api/v1/facilities/lab")


def hcp(daemon, *args):
    return subprocess.run([binary(), *args, "--url", daemon.url("gateway", "")], capture_output=True, text=True,
                          check=False, timeout=120, stdin=subprocess.DEVNULL)


@pytest.fixture(name="mining")
def fixture_mining(start):
    """All miners of the lab run and the platform is fast."""
    daemon = start("--workloads", "none", "--speed", str(SPEED), "--set", "dispatch.policy=mine")
    wait_until(lambda: daemon.json("/api/v1/status")["devices"]["switching"] == 0
               and lab(daemon)["power_by_use_w"]["mining"] > 150_000, "the miners run")
    return daemon


def test_an_event_is_kept_to_measured_and_paid(mining):
    row = announce(mining, payment_usd_per_mwh=400, penalty_usd_per_mwh=900, availability_usd_per_mw=100)
    assert row["stage"] == "announced" and row["report"]["verdict"] == "pending"
    assert row["target_mw"] == pytest.approx(row["baseline_mw"] - 0.05)
    assert row["source"] == "api" and 25 < row["notice_min"] <= 30
    active = wait_until(lambda: (e := event(mining, row))["stage"] == "active" and e, "it is active")
    site = lab(mining)
    assert site["cap_in_force_w"] == pytest.approx(row["target_mw"] * 1e6, abs=1) and site["cap_w"] == 250_000
    assert site["power_w"] <= site["cap_in_force_w"]
    assert site["grid_event"]["grid_event_id"] == row["grid_event_id"]
    assert active["reached_at"] is not None and active["reached_at"] < row["start"].replace("+00:00", "Z")
    assert mining.json("/api/v1/status")["facilities"][0]["status"] == "grid_event"
    done = wait_until(lambda: (e := event(mining, row))["stage"] == "ended" and e, "it has ended")
    report = done["report"]
    assert report["verdict"] == "met" and report["ratio"] == 1 and report["penalty_usd_micro"] == 0
    assert report["payment_usd_micro"] == pytest.approx(0.05 * 400 * 1e6, abs=50)
    assert report["availability_usd_micro"] == pytest.approx(0.05 * 100 * 1e6, abs=50)
    parts = mining.json(f"/api/v1/grid/events/{row['grid_event_id']}/report")["intervals"]
    assert sum(part["payment_usd_micro"] for part in parts) == report["payment_usd_micro"]
    money = lab(mining)["revenue"]
    assert money["grid_usd_micro"] == report["income_usd_micro"]
    assert money["total_usd_micro"] == money["btc_usd_micro"] + money["ai_usd_micro"] + money["grid_usd_micro"]
    wait_until(lambda: lab(mining)["power_by_use_w"]["mining"] > 150_000, "the miners are back")
    text = mining.get(f"/api/v1/grid/events/{row['grid_event_id']}/report?format=csv").text
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [int(line["payment_usd_micro"]) for line in lines] == [part["payment_usd_micro"] for part in parts]
    mining.stop()
    with sqlite3.connect(f"file:{mining.data}/journal.db?mode=ro", uri=True) as tables:
        assert tables.execute("SELECT stage, availability_usd_micro FROM grid_event").fetchall() == [
            ("ended", report["availability_usd_micro"])]
        assert tables.execute("SELECT count(*), sum(payment_usd_micro) FROM grid_interval").fetchone() == (
            len(parts), report["payment_usd_micro"])


def test_a_crash_in_the_middle_changes_nothing(mining):
    row = announce(mining, start_min=20, payment_usd_per_mwh=400)
    wait_until(lambda: event(mining, row)["stage"] == "active", "it is active")
    mining.kill()
    mining.start()
    again = event(mining, row)
    assert again["baseline_mw"] == row["baseline_mw"] and again["stage"] in ("active", "restoring", "ended")
    done = wait_until(lambda: (e := event(mining, row))["stage"] == "ended" and e, "it has ended")
    assert done["report"]["payment_usd_micro"] > 0
    assert lab(mining)["revenue"]["grid_usd_micro"] == done["report"]["income_usd_micro"]


def test_what_cannot_be_is_refused_with_figures(daemon):
    body = announcement(daemon)
    for change, status, pointer in [
            ({"facility": "nowhere"}, 404, "/facility"), ({"reduce_mw": 1000}, 422, "/reduce_mw"),
            ({"at_most_mw": 0.1}, 422, "/reduce_mw"), ({"end": body["start"]}, 422, "/end"),
            ({"start": "2020-01-01T00:00:00Z"}, 422, "/start"), ({"interval_min": 7}, 422, "/interval_min"),
            ({"reduce_mw": -1}, 400, "/reduce_mw"), ({"start": "soon"}, 400, "/start"), ({"ramp_min": 500}, 400, "/ramp_min")]:
        answer = daemon.post("/api/v1/grid/events", {**body, **change})
        assert answer.status_code == status, (change, answer.text)
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert "can be moved now" in daemon.post("/api/v1/grid/events", {**body, "reduce_mw": 1000}).json()["detail"]
    assert daemon.json("/api/v1/grid/events")["grid_events"] == []


def test_pages_filters_and_repeated_requests(daemon):
    body = announcement(daemon, start_min=300)
    first = daemon.post("/api/v1/grid/events", body, headers={"Idempotency-Key": "once"}).json()
    assert daemon.post("/api/v1/grid/events", body, headers={"Idempotency-Key": "once"}).json() == first
    assert daemon.post("/api/v1/grid/events", body).status_code == 409
    second = announce(daemon, start_min=600, kind="reserve_call")
    page = daemon.json("/api/v1/grid/events?limit=1")
    assert [row["grid_event_id"] for row in page["grid_events"]] == [second["grid_event_id"]]
    page = daemon.json(f"/api/v1/grid/events?limit=1&cursor={page['next_cursor']}")
    assert [row["grid_event_id"] for row in page["grid_events"]] == [first["grid_event_id"]]
    assert page["next_cursor"] is None
    cancelled = daemon.request("DELETE", f"/api/v1/grid/events/{first['grid_event_id']}").json()
    assert cancelled["stage"] == "cancelled"
    assert [row["grid_event_id"] for row in daemon.json("/api/v1/grid/events?open=true&facility=lab")["grid_events"]] == [
        second["grid_event_id"]]
    assert daemon.get("/api/v1/grid/events/grd_nothing").status_code == 404
    assert daemon.post(f"/api/v1/grid/events/{second['grid_event_id']}/cancel", {"reason": "not needed"}).json()[
        "reason"] == "not needed"


def test_the_command_line(daemon):
    run = hcp(daemon, "grid", "announce", "-f", "lab", "-s", "+2h", "-d", "1h", "-r", "0.01", "--payment", "300", "--json")
    assert run.returncode == 0, run.stderr
    row = json.loads(run.stdout)
    table = hcp(daemon, "grid", "--open").stdout
    assert row["grid_event_id"] in table and "announced" in table
    assert "baseline MW" in hcp(daemon, "grid", "show", row["grid_event_id"]).stdout
    assert json.loads(hcp(daemon, "grid", "events", "--json").stdout)["grid_events"][0]["facility"] == "lab"
    assert hcp(daemon, "grid", "cancel", row["grid_event_id"], "--reason", "done").returncode == 0
    assert hcp(daemon, "grid", "show").returncode == 2 and hcp(daemon, "grid", "announce").returncode == 2
    assert hcp(daemon, "grid", "stop", "x").returncode == 2
    assert hcp(daemon, "grid", "announce", "-f", "lab", "-s", "+1s", "-d", "1h", "-r", "9").returncode == 2
