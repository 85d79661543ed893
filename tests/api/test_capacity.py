# SPDX-License-Identifier: Apache-2.0
"""Capacity: every total is computed, and agrees with what the list of devices says."""

import subprocess

import pytest

from daemon import binary, wait_until

KINDS = ("gpu", "asic", "cpu")
COUNTS = ("devices", "available", "leased", "switching", "unhealthy", "out_of_service", "rated_power_w")


@pytest.fixture(scope="module")
def guide(tmp_path_factory):
    from daemon import Daemon
    with Daemon(tmp_path_factory.mktemp("guide"), "--workloads", "none", scenario="guide") as running:
        yield running


def test_the_guide_has_what_its_lists_add_up_to(guide):
    totals = guide.json("/api/v1/capacity/summary")["totals"]
    assert totals["by_kind"]["gpu"]["devices"] == 512 + 256 + 128 + 256 == 1152
    assert totals["by_kind"]["asic"]["devices"] == 10000 + 5000 + 8000 + 15000 == 38000
    assert totals["devices"] == 39152 and totals["cap_w"] == 225_000_000
    assert guide.json("/api/v1/resources?limit=1&type=gpu")["total"] == 1152
    assert guide.json("/api/v1/resources?limit=1&type=asic")["total"] == 38000


def test_compute_and_hashrate_are_the_sum_of_the_datasheets(guide):
    totals = guide.json("/api/v1/capacity/summary")["totals"]
    tflops = 768 * 989 + 256 * 312 + 128 * 362
    assert totals["by_kind"]["gpu"]["rated_tflops"] == pytest.approx(tflops)
    ths = 0
    for row in totals["classes"]:
        if row["type"] == "asic":
            name = guide.json(f"/api/v1/resources?limit=1&class={row['class']}")["resources"][0]["name"]
            (target,) = [t for t in guide.json(f"/api/v1/resources/{name}")["figures"]["power_targets"] if t["default"]]
            ths += target["hashrate_ths"] * row["devices"]
    assert totals["by_kind"]["asic"]["rated_hashrate_ths"] == pytest.approx(ths)
    assert 0 <= totals["hashrate_ths"] <= totals["rated_hashrate_ths"] * 1.01


def test_parts_add_up(guide):
    summary = guide.json("/api/v1/capacity/summary")
    totals = summary["totals"]
    for member in COUNTS:
        assert totals[member] == sum(totals["by_kind"][kind][member] for kind in KINDS)
        assert totals[member] == sum(site[member] for site in summary["facilities"])
        assert totals[member] == sum(row[member] for row in totals["classes"])
    for scope in [totals, *summary["facilities"]]:
        assert sum(scope["by_mode"].values()) == scope["devices"]
        assert scope["headroom_w"] == scope["cap_w"] - scope["power_w"] >= 0


def test_one_facility_alone(guide):
    (site,) = guide.json("/api/v1/capacity/summary?facility=north-dakota")["facilities"]
    assert site["devices"] == 15000 and site["cap_w"] == 75_000_000
    assert guide.json("/api/v1/capacity/summary?facility=north-dakota")["totals"]["devices"] == 15000
    assert guide.get("/api/v1/capacity/summary?facility=nowhere").status_code == 404
    assert guide.get("/api/v1/capacity/utilization?facility=nowhere").status_code == 404
    assert guide.get("/api/v1/capacity/forecast?facility=nowhere").status_code == 404


def weighted(rows, power_w):
    """The definition of the answer, recomputed from the devices."""
    used = {row["name"]: row["hashrate_ths"] / 200 if row["type"] == "asic" else row["utilization_pct"] / 100
            for row in rows}
    useful = {row["name"]: used[row["name"]] * (row["mode"] == "serving" or
              row["mode"] == "mining" and row["type"] == "asic") for row in rows}
    rated = sum(power_w[row["class"]] for row in rows)
    return [100 * sum(share[row["name"]] * power_w[row["class"]] for row in rows) / rated for share in (used, useful)]


def test_utilization_is_the_weighted_mean_it_says_it_is(start):
    daemon = start("--workloads", "none")
    job = daemon.submit(workload_type="model_training", gpu_type="H100", gpu_count=4, duration_hours=1)
    daemon.wait_for_status(job["workload_id"], "running")
    power_w = {"H100-80GB": 700, "A100-80GB": 400, "S21": 3500}

    def of_one_sample():
        before = daemon.json("/api/v1/capacity/utilization")
        rows = daemon.json("/api/v1/resources?limit=1000")["resources"]
        after = daemon.json("/api/v1/capacity/utilization")
        same = {row["observed_at"] for row in rows} == {before["sampled_at"]} and before["totals"] == after["totals"]
        return (before, rows) if same and before["totals"]["useful_work_pct"] > 0 else None

    answer, rows = wait_until(of_one_sample, "both answers come from one sample")
    totals = answer["totals"]
    used, useful = weighted(rows, power_w)
    assert totals["utilization_pct"] == pytest.approx(used, abs=0.1)
    assert totals["useful_work_pct"] == pytest.approx(useful, abs=0.1)
    assert totals["leased"] == 4 and totals["in_service"] == 60
    assert totals["by_kind"]["gpu"]["occupancy_pct"] == 40
    assert "weighted by its rated power" in answer["definition"]
    assert totals["power_pct"] == pytest.approx(100 * totals["power_w"] / totals["cap_w"], abs=0.01)


