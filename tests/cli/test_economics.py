# SPDX-License-Identifier: Apache-2.0
"""hcp policy, hcp backtest and hcp fit from outside, on a synthetic market and, where they are
there, on the recorded ones beside the repository (../shared)."""

import argparse
import importlib.util
import json
import math
import os
import pathlib
import random
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HCP = os.environ.get("HCP_BINARY", str(ROOT / "build" / "hcp"))
SHARED = ROOT.parent / "shared"
TRACE = SHARED / "traces" / "servegen_m-large_10min.csv"
SPOT = SHARED / "market" / "aws_p3_2xlarge_spot_2019-12_2020-03.csv"
HEADER = ("ts_utc,dam_usd_mwh,rtm_usd_mwh,btc_usd,difficulty,subsidy_btc,fee_btc_per_block,"
          "fee_btc_per_block_prevday")


def hcp(*args, **kwargs):
    return subprocess.run([HCP, *map(str, args)], capture_output=True, text=True, check=False,
                          timeout=600, **kwargs)


def backtest(*args):
    run = hcp("backtest", "--json", *args)
    assert run.returncode == 0, run.stderr
    report = json.loads(run.stdout)
    return report, {plan["plan"]: plan for plan in report["plans"]}


@pytest.fixture(name="market")
def fixture_market(tmp_path):
    """Forty days with an evening peak and some spikes."""
    rng = random.Random(3)
    rows, spike = [HEADER], 0.0
    for hour in range(24 * 40):
        day, h = divmod(hour, 24)
        dam = 30 + 12 * math.sin((h - 12) / 24 * 2 * math.pi) + (30 if 18 <= h < 21 else 0)
        if 18 <= h < 20 and rng.random() < 0.15:
            spike = 900.0
        rtm = dam + rng.gauss(0, 5) + spike
        spike *= 0.5
        rows.append(f"2024-{1 + day // 28:02d}-{1 + day % 28:02d}T{h:02d}:00:00Z,{dam:.2f},"
                    f"{rtm:.2f},60000,9e13,3.125,0.1,0.1")
    path = tmp_path / "market.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_backtest_ranks_plans(market):
    report, plans = backtest("--market", market, "--preset", "s19xp-slow")
    assert report["steps"] == 960 and report["best_static"] == "mine"
    assert plans["optimum"]["closed_pct"] == pytest.approx(100)
    assert plans["static"]["profit_usd"] == pytest.approx(plans["mine-only"]["profit_usd"])
    for name, plan in plans.items():
        assert plan["profit_usd"] <= plans["optimum"]["profit_usd"] + 1e-6, name
        assert sum(plan["steps_in"].values()) == 960


def test_backtest_text_has_every_plan(market):
    run = hcp("backtest", "--market", market, "--preset", "s21", "--policies", "static,hcp")
    assert run.returncode == 0
    for name in ("mine-only *", "static", "hcp", "optimum"):
        assert f"\n{name}" in run.stdout
    assert "hcp: confidence  decisions  stated  right" in run.stdout


def best_schedule(market, jth, start_usd, up, down):
    """The optimum of a 10 MW site, worked out apart from the product: every state and hours in it, backwards in time."""
    per_mw, worth = 1e6 / (jth * 1.05), []
    for line in market.read_text(encoding="utf-8").splitlines()[1:]:
        _, _, rtm, btc, difficulty, subsidy, fee, _ = line.split(",")
        usd_per_ths_h = 3600e12 / (float(difficulty) * 2**32) * (float(subsidy) + float(fee)) * float(btc)
        worth.append(10 * (per_mw * usd_per_ths_h * 0.99 - float(rtm)))
    ages = [(True, k) for k in range(1, up + 1)] + [(False, k) for k in range(1, down + 1)]
    value = dict.fromkeys(ages, 0.0)
    for t in range(len(worth) - 1, -1, -1):
        def ends(on, age):
            return (worth[t] if on else 0.0) + value[on, age]
        step = {}
        for on, age in ages:
            need = up if on else down
            stay = ends(on, min(age + 1, need))
            move = ends(not on, 1) - (0.0 if on else 10 * start_usd)
            step[on, age] = max(stay, move) if age >= need else stay
        if t == 0:
            return max(ends(True, up), ends(False, down))
        value = step
    return 0.0


