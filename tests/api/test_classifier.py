# SPDX-License-Identifier: Apache-2.0
"""The learned classifier from the fit to the decision: what it says beside the rules, when it decides and when it is silent,
and that the journal holds what was decided. The population is synthetic and labelled; its customs are written below."""

import json
import pathlib
import random
import subprocess

import pytest

from daemon import binary

ROOT = pathlib.Path(__file__).resolve().parents[2]
TRACE = ROOT.parent / "shared" / "traces" / "alibaba_gpu_pods_2023_part1.csv"
RULES = {"ai_inference_realtime": 1, "ai_inference_batch": 2, "model_training": 3, "hyperparameter_tuning": 3,
         "data_processing": 3}


def fit(*options):
    run = subprocess.run([binary(), "fit", *map(str, options)], capture_output=True, text=True, check=False, timeout=120)
    assert run.returncode == 0, run.stderr
    return run.stdout


def population(path, n=3000, seed=1):
    """People at this site want their tuning on up to four devices at once; for the rest they ask what the rules give. One in
    twenty asks for anything."""
    rng = random.Random(seed)
    rows = ["arrival_s,workload_type,customer_tier,max_latency_ms,gpu_count,duration_hours,model_share,priority"]
    for i in range(n):
        kind = rng.choice(list(RULES))
        gpus = rng.choice([1, 2, 4, 8, 16])
        priority = 1 if kind == "hyperparameter_tuning" and gpus <= 4 else RULES[kind]
        if rng.random() < 0.05:
            priority = rng.randint(1, 3)
        rows.append(f"{i * 60},{kind},{rng.choice(['growth', 'startup'])},"
                    f"{50 if kind == 'ai_inference_realtime' else ''},{gpus},{rng.uniform(0.5, 12):.2f},"
                    f"{rng.uniform(0.05, 0.9):.3f},{priority}")
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.fixture(name="model", scope="module")
def fixture_model(tmp_path_factory):
    directory = tmp_path_factory.mktemp("classifier")
    out = directory / "classifier.json"
    told = fit("--jobs", population(directory / "jobs.csv"), "--out", out, "--name", "customs", "--date", "2026-11-27",
               "--provenance", "synthetic")
    assert "on: it decides" in told
    return out


def ask(daemon, **body):
    answer = daemon.post("/workload/classify", body, service="router")
    assert answer.status_code == 200, answer.text
    return answer.json()


TUNING = {"workload_type": "hyperparameter_tuning", "gpu_count": 4, "duration_hours": 3, "customer_tier": "growth"}


def test_the_built_in_model_leaves_it_to_the_rules(start):
    daemon = start("--workloads", "none")
    answer = ask(daemon, **TUNING, model_gb=40)
    assert answer["source"] == "rules" and answer["priority"] == 3 == answer["rules_priority"]
    assert "type of work" in answer["model_silent"]
    model = answer["model"]
    assert model["name"] == "alibaba-pods-2023" and model["features"] == ["gpu_count", "model_share"]
    assert sum(model["probability"].values()) == pytest.approx(1, abs=1e-3)
    assert model["held_out"]["model"]["accuracy"] > model["held_out"]["constant"]


if TRACE.exists():  # recorded, not ours to ship
    def test_the_built_in_model_is_what_the_trace_gives(tmp_path):
        built_in = json.loads((ROOT / "share/models/classifier.json").read_text())
        out = tmp_path / "again.json"
        told = fit("--jobs", TRACE, "--out", out, "--name", built_in["name"], "--date", built_in["fitted"],
                   "--provenance", built_in["provenance"])
        assert json.loads(out.read_text()) == built_in
        assert "off: it was fitted without the type of work" in told


