# SPDX-License-Identifier: Apache-2.0
"""Scenarios of the tests, written where they are used."""

ONE_SITE = """\
title: One site
description: The site of the end-to-end example.
gpu_mining: true
default_customer: cust-001
market: {preset: wide}
facilities:
  - key: texas-north
    name: Texas North
    location: Dallas
    cap_mw: 1
    pue: 1.1
    network_rtt_ms: 3.2
    devices:
      - {class: H100-80GB, count: %(gpus)d, name_prefix: gpu-tx-h100, mode: mining}
customers:
  - {key: cust-001, name: Acme Corporation, tier: enterprise, gpu_hours: %(gpu_hours)g}
  - {key: cust-002, name: TechCo Inc, tier: growth, gpu_hours: 10}
arrivals: {per_hour: 1}
"""


def one_site(path, gpus=47, gpu_hours=50):
    path.write_text(ONE_SITE % {"gpus": gpus, "gpu_hours": gpu_hours})
    return path

FEEDERS = """\
title: Two feeders
description: The same miners on two transformers; one of them carries half of what hangs on it.
market: {preset: free}
facilities:
  - key: lab
    name: Lab
    cap_mw: 1
    pue: 1.1
    feeders:
      - {name: T1, cap_mw: 0.05}
      - {name: T2, cap_mw: 0.5}
    devices:
      - {class: S21, count: 28, feeder: T1}
      - {class: S21, count: 28, feeder: T2}
      - {class: H100-80GB, count: 8, feeder: %(feeder)s}
customers:
  - {key: cust-001, name: Acme Corporation}
arrivals: {per_hour: 0}
"""


def two_feeders(path, feeder="T1"):
    path.write_text(FEEDERS % {"feeder": feeder})
    return path
