# SPDX-License-Identifier: Apache-2.0
"""Regret of the running platform: worked out in the background, the same in every view, never negative."""

import json

import pytest

from daemon import Daemon, wait_until
from test_cli_client import hcp
from test_metrics import value

MONEY = ("earned_usd_micro", "static_usd_micro", "optimum_usd_micro", "bound_usd_micro", "regret_usd_micro")


def windows(report):
    return {window["window"]: window for window in report["facilities"][0]["windows"]}


@pytest.fixture(name="fast", scope="module")
def fixture_fast(tmp_path_factory):
    """Ten minutes a second, so that figures hold still between two questions now and then."""
    with Daemon(tmp_path_factory.mktemp("regret"), "--speed", "600", "--workloads", "none") as daemon:
        wait_until(lambda: (found := daemon.json("/api/v1/regret")["facilities"])
                   and found[0]["windows"] and found[0]["windows"][0]["intervals"] >= 3, "three intervals are judged")
        yield daemon


def test_figures_fit_together(fast):
    report = fast.json("/api/v1/regret?facility=lab")
    assert report["age_s"] >= 0 and report["took_s"] > 0
    both = windows(report)
    assert set(both) == {"24h", "30d"}
    for window in both.values():
        assert not window["complete"] and 0.5 <= window["hours"] + window["excluded_hours"] < 24
        assert window["regret_usd_micro"] == window["optimum_usd_micro"] - window["earned_usd_micro"]
        assert window["regret_usd_micro"] >= 0
        assert window["bound_usd_micro"] >= window["optimum_usd_micro"]
        assert window["causes"]["forecast_usd_micro"] == window["regret_usd_micro"]
        assert window["causes"]["switching_usd_micro"] >= 0 and window["causes"]["constraints_usd_micro"] >= 0
    # Younger than a day, so both windows hold the same.
    assert [both["24h"][name] for name in MONEY] == [both["30d"][name] for name in MONEY]


def test_every_view_says_the_same(fast):
    """Of one round: nothing newer was computed between the first question and the last."""
    def views():
        before = fast.json("/api/v1/regret")
        day = windows(before)["24h"]
        status = fast.json("/api/v1/status")["facilities"][0]["regret"]
        why = fast.json("/api/v1/recommendation?facility=lab")["regret"]
        metric = value(fast, "hcp_regret_usd", facility="lab", window="24h")
        same = fast.json("/api/v1/regret")["computed_at"] == before["computed_at"]
        return same and (day, status, why, metric)
    day, status, why, metric = wait_until(views, "a moment without a new round")
    assert status == day and why == day
    assert metric == pytest.approx(day["regret_usd_micro"] / 1e6, abs=1e-6)


def test_command_line(fast):
    url = fast.url("gateway", "")
    shown = hcp("regret", url=url)
    assert shown.returncode == 0, shown.stderr
    assert "REGRET USD" in shown.stdout and "lab" in shown.stdout and "24h" in shown.stdout
    assert set(windows(json.loads(hcp("regret", "--json", "--facility", "lab", url=url).stdout))) == {"24h", "30d"}
    assert "REGRET 24 h" in hcp("status", url=url).stdout
    assert "regret USD, 24 h" in hcp("recommend", "--why", url=url).stdout
    assert hcp("regret", "--facility", "nowhere", url=url).returncode != 0


def test_unknown_facility(fast):
    answer = fast.get("/api/v1/regret?facility=nowhere")
    assert answer.status_code == 404 and "nowhere" in answer.text


def test_a_young_platform_says_so(start):
    daemon = start("--workloads", "none")
    report = daemon.json("/api/v1/regret")
    shown = hcp("regret", url=daemon.url("gateway", "")).stdout
    if report["computed_at"] is None:  # no quarter of an hour has begun since the start
        assert report["facilities"] == []
        assert "No interval has closed yet" in shown or "worked out" in shown
    else:
        assert all(not window["complete"] and window["hours"] < 1 for window in windows(report).values())
