# SPDX-License-Identifier: Apache-2.0
"""Fixtures: daemons on free ports in directories of their own."""

import pytest

from daemon import Daemon


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    """One daemon of the dev scenario for a whole module; nothing arrives but what a test sends."""
    with Daemon(tmp_path_factory.mktemp("data"), "--workloads", "none") as running:
        yield running


@pytest.fixture
def start(tmp_path):
    """start(*options, data=…) gives a daemon of its own; all are stopped, and must stop well."""
    running = []

    def factory(*options, data=None, scenario="dev"):
        running.append(Daemon(data or tmp_path / "data", *options, scenario=scenario).start())
        return running[-1]

    yield factory
    for one in running:
        one.stop()