@pytest.mark.parametrize("preset, jth, start_usd, up, down", [
    ("s21", 17.5, 10, 1, 1), ("s19xp", 21.5, 10, 1, 1), ("s9", 98.0, 10, 1, 1), ("s21-slow", 17.5, 60, 2, 4),
    ("s19jpro-slow", 30.0, 60, 2, 4), ("s9-slow", 98.0, 20, 2, 4)])
def test_optimum_is_that_of_a_second_program(market, preset, jth, start_usd, up, down):
    _, plans = backtest("--market", market, "--preset", preset, "--policies", "static")
    assert plans["optimum"]["profit_usd"] == pytest.approx(best_schedule(market, jth, start_usd, up, down), abs=0.005, rel=0)


def test_every_preset_runs(market, tmp_path):
    """Demand and rental prices are made up here, so that this needs nothing recorded."""
    trace, spot = tmp_path / "trace.csv", tmp_path / "spot.csv"
    trace.write_text("t_s,rate_rps\n" + "".join(f"{600 * i},{5 + 4 * math.sin(i / 23):.3f}\n" for i in range(2016)),
                     encoding="utf-8")
    spot.write_text("ts_utc,median_us\n" + "".join(f"2024-{1 + h // 672:02d}-{1 + h // 24 % 28:02d}T{h % 24:02d}:00:00Z,0.9\n"
                                                   for h in range(960)), encoding="utf-8")
    presets = hcp("backtest", "--list-presets").stdout.split()
    assert len(presets) >= 19
    for preset in presets:
        _, plans = backtest("--market", market, "--preset", preset, "--policies", "static,greedy,lcp", "--trace", trace,
                            "--spot", spot)
        assert plans["lcp"]["profit_usd"] <= plans["optimum"]["profit_usd"] + 1e-6, preset
        assert plans["greedy"]["profit_usd"] <= plans["optimum"]["profit_usd"] + 1e-6, preset


def test_uplift_over_four_baselines(market):
    _, plans = backtest("--market", market, "--preset", "s21+h100-u40", "--policies", "static,greedy,hcp")
    uplift = plans["hcp"]["uplift"]
    for name, plan in (("mine_only", "mine-only"), ("ai_only", "ai-only"), ("greedy", "greedy")):
        assert uplift[name]["usd"] == pytest.approx(plans["hcp"]["profit_usd"] - plans[plan]["profit_usd"], abs=0.01)
    best = next(plan for plan in plans.values() if plan.get("best_static"))
    assert uplift["best_static"]["usd"] == pytest.approx(plans["hcp"]["profit_usd"] - best["profit_usd"], abs=0.01)
    assert "low_usd" not in uplift["greedy"]  # forty days are six weeks: too few to say
    assert plans["greedy"]["uplift"]["greedy"]["usd"] == 0
    assert plans["hcp"]["usd_per_mwh"] == pytest.approx(plans["hcp"]["profit_usd"] / plans["hcp"]["energy_mwh"])
    stopped = plans["hcp"]["steps_in"]["ai"] + plans["hcp"]["steps_in"]["idle"]
    assert plans["hcp"]["stopped_h"] == stopped


