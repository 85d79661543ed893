# SPDX-License-Identifier: Apache-2.0
"""/metrics: both formats, names by the rules, and figures that agree with the interface."""

import re

import pytest

from daemon import wait_until

SAMPLE = re.compile(r'([a-z_]+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-z]+)="((?:[^"\\]|\\.)*)"')
UNITS = ("seconds", "bytes", "joules", "watts", "usd", "grams")


def scrape(daemon, accept=None):
    response = daemon.get("/metrics", headers={"Accept": accept} if accept else {})
    assert response.status_code == 200
    return response.text, response.headers["Content-Type"]


def parse(text):
    """{(name, ((label, value), …)): number}; fails on anything that is not a line of the format."""
    samples, types = {}, {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in types, f"{name} is declared twice"
            types[name] = kind
        elif not line.startswith("# "):
            match = SAMPLE.match(line)
            assert match, line
            key = match[1], tuple(LABEL.findall(match[2] or ""))
            assert key not in samples, f"{key} is there twice"
            samples[key] = float(match[3])
    return samples, types


def value(daemon, name, **labels):
    samples, _ = parse(scrape(daemon)[0])
    return sum(number for (found, have), number in samples.items() if found == name and labels.items() <= dict(have).items())


def test_prometheus_text(daemon):
    daemon.submit()
    text, media = scrape(daemon)
    samples, types = parse(text)
    assert media == "text/plain; version=0.0.4; charset=utf-8"
    for name, kind in types.items():
        assert (kind == "counter") == name.endswith("_total")
        assert re.match(r"(hcp|process)_[a-z_]+$", name)
        assert not re.search(r"_(ms|us|kw|mw|kwh|pct|percent)(_|$)", name), f"{name}: not a base unit"
    declared = {name for name, _ in samples}
    for name in declared:
        base = re.sub(r"_(bucket|sum|count)$", "", name)
        assert name in types or types.get(base) == "histogram", f"{name} has no type"


def test_openmetrics(daemon):
    text, media = scrape(daemon, "application/openmetrics-text")
    assert media.startswith("application/openmetrics-text; version=1.0.0")
    assert text.endswith("# EOF\n") and text.count("# EOF") == 1
    for unit_line in re.findall(r"^# UNIT .*$", text, re.M):
        _, _, name, unit = unit_line.split(" ")
        assert unit in UNITS and name.endswith("_" + unit)
    samples, types = parse(text.removesuffix("# EOF\n"))
    counters = [name for name, kind in types.items() if kind == "counter"]
    assert counters and not any(name.endswith("_total") for name in counters)
    assert all((name in types) == (not re.search(r"_(total|bucket|sum|count)$", name)) for name, _ in samples)


def test_histograms_add_up(daemon):
    samples, types = parse(scrape(daemon)[0])
    for name in (name for name, kind in types.items() if kind == "histogram"):
        groups = {}
        for (found, labels), number in samples.items():
            if found == name + "_bucket":
                groups.setdefault(labels[:-1], []).append(number)
        for labels, numbers in groups.items():
            assert numbers == sorted(numbers)
            assert numbers[-1] == samples[name + "_count", labels]


@pytest.mark.parametrize("name, labels, member", [
    ("hcp_workloads_ended_total", {"status": "completed"}, "completed"),
    ("hcp_workloads_ended_total", {"status": "cancelled"}, "cancelled"),
    ("hcp_workloads", {"status": "running"}, "running")])
def test_figures_agree_with_the_interface(daemon, name, labels, member):
    wait_until(lambda: value(daemon, name, **labels) == daemon.json("/api/v1/status")["workloads"][member], "they agree")


def test_requests_are_counted_by_operation_and_status(daemon):
    before = value(daemon, "hcp_http_requests_total", operation="getQueueDepth", status="200")
    missing = value(daemon, "hcp_http_requests_total", operation="getWorkload", status="404")
    for _ in range(3):
        daemon.json("/api/v1/queue/depth")
    daemon.get("/api/v1/workloads/wl_0000000000000x")
    assert value(daemon, "hcp_http_requests_total", operation="getQueueDepth", status="200") == before + 3
    assert value(daemon, "hcp_http_requests_total", operation="getWorkload", status="404") == missing + 1


def test_devices_and_switches(daemon):
    assert value(daemon, "hcp_devices", facility="lab") == 60
    daemon.wait_for_status(daemon.submit(duration_hours=1)["workload_id"], "running")
    assert value(daemon, "hcp_switch_phase_duration_seconds_count", phase="serve") >= 1
    assert value(daemon, "hcp_workload_wait_seconds_count", priority="P1") >= 1
    assert value(daemon, "hcp_price_age_seconds", kind="btc") < 3600
    assert value(daemon, "hcp_facility_energy_joules_total", facility="lab") > 0
