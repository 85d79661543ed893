# SPDX-License-Identifier: Apache-2.0
"""The whole platform on a virtual clock with injected faults, seed after seed: `hcp simulate --faults` checks every
invariant after every step and fails with the seed that broke one.

    HCP_SIMULATION_SEEDS=1000 HCP_SIMULATION_FIRST=100 pytest tests/simulation -k invariant -s

Without them a few seeds run, the same ones each time; `make test-simulation` runs many on the release build."""

import json
import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEEDS = int(os.environ.get("HCP_SIMULATION_SEEDS", 2))
FIRST = int(os.environ.get("HCP_SIMULATION_FIRST", 1))
LONG_FACTOR = 6
SURE_DAYS = 10  # of the dev site: a day has some five crashes and five device failures, so ten have one of each


def binary():
    return os.environ.get("HCP_BINARY", str(ROOT / "build/hcp"))


def simulate(*options):
    return subprocess.run([binary(), "simulate", *map(str, options)], capture_output=True, text=True, check=False,
                          timeout=3600)


def report(*options):
    done = simulate("--json", "--no-baselines", *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def run_seeds(seeds, hours=24, scenario="dev"):
    done = simulate("--scenario", scenario, "--faults", "--hours", hours, "--seeds", seeds, "--seed", FIRST)
    assert done.returncode == 0, f"seeds {FIRST} to {FIRST + seeds - 1}: {done.stderr}"
    found = re.fullmatch(r"(\d+) seeds of (\d+) h, (\d+) checks, (\d+) crashes, (\d+) device failures: "
                         r"no invariant broken\n", done.stdout)
    assert found, done.stdout
    ran, _, checks, crashes, failures = map(int, found.groups())
    assert ran == seeds and checks > 1000 * seeds * hours / 24
    if seeds * hours >= 24 * SURE_DAYS:
        assert crashes > 0 and failures > 0  # else the faults were none
    print(f"\nfrom seed {FIRST}: {done.stdout}")


def test_no_seed_breaks_an_invariant():
    run_seeds(SEEDS)


@pytest.mark.long
def test_no_invariant_is_broken_by_many_seeds():
    run_seeds(LONG_FACTOR * SEEDS)


@pytest.mark.long
def test_no_invariant_is_broken_at_the_guide_site():
    run_seeds(1, hours=4, scenario="guide")


@pytest.mark.parametrize("faults", [(), ("--faults",)], ids=["undisturbed", "with faults"])
def test_the_same_seed_gives_the_same_run(faults):
    one, two = (report("--scenario", "dev", "--hours", 12, "--seed", FIRST, *faults) for _ in range(2))
    assert one["state_hash"] == two["state_hash"]
    del one["run"]["wall_s"], two["run"]["wall_s"]
    assert one == two


def test_another_seed_gives_another_run():
    hashes = {report("--scenario", "dev", "--hours", 2, "--seed", FIRST + i)["state_hash"] for i in range(3)}
    assert len(hashes) == 3