def test_forecast_knows_when_leases_end(start):
    daemon = start("--workloads", "none")
    short = daemon.submit(workload_type="model_training", gpu_type="H100", gpu_count=2, duration_hours=1.5)
    long = daemon.submit(workload_type="model_training", gpu_type="H100", gpu_count=4, duration_hours=5)
    for job in (short, long):
        daemon.wait_for_status(job["workload_id"], "running")
    daemon.post("/api/v1/allocations", {"gpu_type": "H100", "gpu_count": 1})
    forecast = daemon.json("/api/v1/capacity/forecast?hours=6")
    (row,) = [row for row in forecast["classes"] if row["class"] == "H100-80GB"]
    assert (row["devices"], row["leased"], row["open_ended"]) == (8, 7, 1)
    assert [step["released"] for step in row["steps"]] == [0, 2, 2, 2, 6, 6]
    assert row["leased_free_in_h"]["p10"] == pytest.approx(1.5, abs=0.05)
    assert row["leased_free_in_h"]["p50"] == pytest.approx(5, abs=0.05)
    assert row["leased_free_in_h"]["p90"] is None  # nobody has said when the allocation ends
    assert "no demand is told" in forecast["basis"]
    assert row["demand"]["devices_per_h"]["expected"] is None and row["runs_out_at"]["expected"] is None
    assert "S21" not in [row["class"] for row in forecast["classes"]]


def test_forecast_from_demand(start):
    """A platform that runs a thousand times faster has a history soon."""
    daemon = start("--speed", "2000")

    def told():
        forecast = daemon.json("/api/v1/capacity/forecast?hours=48")
        return forecast if forecast["window_h"] >= 5 and any(
            row["demand"]["devices_per_h"]["high"] for row in forecast["classes"]) else None

    forecast = wait_until(told, "five hours of history")
    assert forecast["hours"] == 48 and "low and high hold 80 % of what came" in forecast["basis"]
    for row in forecast["classes"]:
        rates = row["demand"]["devices_per_h"]
        assert 0 <= rates["low"] <= rates["expected"] <= rates["high"]
        assert len(row["steps"]) == 48
        for step in row["steps"]:
            left = step["available"]
            assert 0 <= left["high"] <= left["expected"] <= left["low"] <= row["devices"]
        assert [model["hours"] for model in row["models"]] == [1, 3, 6, 12, 24, 48]
        for model in row["models"]:
            assert model["model"] in ("persistence", "rate", "day")
            if model["judged"] > 0:
                assert model["error_devices"] <= model["persistence_error_devices"]


def test_what_if_there_were_more_or_fewer(start):
    """Six of eight H100 are held for fifty hours; with six fewer there is nothing left at once."""
    daemon = start("--workloads", "none", "--speed", "1000")
    job = daemon.submit(workload_type="model_training", gpu_type="H100", gpu_count=6, duration_hours=50)
    daemon.wait_for_status(job["workload_id"], "running")

    def row(extra):
        answer = daemon.json(f"/api/v1/capacity/forecast?hours=6&extra_devices={extra}")
        (found,) = [row for row in answer["classes"] if row["class"] == "H100-80GB"]
        assert answer["extra_devices"] == extra
        return found if found["steps"][0]["available"]["expected"] is not None else None

    now = wait_until(lambda: row(0), "a quarter of an hour of history")
    more, fewer = row(10), row(-6)
    assert fewer["runs_out_at"]["expected"] is not None and fewer["steps"][0]["available"]["low"] == 0
    assert now["steps"][0]["available"]["low"] == 2 and more["steps"][0]["available"]["low"] == 12
    assert more["devices"] == now["devices"] == 8
    told = subprocess.run([binary(), "capacity", "--hours", "6", "-x", "-6", "--port-offset", str(daemon.offset)],
                          capture_output=True, text=True, check=True, timeout=60).stdout
    (line,) = [line for line in told.splitlines() if line.startswith("H100-80GB")]
    assert line.split()[1:6] == ["8", "6", "2", "0.0", "0.0"] and ":" in line and line.split()[-1] == "rate"
    assert "THEN is in 6 h" in told