def test_competitive_ratio_by_day(market):
    _, plans = backtest("--market", market, "--preset", "s19xp", "--policies", "static,lcp,hcp")
    for name in ("lcp", "hcp"):
        ratio = plans[name]["competitive"]
        cost = ratio["optimum_cost_usd"] + plans["optimum"]["profit_usd"] - plans[name]["profit_usd"]
        assert ratio["cost_usd"] == pytest.approx(cost, abs=0.01)
        assert ratio["ratio"] == pytest.approx(ratio["cost_usd"] / ratio["optimum_cost_usd"]) and ratio["ratio"] >= 1
        assert 0 < ratio["days"] <= 40 and ratio["median_day"] <= ratio["p90_day"] <= ratio["max_day"]
    assert plans["optimum"].get("competitive") is None


def test_several_markets_add_up(market, tmp_path):
    second = tmp_path / "second.csv"
    lines_of = market.read_text(encoding="utf-8").splitlines()
    second.write_text("\n".join([lines_of[0]] + lines_of[200:600]) + "\n", encoding="utf-8")
    args = ("--preset", "s19xp", "--policies", "greedy,hcp")
    alone = [backtest("--market", path, *args)[1] for path in (market, second)]
    run = hcp("backtest", "--json", "--market", f"{market},{second}", "--out", tmp_path / "out", *args)
    assert run.returncode == 0, run.stderr
    both = json.loads(run.stdout)
    assert [report["market"] for report in both["markets"]] == [str(market), str(second)]
    for report, plans in zip(both["markets"], alone):
        assert {plan["plan"]: plan for plan in report["plans"]} == plans
    total = {plan["plan"]: plan for plan in both["total"]["plans"]}
    for name in ("greedy", "hcp"):
        assert total[name]["profit_usd"] == pytest.approx(sum(plans[name]["profit_usd"] for plans in alone))
        assert total[name]["switches"] == sum(plans[name]["switches"] for plans in alone)
    gap = both["total"]["optimum_usd"] - both["total"]["static_usd"]
    assert total["hcp"]["closed_pct"] == pytest.approx(
        100 * (total["hcp"]["profit_usd"] - both["total"]["static_usd"]) / gap)
    for name in ("market", "second"):
        assert (tmp_path / "out" / f"{name}.html").exists()
        assert json.loads((tmp_path / "out" / f"{name}.json").read_text())["steps"] in (960, 400)
    text = hcp("backtest", "--market", market, "--market", second, *args).stdout
    assert "total of 2 markets" in text and text.count("uplift USD over") == 2
    refused = hcp("backtest", "--market", f"{market},{second}", "--html", tmp_path / "x.html", *args)
    assert refused.returncode == 2 and "--out" in refused.stderr


def test_backtest_page_stands_alone(market, tmp_path):
    page = tmp_path / "report.html"
    run = hcp("backtest", "--market", market, "--preset", "s19xp-slow", "--html", page)
    assert run.returncode == 0, run.stderr
    text = page.read_text(encoding="utf-8")
    assert "src=" not in text and "<link" not in text and "uPlot" in text
    data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)[1])
    assert [plan["plan"] for plan in data["plans"]][-2:] == ["hcp", "optimum"]
    series = data["series"]
    lengths = {len(values) for values in series.values()} | {len(run["gain_usd"]) for run in series["runs"]}
    assert lengths - {len(series["runs"])} == {data["steps"]}
    plans = {plan["plan"]: plan["profit_usd"] for plan in data["plans"]}
    for run_series in series["runs"]:
        assert run_series["gain_usd"][-1] == pytest.approx(plans[run_series["plan"]] - plans["mine-only"], abs=0.01)
    assert series["optimum_gain_usd"][-1] == pytest.approx(plans["optimum"] - plans["mine-only"], abs=0.01)
    assert [week["to"] - week["from"] for week in data["weeks"]] == [168, 168]


def test_backtest_page_lets_no_name_end_the_data(market, tmp_path):
    site = tmp_path / "<script>a<!--.json"
    site.write_text(json.dumps({"asic_jth": 21.5}), encoding="utf-8")
    page = tmp_path / "report.html"
    run = hcp("backtest", "--market", market, "--site", site, "--policies", "static", "--html", page)
    assert run.returncode == 0, run.stderr
    data = page.read_text(encoding="utf-8").split('id="data">')[1].split("</script>")[0]
    assert json.loads(data)["site"].endswith("<script>a<!--.json")
    assert "<" not in data


