#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# From a fresh clone to a running, checked platform.
set -euo pipefail
cd "$(dirname "$0")"
./quick-start.sh
./start-all-services.sh "$@"
./test-system.sh