def test_a_model_that_beats_the_rules_decides_and_says_why(start, model):
    daemon = start("--workloads", "none", "--set", f"classifier={model}")
    answer = ask(daemon, **TUNING)
    assert answer["source"] == "model" and answer["priority"] == 1 and answer["rules_priority"] == 3
    assert answer["model_silent"] is None and answer["margin"] >= 0.5
    assert answer["model"]["probability"]["P1"] > 0.9
    turned = answer["counterfactual"]
    assert turned["feature"] == "gpu_count" and 4 < turned["flip_value"] <= 8 and turned["priority"] == 3
    again = ask(daemon, **{**TUNING, "gpu_count": int(turned["flip_value"])})
    assert again["priority"] == turned["priority"] and again["source"] == "model"
    # A preview and the submission itself say the same, and what was asked for is left alone.
    route = daemon.post("/route", TUNING, service="router").json()
    assert route["priority"] == 1 and "learned by customs of 2026-11-27" in route["classified_by"]
    workload = daemon.workload(daemon.submit(**TUNING)["workload_id"])
    assert workload["priority"] == 1 and workload["classified_by"] == answer["reason"]
    explained = daemon.json(f"/api/v1/workloads/{workload['workload_id']}/explain")
    assert explained["classified_by"] == answer["reason"]
    wanted = daemon.workload(daemon.submit(**{**TUNING, "priority": 2})["workload_id"])
    assert wanted["priority"] == 2 and wanted["classified_by"] == "as requested"


def test_a_restart_without_the_model_keeps_what_was_decided(start, model, tmp_path):
    data = tmp_path / "data"
    first = start("--workloads", "none", "--set", f"classifier={model}", data=data)
    workload = first.submit(**TUNING)["workload_id"]
    said = first.workload(workload)["classified_by"]
    first.stop()
    second = start("--workloads", "none", "--set", "classifier=off", data=data)
    assert second.workload(workload)["priority"] == 1 and second.workload(workload)["classified_by"] == said
    answer = ask(second, **TUNING)
    assert answer["source"] == "rules" and answer["model"] is None and answer["model_silent"] == "no model is configured"


def test_submissions_unlike_the_fit_silence_the_model(start, model):
    daemon = start("--workloads", "none", "--set", f"classifier={model}")
    assert ask(daemon, **TUNING)["model"]["drift"]["gpu_count"] is None
    for _ in range(100):
        daemon.submit(**{**TUNING, "gpu_count": 3, "duration_hours": 0.1})
    answer = ask(daemon, **TUNING)
    assert answer["source"] == "rules" and answer["priority"] == 3
    assert "no longer look like" in answer["model_silent"]
    assert answer["model"]["drift"]["duration_hours"] > 0.25
    (alert,) = [row for row in daemon.json("/api/v1/alerts")["alerts"] if row["kind"] == "classifier_drift"]
    assert "The rules classify instead of customs" in alert["message"] and alert["cleared_at"] is None
    daemon.stop()
    again = start("--workloads", "none", "--set", "classifier=off", data=daemon.data)
    (alert,) = [row for row in again.json("/api/v1/alerts")["alerts"] if row["kind"] == "classifier_drift"]
    assert alert["cleared_at"] is not None


def test_a_fit_from_a_journal_learns_from_what_was_asked_for(start, tmp_path):
    data, rng = tmp_path / "data", random.Random(4)
    daemon = start("--workloads", "none", data=data)
    for i in range(480):
        gpus = rng.choice([1, 2, 4])
        daemon.submit(workload_type="data_processing", gpu_count=gpus, duration_hours=rng.uniform(1, 9),
                      priority=1 if gpus == 1 else 3)
    daemon.submit(workload_type="data_processing")  # classified, so nobody's judgement
    daemon.stop()
    told = fit("--journal", data, "--out", tmp_path / "own.json")
    assert "fitted on 240 submissions, judged on the 240 after them" in told and "on: it decides" in told
    own = json.loads((tmp_path / "own.json").read_text())
    assert own["held_out"]["model"]["accuracy"] == 1 and own["nodes"][0]["feature"] == "gpu_count"


def test_bad_files_are_refused_with_the_reason(tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("gpu_count\n1\n")
    run = subprocess.run([binary(), "fit", "--jobs", str(table)], capture_output=True, text=True, check=False)
    assert run.returncode == 2 and '"priority" (1 to 4) or "qos"' in run.stderr
    run = subprocess.run([binary(), "fit"], capture_output=True, text=True, check=False)
    assert run.returncode == 2 and "--journal DIR" in run.stderr
    broken = tmp_path / "broken.json"
    broken.write_text('{"version": 1, "name": "broken", "min_margin": 0.5, "nodes": []}')
    run = subprocess.run([binary(), "serve", "--data", str(tmp_path / "d"), "--scenario", "dev", "--set",
                          f"classifier={broken}", "--port-offset", "21000"], capture_output=True, text=True, check=False,
                         timeout=60)
    assert run.returncode != 0 and '"nodes" must be a list' in run.stderr + run.stdout