def test_market_day_follows_the_utc_offset(market):
    """The hour of the day that the price chain learns by is another one, so its forecasts are."""
    errors = set()
    for offset in ("-6", "1", "9"):
        _, plans = backtest("--market", market, "--preset", "s19xp-slow", "--policies", "hcp", "--utc-offset", offset)
        errors.add(plans["hcp"]["forecast_mae_usd_mwh"])
    assert len(errors) == 3


def test_backtest_sells_reserve(market):
    rows = market.read_text(encoding="utf-8").splitlines()
    text = [rows[0] + ",as_rrs_usd_mw,as_nspin_usd_mw"] + [row + ",3.5,2" for row in rows[1:]]
    market.write_text("\n".join(text) + "\n", encoding="utf-8")
    args = ("--market", market, "--preset", "s19xp-slow", "--policies", "static,hcp")
    _, energy = backtest(*args)
    _, both = backtest(*args, "--reserve", "500")
    assert energy["hcp"]["reserve_usd"] == 0
    assert both["static"]["reserve_usd"] == pytest.approx(3.5 * 10 * 960)
    hours = both["hcp"]["steps_in"]["mine"]
    assert both["hcp"]["reserve_usd"] == pytest.approx(3.5 * 10 * hours)
    assert both["hcp"]["called_steps"] > 0
    assert both["hcp"]["profit_usd"] > energy["hcp"]["profit_usd"]


@pytest.mark.parametrize("args, says", [
    ((), "--market"),
    (("--market", "/nonexistent.csv", "--preset", "s21"), "nonexistent"),
    (("--market", "{market}", "--preset", "nothing"), "s19xp-slow"),
    (("--market", "{market}", "--preset", "s21", "--policies", "magic"), "there are"),
    (("--market", "{market}", "--preset", "s21+v100-trace"), "--trace"),
    (("--market", "{market}", "--preset", "s21", "--utc-offset", "25"), "--utc-offset"),
])
def test_backtest_says_what_is_wrong(market, args, says):
    run = hcp("backtest", *[arg.format(market=market) for arg in args])
    assert run.returncode == 2
    assert says in run.stderr


@pytest.mark.parametrize("row, says", [
    ("2024-03-01T00:00:00Z,1,1,1,0,3,0,0", "missing"),
    ("yesterday,1,1,1,1,3,0,0", "line 962"),
    ("2024-03-01T00:00:00Z,1,1", "line 962"),
])
def test_backtest_names_the_bad_row(market, row, says):
    market.write_text(market.read_text(encoding="utf-8") + row + "\n", encoding="utf-8")
    run = hcp("backtest", "--market", market, "--preset", "s21")
    assert run.returncode == 2
    assert says in run.stderr


def test_fit_makes_a_model_that_backtest_reads(market, tmp_path):
    model = tmp_path / "model.json"
    run = hcp("fit", "--market", market, "--to", "0.5", "--out", model, "--name", "half",
              "--provenance", "synthetic")
    assert run.returncode == 0, run.stderr
    written = json.loads(model.read_text(encoding="utf-8"))
    assert written["name"] == "half" and written["provenance"] == "synthetic"
    assert sum(cell[4] for cell in written["cells"]) == 480 - 1
    _, plans = backtest("--market", market, "--preset", "s21", "--from", "0.5", "--model", model)
    assert plans["hcp"]["profit_usd"] > 0
    model.write_text('{"version": 7}', encoding="utf-8")
    run = hcp("backtest", "--market", market, "--preset", "s21", "--model", model)
    assert run.returncode == 2 and "version" in run.stderr


def lines(*objects):
    return "".join(json.dumps(one) + "\n" for one in objects)


