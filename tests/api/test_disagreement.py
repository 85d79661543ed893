# SPDX-License-Identifier: Apache-2.0
"""Several sources of one recorded market: the median, the band in which they lie, and that nothing moves while they
contradict each other by more than is allowed."""

import datetime
import subprocess

import pytest

from daemon import binary, wait_until

START = datetime.datetime(2024, 5, 6, tzinfo=datetime.timezone.utc)


def market(path, usd_per_mwh, first_hour=0, btc=64000):
    """Hourly prices: `usd_per_mwh(hour)` with hour 0 at START."""
    rows = ["ts_utc,rtm_usd_mwh,btc_usd,difficulty,subsidy_btc,fee_btc_per_block_prevday"]
    for hour in range(first_hour, 60):
        at = START + datetime.timedelta(hours=hour)
        rows.append(f"{at:%Y-%m-%dT%H:%M:%SZ},{usd_per_mwh(hour)},{btc},8.8e13,3.125,0.2")
    path.write_text("\n".join(rows) + "\n")
    return path


def options(first, *others, **settings):
    """Billed at the price in force: then it alone says what pays, and not what is expected of the hour of the day."""
    settings = {"dispatch.billed_at": "price_in_force", **settings}
    more = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    return ["--workloads", "none", "--market", f"replay={first}", "--set",
            f"market_also=[{', '.join(f'replay={other}' for other in others)}]", *more]


def prices(daemon):
    return daemon.json("/api/v1/prices/current", "optimizer")["prices"]


def decision(daemon):
    return wait_until(lambda: daemon.json("/api/v1/decisions")["decisions"], "a decision was made")[0]


def test_sources_that_agree_are_one_price(start, tmp_path):
    first = market(tmp_path / "first.csv", lambda hour: 40)
    second = market(tmp_path / "second.csv", lambda hour: 42, first_hour=-5)  # begins earlier; the hours are the same
    daemon = start(*options(first, second))
    shown = prices(daemon)["electricity"]
    assert shown["value"] == pytest.approx(0.041) and shown["sources"] == 2 and shown["source"] == "median of 2"
    assert shown["low"] == pytest.approx(0.040) and shown["high"] == pytest.approx(0.042)
    assert shown["quality"] == "good" and shown["disagreeing"] is False
    moved = wait_until(lambda: daemon.json("/api/v1/decisions?moved=true")["decisions"], "a decision that moves devices")
    assert "disagree" not in moved[0]["reason"]


def test_nothing_moves_while_two_sources_disagree(start, tmp_path):
    first = market(tmp_path / "first.csv", lambda hour: 40)
    second = market(tmp_path / "second.csv", lambda hour: 78)
    daemon = start(*options(first, second))
    shown = prices(daemon)["electricity"]
    assert shown["value"] == pytest.approx(0.059) and shown["low"] == pytest.approx(0.040)
    assert shown["high"] == pytest.approx(0.078) and shown["quality"] == "suspect" and shown["disagreeing"] is True
    held = decision(daemon)
    assert "2 sources of the electricity price disagree, 40.00 to 78.00" in held["reason"]
    assert daemon.json("/api/v1/decisions?moved=true")["decisions"] == []
    alerts = [alert for alert in daemon.json("/api/v1/alerts")["alerts"] if alert["kind"] == "price_disagreement"]
    assert alerts and "between 40 and 78" in alerts[0]["message"]
    status = {row["name"]: row for row in daemon.json("/readyz?verbose")["dependencies"]}
    assert any("electricity" in name and row["status"] != "ok" for name, row in status.items())


def test_a_wider_limit_lets_them_disagree(start, tmp_path):
    first = market(tmp_path / "first.csv", lambda hour: 40)
    second = market(tmp_path / "second.csv", lambda hour: 78)
    daemon = start(*options(first, second, **{"scheduling.price_disagreement": 0.7}))
    shown = prices(daemon)["electricity"]
    assert shown["quality"] == "good" and shown["disagreeing"] is False and shown["high"] == pytest.approx(0.078)
    wait_until(lambda: daemon.json("/api/v1/decisions?moved=true")["decisions"], "a decision that moves devices")


def test_one_bad_source_of_three_is_outvoted(start, tmp_path):
    files = [market(tmp_path / f"{i}.csv", lambda hour: 40, btc=btc) for i, btc in enumerate((64000, 64100, 90000))]
    daemon = start(*options(*files))
    shown = prices(daemon)
    assert shown["btc"]["sources"] == 2 and shown["btc"]["value"] == pytest.approx(64050)
    assert shown["btc"]["high"] == pytest.approx(64100) and shown["btc"]["quality"] == "good"
    assert shown["hashprice"]["low"] < shown["hashprice"]["value"] < shown["hashprice"]["high"]
    assert shown["electricity"]["sources"] == 3 and shown["difficulty"]["sources"] == 3


def test_bitcoin_sources_that_disagree_hold_the_miners(start, tmp_path):
    files = [market(tmp_path / f"{i}.csv", lambda hour: 40, btc=btc) for i, btc in enumerate((64000, 90000))]
    daemon = start(*options(*files))
    assert prices(daemon)["hashprice"]["quality"] == "suspect"
    assert "2 sources of the Bitcoin price disagree, 64000.00 to 90000.00" in decision(daemon)["reason"]


def test_the_simulated_venues_are_a_band_and_stay_simulated(start):
    daemon = start("--workloads", "none")
    shown = prices(daemon)["btc"]
    assert shown["simulated"] is True and shown["sources"] == 3 and shown["low"] <= shown["value"] <= shown["high"]


@pytest.mark.parametrize("settings, complaint", [
    (["--market", "simulated", "--set", "market_also=[replay=x.csv]"], "market_also"),
    (["--market", "replay={first}", "--set", "market_also=[replay=nowhere.csv]"], "nowhere.csv"),
    (["--set", "market_also=[other]"], "market_also")])
def test_bad_sources_are_refused(tmp_path, settings, complaint):
    first = market(tmp_path / "first.csv", lambda hour: 40)
    run = subprocess.run([binary(), "serve", "--data", str(tmp_path / "d"), "--scenario", "dev", "--port-offset", "21500",
                          *(word.replace("{first}", str(first)) for word in settings)],
                         capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode != 0 and complaint in run.stderr + run.stdout
