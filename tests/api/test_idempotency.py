# SPDX-License-Identifier: Apache-2.0
"""Retries with an Idempotency-Key: at most one effect, however often and whenever they come."""

import concurrent.futures
import uuid

import pytest

BODY = {"workload_type": "model_training", "requirements": {"gpu_type": "H100", "gpu_count": 1}}


def key():
    return {"Idempotency-Key": str(uuid.uuid4())}


def submitted(daemon):
    return daemon.json("/api/v1/status")["workloads"]["submitted"]


def test_a_retry_gets_the_first_answer(daemon):
    headers = key()
    before = submitted(daemon)
    first = daemon.post("/api/v1/workloads", BODY, headers=headers)
    again = daemon.post("/api/v1/workloads", BODY, headers=headers)
    assert first.status_code == again.status_code == 201
    assert again.json() == first.json()
    assert "Idempotent-Replayed" not in first.headers and again.headers["Idempotent-Replayed"] == "true"
    assert submitted(daemon) == before + 1


def test_another_body_under_the_same_key_is_a_mismatch(daemon):
    headers = key()
    before = submitted(daemon)
    assert daemon.post("/api/v1/workloads", BODY, headers=headers).status_code == 201
    other = daemon.post("/api/v1/workloads", {**BODY, "priority": 3}, headers=headers)
    assert other.status_code == 422
    assert submitted(daemon) == before + 1


def test_without_a_key_each_request_counts(daemon):
    before = submitted(daemon)
    ids = {daemon.post("/api/v1/workloads", BODY).json()["workload_id"] for _ in range(3)}
    assert len(ids) == 3 and submitted(daemon) == before + 3


def test_a_refusal_is_not_an_effect(daemon):
    headers = key()
    before = submitted(daemon)
    for _ in range(2):
        refused = daemon.post("/api/v1/workloads", {**BODY, "requirements": {"gpu_count": 4096}}, headers=headers)
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["pointer"] == "/requirements/gpu_count"
    assert submitted(daemon) == before


def test_many_at_once_have_one_effect(daemon):
    headers = key()
    before = submitted(daemon)
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(
            lambda _: daemon.post("/api/v1/workloads", BODY, headers=headers), range(32)))
    made = {answer.json()["workload_id"] for answer in answers if answer.status_code == 201}
    assert len(made) == 1
    assert {answer.status_code for answer in answers} <= {201, 409}  # 409: the first is still under way
    assert submitted(daemon) == before + 1


def test_the_first_answer_survives_a_kill(start, tmp_path):
    daemon = start("--workloads", "none", data=tmp_path / "kept")
    headers = key()
    first = daemon.post("/api/v1/workloads", BODY, headers=headers)
    daemon.kill()
    daemon.start()
    again = daemon.post("/api/v1/workloads", BODY, headers=headers)
    assert again.status_code == 201 and again.json() == first.json()
    assert submitted(daemon) == 1


@pytest.mark.parametrize("path, body", [
    ("/api/v1/emergency/clear", {"reason": "drill"}),
    ("/api/v1/emergency/shutdown", {"dry_run": True}),
])
def test_other_operations_keep_keys_as_well(daemon, path, body):
    headers = key()
    first = daemon.post(path, body, headers=headers)
    again = daemon.post(path, body, headers=headers)
    assert first.status_code == again.status_code == 200
    assert again.headers["Idempotent-Replayed"] == "true"