PLANT = {"plant": {"asic_jth": 21.5, "asic_min_down": 4}, "states": ["mine", "idle"],
         "step_h": 1.0, "initial": "mine"}


def observation(t, price, **changes):
    return {"t": t, "ts": f"2024-01-01T{t:02d}:00:00Z", "dam_usd_mwh": [30.0] * 12,
            "last": None if price is None else
            {"price_usd_mwh": price, "demand": 0.5, "rate_usd_gpu_h": 1.0},
            "btc_usd": 60000, "difficulty": 9e13, "subsidy_btc": 3.125,
            "fee_btc_per_block": 0.1, **changes}


@pytest.mark.parametrize("name", ["static", "greedy", "threshold", "band", "lcp", "mpc", "hcp"])
def test_policy_answers_every_line(name):
    said = lines(PLANT, observation(0, None), observation(1, 31.0), observation(2, 2900.0),
                 observation(3, None, dam_usd_mwh=[None, 40.0]))
    run = hcp("policy", "--name", name, input=said)
    assert run.returncode == 0, run.stderr
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(answers) == 4
    for answer in answers:
        assert answer["state"] in ("mine", "idle")
        assert math.isfinite(answer["forecast_usd_mwh"]) and answer["reason"]
    assert answers[0]["state"] == "mine"
    if name in ("greedy", "threshold", "band", "mpc", "hcp"):
        assert answers[2]["state"] == "idle"


@pytest.mark.parametrize("text, says", [
    ("", "no line"),
    ("{\n", "line 1"),
    (lines({"plant": {"asic_jth": 0}}), "asic_j_per_th"),
    (lines({**PLANT, "initial": "flying"}), "initial"),
    (lines(PLANT) + "nonsense\n", "line 2"),
    (lines(PLANT, {"t": 0}), "ts"),
    (lines(PLANT, [1]), "ts"),
])
def test_policy_refuses_nonsense(text, says):
    run = hcp("policy", input=text)
    assert run.returncode == 2
    assert says in run.stderr


def load_oracle():
    spec = importlib.util.spec_from_file_location("oracle", SHARED / "tools" / "oracle.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def site_args(preset):
    return "--preset", preset.split("@")[0], "--trace", TRACE, "--spot", SPOT


if (SHARED / "tools" / "oracle.py").exists():
    ORACLE = load_oracle()
    RECORDED = [(SHARED.parent / path, preset) for path, _, presets in ORACLE.SUITE
                for preset in presets]
    SLOW = [(path, preset) for path, preset in RECORDED if "2024" in path.name
            and preset in ("s21-slow", "s19xp-slow", "s19jpro-slow")]

    def used(path, preset, tmp_path):
        """Market file and rows of a preset: the rental prices of 2020 cover three months."""
        rows = ORACLE.load_market(path)
        if "2020" not in preset:
            return path, rows
        lines_of = path.read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines_of[1:] if "2019-12-23T12" <= line < "2020-03-23T12"]
        cut = tmp_path / path.name
        cut.write_text("\n".join([lines_of[0], *kept]) + "\n", encoding="utf-8")
        return cut, [row for row in rows if "2019-12-23T12" <= row["ts"] < "2020-03-23T12"]

    @pytest.mark.parametrize("path, preset", RECORDED)
    def test_optimum_agrees_with_the_oracle_to_the_cent(path, preset, tmp_path):
        path, rows = used(path, preset, tmp_path)
        args = ORACLE.make_args(preset, {"info": []}, str(TRACE), str(SPOT))
        _, results, best, _ = ORACLE.evaluate(rows, args, False)
        report, plans = backtest("--market", path, "--policies", "static,greedy", *site_args(preset))
        optimum, still = plans["optimum"]["profit_usd"], plans["static"]["profit_usd"]
        assert optimum == pytest.approx(results["ORACLE"][0], abs=0.005, rel=0)
        assert still == pytest.approx(results[best][0], abs=0.005, rel=0)
        assert report["steps"] == len(rows)
        # Before the first price has settled the two rules guess differently: a step and a move at most.
        myopic = ORACLE.evaluate(rows, argparse.Namespace(**{**vars(args), "info": ["lag1"]}), False)[1]["myopic [lag1]"]
        apart = abs(plans["greedy"]["profit_usd"] - myopic[0])
        assert apart <= 0.002 * (optimum - min(0, myopic[0])) + 1

    @pytest.mark.parametrize("path, preset", SLOW)
    def test_ours_closes_four_fifths_of_a_half_it_has_not_seen(path, preset, tmp_path):
        model = tmp_path / "first-half.json"
        assert hcp("fit", "--market", path, "--to", "0.5", "--out", model).returncode == 0
        _, plans = backtest("--market", path, "--policies", "hcp", "--from", "0.5", "--model",
                            model, *site_args(preset))
        assert plans["hcp"]["closed_pct"] >= 80
        assert 0.78 <= plans["hcp"]["in_80_pct_range"] <= 0.82
        storm = [b for b in plans["hcp"]["reliability"] if b.get("from_usd_per_mwh", 0) >= 110]
        assert sum(b["steps"] * b["in_80_pct_range"] for b in storm) >= \
            0.75 * sum(b["steps"] for b in storm)
        for level in plans["hcp"]["confidence"]:
            error = math.sqrt(level["mean_stated"] * (1 - level["mean_stated"]) / level["decisions"])
            assert abs(level["right"] - level["mean_stated"]) <= 3 * error + 1e-3, level

    @pytest.mark.long
    @pytest.mark.parametrize("path, preset", RECORDED)
    def test_ours_does_no_harm(path, preset):
        _, plans = backtest("--market", path, "--policies", "static,hcp", *site_args(preset))
        still, ours, best = (plans[name]["profit_usd"] for name in ("static", "hcp", "optimum"))
        assert ours >= still - 0.005 * abs(still)
        if best - still > 0.01 * abs(still):
            assert ours >= still


