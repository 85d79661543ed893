# SPDX-License-Identifier: Apache-2.0
"""Lists page by page: nothing twice, nothing left out, also while the list grows."""

import pytest

from daemon import wait_until


@pytest.fixture(scope="module")
def ids(daemon):
    return [daemon.submit(workload_type="model_training", name=f"job {n}", duration_hours=5,
                          customer_id="cust-001" if n % 3 else "cust-002")["workload_id"] for n in range(25)]


def pages(daemon, path, member, key, limit, between=lambda: None):
    found, url = [], f"{path}{'&' if '?' in path else '?'}limit={limit}"
    while url:
        response = daemon.get(url)
        assert response.status_code == 200, response.text
        rows = response.json()[member]
        assert len(rows) <= limit
        found += [row[key] for row in rows]
        url = response.links.get("next", {}).get("url")
        assert (url is None) == (response.json()["next_cursor"] is None)
        between()
    return found


@pytest.mark.parametrize("limit", [1, 7, 25, 1000])
def test_every_page_size_gives_the_same_list(daemon, ids, limit):
    assert pages(daemon, "/api/v1/workloads", "workloads", "workload_id", limit) == ids[::-1]


def test_what_comes_meanwhile_neither_shifts_nor_repeats(daemon, ids):
    grown = []
    found = pages(daemon, "/api/v1/workloads", "workloads", "workload_id", 5,
                  lambda: grown.append(daemon.submit(workload_type="data_processing")["workload_id"]))
    assert len(found) == len(set(found))
    assert [row for row in found if row in ids] == ids[::-1]
    for workload_id in grown:
        daemon.request("DELETE", f"/api/v1/workloads/{workload_id}")


def test_filters(daemon, ids):
    def listed(query):
        rows = daemon.json(f"/api/v1/workloads?limit=1000&{query}")["workloads"]
        return {row["workload_id"] for row in rows if row["workload_id"] in ids}

    assert listed("customer_id=cust-002") == set(ids[::3])
    assert listed("workload_type=model_training") == set(ids)
    assert listed("workload_type=ai_inference_batch") == set()
    assert listed("priority=2") == set(ids) - set(ids[::3])  # small jobs of an enterprise customer
    assert listed("priority=3") == set(ids[::3])
    assert listed("status=queued") | listed("status=starting") | listed("status=running") == set(ids)
    assert listed("customer_id=nobody") == set()


def test_fields(daemon, ids):
    rows = daemon.json("/api/v1/workloads?fields=workload_id,name&limit=3")["workloads"]
    assert [set(row) for row in rows] == [{"workload_id", "name"}] * 3


@pytest.mark.parametrize("query, pointer", [
    ("limit=0", "?limit"), ("limit=1001", "?limit"), ("limit=ten", "?limit"), ("priority=9", "?priority"),
    ("status=sleeping", "?status")])
def test_a_bad_parameter_is_named(daemon, query, pointer):
    response = daemon.get(f"/api/v1/workloads?{query}")
    assert response.status_code in (400, 422)
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]


@pytest.mark.parametrize("cursor", ["x", "MDAwMA", "%00", "A" * 512, "MDAwMmI1ZDcz"])
def test_a_made_up_cursor_is_refused(daemon, cursor):
    assert daemon.get(f"/api/v1/workloads?cursor={cursor}").status_code in (400, 422)


def test_the_queue_in_its_order_of_service(daemon, ids):
    wait_until(lambda: daemon.json("/api/v1/status")["workloads"]["starting"] == 0, "all placed devices serve")
    whole = daemon.json("/api/v1/queue?limit=1000")["queue"]
    assert [row["position"] for row in whole] == list(range(1, len(whole) + 1))
    assert len(whole) > 3, "the fleet took them all: the test needs a longer queue"
    assert pages(daemon, "/api/v1/queue", "queue", "workload_id", 3) == [row["workload_id"] for row in whole]
    assert all(row["reason"] != "none" for row in whole)
    first = whole[0]["workload_id"]
    assert daemon.workload(first)["queue_position"] == 1


def test_an_etag_saves_the_second_answer(daemon, ids):
    # The answer holds costs, so it lasts a second at most: retry while the second changes in between.
    for _ in range(20):
        first = daemon.get(f"/api/v1/workloads/{ids[0]}")
        again = daemon.get(f"/api/v1/workloads/{ids[0]}", headers={"If-None-Match": first.headers["ETag"]})
        if again.status_code == 304:
            return
    raise AssertionError("never 304")
