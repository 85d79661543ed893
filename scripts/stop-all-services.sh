#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Stops the platform that start-all-services.sh started. Nothing acknowledged is lost.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/platform.sh

if ! pid=$(platform_pid); then
    echo "Not running."
    exit 0
fi
kill -TERM "$pid"
is_gone() {
    ! platform_pid >/dev/null
}
if ! wait_until 30 is_gone; then
    echo "Process $pid does not end; see $log_file" >&2
    exit 1
fi
rm -f "$pid_file"
echo "Stopped. The log stays in $log_file."