def test_grid_plans_add_up_to_the_cent(market):
    """Forty days from January have no summer month, so the peaks are moved into June."""
    text = market.read_text(encoding="utf-8").replace("2024-01-", "2024-06-").replace("2024-02-", "2024-07-")
    rows = [row for row in text.splitlines()]
    market.write_text("\n".join([rows[0] + ",as_rrs_usd_mw"] + [row + ",4.5" for row in rows[1:]]) + "\n", encoding="utf-8")
    report, plans = backtest("--market", market, "--preset", "s19xp-slow", "--reserve", "500", "--peak-charge", "60000")
    grid = {row["plan"]: row for row in report["grid"]}
    assert list(grid) == ["never switching", "energy", "energy, reserve", "energy, peaks", "energy, reserve, peaks"]
    for row in grid.values():
        total = (row["income_usd"] - row["energy_usd"] + row["reserve_usd"] - row["call_usd"] - row["peak_usd"]
                 - row["switching_usd"])
        assert row["profit_usd"] == pytest.approx(total, abs=0.005), row["plan"]
    assert grid["energy"]["reserve_usd"] == 0 < grid["energy, reserve"]["reserve_usd"]
    assert grid["energy, peaks"]["peak_usd"] < grid["energy"]["peak_usd"]
    assumed = report["peak_charge"]
    assert assumed["assumed"] is True and "no record of the load" in assumed["assumption"]
    assert [peak["usd_per_mw"] for peak in assumed["peaks"]] == [15000, 15000]
    assert grid["never switching"]["peak_usd"] == pytest.approx(2 * 15000 * 10, rel=0.01)  # June and July, 10 MW
    assert grid["energy, reserve, peaks"]["profit_usd"] == pytest.approx(plans["hcp"]["profit_usd"], abs=0.005)


def test_nothing_for_the_grid_without_asking(market):
    report, _ = backtest("--market", market, "--preset", "s21", "--policies", "static")
    assert "grid" not in report
