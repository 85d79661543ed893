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


def assess(daemon, **more):
    answer = daemon.post("/api/v1/grid/events/assess", announcement(daemon, **more))
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_an_assessment_adds_up_and_changes_nothing(mining):
    found = assess(mining, payment_usd_per_mwh=400, availability_usd_per_mw=100)
    assert found["prices_trusted"] and found["recommendation"] == "accept" and found["gain_chance"] == 1
    assert found["energy"]["asked_mwh"] == pytest.approx(0.05, abs=1e-6)
    assert found["payment_usd_micro"] == pytest.approx(20e6, abs=10)
    assert found["availability_usd_micro"] == pytest.approx(5e6, abs=10)
    worth = found["worth"]["expected_usd_micro"]
    assert worth == pytest.approx(
        found["payment_usd_micro"] + found["availability_usd_micro"] + found["electricity_saved"]["expected_usd_micro"]
        - found["mining_foregone"]["expected_usd_micro"] - found["reserve_foregone_usd_micro"]
        - found["ai_foregone_usd_micro"] - found["switching_usd_micro"] - found["penalty_usd_micro"], abs=10)
    assert found["worth"]["low_usd_micro"] <= worth <= found["worth"]["high_usd_micro"]
    assert mining.json("/api/v1/grid/events")["grid_events"] == []
    fair = assess(mining, payment_usd_per_mwh=max(0, found["break_even_usd_per_mwh"]), availability_usd_per_mw=100)
    if found["break_even_usd_per_mwh"] > 0:
        assert abs(fair["worth"]["expected_usd"]) < 0.02
    dear = assess(mining, penalty_usd_per_mwh=900)
    assert dear["payment_usd_micro"] == 0 and dear["worth"]["expected_usd_micro"] < worth
    answer = mining.post("/api/v1/grid/events/assess", {**announcement(mining), "reduce_mw": 1000})
    assert answer.status_code == 422 and answer.json()["errors"][0]["pointer"] == "/reduce_mw"
    far = announcement(mining, start_min=60 * 24 * 30)
    answer = mining.post("/api/v1/grid/events/assess", far)
    assert answer.status_code == 422 and "forecast" in answer.json()["detail"]


def test_people_answer_offers(mining):
    body = announcement(mining, start_min=300, payment_usd_per_mwh=400)
    body["respond_by"] = (now(mining) + datetime.timedelta(minutes=200)).isoformat()
    offers = [mining.post("/api/v1/grid/events", body).json() for _ in range(2)]
    assert [row["stage"] for row in offers] == ["offered", "offered"] and offers[0]["assessment"] is None
    path = f"/api/v1/grid/events/{offers[0]['grid_event_id']}"
    yes = mining.post(path + "/accept", {"reason": "worth it"}).json()
    assert yes["stage"] == "announced" and not yes["automatic"] and yes["reason"] == "worth it"
    assert yes["assessment"]["recommendation"] == "accept" and yes["assessment"]["payment_usd_micro"] > 0
    assert mining.post(path + "/accept", {}).status_code == 409
    other = f"/api/v1/grid/events/{offers[1]['grid_event_id']}"
    assert mining.post(other + "/accept", {}).status_code == 409, "the power is taken"
    assert mining.post(other + "/decline", {}).json()["stage"] == "declined"
    late = {**body, "respond_by": body["start"]}
    assert mining.post("/api/v1/grid/events", late).json()["errors"][0]["pointer"] == "/respond_by"
    mining.stop()
    with sqlite3.connect(f"file:{mining.data}/journal.db?mode=ro", uri=True) as tables:
        rows = tables.execute("SELECT stage, respond_by_us > 0, worth_usd_micro FROM grid_event ORDER BY id").fetchall()
    assert rows[0] == ("announced", 1, yes["assessment"]["worth"]["expected_usd_micro"]) and rows[1][0] == "declined"


@pytest.mark.parametrize("margin, stage", [(1, "announced"), (1e6, "declined")])
def test_a_rule_answers_offers(mining, margin, stage):
    rule = mining.request("PUT", "/api/v1/facilities/lab/grid-rule", json={"margin_usd": margin}).json()
    assert rule["grid_rule"]["margin_usd"] == margin
    body = announcement(mining, start_min=60, payment_usd_per_mwh=400)
    body["respond_by"] = (now(mining) + datetime.timedelta(minutes=8)).isoformat()
    row = mining.post("/api/v1/grid/events", body).json()
    done = wait_until(lambda: (e := event(mining, row))["stage"] != "offered" and e, "it is answered")
    assert done["stage"] == stage and done["automatic"] and done["reason"].startswith("by rule: worth")
    assert done["assessment"]["weighed_at"] < body["respond_by"].replace("+00:00", "Z")
    mining.kill()
    mining.start()
    assert event(mining, row)["assessment"] == done["assessment"]
    assert lab(mining)["grid_rule"]["margin_usd"] == margin
    assert mining.request("PUT", "/api/v1/facilities/lab/grid-rule", json={}).json()["grid_rule"] is None


def test_the_command_line_weighs_and_answers(mining):
    asked = ("-f", "lab", "-s", "+300min", "-d", "1h", "-r", "0.05", "--payment", "400")
    found = hcp(mining, "grid", "assess", *asked)
    assert found.returncode == 0 and "recommendation" in found.stdout and "breaks even at" in found.stdout, found.stderr
    offer = json.loads(hcp(mining, "grid", "announce", *asked, "--respond-by", "+200min", "--json").stdout)
    done = json.loads(hcp(mining, "grid", "accept", offer["grid_event_id"], "--reason", "yes", "--json").stdout)
    assert done["stage"] == "announced" and done["assessment"] is not None
    assert hcp(mining, "grid", "decline", offer["grid_event_id"]).returncode != 0
    assert "answered by people" in hcp(mining, "grid", "rule", "-f", "lab").stdout
    assert "250.00" in hcp(mining, "grid", "rule", "-f", "lab", "--margin", "250").stdout
    assert hcp(mining, "grid", "rule", "-f", "lab", "--margin", "much").returncode == 2
    assert "answered by people" in hcp(mining, "grid", "rule", "-f", "lab", "--margin", "off").stdout


def test_strike_prices_on_the_command_line(mining):
    rows = json.loads(hcp(mining, "strike", "--json").stdout)["strikes"]
    assert {row["class"] for row in rows} >= {"S21"} and all(row["strike_usd_per_mwh"] is None for row in rows)
    assert all(row["break_even_usd_per_mwh"] > 0 for row in rows)
    done = hcp(mining, "strike", "set", "1.5", "-f", "lab", "-c", "S21")
    assert done.returncode == 0 and "1.50" in done.stdout and "by order" in done.stdout, done.stderr
    assert lab(mining)["strikes"] == [{"class": "S21", "usd_per_mwh": 1.5}]
    assert "by order" not in hcp(mining, "strike", "clear", "-f", "lab").stdout and lab(mining)["strikes"] == []
    for wrong in (("set", "62.5"), ("set", "-f", "lab"), ("set", "dear", "-f", "lab"), ("up",)):
        assert hcp(mining, "strike", *wrong).returncode == 2
    assert hcp(mining, "strike", "set", "1", "-f", "lab", "-c", "M50").returncode != 0
