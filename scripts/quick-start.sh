#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Prepares this machine: installs what is missing and builds the release binary. There is no other
# infrastructure to start: journal, queue and store are inside the one program.
set -euo pipefail
cd "$(dirname "$0")/.."
make build
echo "Ready. Next: scripts/start-all-services.sh"
