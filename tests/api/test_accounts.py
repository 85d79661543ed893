# SPDX-License-Identifier: Apache-2.0
"""Accounts by interval: without gaps, in pages, and the same in the API and in the table."""

import sqlite3

import pytest

from daemon import Daemon, wait_until


@pytest.fixture(name="fast", scope="module")
def fixture_fast(tmp_path_factory):
    """An hour a second: intervals of a quarter of an hour close at once."""
    with Daemon(tmp_path_factory.mktemp("accounts"), "--speed", "3600", "--workloads", "none") as daemon:
        wait_until(lambda: len(daemon.json("/api/v1/accounts?facility=lab")["accounts"]) >= 6, "six intervals closed")
        yield daemon


def newest(daemon, query=""):
    return daemon.json(f"/api/v1/accounts?facility=lab{query}")["accounts"]


def test_intervals_follow_each_other(fast):
    rows = newest(fast)
    assert [row["from"] for row in rows] == sorted((row["from"] for row in rows), reverse=True)
    for later, earlier in zip(rows, rows[1:]):
        assert later["from"] == earlier["to"]
    for row in rows:
        assert row["facility"] == "lab" and row["usd_per_mwh"] != 0 and row["hashprice"] > 0
        assert row["profit_usd_micro"] == (row["mining_usd_micro"] + row["ai_usd_micro"] + row["grid_usd_micro"]
                                           - row["energy_cost_usd_micro"] - row["true_up_usd_micro"])
        assert row["true_up_usd_micro"] == 0 and row["settled_usd_per_mwh"] is None  # quotes settle nothing
        s21 = next(item for item in row["classes"] if item["class"] == "S21")
        assert s21["mining"] == pytest.approx(sum(item["devices"] for item in s21["mining_at"]), abs=0.002)
        assert s21["mining"] <= s21["at_hand"] + 0.001


def test_pages_hold_each_interval_once(fast):
    to = newest(fast)[0]["to"]
    whole = newest(fast, f"&to={to}&limit=1000")
    pages, cursor = [], ""
    while cursor is not None and len(pages) < len(whole):
        page = fast.json(f"/api/v1/accounts?facility=lab&to={to}&limit=2{cursor and '&cursor=' + cursor}")
        pages += page["accounts"]
        cursor = page["next_cursor"]
    assert pages == whole
    middle = whole[len(whole) // 2]
    assert newest(fast, f"&from={middle['from']}&to={middle['to']}") == [middle]


def test_the_table_says_the_same(fast):
    rows = newest(fast)
    with sqlite3.connect(f"file:{fast.data}/journal.db?mode=ro", uri=True) as db:
        table = dict(db.execute(
            "SELECT strftime('%Y-%m-%dT%H:%M:%S', from_us / 1000000, 'unixepoch'), mining_usd_micro + ai_usd_micro"
            " - energy_cost_usd_micro - true_up_usd_micro FROM interval WHERE facility = 'lab'"))
    assert len(rows) >= 6
    for row in rows:
        assert table[row["from"][:19]] == row["profit_usd_micro"]


def test_bad_input_names_the_parameter(fast):
    answer = fast.get("/api/v1/accounts?from=yesterday")
    assert answer.status_code == 400 and "from" in answer.text
    assert fast.json("/api/v1/accounts?facility=nowhere")["accounts"] == []
